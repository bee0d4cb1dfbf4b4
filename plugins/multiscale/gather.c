/* SPDX-License-Identifier: MIT */
#include "gather.h"

#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "sql/fault.h"

static fw_status open_file(const struct multiscale_table *table, size_t file,
                           struct fw_parquet_reader **ret_reader)
{
    return fw_parquet_reader_open(table->host, table->source->files[file].path, ret_reader);
}

/* Appends why not; nothing if it is of these types. */
static void compare(const struct fw_parquet_reader *reader, const char *const *names,
                    const char *const *types, size_t n, struct fw_text *why)
{
    const char *whole = fw_parquet_reader_refusal_of_file(reader);

    fw_text_append(why, whole != NULL ? whole : "");
    for (size_t i = 0; i < n && why->size == 0; i++) {
        size_t column = fw_parquet_reader_find(reader, names[i]);
        bool is_there = column < fw_parquet_reader_columns(reader);
        const char *refusal = is_there ? fw_parquet_reader_refusal(reader, column) : NULL;
        if (!is_there) {
            fw_text_appendf(why, "it has no column '%s'", names[i]);
        } else if (refusal != NULL) {
            fw_text_append(why, refusal);
        } else if (strcmp(fw_parquet_reader_type(reader, column), types[i]) != 0) {
            fw_text_appendf(why, "its column '%s' is %s, not %s", names[i],
                            fw_parquet_reader_type(reader, column), types[i]);
        }
    }
}

static void say(const struct multiscale_table *table, size_t file, const struct fw_text *why)
{
    const struct fw_log *log = table->host->service(table->host, FW_LOG_ID);
    struct fw_text line = {0};

    fw_text_appendf(&line, "%s is read by the SQL engine, which takes longer: %s",
                    table->source->files[file].path, fw_text_get(why));
    if (log != NULL && !line.failed) {
        log->write(table->host, FW_LOG_INFO, fw_text_get(&line));
    }
    fw_text_finish(&line);
}

fw_status gather_open(const struct multiscale_table *table, const char *const *names,
                      const char *const *types, size_t n, struct ArrowSchema *ret_schema,
                      bool *ret_can)
{
    const struct fw_source *source = table->source;
    struct fw_parquet_reader *reader = NULL;
    struct fw_text why = {0};
    fw_status status = FW_OK;

    *ret_can = source->kind == FW_SOURCE_PARQUET && source->n_files > 0;
    for (size_t i = 0; i < source->n_files && *ret_can && status == FW_OK; i++) {
        status = open_file(table, i, &reader);
        if (status != FW_OK) {
            break;
        }
        compare(reader, names, types, n, &why);
        *ret_can = why.size == 0;
        if (!*ret_can) {
            say(table, i, &why);
        } else if (i == 0) {
            status = fw_parquet_reader_schema(reader, names, n, ret_schema);
        }
        fw_parquet_reader_close(reader);
    }
    if ((status != FW_OK || !*ret_can) && ret_schema->release != NULL) {
        ret_schema->release(ret_schema);
    }
    fw_text_finish(&why);
    return status;
}

static bool add_range(struct gather_ranges *ranges, size_t file, int64_t first, int64_t n)
{
    struct gather_range *larger = reallocarray(ranges->all, ranges->n + 1, sizeof *larger);

    if (larger == NULL) {
        return false;
    }
    ranges->all = larger;
    ranges->all[ranges->n++] = (struct gather_range){file, first, n};
    return true;
}

static fw_status add_file(const struct multiscale_table *table, size_t file,
                          struct gather_ranges *ranges)
{
    struct fw_parquet_reader *reader;
    fw_status status = open_file(table, file, &reader);

    if (status == FW_OK) {
        if (!add_range(ranges, file, 0, fw_parquet_reader_rows(reader))) {
            status = fw_fault_nomem(table->host);
        }
        fw_parquet_reader_close(reader);
    }
    return status;
}

fw_status gather_find(const struct multiscale_table *table, const struct fw_wide_rows *rows,
                      struct gather_ranges *ret_ranges)
{
    fw_status status = FW_OK;

    for (size_t i = 0; i < rows->n_slices && status == FW_OK; i++) {
        const struct fw_source_slice *slice = &rows->slices[i];
        if (slice->n_rows > 0) {
            bool added = add_range(ret_ranges, slice->first_file, slice->first_row, slice->n_rows);
            status = added ? FW_OK : fw_fault_nomem(table->host);
        }
        for (size_t k = 0; k < slice->n_files && slice->n_rows == 0 && status == FW_OK; k++) {
            status = add_file(table, slice->first_file + k, ret_ranges);
        }
    }
    return status;
}

void gather_ranges_finish(struct gather_ranges *ranges)
{
    free(ranges->all);
    *ranges = (struct gather_ranges){0};
}

static fw_status add_rows(const struct multiscale_table *table, struct fw_parquet_batch *batch,
                          size_t file, const int64_t *rows, size_t n)
{
    struct fw_parquet_reader *reader;
    fw_status status = n > 0 ? open_file(table, file, &reader) : FW_OK;

    if (status == FW_OK && n > 0) {
        status = fw_parquet_batch_add(batch, reader, rows, n);
        fw_parquet_reader_close(reader);
    }
    return status;
}

static fw_status add_all(const struct multiscale_table *table, struct fw_parquet_batch *batch,
                         const struct gather_range *range)
{
    int64_t *rows = reallocarray(NULL, (size_t)range->n + 1, sizeof *rows);

    if (rows == NULL) {
        return fw_fault_nomem(table->host);
    }
    for (int64_t i = 0; i < range->n; i++) {
        rows[i] = range->first + i;
    }
    fw_status status = add_rows(table, batch, range->file, rows, (size_t)range->n);
    free(rows);
    return status;
}

fw_status gather_read(const struct multiscale_table *table, const struct ArrowSchema *schema,
                      const struct gather_ranges *ranges, const int64_t *rows, const size_t *n_rows,
                      struct ArrowArray *ret_array)
{
    struct fw_parquet_batch *batch;
    fw_status status = fw_parquet_batch_create(table->host, schema, &batch);

    if (status != FW_OK) {
        return status;
    }
    for (size_t i = 0; i < ranges->n && status == FW_OK; i++) {
        if (rows == NULL) {
            status = add_all(table, batch, &ranges->all[i]);
        } else {
            status = add_rows(table, batch, ranges->all[i].file, rows, n_rows[i]);
            rows += n_rows[i];
        }
    }
    if (status == FW_OK) {
        status = fw_parquet_batch_take(batch, ret_array);
    }
    fw_parquet_batch_destroy(batch);
    return status;
}

/* Up to the end of a row group, which is not far beyond or not far before. */
static int64_t group_end(const struct fw_parquet_reader *reader, int64_t row, int64_t n_rows)
{
    int64_t end = 0;

    for (size_t i = 0; i < fw_parquet_reader_groups(reader) && end < row + n_rows; i++) {
        int64_t next = end + fw_parquet_reader_group_rows(reader, i);
        if (next > row + 2 * n_rows && end > row) {
            break;
        }
        end = next;
    }
    return end;
}

/* A file that cannot be opened is reported by who reads it. */
int64_t gather_cut(const void *self, size_t file, int64_t row, int64_t n_rows)
{
    struct fw_parquet_reader *reader;

    if (open_file(self, file, &reader) != FW_OK) {
        return n_rows;
    }
    int64_t n = group_end(reader, row, n_rows) - row;
    fw_parquet_reader_close(reader);
    return n > 0 && n <= 4 * n_rows ? n : n_rows;
}
