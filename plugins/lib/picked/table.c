/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

static void append_name(size_t at, struct fw_text *text)
{
    fw_text_appendf(text, "fw_picked_%zu", at);
}

static void drop_runs(struct picked_table *table)
{
    free(table->runs);
    free(table->rows);
    table->runs = NULL;
    table->rows = NULL;
    table->n_runs = table->n_rows = 0;
}

static size_t count_files(const struct fw_source_place *places, size_t n)
{
    size_t files = 0;

    for (size_t i = 0; i < n; i++) {
        files += i == 0 || places[i].file != places[i - 1].file;
    }
    return files;
}

/* Files are opened one at a time, for there may be more than a process can have open. */
static fw_status judge(struct fw_picked *picked, size_t file)
{
    struct fw_parquet_reader *reader = NULL;
    fw_status status = FW_OK;

    if (picked->files[file] == PICKED_UNKNOWN) {
        status = picked_file_open(picked, file, &reader);
        fw_parquet_reader_close(reader);
    }
    return status;
}

/* The places of one file; `places` has some. */
static fw_status add_run(struct picked_table *table, const struct fw_source_place *places, size_t n)
{
    struct picked_run *run = &table->runs[table->n_runs++];

    *run = (struct picked_run){.file = places[0].file,
                               .first = table->n_rows,
                               .first_row = places[0].row,
                               .end_row = places[n - 1].row + 1};
    fw_status status = judge(table->picked, run->file);
    run->is_read = status == FW_OK && table->picked->files[run->file] == PICKED_READ;
    if (!run->is_read) {
        return status;
    }
    run->n = n;
    for (size_t i = 0; i < n; i++) {
        table->rows[table->n_rows++] = places[i].row;
    }
    return FW_OK;
}

static fw_status add_runs(struct picked_table *table, const struct fw_source_place *places,
                          size_t n)
{
    fw_status status = FW_OK;
    size_t end;

    for (size_t i = 0; i < n && status == FW_OK; i = end) {
        for (end = i + 1; end < n && places[end].file == places[i].file;) {
            end++;
        }
        status = add_run(table, places + i, end - i);
    }
    return status;
}

/* It stays attached; only its rows change. */
static fw_status attach(struct picked_table *table, size_t at)
{
    const struct fw_sql_handle *sql = table->picked->sql;
    struct ArrowSchema schema;
    struct fw_text name = {0};
    fw_status status = picked_schema(table->picked, &schema);

    if (status != FW_OK) {
        return status;
    }
    append_name(at, &name);
    if (name.failed) {
        schema.release(&schema);
        status = fw_fault_nomem(sql->host);
    } else {
        status = sql->api->attach_table(sql->session, fw_text_get(&name), &schema,
                                        picked_stream_open, table);
    }
    fw_text_finish(&name);
    table->is_attached = status == FW_OK;
    return status;
}

fw_status fw_picked_set(struct fw_picked *picked, size_t at, const struct fw_source_place *places,
                        size_t n)
{
    struct picked_table *table = &picked->tables[at];

    drop_runs(table);
    table->runs = calloc(count_files(places, n) + 1, sizeof *table->runs);
    table->rows = calloc(n + 1, sizeof *table->rows);
    fw_status status = table->runs != NULL && table->rows != NULL
                           ? add_runs(table, places, n)
                           : fw_fault_nomem(picked->sql->host);
    if (status == FW_OK && table->n_rows > 0 && !table->is_attached) {
        status = attach(table, at);
    }
    return status;
}

/* The engine reads from the first place of some files to the last of them. */
static void append_range(const struct fw_picked *picked, const struct picked_run *first,
                         const struct picked_run *last, struct fw_text *text)
{
    const struct fw_source_place from = {first->file, first->first_row};
    const struct fw_source_place to = {last->file, last->end_row};

    fw_source_scan_range(picked->source, picked->columns, picked->n_columns, from, to, text);
}

static void append_read(const struct picked_table *table, size_t at, struct fw_text *text)
{
    const struct fw_picked *picked = table->picked;
    size_t first = table->runs[0].file, last = table->runs[table->n_runs - 1].file;
    const struct fw_source_slice slice = {.columns = picked->columns,
                                          .n_columns = picked->n_columns,
                                          .first_file = first,
                                          .n_files = last - first + 1};
    struct fw_text name = {0};

    append_name(at, &name);
    fw_source_scan_table(picked->source, &slice, fw_text_get(&name), text);
    text->failed |= name.failed;
    fw_text_finish(&name);
}

static void append_nothing(const struct fw_picked *picked, struct fw_text *text)
{
    const struct fw_source_slice any = {
        .columns = picked->columns, .n_columns = picked->n_columns, .n_files = 1};

    fw_text_append(text, "(FROM ");
    fw_source_scan(picked->source, &any, text);
    fw_text_append(text, " WHERE false)");
}

void fw_picked_scan(const struct fw_picked *picked, size_t at, struct fw_text *text)
{
    const struct picked_table *table = &picked->tables[at];
    bool any = table->n_rows > 0;
    size_t end;

    if (table->n_runs == 0) {
        append_nothing(picked, text);
        return;
    }
    fw_text_append(text, "(");
    if (any) {
        fw_text_append(text, "FROM ");
        append_read(table, at, text);
    }
    for (size_t i = 0; i < table->n_runs; i = end) {
        end = i + 1;
        if (table->runs[i].is_read) {
            continue;
        }
        while (end < table->n_runs && !table->runs[end].is_read &&
               table->runs[end].file == table->runs[end - 1].file + 1) {
            end++;
        }
        fw_text_append(text, any ? " UNION ALL FROM " : "FROM ");
        append_range(picked, &table->runs[i], &table->runs[end - 1], text);
        any = true;
    }
    fw_text_append(text, ")");
}

void picked_table_finish(struct picked_table *table, size_t at)
{
    const struct fw_sql_handle *sql = table->picked->sql;
    struct fw_text name = {0};

    if (table->is_attached) {
        append_name(at, &name);
        name.failed ? (void)0 : (void)sql->api->detach(sql->session, fw_text_get(&name));
        fw_text_finish(&name);
    }
    drop_runs(table);
}
