/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/service/sql.h>

#include "internal.h"
#include "wide/wide.h"

enum { STEP_MS = 500, MANY_ROWS = 1 << 20, MANY_CELLS = 1 << 24 };

fw_status fw_fold_open(const struct fw_fold_plan *plan, struct fw_fold **ret_fold)
{
    struct fw_fold *fold = calloc(1, sizeof *fold);

    if (fold == NULL) {
        return fw_fault_nomem(plan->sql->host);
    }
    fold->plan = *plan;
    fold->host = plan->sql->host;
    fold->cut.within_files = plan->within_files;
    fold->rows_in = calloc(plan->n_inputs + 1, sizeof *fold->rows_in);
    fold->n_chunks = calloc(plan->n_inputs + 1, sizeof *fold->n_chunks);
    if (fold->rows_in == NULL || fold->n_chunks == NULL) {
        fw_fold_close(fold);
        return fw_fault_nomem(plan->sql->host);
    }
    *ret_fold = fold;
    return FW_OK;
}

void fw_fold_close(struct fw_fold *fold)
{
    if (fold == NULL) {
        return;
    }
    fold->plan.sql->api->finish(fold->job);
    fold_cut_finish(&fold->cut);
    fw_text_finish(&fold->files);
    free(fold->rows_in);
    free(fold->n_chunks);
    free(fold);
}

fw_status fw_fold_remove(const struct fw_fold *fold)
{
    return fw_wide_remove_folder(fold->host, fold->plan.folder);
}

int64_t fw_fold_rows_in(const struct fw_fold *fold, size_t input)
{
    return fold->rows_in[input];
}

static fw_status prepare(struct fw_fold *fold)
{
    fw_status status =
        fold->plan.in_memory ? FW_OK : fw_wide_make_folder(fold->host, fold->plan.folder);

    for (size_t i = 0; i < fold->plan.n_inputs && status == FW_OK; i++) {
        if (fold->plan.inputs[i].is_needed != NULL) {
            continue;
        }
        status = fw_source_count(fold->plan.inputs[i].source, &fold->rows_in[i]);
    }
    fold->is_counted = status == FW_OK;
    return status;
}

/* 0 at the limit. */
static int64_t chunk_rows(const struct fw_fold *fold, const struct fw_fold_input *input)
{
    size_t n = input->n_columns > 0 ? input->n_columns : input->source->n_columns;
    int64_t rows = MANY_CELLS / (int64_t)(n + 1);
    int64_t left = input->limit_rows > 0 ? input->limit_rows - fold->input_rows : MANY_ROWS;

    rows = fold->plan.chunk_rows > 0 ? fold->plan.chunk_rows : rows < MANY_ROWS ? rows : MANY_ROWS;
    return left <= 0 ? 0 : left < rows && input->limit_rows > 0 ? left : rows;
}

/* Takes the text. */
static fw_status begin_make(struct fw_fold *fold, struct fw_text *select, size_t n_columns)
{
    struct fw_text make = {0};

    fold_kept_append_make(fold, fold_kept_count(fold), select, n_columns, &make);
    fw_status status = make.failed ? fw_fault_nomem(fold->host)
                                   : fold->plan.sql->api->begin(fold->plan.sql->session,
                                                                fw_text_get(&make), &fold->job);
    fw_text_finish(&make);
    fw_text_finish(select);
    return status;
}

static fw_status begin_chunk(struct fw_fold *fold)
{
    const struct fw_fold_input *input = &fold->plan.inputs[fold->input];
    const struct fw_source_slice all = {.columns = input->columns, .n_columns = input->n_columns};
    struct fw_text rows = {0}, select = {0};

    if (fold->chunk_rows == 0) {
        fw_source_scan(input->source, &all, &rows);
    } else {
        fw_source_scan_range(input->source, input->columns, input->n_columns, fold->cut.next,
                             fold->chunk_end, &rows);
    }
    input->keep(input->self, fw_text_get(&rows), &select);
    select.failed |= rows.failed;
    fw_text_finish(&rows);
    return begin_make(fold, &select, 0);
}

static fw_status begin_table(struct fw_fold *fold)
{
    const struct fw_fold_table *table = &fold->plan.tables[fold->table];
    struct fw_text select = {0};

    table->make(table->self, fold, &select);
    return begin_make(fold, &select, table->n_columns);
}

