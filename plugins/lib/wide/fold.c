/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"
#include "sql/stream.h"
#include "team/team.h"

/*
 * Rows that are handed over have no order of their own, and the engine reads files side by side or
 * backwards where nobody can see it. A number counted through them is seen.
 */
static void append_numbered(struct fw_text *text, const struct fw_text *query)
{
    fw_text_appendf(text, "SELECT *, row_number() OVER () AS fw_number FROM (%s)",
                    fw_text_get(query));
    text->failed |= query->failed;
}

static fw_status take(void *arg, uint64_t query, struct ArrowArray *rows)
{
    const struct wide_batch *batch = arg;
    const struct fw_wide_plan *plan = &batch->wide->plan;

    if (rows != NULL && rows->length > 0) {
        const struct ArrowArray *last = rows->children[rows->n_children - 1];
        const int64_t *numbers = last->buffers[1];
        if (numbers[rows->offset + last->offset] != batch->n_read[query] + 1) {
            rows->release(rows);
            return fw_faultf(batch->wide->host, FW_E_INTERNAL, NULL, NULL,
                             "the engine handed the rows of a part over in another order");
        }
        batch->n_read[query] += rows->length;
    }
    return plan->fold->take(plan->self, &batch->kept[query], rows);
}

static fw_status read_schema(struct fw_wide *wide, const struct fw_text *query)
{
    struct fw_text none = {0};

    fw_text_appendf(&none, "%s LIMIT 0", fw_text_get(query));
    none.failed |= query->failed;
    fw_status status = wide_schema_of(wide, &none, &wide->folded);
    fw_text_finish(&none);
    return status;
}

static fw_status read_queries(const struct wide_batch *batch)
{
    struct wide_batch taken = *batch;
    struct fw_wide *wide = batch->wide;
    const struct fw_sql_handle *sql = wide->plan.sql;
    struct fw_text *queries = calloc(batch->n, sizeof *queries);
    fw_status status = FW_OK;

    if (queries == NULL) {
        return fw_fault_nomem(wide->host);
    }
    for (size_t i = 0; i < batch->n; i++) {
        struct fw_text query = {0};
        wide_part_select(batch, i, &wide->plan.fold->columns, wide->plan.fold->read, &query);
        append_numbered(&queries[i], &query);
        fw_text_finish(&query);
    }
    if (wide->folded.release == NULL) {
        status = read_schema(wide, &queries[0]);
    }
    if (status == FW_OK) {
        const char **texts = wide_texts_get(queries, batch->n);
        status = texts == NULL ? fw_fault_nomem(wide->host)
                               : sql->api->query_parallel(sql->session, texts, batch->n,
                                                          &wide->folded, take, &taken);
        free(texts);
    }
    wide_texts_finish(queries, batch->n);
    free(queries);
    return status;
}

/* Parts that were spread need no engine: each is a task of a team. */
struct reading {
    const struct wide_batch *batch;
    fw_status *statuses;
};

static fw_status take_all(const struct wide_batch *batch, size_t at,
                          struct ArrowArrayStream *stream)
{
    const struct fw_wide_plan *plan = &batch->wide->plan;
    struct ArrowArray rows;
    fw_status status = FW_OK;
    int code = 0;

    while (status == FW_OK && (code = stream->get_next(stream, &rows)) == 0 &&
           rows.release != NULL) {
        status = plan->fold->take(plan->self, &batch->kept[at], &rows);
    }
    if (status == FW_OK && code != 0) {
        status = fw_stream_fault(batch->wide->host, stream, code);
    }
    return status == FW_OK ? plan->fold->take(plan->self, &batch->kept[at], NULL) : status;
}

static void read_spread(void *arg, size_t at)
{
    const struct reading *reading = arg;
    const struct fw_wide *wide = reading->batch->wide;
    size_t n = (size_t)wide->schema.n_children;
    uint64_t *columns = calloc(n, sizeof *columns);
    struct ArrowArrayStream stream = {0};

    for (size_t i = 0; columns != NULL && i < n; i++) {
        columns[i] = i;
    }
    bool open =
        columns != NULL && fw_scatter_part_read(reading->batch->rows[at], columns, n, &stream) == 0;
    reading->statuses[at] =
        open ? take_all(reading->batch, at, &stream) : fw_fault_nomem(wide->host);
    if (open) {
        stream.release(&stream);
    }
    free(columns);
}

/* As many as there are threads, since that is how many parts a step has. */
static fw_status run(size_t n_threads, size_t n, void (*work)(void *arg, size_t task), void *arg,
                     const fw_status *statuses)
{
    fw_status status = FW_OK;

    fw_team_run(n_threads, n, work, arg);
    for (size_t i = 0; i < n && status == FW_OK; i++) {
        status = statuses[i];
    }
    return status;
}

static fw_status read_parts(const struct wide_batch *batch)
{
    if (batch->wide->in_order && batch->wide->plan.gather != NULL) {
        return wide_gather_parts(batch);
    }
    if (batch->wide->plan.fold->read != NULL) {
        return read_queries(batch);
    }
    struct reading reading = {batch, calloc(batch->n, sizeof *reading.statuses)};
    fw_status status = reading.statuses != NULL
                           ? run(batch->n, batch->n, read_spread, &reading, reading.statuses)
                           : fw_fault_nomem(batch->wide->host);

    free(reading.statuses);
    return status;
}

struct writing {
    const struct wide_batch *batch;
    struct fw_text *paths;
    fw_status *statuses;
};

/* The widest output of all parts first: what is left to the end is short. */
static void write_output(void *arg, size_t task)
{
    const struct writing *writing = arg;
    const struct wide_batch *batch = writing->batch;
    const struct fw_wide_plan *plan = &batch->wide->plan;
    struct fw_text *path = &writing->paths[task];
    size_t at = task % batch->n, output = task / batch->n;

    wide_place_part(batch->wide, batch->wide->next_part + at, output, path);
    writing->statuses[task] = path->failed
                                  ? fw_fault_nomem(batch->wide->host)
                                  : plan->fold->write(plan->self, batch->kept[at], output,
                                                      fw_text_get(path), &batch->n_rows[task]);
}

static fw_status write_parts(const struct wide_batch *batch)
{
    size_t n = batch->n * batch->wide->plan.n_outputs;
    struct writing writing = {batch, calloc(n, sizeof *writing.paths),
                              calloc(n, sizeof *writing.statuses)};
    bool room = writing.paths != NULL && writing.statuses != NULL;
    fw_status status = room ? run(batch->n, n, write_output, &writing, writing.statuses)
                            : fw_fault_nomem(batch->wide->host);

    if (writing.paths != NULL) {
        wide_texts_finish(writing.paths, n);
    }
    free(writing.paths);
    free(writing.statuses);
    return status;
}

fw_status wide_fold_write(const struct wide_batch *batch)
{
    fw_status status = read_parts(batch);

    if (status == FW_OK) {
        status = write_parts(batch);
    }
    for (size_t i = 0; i < batch->n; i++) {
        batch->wide->plan.fold->drop(batch->kept[i]);
    }
    return status;
}
