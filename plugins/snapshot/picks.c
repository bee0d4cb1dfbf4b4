/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include <fw/service/budget.h>

#include "snapshot.h"
#include "sql/stream.h"

static void add_name(struct snapshot *s, const struct fw_source_column *column, size_t *n)
{
    bool is_new = column != NULL;

    for (size_t i = 0; i < *n && is_new; i++) {
        is_new = s->raw_names[i] != column->name;
    }
    if (is_new) {
        s->raw_names[(*n)++] = column->name;
    }
}

fw_status snapshot_picks_open_raw(struct snapshot *s)
{
    const struct fw_budget *budget = s->host->service(s->host, FW_BUDGET_ID);
    const struct snapshot_columns *columns = &s->columns;
    size_t n_nested = s->extras != NULL ? columns->n_nested : 0, n = 0;

    s->raw_names = calloc(3 + columns->n_scalars + n_nested, sizeof *s->raw_names);
    if (s->raw_names == NULL) {
        return fw_fault_nomem(s->host);
    }
    add_name(s, columns->platform, &n);
    add_name(s, columns->offer, &n);
    add_name(s, columns->day, &n);
    for (size_t i = 0; i < columns->n_scalars; i++) {
        add_name(s, columns->scalars[i], &n);
    }
    for (size_t i = 0; i < n_nested; i++) {
        add_name(s, columns->nested[i], &n);
    }
    return fw_picked_open(&s->sql, s->source, s->raw_names, n, budget->limits(s->host)->threads,
                          &s->raw);
}

static void take_places(const struct ArrowArray *batch, struct fw_source_place *places)
{
    const struct ArrowArray *files = batch->children[0], *rows = batch->children[1];
    const int64_t *file = (const int64_t *)files->buffers[1] + files->offset + batch->offset;
    const int64_t *row = (const int64_t *)rows->buffers[1] + rows->offset + batch->offset;

    for (int64_t i = 0; i < batch->length; i++) {
        places[i] = (struct fw_source_place){(size_t)file[i], row[i]};
    }
}

static fw_status read_stream(const struct snapshot *s, struct ArrowArrayStream *stream,
                             struct fw_source_place *places, int64_t n_places)
{
    int64_t n = 0;

    for (;;) {
        struct ArrowArray batch = {0};
        int code = stream->get_next(stream, &batch);
        if (code != 0) {
            return fw_stream_fault(s->host, stream, code);
        }
        if (batch.release == NULL) {
            break;
        }
        n += batch.length;
        if (n <= n_places) {
            take_places(&batch, places + n - batch.length);
        }
        batch.release(&batch);
    }
    return n == n_places
               ? FW_OK
               : fw_faultf(s->host, FW_E_INTERNAL, fw_text_get(&s->picks_path), NULL,
                           "%" PRId64 " picked rows came where %" PRId64 " were asked for", n,
                           n_places);
}

static fw_status read_places(const struct snapshot *s, const struct fw_wide_rows *rows,
                             struct fw_source_place *places)
{
    struct ArrowArrayStream stream;
    struct fw_text query = {0};

    fw_text_appendf(&query,
                    "SELECT raw_file::BIGINT, raw_row::BIGINT FROM %s ORDER BY raw_file, raw_row",
                    rows->select);
    fw_status status = query.failed
                           ? fw_fault_nomem(s->host)
                           : s->sql.api->query(s->sql.session, fw_text_get(&query), &stream);
    fw_text_finish(&query);
    if (status == FW_OK) {
        status = read_stream(s, &stream, places, rows->n_rows);
        stream.release(&stream);
    }
    return status;
}

fw_status snapshot_picks_enter(const void *self, const struct fw_wide_rows *rows)
{
    const struct snapshot *s = self;
    struct fw_source_place *places = calloc((size_t)rows->n_rows + 1, sizeof *places);
    fw_status status = places != NULL ? read_places(s, rows, places) : fw_fault_nomem(s->host);

    if (status == FW_OK) {
        status = fw_picked_set(s->raw, rows->at, places, (size_t)rows->n_rows);
    }
    free(places);
    return status;
}
