/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_LOGGER_H
#define FW_CORE_BASE_LOGGER_H

#include <stdint.h>

/*
 * Where messages of the engine go. Nothing is global: whoever wants messages passes a logger, and
 * NULL means silence. Levels are FW_LOG_DEBUG to FW_LOG_ERROR of fw/service/log.h.
 */
struct fw_logger {
    uint32_t level;                                             /* messages below are dropped */
    void (*write)(void *arg, uint32_t level, const char *text); /* one line without a newline */
    void *arg;
};

void fw_logger_write(const struct fw_logger *logger, uint32_t level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