static fw_status ask(const struct fw_fold *fold, bool *ret_needed)
{
    const struct fw_fold_input *input = &fold->plan.inputs[fold->input];
    struct fw_text query = {0};
    int64_t needed = 1;
    fw_status status = FW_OK;

    if (input->is_needed != NULL && fold->n_chunks[fold->input] == 0) {
        input->is_needed(input->self, fold, &query);
        status = query.failed ? fw_fault_nomem(fold->host)
                              : fw_sql_int64(fold->plan.sql, &needed, fw_text_get(&query));
    }
    fw_text_finish(&query);
    *ret_needed = needed != 0;
    return status;
}

static void end_input(struct fw_fold *fold)
{
    fold->input++;
    fold->input_rows = 0;
    fold_cut_finish(&fold->cut);
    fold->cut.next = (struct fw_source_place){0};
}

/* A source of no rows is one chunk all the same: what is kept of it has columns. */
static fw_status begin_next(struct fw_fold *fold)
{
    while (fold->input < fold->plan.n_inputs) {
        const struct fw_fold_input *input = &fold->plan.inputs[fold->input];
        bool is_needed = false;
        fw_status status = ask(fold, &is_needed);
        if (status == FW_OK && is_needed) {
            status = fold_cut_find(&fold->cut, input->source, chunk_rows(fold, input),
                                   &fold->chunk_end, &fold->chunk_rows);
        }
        if (status != FW_OK) {
            return status;
        }
        if (is_needed && (fold->chunk_rows > 0 || fold->n_chunks[fold->input] == 0)) {
            return begin_chunk(fold);
        }
        end_input(fold);
    }
    return begin_table(fold);
}

/* What was begun is there. */
static fw_status end_one(struct fw_fold *fold)
{
    size_t kept = fold_kept_count(fold);

    fold->plan.sql->api->finish(fold->job);
    fold->job = NULL;
    fold->is_restored = false;
    if (fold->input < fold->plan.n_inputs) {
        fold->n_chunks[fold->input]++;
        fold->cut.next = fold->chunk_end;
        fold->rows_done += fold->plan.inputs[fold->input].is_needed == NULL ? fold->chunk_rows : 0;
        fold->input_rows += fold->chunk_rows;
    } else {
        fold->table++;
    }
    if (fold->plan.in_memory) {
        return FW_OK;
    }
    fold->n_filed++;
    return fold_kept_note(fold, kept, &fold->files);
}

fw_status fold_settle(struct fw_fold *fold)
{
    fw_status status = FW_MORE;
    double fraction;

    if (fold->job == NULL) {
        return FW_OK;
    }
    while (status == FW_MORE) {
        status = fold->plan.sql->api->advance(fold->job, STEP_MS, &fraction);
    }
    return status == FW_OK ? end_one(fold) : status;
}

static bool is_done(const struct fw_fold *fold)
{
    return fold->input == fold->plan.n_inputs && fold->table == fold->plan.n_tables;
}

static void fill(const struct fw_fold *fold, struct fw_step *ret)
{
    uint64_t rows = 0;

    for (size_t i = 0; i < fold->plan.n_inputs; i++) {
        int64_t limit = fold->plan.inputs[i].limit_rows;
        rows += (uint64_t)(limit > 0 && limit < fold->rows_in[i] ? limit : fold->rows_in[i]);
    }
    uint64_t done = (uint64_t)fold->rows_done < rows ? (uint64_t)fold->rows_done : rows;
    if (fold->input == fold->plan.n_inputs) {
        done = rows; /* of CSV the rows of a chunk are not known */
    }
    ret->unit = "rows";
    ret->items = done;
    ret->done = done + fold->table;
    ret->total = rows + fold->plan.n_tables;
}

/*
 * After a restart the first statement is worked on to its end: pieces of it would get nowhere where
 * every step is followed by a restart.
 */
static fw_status work(struct fw_fold *fold)
{
    double fraction;
    fw_status status = fold->job == NULL ? begin_next(fold) : FW_OK;

    if (status == FW_OK && fold->is_restored) {
        return fold_settle(fold);
    }
    if (status == FW_OK) {
        status = fold->plan.sql->api->advance(fold->job, STEP_MS, &fraction);
    }
    return status == FW_OK ? end_one(fold) : status;
}

fw_status fw_fold_step(struct fw_fold *fold, struct fw_step *ret)
{
    fw_status status = fold->is_counted ? FW_OK : prepare(fold);

    if (status == FW_OK && !is_done(fold)) {
        status = work(fold);
    }
    if (status < FW_OK) {
        return status;
    }
    fill(fold, ret);
    return is_done(fold) ? FW_OK : FW_MORE;
}
