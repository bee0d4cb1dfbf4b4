/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <stdarg.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `more` bytes and the terminator. */
static bool reserve(struct fw_str *str, size_t more)
{
    if (str->oom || more > SIZE_MAX / 2 - str->len - 1) {
        str->oom = true;
        return false;
    }
    size_t needed = str->len + more + 1;
    if (needed > str->cap) {
        size_t cap = needed < 64 ? 64 : needed + needed / 2;
        char *text = realloc(str->text, cap);
        if (!text) {
            str->oom = true;
            return false;
        }
        str->text = text;
        str->cap = cap;
    }
    return true;
}

void fw_str_add_bytes(struct fw_str *str, const char *bytes, size_t len)
{
    if (reserve(str, len)) {
        memcpy(str->text + str->len, bytes, len);
        str->len += len;
        str->text[str->len] = '\0';
    }
}

void fw_str_add(struct fw_str *str, const char *text)
{
    fw_str_add_bytes(str, text, strlen(text));
}

void fw_str_printf(struct fw_str *str, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    if (len < 0) {
        str->oom = true;
    } else if (reserve(str, (size_t)len)) {
        vsnprintf(str->text + str->len, (size_t)len + 1, fmt, again);
        str->len += (size_t)len;
    }
    va_end(again);
    va_end(args);
}

char *fw_str_take(struct fw_str *str)
{
    fw_str_add_bytes(str, "", 0);
    char *text = NULL;
    if (!str->oom) {
        text = str->text;
        str->text = NULL;
    }
    fw_str_finish(str);
    return text;
}

void fw_str_finish(struct fw_str *str)
{
    free(str->text);
    *str = (struct fw_str){0};
}

char *fw_text(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    return len < 0 ? NULL : text;
}

int fw_str_line(const char *text, const char *at, const char **ret_start)
{
    int line = 1;
    for (*ret_start = text; text < at; text++) {
        *ret_start = *text == '\n' ? text + 1 : *ret_start;
        line += *text == '\n';
    }
    return line;
}
