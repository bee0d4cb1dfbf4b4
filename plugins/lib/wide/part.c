/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

struct wide_file *wide_part_file(const struct fw_wide *wide, size_t part, size_t output)
{
    return &wide->files[part * wide->plan.n_outputs + output];
}

/* A part of rows that lie in order is a chunk. */
static struct wide_chunk chunk_of(const struct wide_batch *batch, size_t at)
{
    const struct wide_range *range = &batch->wide->parts[batch->wide->next_part + at];

    return (struct wide_chunk){at, range->first_row, range->end_row - range->first_row};
}

/* The rows of a part as `take` leaves them, out of the input or gathered. */
static void append_rows(const struct wide_batch *batch, const struct fw_wide_columns *columns,
                        size_t at, struct fw_text *rows)
{
    const struct wide_chunk chunk = chunk_of(batch, at);

    if (batch->wide->in_order) {
        wide_take_append(batch->wide, columns, &chunk, rows);
    } else {
        wide_spread_append(batch->wide->next_part + at, rows);
    }
}

void wide_part_select(const struct wide_batch *batch, size_t at,
                      const struct fw_wide_columns *columns,
                      void (*write)(const void *, const struct fw_wide_part *, struct fw_text *),
                      struct fw_text *text)
{
    const struct fw_wide *wide = batch->wide;
    struct fw_wide_part part = batch->parts[at];
    struct fw_text rows = {0};

    append_rows(batch, columns, at, &rows);
    part.rows = fw_text_get(&rows);
    write(wide->plan.self, &part, text);
    text->failed |= rows.failed;
    fw_text_finish(&rows);
}

static fw_status read_facts(const struct fw_wide *wide, size_t at, int64_t *facts)
{
    struct fw_sql_grid grid;
    fw_status status = fw_sql_gridf(wide->plan.sql, &grid, "FROM fw_wide_facts_%zu", at);

    if (status != FW_OK) {
        return status;
    }
    for (size_t i = 0; i < FW_WIDE_FACTS && i < grid.n_columns && grid.n_rows == 1; i++) {
        const char *cell = fw_sql_cell(&grid, 0, i);
        facts[i] = cell != NULL ? strtoll(cell, NULL, 10) : 0;
    }
    fw_sql_grid_finish(&grid);
    return FW_OK;
}

static fw_status probe(const struct wide_batch *batch)
{
    struct fw_wide *wide = batch->wide;
    struct fw_text *probes = calloc(batch->n, sizeof *probes);

    if (probes == NULL) {
        return fw_fault_nomem(wide->host);
    }
    for (size_t i = 0; i < batch->n; i++) {
        fw_text_appendf(&probes[i], "CREATE OR REPLACE TABLE fw_wide_facts_%zu AS ", i);
        wide_part_select(batch, i, &wide->plan.probe_columns, wide->plan.probe, &probes[i]);
    }
    fw_status status = wide_exec(wide, probes, batch->n, NULL);
    for (size_t i = 0; i < batch->n && status == FW_OK; i++) {
        status = read_facts(wide, i, batch->parts[i].facts);
    }
    wide_texts_finish(probes, batch->n);
    free(probes);
    return status;
}

static void append_copy(const struct wide_batch *batch, size_t at, size_t output,
                        struct fw_text *copy)
{
    const struct fw_wide *wide = batch->wide;
    const struct fw_wide_output *to = &wide->plan.outputs[output];
    struct fw_text path = {0};

    fw_text_append(copy, "COPY (");
    wide_part_select(batch, at, &to->columns, to->finish, copy);
    fw_text_append(copy, ") TO ");
    wide_place_part(wide, wide->next_part + at, output, &path);
    fw_text_literal(copy, fw_text_get(&path));
    fw_text_appendf(copy, " (FORMAT parquet, ROW_GROUP_SIZE %" PRId64 ")", wide->row_group_rows);
    copy->failed |= path.failed;
    fw_text_finish(&path);
}

/* The widest output of all parts first: what is left to the end is short. */
static fw_status write_parts(const struct wide_batch *batch)
{
    const struct fw_wide *wide = batch->wide;
    size_t n = batch->n * wide->plan.n_outputs;
    struct fw_text *copies = calloc(n, sizeof *copies);

    if (copies == NULL) {
        return fw_fault_nomem(wide->host);
    }
    for (size_t i = 0; i < n; i++) {
        append_copy(batch, i % batch->n, i / batch->n, &copies[i]);
    }
    fw_status status = wide_exec(wide, copies, n, batch->n_rows);
    wide_texts_finish(copies, n);
    free(copies);
    return status;
}

