/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "source/internal.h"

static const struct fw_delta_rows *rows_of(const struct fw_source *source, size_t file)
{
    static const struct fw_delta_rows none;
    return source->more->delta != NULL ? &source->more->delta->files[file].deleted : &none;
}

bool fw_source_has_deleted(const struct fw_source *source, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (rows_of(source, first + i)->n > 0) {
            return true;
        }
    }
    return false;
}

/* Bytes of a file's bits that a scan needs. */
struct window {
    size_t first, n_bytes;
};

static size_t window_size(const struct fw_delta_rows *rows, const struct window *window)
{
    size_t left = rows->n_bytes > window->first ? rows->n_bytes - window->first : 0;
    return left < window->n_bytes ? left : window->n_bytes;
}

/* A BIT value: its bit 0 is the highest one of the first byte. */
static void append_bits(const struct fw_delta_rows *rows, const struct window *window,
                        struct fw_text *text)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t size = window_size(rows, window);
    if (size == 0) {
        fw_text_append(text, "NULL::BIT");
        return;
    }
    fw_text_append(text, "unhex('");
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = rows->bits[window->first + i];
        const char pair[2] = {digits[byte >> 4], digits[byte & 15]};
        fw_text_append_len(text, pair, sizeof pair);
    }
    fw_text_append(text, "')::BIT");
}

/*
 * The bits stand in the statement itself, as a list by file: no table has to live as long as the
 * scan, and a slice carries its own rows alone. A row after the last bit is not deleted.
 */
void fw_source_append_deleted(const struct fw_source *source, const struct fw_source_slice *slice,
                              struct fw_text *text)
{
    struct window window = {0, SIZE_MAX};
    if (slice->n_rows > 0) {
        window = (struct window){(size_t)slice->first_row / 8, (size_t)slice->n_rows / 8 + 2};
    }
    fw_text_appendf(text, "CASE WHEN file_row_number >= %zu AND file_row_number < ([",
                    window.first * 8);
    for (size_t i = 0; i < slice->n_files; i++) {
        size_t size = window_size(rows_of(source, slice->first_file + i), &window);
        fw_text_appendf(text, "%s%zu", i > 0 ? ", " : "", (window.first + size) * 8);
    }
    fw_text_append(text, "])[file_index::BIGINT + 1] THEN get_bit(([");
    for (size_t i = 0; i < slice->n_files; i++) {
        fw_text_append(text, i > 0 ? ", " : "");
        append_bits(rows_of(source, slice->first_file + i), &window, text);
    }
    fw_text_appendf(text,
                    "])[file_index::BIGINT + 1], (file_row_number - %zu)::INTEGER) ELSE 0 END = 0",
                    window.first * 8);
}

int64_t fw_source_rows_holding(const struct fw_source *source, size_t file, int64_t n)
{
    const struct fw_delta_rows *rows = rows_of(source, file);
    int64_t row = 0;
    for (; n > 0 && row < (int64_t)rows->n_bytes * 8; row++) {
        n -= (rows->bits[row / 8] & 0x80 >> row % 8) == 0;
    }
    return row + n;
}
