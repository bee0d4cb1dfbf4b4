/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_ERROR_H
#define FW_CORE_BASE_ERROR_H

#include "base/exit.h"

/*
 * How a call in the core fails: it returns -1 and describes the failure in a struct fw_error that
 * the caller owns. Every `err` may be NULL. The lowest layer that knows the cause writes the
 * sentence; layers above only prefix what they alone know. Any thread.
 */
struct fw_error {
    int code; /* enum fw_exit: what the program should end with */
    char text[2048];
};

/* Replaces the error. Always returns -1, so that `return fw_error_set(...)` reads well. */
int fw_error_set(struct fw_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same, followed by ": " and the text of errno as it was at the call. */
int fw_error_errno(struct fw_error *err, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Out of memory. Inline, so that an analyser sees that it fails. */
static inline int fw_error_oom(struct fw_error *err)
{
    fw_error_set(err, FW_EXIT_EXHAUSTED, "out of memory");
    return -1;
}

/* Puts context in front of the text; the code stays. Always returns -1. */
int fw_error_prefix(struct fw_error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Passes the failure of a call on. No other macro in the core hides a return. */
#define FW_TRY(call)                                                                               \
    do {                                                                                           \
        if ((call) < 0) {                                                                          \
            return -1;                                                                             \
        }                                                                                          \
    } while (0)

#endif
