/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "leaf.h"
#include "nest.h"
#include "shape.h"
#include "sql/fault.h"

/* A column as it is gathered. */
struct batch_column {
    struct parquet_node root;
    struct fw_text type;
    struct parquet_out *outs;
    size_t n_leaves;
};

struct fw_parquet_batch {
    const struct fw_host *host;
    struct batch_column *columns;
    size_t n_columns;
    int64_t n_rows;
    struct parquet_scratch scratch;
    struct parquet_room rows; /* of a row group */
};

static bool init_outs(struct batch_column *column)
{
    const size_t n = parquet_node_leaves(&column->root, NULL);
    const struct parquet_node **leaves = calloc(n, sizeof *leaves);

    column->outs = calloc(n, sizeof *column->outs);
    if (leaves == NULL || column->outs == NULL) {
        free(leaves);
        return false;
    }
    column->n_leaves = n;
    parquet_node_leaves(&column->root, leaves);
    for (size_t i = 0; i < column->n_leaves; i++) {
        column->outs[i].leaf = leaves[i];
        column->outs[i].is_column = column->root.shape == PARQUET_LEAF;
    }
    free(leaves);
    return true;
}

static fw_status init_column(struct batch_column *column, const struct fw_host *host,
                             const struct ArrowSchema *field)
{
    bool known = true;

    if (!parquet_shape(field, &column->root, &known)) {
        return known ? fw_fault_nomem(host)
                     : fw_faultf(host, FW_E_UNSUPPORTED, NULL, NULL,
                                 "column '%s' (%s) is of a type that is not read from Parquet",
                                 field->name, field->format);
    }
    parquet_node_type(&column->root, &column->type);
    return init_outs(column) && !column->type.failed ? FW_OK : fw_fault_nomem(host);
}

fw_status fw_parquet_batch_create(const struct fw_host *host, const struct ArrowSchema *schema,
                                  struct fw_parquet_batch **ret_batch)
{
    struct fw_parquet_batch *batch = calloc(1, sizeof *batch);
    const size_t n = (size_t)schema->n_children;

    if (batch == NULL) {
        return fw_fault_nomem(host);
    }
    batch->host = host;
    batch->columns = calloc(n + 1, sizeof *batch->columns);
    fw_status status = batch->columns != NULL ? FW_OK : fw_fault_nomem(host);
    while (status == FW_OK && batch->n_columns < n) {
        const size_t at = batch->n_columns++;
        status = init_column(&batch->columns[at], host, schema->children[at]);
    }
    if (status != FW_OK) {
        fw_parquet_batch_destroy(batch);
        return status;
    }
    *ret_batch = batch;
    return FW_OK;
}

void fw_parquet_batch_destroy(struct fw_parquet_batch *batch)
{
    if (batch == NULL) {
        return;
    }
    for (size_t i = 0; i < batch->n_columns; i++) {
        struct batch_column *column = &batch->columns[i];
        for (size_t k = 0; k < column->n_leaves; k++) {
            parquet_out_finish(&column->outs[k]);
        }
        free(column->outs);
        fw_text_finish(&column->type);
        parquet_node_finish(&column->root);
    }
    free(batch->columns);
    parquet_scratch_finish(&batch->scratch);
    parquet_room_finish(&batch->rows);
    free(batch);
}

/* What a file does not have is NULL: below the lowest level. */
static fw_status add_nulls(struct fw_parquet_batch *batch, struct batch_column *column, size_t n)
{
    uint8_t *zeros = parquet_room_of(&batch->scratch.defs, n, 1);

    if (zeros == NULL) {
        return fw_fault_nomem(batch->host);
    }
    memset(zeros, 0, n);
    for (size_t i = 0; i < column->n_leaves; i++) {
        const struct parquet_entries entries = {.leaf = column->outs[i].leaf,
                                                .defs = zeros,
                                                .reps =
                                                    column->outs[i].leaf->rep > 0 ? zeros : NULL,
                                                .n = n};
        if (parquet_out_append(&column->outs[i], &entries) != NULL) {
            return fw_fault_nomem(batch->host);
        }
        column->outs[i].n_agreed = column->outs[i].defs.size;
    }
    return FW_OK;
}

/* Why the file's column does not fit. False: it does, or the file has none. */
static bool is_misfit(const struct batch_column *column, const struct fw_parquet_reader *reader,
                      size_t index, struct fw_text *why)
{
    if (index == fw_parquet_reader_columns(reader)) {
        return false;
    }
    const char *refusal = fw_parquet_reader_refusal(reader, index);
    if (refusal != NULL) {
        fw_text_append(why, refusal);
    } else if (!parquet_node_fits(&reader->schema.columns[index].root, &column->root)) {
        fw_text_appendf(why, "column '%s': of type %s, which is not %s", column->root.name,
                        fw_parquet_reader_type(reader, index), fw_text_get(&column->type));
    }
    return why->size > 0;
}

bool fw_parquet_batch_fits(const struct fw_parquet_batch *batch,
                           const struct fw_parquet_reader *reader, struct fw_text *why)
{
    bool fits = reader->refusal == NULL;

    if (!fits) {
        fw_text_append(why, reader->refusal);
    }
    for (size_t i = 0; i < batch->n_columns && fits; i++) {
        const struct batch_column *column = &batch->columns[i];
        fits = !is_misfit(column, reader, fw_parquet_reader_find(reader, column->root.name), why);
    }
    return fits;
}

