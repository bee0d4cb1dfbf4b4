/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/service/budget.h>
#include <fw/service/metrics.h>

#include "internal.h"

/* The name of the column that orders the rows of an entity. */
#define ORDER "fw_order"

static void append_query(const struct fw_wide *wide, const struct wide_chunk *chunk,
                         struct fw_text *text)
{
    fw_text_append(text, "SELECT *");
    if (wide->plan.order != NULL) {
        fw_text_appendf(text, ", %s AS " ORDER, wide->plan.order);
    }
    fw_text_append(text, " FROM ");
    wide_take_append(wide, &wide->plan.take_columns, chunk, text);
    fw_text_append(text, " WHERE ");
    fw_text_identifier(text, wide->plan.entity_column);
    fw_text_append(text, " IS NOT NULL");
}

static fw_status read_schema(const struct fw_wide *wide, struct ArrowSchema *ret_schema)
{
    const struct wide_chunk none = {0};
    struct fw_text query = {0};

    if (wide_gathers(wide)) {
        return wide->plan.gather->schema(wide->plan.self, ret_schema);
    }
    append_query(wide, &none, &query);
    fw_status status = wide_schema_of(wide, &query, ret_schema);
    fw_text_finish(&query);
    return status;
}

static fw_status open_scatter(struct fw_wide *wide, const char *const *starts, const char *folder)
{
    const struct fw_budget *budget = wide->host->service(wide->host, FW_BUDGET_ID);
    const struct fw_limits *limits = budget->limits(wide->host);
    const struct fw_scatter_plan plan = {
        .folder = folder,
        .starts = starts,
        .n_parts = wide->n_parts,
        .entity = wide->plan.entity_column,
        .order = wide->plan.order != NULL ? ORDER : NULL,
        .file = FW_SOURCE_FILE,
        .row = FW_SOURCE_ROW,
        .n_slots = wide->n_chunks_at_once,
        .slot_bytes = wide->share_bytes,
        .part_bytes = wide->share_bytes,
        .max_bytes = limits->temp_bytes,
    };

    return fw_scatter_open(wide->host, &plan, &wide->schema, &wide->scatter);
}

fw_status wide_spread_open(struct fw_wide *wide)
{
    const char **starts = calloc(wide->n_parts, sizeof *starts);
    struct fw_text folder = {0};

    for (size_t i = 0; starts != NULL && i < wide->n_parts; i++) {
        starts[i] = wide->parts[i].start != NULL ? wide->parts[i].start : "";
    }
    wide_place_spread(wide, &folder);
    fw_status status = starts != NULL && !folder.failed ? read_schema(wide, &wide->schema)
                                                        : fw_fault_nomem(wide->host);
    if (status == FW_OK) {
        status = open_scatter(wide, starts, fw_text_get(&folder));
    }
    fw_text_finish(&folder);
    free(starts);
    return status;
}

static fw_status take(void *arg, uint64_t query, struct ArrowArray *batch)
{
    struct fw_wide *wide = arg;

    return batch != NULL ? fw_scatter_add(wide->scatter, (size_t)query, batch)
                         : fw_scatter_flush(wide->scatter, (size_t)query);
}

static fw_status run(struct fw_wide *wide, const struct fw_text *queries, size_t n)
{
    const struct fw_sql_handle *sql = wide->plan.sql;
    const char **texts = wide_texts_get(queries, n);
    fw_status status =
        texts != NULL ? sql->api->query_parallel(sql->session, texts, n, &wide->schema, take, wide)
                      : fw_fault_nomem(wide->host);

    free(texts);
    return status;
}

/* What the rows take on disk, until the last part is done. */
static void report_bytes(const struct fw_wide *wide)
{
    const struct fw_metrics *metrics = wide->host->service(wide->host, FW_METRICS_ID);

    if (metrics != NULL) {
        metrics->record(wide->host, "spread_bytes", (uint64_t)wide->next_row,
                        (double)fw_scatter_bytes(wide->scatter), "bytes");
    }
}

static fw_status run_queries(struct fw_wide *wide, const struct wide_chunk *chunks, size_t n)
{
    struct fw_text *queries = calloc(n, sizeof *queries);
    fw_status status = queries != NULL ? FW_OK : fw_fault_nomem(wide->host);

    for (size_t i = 0; i < n && status == FW_OK; i++) {
        status = wide_take_enter(wide, &chunks[i]);
        append_query(wide, &chunks[i], &queries[i]);
    }
    if (status == FW_OK) {
        status = run(wide, queries, n);
    }
    if (queries != NULL) {
        wide_texts_finish(queries, n);
    }
    free(queries);
    return status;
}

fw_status wide_spread_step(struct fw_wide *wide)
{
    struct wide_chunk *chunks = calloc(wide->n_chunks_at_once, sizeof *chunks);
    int64_t next_row = wide->next_row;
    size_t n = 0;

    if (chunks == NULL) {
        return fw_fault_nomem(wide->host);
    }
    while (n < wide->n_chunks_at_once && next_row < wide->end_row) {
        chunks[n] = (struct wide_chunk){n, next_row, wide_slice_chunk(wide, next_row)};
        next_row += chunks[n++].n_rows;
    }
    fw_status status =
        wide_gathers(wide) ? wide_gather_spread(wide, chunks, n) : run_queries(wide, chunks, n);
    free(chunks);
    if (status != FW_OK) {
        return status;
    }
    wide->next_row = next_row;
    report_bytes(wide);
    return wide->next_row < wide->end_row ? FW_MORE : FW_OK;
}

static void append_name(size_t part, struct fw_text *text)
{
    fw_text_appendf(text, "fw_wide_part_%zu", part);
}

void wide_spread_append(size_t part, struct fw_text *text)
{
    fw_text_append(text, "(FROM ");
    append_name(part, text);
    fw_text_append(text, ")");
}

static fw_status attach(struct fw_wide *wide, size_t part, struct fw_scatter_part *rows)
{
    const struct fw_sql_handle *sql = wide->plan.sql;
    struct ArrowSchema schema;
    struct fw_text name = {0};

    append_name(part, &name);
    if (name.failed || fw_scatter_schema(wide->scatter, &schema) != 0) {
        fw_text_finish(&name);
        return fw_fault_nomem(wide->host);
    }
    fw_status status = sql->api->attach_table(sql->session, fw_text_get(&name), &schema,
                                              fw_scatter_part_read, rows);
    fw_text_finish(&name);
    return status;
}

fw_status wide_spread_attach(struct fw_wide *wide, size_t part, struct fw_scatter_part **ret_rows)
{
    fw_status status = fw_scatter_part_open(wide->scatter, part, ret_rows);

    if (status == FW_OK) {
        status = attach(wide, part, *ret_rows);
        if (status != FW_OK) {
            fw_scatter_part_close(*ret_rows);
            *ret_rows = NULL;
        }
    }
    return status;
}

fw_status wide_spread_detach(struct fw_wide *wide, size_t part, struct fw_scatter_part *rows)
{
    const struct fw_sql_handle *sql = wide->plan.sql;
    struct fw_text name = {0};

    append_name(part, &name);
    fw_status status = name.failed ? fw_fault_nomem(wide->host)
                                   : sql->api->detach(sql->session, fw_text_get(&name));
    fw_text_finish(&name);
    fw_scatter_part_close(rows);
    return status;
}
