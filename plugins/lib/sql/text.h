/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SQL_TEXT_H
#define FW_LIB_SQL_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#include <stdbool.h>

/**
 * A string that grows, for building SQL. Zero-initialise it; `fw_text_finish` frees. After a
 * failed allocation it stays as it was and `failed` is set for good, so a chain of appends
 * needs one check at its end (fw_sql_exec_text makes it).
 */
struct fw_text {
    char *data; /**< NUL-terminated, NULL while empty */
    size_t size;
    size_t capacity;
    bool failed;
};

void fw_text_finish(struct fw_text *text);

/** Empties the text and keeps its memory. */
void fw_text_clear(struct fw_text *text);

/** The text so far, "" while empty. Valid until the next append. */
const char *fw_text_get(const struct fw_text *text);

void fw_text_append(struct fw_text *text, const char *string);
void fw_text_append_len(struct fw_text *text, const char *bytes, size_t size);
__attribute__((format(printf, 2, 3))) void fw_text_appendf(struct fw_text *text, const char *format,
                                                           ...);
void fw_text_append_va(struct fw_text *text, const char *format, va_list args);

/** "name" with inner double quotes doubled. */
void fw_text_identifier(struct fw_text *text, const char *name);

/** 'value' with inner single quotes doubled; NULL appends NULL. */
void fw_text_literal(struct fw_text *text, const char *value);

/** "a", "b", "c" */
void fw_text_identifiers(struct fw_text *text, const char *const *names, size_t n_names);

/** 'a', 'b', 'c' */
void fw_text_literals(struct fw_text *text, const char *const *values, size_t n_values);

#endif
