/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_CLOCK_H
#define FW_CORE_BASE_CLOCK_H

#include <stdint.h>

#define FW_CLOCK_TEXT 32

/* Monotonic nanoseconds, for differences only. */
int64_t fw_clock_ns(void);

/* The same, and it goes on while the machine sleeps: what others see of us. */
int64_t fw_clock_boot_ns(void);

/* Wall-clock time as "2024-05-31T23:59:59.123Z". */
void fw_clock_utc(char ret_text[FW_CLOCK_TEXT]);

#endif
