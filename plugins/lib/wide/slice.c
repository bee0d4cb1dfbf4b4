/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

static bool is_whole(const struct wide_span *span, int64_t first_row, int64_t end_row)
{
    return first_row <= span->start && span->start + span->n_rows <= end_row;
}

/* Whole files that follow each other by name, too, or rows of one file, from a span on. */
static size_t cut(const struct fw_wide *wide, size_t at, int64_t first_row, int64_t end_row,
                  struct fw_source_slice *ret_slice)
{
    const struct wide_span *span = &wide->spans[at];
    struct fw_source_slice slice = {.first_file = span->file, .n_files = 1};
    size_t next = at + 1;

    if (is_whole(span, first_row, end_row)) {
        while (next < wide->n_spans && wide->spans[next].file == span->file + slice.n_files &&
               is_whole(&wide->spans[next], first_row, end_row)) {
            slice.n_files++;
            next++;
        }
    } else {
        int64_t end = span->start + span->n_rows < end_row ? span->start + span->n_rows : end_row;
        slice.first_row = first_row > span->start ? first_row - span->start : 0;
        slice.n_rows = end - span->start - slice.first_row;
    }
    *ret_slice = slice;
    return next;
}

struct fw_source_slice *wide_slice_list(const struct fw_wide *wide, int64_t first_row,
                                        int64_t n_rows, size_t *ret_n)
{
    struct fw_source_slice *slices = calloc(wide->n_spans + 1, sizeof *slices);
    int64_t end_row = first_row + n_rows;
    size_t at = 0;

    *ret_n = 0;
    while (at < wide->n_spans && wide->spans[at].start + wide->spans[at].n_rows <= first_row) {
        at++;
    }
    while (slices != NULL && at < wide->n_spans && wide->spans[at].start < end_row) {
        at = cut(wide, at, first_row, end_row, &slices[(*ret_n)++]);
    }
    return slices;
}

static void append_scans(const struct fw_wide *wide, const struct fw_wide_columns *columns,
                         struct fw_source_slice *slices, size_t n, struct fw_text *text)
{
    for (size_t i = 0; i < n; i++) {
        slices[i].columns = columns->names;
        slices[i].n_columns = columns->n;
        fw_text_append(text, i > 0 ? " UNION ALL FROM " : "FROM ");
        fw_source_scan(wide->plan.source, &slices[i], text);
    }
}

void wide_slice_append(const struct fw_wide *wide, const struct fw_wide_columns *columns,
                       int64_t first_row, int64_t n_rows, struct fw_text *text)
{
    struct fw_source_slice none = {0};
    size_t n;
    struct fw_source_slice *slices = wide_slice_list(wide, first_row, n_rows, &n);

    if (slices == NULL) {
        text->failed = true;
    } else if (n == 0) {
        fw_text_append(text, "(SELECT * ");
        append_scans(wide, columns, &none, 1, text);
        fw_text_append(text, " WHERE false)");
    } else {
        /*
         * Of united scans each has its own end: what is left of the first in a writer's buffer,
         * less than half a row group, is written last. Rows whose order counts go through one
         * table.
         */
        bool kept = n > 1 && wide->phase == WIDE_PARTS;
        fw_text_append(text, kept ? "(WITH fw_united AS MATERIALIZED (" : "(");
        append_scans(wide, columns, slices, n, text);
        fw_text_append(text, kept ? ") FROM fw_united)" : ")");
    }
    free(slices);
}

static size_t span_of(const struct fw_wide *wide, int64_t row)
{
    size_t at = 0;

    while (wide->spans[at].start + wide->spans[at].n_rows <= row) {
        at++;
    }
    return at;
}

/* Row groups until there are enough rows. */
static int64_t gather_chunk(const struct fw_wide *wide, int64_t first_row)
{
    int64_t n = 0;

    while (n < wide->chunk_rows && first_row + n < wide->end_row) {
        const struct wide_span *span = &wide->spans[span_of(wide, first_row + n)];
        int64_t row = first_row + n - span->start, left = span->n_rows - row;
        int64_t cut =
            wide->plan.gather->cut(wide->plan.self, span->file, row, wide->chunk_rows - n);
        n += cut < left ? cut : left;
    }
    return n;
}

/* Comma-separated values are not cut: to find a row, all before it would be read again. */
int64_t wide_slice_chunk(const struct fw_wide *wide, int64_t first_row)
{
    int64_t left = wide->end_row - first_row;

    if (wide->plan.source->kind == FW_SOURCE_CSV) {
        const struct wide_span *span = &wide->spans[span_of(wide, first_row)];
        return span->start + span->n_rows - first_row;
    }
    if (wide_gathers(wide)) {
        return gather_chunk(wide, first_row);
    }
    return left < wide->chunk_rows ? left : wide->chunk_rows;
}