static fw_status add_column(struct fw_parquet_batch *batch, struct batch_column *column,
                            const struct parquet_leaf_task *task)
{
    const struct fw_parquet_reader *reader = task->reader;
    const size_t index = fw_parquet_reader_find(reader, column->root.name);
    struct parquet_leaf_task leaf = *task;
    struct fw_text why = {0};
    fw_status status = FW_OK;

    if (index == fw_parquet_reader_columns(reader)) {
        return add_nulls(batch, column, task->n_rows);
    }
    if (is_misfit(column, reader, index, &why)) {
        status =
            fw_faultf(batch->host, FW_E_UNSUPPORTED, reader->path, NULL, "%s", fw_text_get(&why));
    }
    fw_text_finish(&why);
    leaf.column = &reader->schema.columns[index];
    for (size_t i = 0; i < column->n_leaves && status == FW_OK; i++) {
        leaf.leaf = leaf.column->first_leaf + i;
        leaf.out = &column->outs[i];
        status = parquet_leaf_read(&leaf);
    }
    if (status == FW_OK && !parquet_outs_agree(&column->root, column->outs)) {
        status = fw_faultf(batch->host, FW_E_DATA, reader->path, "write the file again",
                           "row group %zu, column '%s': expected as many elements in every field "
                           "of a list",
                           task->group, column->root.name);
    }
    return status;
}

static fw_status add_rows(struct fw_parquet_batch *batch, const struct fw_parquet_reader *reader,
                          size_t group, const uint32_t *rows, size_t n)
{
    const struct parquet_leaf_task task = {
        .reader = reader, .group = group, .rows = rows, .n_rows = n, .scratch = &batch->scratch};
    fw_status status = FW_OK;

    for (size_t i = 0; i < batch->n_columns && n > 0 && status == FW_OK; i++) {
        status = add_column(batch, &batch->columns[i], &task);
    }
    batch->n_rows += (int64_t)n;
    return status;
}

fw_status fw_parquet_batch_add_group(struct fw_parquet_batch *batch,
                                     const struct fw_parquet_reader *reader, size_t group)
{
    return add_rows(batch, reader, group, NULL, (size_t)reader->groups[group].n_rows);
}

fw_status fw_parquet_batch_add(struct fw_parquet_batch *batch,
                               const struct fw_parquet_reader *reader, const int64_t *rows,
                               size_t n_rows)
{
    fw_status status = FW_OK;
    size_t at = 0;

    if (reader->refusal != NULL) {
        return fw_faultf(batch->host, FW_E_UNSUPPORTED, reader->path, NULL,
                         "the file cannot be read here: %s", reader->refusal);
    }
    for (size_t i = 0; i < n_rows; i++) {
        if (rows[i] < 0 || rows[i] >= reader->n_rows || (i > 0 && rows[i] <= rows[i - 1])) {
            return fw_faultf(batch->host, FW_E_ARG, reader->path, NULL,
                             "row %" PRId64 " is not asked for in order, or the file ends before "
                             "it: it has %" PRId64,
                             rows[i], reader->n_rows);
        }
    }
    for (size_t g = 0; g < reader->n_groups && at < n_rows && status == FW_OK; g++) {
        const struct parquet_group *group = &reader->groups[g];
        size_t n = 0;
        while (at + n < n_rows && rows[at + n] < group->first_row + group->n_rows) {
            n++;
        }
        uint32_t *places = parquet_room_of(&batch->rows, n, sizeof *places);
        if (places == NULL) {
            return fw_fault_nomem(batch->host);
        }
        for (size_t i = 0; i < n; i++) {
            places[i] = (uint32_t)(rows[at + i] - group->first_row);
        }
        status = add_rows(batch, reader, g, places, n);
        at += n;
    }
    return status;
}

size_t fw_parquet_batch_bytes(const struct fw_parquet_batch *batch)
{
    size_t bytes = 0;

    for (size_t i = 0; i < batch->n_columns; i++) {
        for (size_t k = 0; k < batch->columns[i].n_leaves; k++) {
            bytes += parquet_out_bytes(&batch->columns[i].outs[k]);
        }
    }
    return bytes;
}

fw_status fw_parquet_batch_schema(const struct fw_parquet_batch *batch,
                                  struct ArrowSchema *ret_schema)
{
    struct ArrowSchema schema = {0};
    bool ok = parquet_schema_make(&schema, "", "+s", batch->n_columns);

    for (size_t i = 0; i < batch->n_columns && ok; i++) {
        ok = parquet_schema_of(&batch->columns[i].root, schema.children[i]);
    }
    return parquet_schema_end(batch->host, ok, &schema, ret_schema);
}

fw_status fw_parquet_batch_take(struct fw_parquet_batch *batch, struct ArrowArray *ret_array)
{
    struct ArrowArray array = {0};
    const char *why = parquet_no_memory;
    size_t at = 0;

    if (parquet_array_make(&array, (size_t)batch->n_rows, 1, batch->n_columns)) {
        why = NULL;
    }
    for (; at < batch->n_columns && why == NULL; at++) {
        struct batch_column *column = &batch->columns[at];
        why = parquet_nest(&column->root, column->outs, array.children[at]);
        for (size_t k = 0; k < column->n_leaves; k++) {
            parquet_out_clear(&column->outs[k]);
        }
    }
    batch->n_rows = 0;
    if (why == NULL) {
        *ret_array = array;
        return FW_OK;
    }
    if (array.release != NULL) {
        array.release(&array);
    }
    return why == parquet_no_memory
               ? fw_fault_nomem(batch->host)
               : fw_faultf(batch->host, FW_E_DATA, NULL, NULL, "column '%s': expected %s",
                           batch->columns[at - 1].root.name, why);
}
