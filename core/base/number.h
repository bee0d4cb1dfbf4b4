/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_NUMBER_H
#define FW_CORE_BASE_NUMBER_H

#include <stdint.h>

#include <stdbool.h>

#include "base/error.h"

#define FW_NUMBER_TEXT 32

/* Numbers as text, whatever the locale says about decimal points. */

/* The shortest decimal that reads back as the same double. */
void fw_number_text(double value, char ret_text[FW_NUMBER_TEXT]);

/* The whole text must be one finite number. */
bool fw_number_parse(const char *text, double *ret_value);

/* The whole text must be one integer in range: decimal, or hexadecimal after 0x. */
bool fw_number_parse_i64(const char *text, int64_t *ret_value);
bool fw_number_parse_u64(const char *text, uint64_t *ret_value);

/*
 * "4096", "64KiB", "8GB", "1.5 GiB", or "60%" of `whole` bytes. kB, MB, GB, TB are powers of 1000;
 * KiB, MiB, GiB, TiB powers of 1024; K, M, G, T alone are refused as ambiguous. Case does not
 * matter.
 */
int fw_size_parse(const char *text, uint64_t whole, uint64_t *ret_bytes, struct fw_error *err);

/* "30", "30s", "20m", "1h30m", "2d", "250ms", "1.5h": units from large to small, each once; a bare
 * number is seconds. */
int fw_duration_parse(const char *text, double *ret_seconds, struct fw_error *err);

#endif
