/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

static void append_name(size_t at, size_t output, struct fw_text *text)
{
    fw_text_appendf(text, "fw_wide_made_%zu_%zu", at, output);
}

void wide_fold_append(size_t at, size_t output, struct fw_text *text)
{
    fw_text_append(text, "FROM ");
    append_name(at, output, text);
}

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

static fw_status read_parts(const struct wide_batch *batch)
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

static fw_status attach(const struct wide_batch *batch, size_t at, size_t output)
{
    const struct fw_wide_plan *plan = &batch->wide->plan;
    struct fw_wide_table table;
    struct fw_text name = {0};
    fw_status status = plan->fold->table(plan->self, batch->kept[at], output, &table);

    if (status != FW_OK) {
        return status;
    }
    append_name(at, output, &name);
    if (name.failed) {
        table.schema.release(&table.schema);
        status = fw_fault_nomem(batch->wide->host);
    } else {
        status = plan->sql->api->attach_table(plan->sql->session, fw_text_get(&name), &table.schema,
                                              table.open, table.arg);
    }
    fw_text_finish(&name);
    return status;
}

fw_status wide_fold_make(const struct wide_batch *batch)
{
    size_t n_outputs = batch->wide->plan.n_outputs;
    fw_status status = read_parts(batch);

    for (size_t i = 0; i < batch->n * n_outputs && status == FW_OK; i++) {
        status = attach(batch, i / n_outputs, i % n_outputs);
    }
    return status;
}

static fw_status detach(const struct wide_batch *batch, size_t at, size_t output)
{
    const struct fw_sql_handle *sql = batch->wide->plan.sql;
    struct fw_text name = {0};

    append_name(at, output, &name);
    fw_status status = name.failed ? fw_fault_nomem(batch->wide->host)
                                   : sql->api->detach(sql->session, fw_text_get(&name));
    fw_text_finish(&name);
    return status;
}

/* After a failure the session is given up; its tables point to what is dropped until then. */
fw_status wide_fold_drop(const struct wide_batch *batch, fw_status status)
{
    size_t n_outputs = batch->wide->plan.n_outputs;

    for (size_t i = 0; i < batch->n * n_outputs && status == FW_OK; i++) {
        status = detach(batch, i / n_outputs, i % n_outputs);
    }
    for (size_t i = 0; i < batch->n; i++) {
        batch->wide->plan.fold->drop(batch->kept[i]);
    }
    return status;
}
