/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cells.h"

/* The provider's own sentence stands in the worker's fault. */
static int blame(const struct fw_cells *cells, struct fw_error *err)
{
    struct fw_str *fault = &cells->worker->fault;
    fw_error_set(err, FW_EXIT_FAILED, "%s",
                 fault->len > 0 ? fault->text : "the engine gives no reason");
    fw_str_finish(fault);
    return -1;
}

int fw_cells_open(struct fw_cells *cells, struct fw_error *err)
{
    return cells->sql->open(&cells->worker->host, &cells->session) == FW_OK ? 0 : blame(cells, err);
}

void fw_cells_close(struct fw_cells *cells)
{
    if (cells->sql) {
        cells->sql->close(cells->session);
    }
}

static int take_cell(const struct ArrowArray *column, int64_t row, struct fw_strings *texts)
{
    const int64_t at = row + column->offset;
    const unsigned char *valid = column->buffers[0];
    const int32_t *offsets = column->buffers[1];
    const char *bytes = column->buffers[2];
    if (valid && !(valid[at / 8] >> (at % 8) & 1)) {
        char **slot = fw_vec_add(texts);
        return slot ? 0 : -1;
    }
    return fw_strings_take(texts,
                           strndup(bytes + offsets[at], (size_t)(offsets[at + 1] - offsets[at])));
}

static int take_batch(const struct ArrowArray *batch, struct fw_strings *texts)
{
    for (int64_t row = 0; row < batch->length; row++) {
        for (int64_t i = 0; i < batch->n_children; i++) {
            FW_TRY(take_cell(batch->children[i], row, texts));
        }
    }
    return 0;
}

static bool are_texts(struct ArrowArrayStream *stream)
{
    struct ArrowSchema schema = {0};
    bool texts = stream->get_schema(stream, &schema) == 0;
    for (int64_t i = 0; texts && i < schema.n_children; i++) {
        texts = strcmp(schema.children[i]->format, "u") == 0;
    }
    if (schema.release) {
        schema.release(&schema);
    }
    return texts;
}

static int read_stream(const struct fw_cells *cells, struct ArrowArrayStream *stream,
                       struct fw_strings *texts, struct fw_error *err)
{
    if (!are_texts(stream)) {
        return fw_error_set(err, FW_EXIT_FAILED, "the engine gives texts as something else");
    }
    for (;;) {
        struct ArrowArray batch = {0};
        if (stream->get_next(stream, &batch) != 0) {
            return blame(cells, err);
        }
        if (!batch.release) {
            return 0;
        }
        const int rc = take_batch(&batch, texts);
        batch.release(&batch);
        FW_TRY(rc == 0 ? 0 : fw_error_oom(err));
    }
}

int fw_cells_query(const struct fw_cells *cells, const char *query, struct fw_strings *ret_texts,
                   struct fw_error *err)
{
    struct ArrowArrayStream stream = {0};
    if (cells->sql->query(cells->session, query, &stream) != FW_OK) {
        return blame(cells, err);
    }
    const int rc = read_stream(cells, &stream, ret_texts, err);
    stream.release(&stream);
    return rc;
}
