/* SPDX-License-Identifier: MIT */
#include "base/logger.h"

#include <stdarg.h>

#include <stdio.h>

void fw_logger_write(const struct fw_logger *logger, uint32_t level, const char *fmt, ...)
{
    if (!logger || level < logger->level) {
        return;
    }
    char text[4096];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    logger->write(logger->arg, level, text);
}
