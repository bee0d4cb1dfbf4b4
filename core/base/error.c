/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The message and, as far as it fits, what stands behind it (which may be the old message). */
static int compose(struct fw_error *err, int code, const char *fmt, va_list args, const char *tail)
{
    struct fw_error next = {.code = code};
    int len = vsnprintf(next.text, sizeof next.text, fmt, args);
    if (len >= 0 && (size_t)len < sizeof next.text) {
        snprintf(next.text + len, sizeof next.text - (size_t)len, "%s", tail);
    }
    *err = next;
    return -1;
}

int fw_error_set(struct fw_error *err, int code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int rc = err ? compose(err, code, fmt, args, "") : -1;
    va_end(args);
    return rc;
}

int fw_error_errno(struct fw_error *err, int code, const char *fmt, ...)
{
    char cause[128] = ": ", buffer[100];
    strncat(cause, strerror_r(errno, buffer, sizeof buffer), sizeof buffer);
    va_list args;
    va_start(args, fmt);
    int rc = err ? compose(err, code, fmt, args, cause) : -1;
    va_end(args);
    return rc;
}

int fw_error_prefix(struct fw_error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int rc = err ? compose(err, err->code, fmt, args, err->text) : -1;
    va_end(args);
    return rc;
}
