/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fw_text_finish(struct fw_text *text)
{
    free(text->data);
    *text = (struct fw_text){0};
}

void fw_text_clear(struct fw_text *text)
{
    text->size = 0;
    if (text->data != NULL) {
        text->data[0] = '\0';
    }
}

const char *fw_text_get(const struct fw_text *text)
{
    return text->data != NULL ? text->data : "";
}

static bool reserve(struct fw_text *text, size_t more)
{
    size_t needed = text->size + more + 1;

    if (text->failed || needed < more) {
        text->failed = true;
        return false;
    }
    if (needed <= text->capacity) {
        return true;
    }
    size_t capacity = text->capacity < 128 ? 256 : text->capacity * 2;
    capacity = capacity < needed ? needed : capacity;
    char *data = realloc(text->data, capacity);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void fw_text_append_len(struct fw_text *text, const char *bytes, size_t size)
{
    if (!reserve(text, size)) {
        return;
    }
    memcpy(text->data + text->size, bytes, size);
    text->size += size;
    text->data[text->size] = '\0';
}

void fw_text_append(struct fw_text *text, const char *string)
{
    fw_text_append_len(text, string, strlen(string));
}

void fw_text_append_va(struct fw_text *text, const char *format, va_list args)
{
    va_list again;

    if (!reserve(text, 1)) {
        return;
    }
    size_t room = text->capacity - text->size;
    va_copy(again, args);
    int size = vsnprintf(text->data + text->size, room, format, again);
    va_end(again);
    if (size >= 0 && (size_t)size >= room && reserve(text, (size_t)size)) {
        size = vsnprintf(text->data + text->size, (size_t)size + 1, format, args);
    }
    if (size < 0 || text->failed) {
        text->failed = true;
        text->data[text->size] = '\0';
        return;
    }
    text->size += (size_t)size;
}

void fw_text_appendf(struct fw_text *text, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fw_text_append_va(text, format, args);
    va_end(args);
}

static void append_quoted(struct fw_text *text, const char *string, char quote)
{
    fw_text_append_len(text, &quote, 1);
    for (const char *at = string; *at != '\0'; at++) {
        if (*at == quote) {
            fw_text_append_len(text, &quote, 1);
        }
        fw_text_append_len(text, at, 1);
    }
    fw_text_append_len(text, &quote, 1);
}

void fw_text_identifier(struct fw_text *text, const char *name)
{
    append_quoted(text, name, '"');
}

void fw_text_literal(struct fw_text *text, const char *value)
{
    if (value == NULL) {
        fw_text_append(text, "NULL");
        return;
    }
    append_quoted(text, value, '\'');
}

static void append_list(struct fw_text *text, const char *const *items, size_t n_items,
                        void (*append)(struct fw_text *text, const char *item))
{
    for (size_t i = 0; i < n_items; i++) {
        fw_text_append(text, i == 0 ? "" : ", ");
        append(text, items[i]);
    }
}

void fw_text_identifiers(struct fw_text *text, const char *const *names, size_t n_names)
{
    append_list(text, names, n_names, fw_text_identifier);
}

void fw_text_literals(struct fw_text *text, const char *const *values, size_t n_values)
{
    append_list(text, values, n_values, fw_text_literal);
}
