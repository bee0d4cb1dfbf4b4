/* SPDX-License-Identifier: MIT */
#ifndef EXEC_FAULT_H
#define EXEC_FAULT_H

#include "fw/host.h"

/* Records what went wrong and returns `status`; `remedy` may be NULL. */
fw_status exec_fault(const struct fw_host *host, fw_status status, const char *remedy,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

fw_status exec_fault_nomem(const struct fw_host *host);

#endif