/*
 * A file without rows is kept for the first part alone, where it carries the columns; elsewhere
 * it would only be one more to open.
 */
static fw_status conclude(struct fw_wide *wide, size_t part, size_t output, uint64_t n_rows)
{
    struct wide_file *file = wide_part_file(wide, part, output);
    struct fw_text path = {0};
    fw_status status = FW_OK;

    wide_place_part(wide, part, output, &path);
    file->n_rows = (int64_t)n_rows;
    if (path.failed) {
        status = fw_fault_nomem(wide->host);
    } else if (n_rows > 0 || part == 0) {
        status = wide_place_measure(wide->host, fw_text_get(&path), file);
    } else if (unlink(fw_text_get(&path)) != 0) {
        status = fw_faultf(wide->host, FW_E_IO, fw_text_get(&path), NULL,
                           "a part without rows cannot be removed");
    } else {
        strcpy(file->digest, "-");
    }
    fw_text_finish(&path);
    return status;
}

static fw_status attach(const struct wide_batch *batch)
{
    fw_status status = FW_OK;

    for (size_t i = 0; i < batch->n && status == FW_OK; i++) {
        const struct wide_chunk chunk = chunk_of(batch, i);
        status = batch->wide->in_order
                     ? wide_take_enter(batch->wide, &chunk)
                     : wide_spread_attach(batch->wide, batch->wide->next_part + i, &batch->rows[i]);
    }
    return status;
}

/* The first failure counts. */
static fw_status detach(const struct wide_batch *batch, fw_status status)
{
    for (size_t i = 0; i < batch->n; i++) {
        fw_status of_this =
            batch->rows[i] == NULL
                ? FW_OK
                : wide_spread_detach(batch->wide, batch->wide->next_part + i, batch->rows[i]);
        status = status == FW_OK ? of_this : status;
    }
    return status;
}

static fw_status work(const struct wide_batch *batch)
{
    struct fw_wide *wide = batch->wide;
    fw_status status = FW_OK;

    if (wide->plan.probe != NULL) {
        status = probe(batch);
    }
    if (status == FW_OK) {
        status = wide->plan.fold != NULL ? wide_fold_write(batch) : write_parts(batch);
    }
    for (size_t i = 0; i < batch->n * wide->plan.n_outputs && status == FW_OK; i++) {
        status = conclude(wide, wide->next_part + i % batch->n, i / batch->n, batch->n_rows[i]);
    }
    return status;
}

fw_status wide_part_step(struct fw_wide *wide)
{
    size_t left = wide->n_parts - wide->next_part;
    struct wide_batch batch = {.wide = wide,
                               .n = wide->n_parts_at_once < left ? wide->n_parts_at_once : left};

    batch.parts = calloc(batch.n, sizeof *batch.parts);
    batch.rows = calloc(batch.n, sizeof *batch.rows);
    batch.n_rows = calloc(batch.n * wide->plan.n_outputs, sizeof *batch.n_rows);
    batch.kept = calloc(batch.n, sizeof *batch.kept);
    batch.n_read = calloc(batch.n, sizeof *batch.n_read);
    bool complete = batch.parts != NULL && batch.rows != NULL && batch.n_rows != NULL &&
                    batch.kept != NULL && batch.n_read != NULL;
    fw_status status = complete ? attach(&batch) : fw_fault_nomem(wide->host);
    if (status == FW_OK) {
        status = work(&batch);
    }
    if (complete) {
        status = detach(&batch, status);
    }
    for (size_t i = 0; i < batch.n && status == FW_OK; i++) {
        for (size_t fact = 0; fact < FW_WIDE_FACTS; fact++) {
            wide->facts[fact] += batch.parts[i].facts[fact];
        }
    }
    free(batch.parts);
    free(batch.rows);
    free(batch.n_rows);
    free(batch.kept);
    free(batch.n_read);
    if (status != FW_OK) {
        return status;
    }
    wide->next_part += batch.n;
    return wide->next_part < wide->n_parts ? FW_MORE : FW_OK;
}
