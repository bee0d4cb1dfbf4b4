/* SPDX-License-Identifier: MIT */
#include "internal.h"

static bool is_whole(const struct wide_span *span, int64_t first_row, int64_t end_row)
{
    return first_row <= span->start && span->start + span->n_rows <= end_row;
}

/* One scan of whole files that follow each other by name, too, or of rows of one file. */
static size_t append_scan(const struct fw_wide *wide, struct fw_source_slice slice, size_t at,
                          int64_t first_row, int64_t end_row, struct fw_text *text)
{
    const struct wide_span *span = &wide->spans[at];
    size_t next = at + 1;

    slice.first_file = span->file;
    slice.n_files = 1;

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
    fw_source_scan(wide->plan.source, &slice, text);
    return next;
}

void wide_slice_append(const struct fw_wide *wide, const struct fw_wide_columns *columns,
                       int64_t first_row, int64_t n_rows, struct fw_text *text)
{
    struct fw_source_slice slice = {.columns = columns->names, .n_columns = columns->n};
    int64_t end_row = first_row + n_rows;
    size_t at = 0, next;
    struct fw_text scan = {0};

    if (n_rows == 0) {
        fw_text_append(text, "(SELECT * FROM ");
        fw_source_scan(wide->plan.source, &slice, text);
        fw_text_append(text, " WHERE false)");
        return;
    }
    while (wide->spans[at].start + wide->spans[at].n_rows <= first_row) {
        at++;
    }
    fw_text_append(text, "(");
    next = append_scan(wide, slice, at, first_row, end_row, &scan);
    /*
     * Of united scans each has its own end: what is left of the first in a writer's buffer, less
     * than half a row group, is written last. Rows whose order counts go through one table.
     */
    bool united = next < wide->n_spans && wide->spans[next].start < end_row;
    bool kept = united && wide->phase == WIDE_PARTS;
    fw_text_append(text, kept ? "WITH fw_united AS MATERIALIZED (FROM " : "FROM ");
    fw_text_append(text, fw_text_get(&scan));
    while (next < wide->n_spans && wide->spans[next].start < end_row) {
        fw_text_append(text, " UNION ALL FROM ");
        next = append_scan(wide, slice, next, first_row, end_row, text);
    }
    fw_text_append(text, kept ? ") FROM fw_united)" : ")");
    text->failed |= scan.failed;
    fw_text_finish(&scan);
}

/* Comma-separated values are not cut: to find a row, all before it would be read again. */
int64_t wide_slice_chunk(const struct fw_wide *wide, int64_t first_row)
{
    int64_t left = wide->end_row - first_row;
    size_t at = 0;

    if (wide->plan.source->kind == FW_SOURCE_CSV) {
        while (wide->spans[at].start + wide->spans[at].n_rows <= first_row) {
            at++;
        }
        return wide->spans[at].start + wide->spans[at].n_rows - first_row;
    }
    return left < wide->chunk_rows ? left : wide->chunk_rows;
}
