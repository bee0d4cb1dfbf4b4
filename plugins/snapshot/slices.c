/* SPDX-License-Identifier: MIT */
#include "slices.h"

#include <stdlib.h>

/*
 * Each slice leaves one temporary file, and the parts are read across all of them: so their
 * number stays below about a hundred, and a small table still has several steps.
 */
enum { WANTED_SLICES = 64, MIN_CHUNK_ROWS = 131072, MAX_CHUNK_ROWS = 2097152 };

struct slicer {
    const struct fw_sql_handle *sql;
    const struct fw_source *source;
    struct snapshot_slices slices;
    int64_t chunk_rows;
    int64_t rows_left; /* of limit_rows; INT64_MAX without a limit */
    bool exact;
    struct fw_source_slice open; /* whole files that are being collected; n_files 0: none */
    int64_t open_rows;
};

static fw_status add(struct slicer *s, struct fw_source_slice slice)
{
    struct snapshot_slices *slices = &s->slices;
    if (slices->n == slices->capacity) {
        size_t capacity = slices->capacity * 2 + 16;
        struct fw_source_slice *items =
            reallocarray(slices->items, capacity, sizeof *slices->items);
        if (items == NULL) {
            return fw_fault_nomem(s->sql->host);
        }
        slices->items = items;
        slices->capacity = capacity;
    }
    slices->items[slices->n++] = slice;
    return FW_OK;
}

static fw_status close_open(struct slicer *s)
{
    fw_status status = s->open.n_files > 0 ? add(s, s->open) : FW_OK;
    s->open = (struct fw_source_slice){0};
    s->open_rows = 0;
    return status;
}

static fw_status add_whole(struct slicer *s, size_t file, int64_t rows)
{
    fw_status status = FW_OK;
    if (s->open.n_files > 0 && s->open_rows + rows > s->chunk_rows) {
        status = close_open(s);
    }
    if (s->open.n_files == 0) {
        s->open.first_file = file;
    }
    s->open.n_files++;
    s->open_rows += rows;
    return status;
}

static fw_status cut_exactly(struct slicer *s, size_t file, int64_t rows)
{
    fw_status status = FW_OK;
    for (int64_t at = 0; at < rows && status == FW_OK; at += s->chunk_rows) {
        int64_t n = rows - at < s->chunk_rows ? rows - at : s->chunk_rows;
        status = add(s, (struct fw_source_slice){
                            .first_file = file, .n_files = 1, .first_row = at, .n_rows = n});
    }
    return status;
}

/* `rows` may end before the file does, when limit_rows cuts it short. */
static fw_status cut_at_row_groups(struct slicer *s, size_t file, int64_t rows)
{
    int64_t *groups = NULL;
    size_t n_groups = 0;
    fw_status status = fw_source_row_groups(s->source, file, &groups, &n_groups);
    int64_t first = 0;
    int64_t end = 0;
    for (size_t i = 0; i < n_groups && first < rows && status == FW_OK; i++) {
        end = end + groups[i] < rows ? end + groups[i] : rows;
        if (end - first >= s->chunk_rows || end == rows || i + 1 == n_groups) {
            status = add(s, (struct fw_source_slice){.first_file = file,
                                                     .n_files = 1,
                                                     .first_row = first,
                                                     .n_rows = end - first});
            first = end;
        }
    }
    free(groups);
    return status;
}

static fw_status count_file(const struct slicer *s, size_t file, int64_t *ret_rows)
{
    const struct fw_source_slice slice = {.first_file = file, .n_files = 1};
    struct fw_text query = {0};
    fw_text_append(&query, "SELECT count(*) FROM ");
    fw_source_scan(s->source, &slice, &query);
    fw_status status = query.failed ? fw_fault_nomem(s->sql->host)
                                    : fw_sql_int64(s->sql, ret_rows, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

/*
 * Rows of the file, deleted ones too. The log's count only decides how files are grouped; a limit
 * needs the true one.
 */
static fw_status file_rows(const struct slicer *s, size_t file, int64_t *ret_rows)
{
    int64_t logged = s->source->files[file].n_rows;
    if (logged >= 0 && s->rows_left == INT64_MAX && logged <= s->chunk_rows) {
        *ret_rows = logged;
        return FW_OK;
    }
    fw_status status = count_file(s, file, ret_rows);
    *ret_rows += status == FW_OK ? s->source->files[file].n_deleted : 0;
    return status;
}

static fw_status slice_file(struct slicer *s, size_t file)
{
    bool csv = s->source->kind == FW_SOURCE_CSV;
    int64_t rows = 0;
    if (csv && !s->exact && s->rows_left == INT64_MAX) {
        return add(s, (struct fw_source_slice){.first_file = file, .n_files = 1});
    }
    fw_status status = file_rows(s, file, &rows);
    if (status != FW_OK) {
        return status;
    }
    int64_t live = rows - s->source->files[file].n_deleted;
    bool cut_short = live > s->rows_left;
    if (cut_short) {
        live = s->rows_left;
        rows = fw_source_rows_holding(s->source, file, live);
    }
    s->rows_left -= s->rows_left == INT64_MAX ? 0 : live;
    if (rows <= s->chunk_rows && !cut_short) {
        return add_whole(s, file, rows);
    }
    status = close_open(s);
    if (status == FW_OK && rows > 0) {
        status = csv || s->exact ? cut_exactly(s, file, rows) : cut_at_row_groups(s, file, rows);
    }
    return status;
}

static fw_status choose_chunk(struct slicer *s, const struct snapshot_settings *settings)
{
    int64_t rows = 0;
    s->exact = settings->chunk_rows > 0;
    if (s->exact) {
        s->chunk_rows = settings->chunk_rows;
        return FW_OK;
    }
    fw_status status = s->source->kind == FW_SOURCE_CSV ? FW_OK : fw_source_count(s->source, &rows);
    s->chunk_rows = rows / WANTED_SLICES;
    s->chunk_rows = s->chunk_rows < MIN_CHUNK_ROWS ? MIN_CHUNK_ROWS : s->chunk_rows;
    s->chunk_rows = s->chunk_rows > MAX_CHUNK_ROWS ? MAX_CHUNK_ROWS : s->chunk_rows;
    return status;
}

fw_status snapshot_slices_plan(struct snapshot_slices *ret_slices, const struct fw_sql_handle *sql,
                               const struct fw_source *source,
                               const struct snapshot_settings *settings)
{
    struct slicer s = {.sql = sql,
                       .source = source,
                       .rows_left = settings->limit_rows > 0 ? settings->limit_rows : INT64_MAX};
    fw_status status = choose_chunk(&s, settings);
    for (size_t i = 0; i < source->n_files && s.rows_left > 0 && status == FW_OK; i++) {
        status = slice_file(&s, i);
    }
    if (status == FW_OK) {
        status = close_open(&s);
    }
    if (status == FW_OK && s.slices.n == 0) {
        status = add(&s, (struct fw_source_slice){0}); /* no files: one slice that finds nothing */
    }
    if (status != FW_OK) {
        snapshot_slices_finish(&s.slices);
        return status;
    }
    *ret_slices = s.slices;
    return FW_OK;
}

void snapshot_slices_finish(struct snapshot_slices *slices)
{
    free(slices->items);
    *slices = (struct snapshot_slices){0};
}
