/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SQL_FAULT_H
#define FW_LIB_SQL_FAULT_H

#include <fw/host.h>

/**
 * Records a fault whose sentence is formatted and returns `status`, so that a stage writes
 * `return fw_faultf(host, FW_E_DATA, path, "rewrite it", "%s holds no rows", name);`.
 * `where` (file:line, part, row) and `remedy` may be NULL. A sentence is never cut short.
 * [any thread]
 */
__attribute__((format(printf, 5, 6))) fw_status fw_faultf(const struct fw_host *host,
                                                          fw_status status, const char *where,
                                                          const char *remedy, const char *format,
                                                          ...);

/** The fault of a failed allocation; always FW_E_NOMEM. [any thread] */
fw_status fw_fault_nomem(const struct fw_host *host);

#endif
