/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_STR_H
#define FW_CORE_BASE_STR_H

#include <stddef.h>

#include <stdbool.h>

/*
 * A text that grows, zero-initialised. Running out of memory sticks: later additions do nothing
 * and fw_str_take returns NULL, so one check at the end is enough.
 */
struct fw_str {
    char *text; /* NUL-terminated; NULL while empty */
    size_t len, cap;
    bool oom;
};

void fw_str_add(struct fw_str *str, const char *text);
void fw_str_add_bytes(struct fw_str *str, const char *bytes, size_t len);
void fw_str_printf(struct fw_str *str, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The finished text, the caller's to free (never NULL unless out of memory); `str` is empty again.
 */
char *fw_str_take(struct fw_str *str);
void fw_str_finish(struct fw_str *str);

/* A formatted text, the caller's to free; NULL when out of memory. */
char *fw_text(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* The number of the line, from 1, that `at` is in, and where that line starts. */
int fw_str_line(const char *text, const char *at, const char **ret_start);

static inline void fw_cleanup_str(struct fw_str *str)
{
    fw_str_finish(str);
}

#endif
