/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "source/internal.h"

static fw_status count_rows(const struct fw_source *source, size_t file, int64_t *ret_rows)
{
    const struct fw_source_slice slice = {.first_file = file, .n_files = 1};
    const struct fw_sql_handle *sql = source->more->sql;
    struct fw_text query = {0};

    if (source->kind != FW_SOURCE_CSV) {
        int64_t rows = 0;
        fw_status status = fw_source_file_rows(source, file, &rows);
        *ret_rows = rows - source->files[file].n_deleted;
        return status;
    }
    fw_text_append(&query, "SELECT count(*) FROM ");
    fw_source_scan(source, &slice, &query);
    fw_status status =
        query.failed ? fw_fault_nomem(sql->host) : fw_sql_int64(sql, ret_rows, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

fw_status fw_source_limit(struct fw_source *source, int64_t n_rows)
{
    struct fw_source_private *more = source->more;
    int64_t rows = 0;

    for (size_t file = 0; file < source->n_files; file++) {
        fw_status status = count_rows(source, file, &rows);
        if (status != FW_OK) {
            return status;
        }
        if (rows >= n_rows) {
            more->n_limited = file + 1;
            more->last_rows = fw_source_rows_holding(source, file, n_rows);
            return FW_OK;
        }
        n_rows -= rows;
    }
    return FW_OK;
}

void fw_source_append_limit(const struct fw_source *source, const struct fw_source_slice *slice,
                            const char *file, const char *row, struct fw_text *text)
{
    const struct fw_source_private *more = source->more;

    if (more->n_limited > 0 && slice->first_file + slice->n_files == more->n_limited) {
        fw_text_appendf(text, " AND (%s < %zu OR %s < %" PRId64 ")", file, slice->n_files - 1, row,
                        more->last_rows);
    }
}
