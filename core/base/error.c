/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

int fw_error_set(struct fw_error *err, int code, const char *fmt, ...)
{
    if (err) {
        va_list args;
        va_start(args, fmt);
        err->code = code;
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
    }
    return -1;
}

int fw_error_errno(struct fw_error *err, int code, const char *fmt, ...)
{
    int cause = errno;
    if (err) {
        char reason[128];
        va_list args;
        va_start(args, fmt);
        err->code = code;
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
        size_t len = strlen(err->text);
        snprintf(err->text + len, sizeof err->text - len, ": %s",
                 strerror_r(cause, reason, sizeof reason));
    }
    return -1;
}

int fw_error_oom(struct fw_error *err)
{
    return fw_error_set(err, FW_EXIT_EXHAUSTED, "out of memory");
}

int fw_error_prefix(struct fw_error *err, const char *fmt, ...)
{
    if (err) {
        char rest[sizeof err->text];
        memcpy(rest, err->text, sizeof rest);
        va_list args;
        va_start(args, fmt);
        vsnprintf(err->text, sizeof err->text, fmt, args);
        va_end(args);
        size_t len = strlen(err->text);
        snprintf(err->text + len, sizeof err->text - len, "%s", rest);
    }
    return -1;
}
