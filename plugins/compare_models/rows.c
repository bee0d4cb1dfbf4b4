/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <string.h>

#include "sql/stream.h"

static fw_status check_schema(struct compare_rows *rows)
{
    struct ArrowSchema schema;
    const int code = rows->stream.get_schema(&rows->stream, &schema);
    bool good = true;
    if (code != 0) {
        return fw_stream_fault(rows->sql->host, &rows->stream, code);
    }
    for (int64_t i = 0; i < schema.n_children; i++) {
        const char *expected = i == 0 ? "i" : i == 1 ? "l" : "g";
        good = good && strcmp(schema.children[i]->format, expected) == 0;
    }
    schema.release(&schema);
    return good ? FW_OK
                : fw_faultf(rows->sql->host, FW_E_INTERNAL, NULL, NULL,
                            "the engine gives other columns than it was asked for");
}

fw_status compare_rows_open(struct compare_rows *rows, const struct fw_sql_handle *sql,
                            const struct fw_text *query)
{
    compare_rows_close(rows);
    if (query->failed) {
        return fw_fault_nomem(sql->host);
    }
    fw_status status = sql->api->query(sql->session, fw_text_get(query), &rows->stream);
    if (status != FW_OK) {
        rows->stream = (struct ArrowArrayStream){0};
        return status;
    }
    rows->sql = sql;
    status = check_schema(rows);
    if (status != FW_OK) {
        compare_rows_close(rows);
    }
    return status;
}

void compare_rows_close(struct compare_rows *rows)
{
    if (rows->batch.release != NULL) {
        rows->batch.release(&rows->batch);
    }
    if (rows->stream.release != NULL) {
        rows->stream.release(&rows->stream);
    }
    *rows = (struct compare_rows){0};
}

bool compare_rows_are_open(const struct compare_rows *rows)
{
    return rows->stream.release != NULL;
}

/* Until there is a row, or no batch any more. */
static fw_status fetch(struct compare_rows *rows)
{
    do {
        if (rows->batch.release != NULL) {
            rows->batch.release(&rows->batch);
        }
        rows->batch = (struct ArrowArray){0};
        const int code = rows->stream.get_next(&rows->stream, &rows->batch);
        if (code != 0) {
            rows->batch = (struct ArrowArray){0};
            return fw_stream_fault(rows->sql->host, &rows->stream, code);
        }
    } while (rows->batch.release != NULL && rows->batch.length == 0);
    rows->at = 0;
    return FW_OK;
}

fw_status compare_rows_next(struct compare_rows *rows, uint64_t most, struct compare_run *ret)
{
    if (rows->batch.release == NULL || rows->at == rows->batch.length) {
        fw_status status = fetch(rows);
        if (status != FW_OK) {
            return status;
        }
    }
    *ret = (struct compare_run){0};
    if (rows->batch.release != NULL) {
        const struct ArrowArray *files = rows->batch.children[0], *row = rows->batch.children[1];
        const uint64_t left = (uint64_t)(rows->batch.length - rows->at);
        ret->n = left < most ? left : most;
        ret->files = (const int32_t *)files->buffers[1] + files->offset + rows->at;
        ret->rows = (const int64_t *)row->buffers[1] + row->offset + rows->at;
        ret->batch = &rows->batch;
        ret->at = rows->at;
        rows->at += (int64_t)ret->n;
    }
    return FW_OK;
}
