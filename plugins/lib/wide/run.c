/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "internal.h"

/*
 * A part takes a narrow range of each run. Opening a row group of 133 columns takes as long as
 * reading some thousand rows of it, so smaller groups are slower, and larger ones are read in vain.
 */
enum { RUN_GROUP_ROWS = 8192 };

void wide_take_append(const struct fw_wide *wide, const struct fw_wide_columns *columns,
                      int64_t first_row, int64_t n_rows, struct fw_text *text)
{
    struct fw_text select = {0};

    if (wide->plan.take == NULL) {
        wide_slice_append(wide, columns, first_row, n_rows, text);
        return;
    }
    wide_slice_append(wide, columns, first_row, n_rows, &select);
    struct fw_wide_rows rows = {fw_text_get(&select), first_row, n_rows};
    fw_text_append(text, "(");
    wide->plan.take(wide->plan.self, &rows, text);
    fw_text_append(text, ")");
    text->failed |= select.failed;
    fw_text_finish(&select);
}

static void append_copy(const struct fw_wide *wide, size_t run, int64_t first_row, int64_t n_rows,
                        struct fw_text *text)
{
    struct fw_text path = {0};

    fw_text_append(text, "COPY (SELECT * FROM ");
    wide_take_append(wide, &wide->plan.take_columns, first_row, n_rows, text);
    fw_text_append(text, " WHERE ");
    fw_text_identifier(text, wide->plan.entity_column);
    fw_text_append(text, " IS NOT NULL ORDER BY ");
    fw_text_identifier(text, wide->plan.entity_column);
    fw_text_append(text, ") TO ");
    wide_place_run(wide, run, &path);
    fw_text_literal(text, fw_text_get(&path));
    fw_text_appendf(text, " (FORMAT parquet, ROW_GROUP_SIZE %d)", RUN_GROUP_ROWS);
    text->failed |= path.failed;
    fw_text_finish(&path);
}

/* Copies the next chunks; *ret_next_row and *ret_n say how far that went. */
static fw_status copy_chunks(const struct fw_wide *wide, uint64_t *rows, int64_t *ret_next_row,
                             size_t *ret_n)
{
    struct fw_text *copies = calloc(wide->n_chunks_at_once, sizeof *copies);
    int64_t next_row = wide->next_row;
    size_t n = 0;

    if (copies == NULL) {
        return fw_fault_nomem(wide->host);
    }
    while (n < wide->n_chunks_at_once && next_row < wide->end_row) {
        int64_t n_rows = wide_slice_chunk(wide, next_row);
        append_copy(wide, wide->n_runs + n, next_row, n_rows, &copies[n]);
        next_row += n_rows;
        n++;
    }
    fw_status status = wide_exec(wide, copies, n, rows);
    wide_texts_finish(copies, n);
    free(copies);
    *ret_next_row = next_row;
    *ret_n = n;
    return status;
}

static fw_status measure_run(struct fw_wide *wide, size_t run, uint64_t n_rows)
{
    struct fw_text path = {0};

    wide_place_run(wide, run, &path);
    wide->runs[run].n_rows = (int64_t)n_rows;
    fw_status status = path.failed
                           ? fw_fault_nomem(wide->host)
                           : wide_place_measure(wide->host, fw_text_get(&path), &wide->runs[run]);
    fw_text_finish(&path);
    return status;
}

static fw_status grow(struct fw_wide *wide)
{
    struct wide_file *runs =
        realloc(wide->runs, (wide->n_runs + wide->n_chunks_at_once) * sizeof *wide->runs);

    if (runs == NULL) {
        return fw_fault_nomem(wide->host);
    }
    wide->runs = runs;
    return FW_OK;
}

fw_status wide_run_step(struct fw_wide *wide)
{
    uint64_t *rows = calloc(wide->n_chunks_at_once, sizeof *rows);
    int64_t next_row = 0;
    size_t n = 0;
    fw_status status = rows == NULL ? fw_fault_nomem(wide->host) : grow(wide);

    if (status == FW_OK) {
        status = copy_chunks(wide, rows, &next_row, &n);
    }
    for (size_t i = 0; i < n && status == FW_OK; i++) {
        status = measure_run(wide, wide->n_runs + i, rows[i]);
    }
    free(rows);
    if (status != FW_OK) {
        return status;
    }
    wide->n_runs += n;
    wide->next_row = next_row;
    return wide->next_row < wide->end_row ? FW_MORE : FW_OK;
}

static void append_paths(const struct fw_wide *wide, struct fw_text *text)
{
    struct fw_text path = {0};

    for (size_t i = 0; i < wide->n_runs; i++) {
        fw_text_clear(&path);
        wide_place_run(wide, i, &path);
        fw_text_append(text, i > 0 ? ", " : "");
        fw_text_literal(text, fw_text_get(&path));
    }
    text->failed |= path.failed;
    fw_text_finish(&path);
}

void wide_run_append(const struct fw_wide *wide, size_t part, struct fw_text *text)
{
    fw_text_append(text, "(SELECT * FROM read_parquet([");
    append_paths(wide, text);
    fw_text_append(text, "], hive_partitioning = false) WHERE ");
    fw_text_identifier(text, wide->plan.entity_column);
    fw_text_append(text, " >= ");
    fw_text_literal(text, wide->parts[part].start);
    if (part + 1 < wide->n_parts) {
        fw_text_append(text, " AND ");
        fw_text_identifier(text, wide->plan.entity_column);
        fw_text_append(text, " < ");
        fw_text_literal(text, wide->parts[part + 1].start);
    }
    fw_text_append(text, ")");
}
