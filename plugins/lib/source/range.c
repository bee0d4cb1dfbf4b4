/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "source/internal.h"

/* Far beyond any file's end, and still good for a sum of two. */
#define NO_END (INT64_MAX / 2)

static void append_scan(const struct fw_source *source, struct fw_source_slice slice, bool *any,
                        struct fw_text *text)
{
    fw_text_append(text, *any ? " UNION ALL FROM " : "FROM ");
    fw_source_scan(source, &slice, text);
    *any = true;
}

/* The first file from a row on, whole files in one scan, the last one up to a row. */
void fw_source_scan_range(const struct fw_source *source, const char *const *columns,
                          size_t n_columns, struct fw_source_place from, struct fw_source_place to,
                          struct fw_text *text)
{
    struct fw_source_slice slice = {.columns = columns, .n_columns = n_columns};
    bool any = false;

    fw_text_append(text, "(");
    if (from.row > 0 || from.file == to.file) {
        slice.first_file = from.file++;
        slice.first_row = from.row;
        slice.n_rows = (from.file > to.file ? to.row : NO_END) - slice.first_row;
        append_scan(source, slice, &any, text);
    }
    if (from.file < to.file) {
        slice.first_file = from.file;
        slice.n_files = to.file - from.file;
        slice.first_row = slice.n_rows = 0;
        append_scan(source, slice, &any, text);
    }
    if (from.file <= to.file && to.row > 0) {
        slice.first_file = to.file;
        slice.first_row = 0;
        slice.n_rows = to.row;
        append_scan(source, slice, &any, text);
    }
    fw_text_append(text, ")");
}

void fw_source_append_place(const struct fw_source *source, size_t file, int64_t row,
                            struct fw_text *text)
{
    const bool is_csv = source->kind == FW_SOURCE_CSV;

    fw_text_appendf(text, is_csv ? "%s:%" PRId64 : "%s, row %" PRId64, source->files[file].path,
                    row + (is_csv ? 2 : 1));
}
