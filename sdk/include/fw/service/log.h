/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_LOG_H
#define FW_SERVICE_LOG_H

#include "fw/host.h"

FW_BEGIN_DECLS

#define FW_LOG_ID "fw.log/1"

enum {
    FW_LOG_DEBUG = 0,
    FW_LOG_INFO = 1,
    FW_LOG_WARNING = 2, /**< also shown on the terminal and counted in the verdict */
    FW_LOG_ERROR = 3    /**< for faults that a stage survives; a failing call uses `fail` */
};

/** Messages for a person. From the host. */
struct fw_log {
    uint32_t struct_size;
    uint32_t reserved;

    /** `text` is one finished line of UTF-8 without a newline, copied. [any thread] */
    void (*write)(const struct fw_host *host, uint32_t level, const char *text);
};
FW_ASSERT_NO_TAIL(struct fw_log, write);

FW_END_DECLS

#endif
