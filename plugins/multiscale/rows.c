/* SPDX-License-Identifier: MIT */
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#include "sql/fault.h"

static bool is_text(const char *format)
{
    return strcmp(format, "U") == 0;
}

/* Rows as they were read, and what was put to them. */
struct rows {
    struct ArrowArray read;
    struct chosen chosen;
    struct ArrowArray *children, **pointers;
    const void *(*buffers)[3];
    int32_t **offsets; /* of texts */
    const void *no_buffer;
};

static void release_column(struct ArrowArray *array)
{
    array->release = NULL;
}

static void drop_rows(struct rows *rows)
{
    for (int64_t i = 0; rows->offsets != NULL && i < rows->read.n_children; i++) {
        free(rows->offsets[i]);
    }
    free(rows->offsets);
    free(rows->buffers);
    free(rows->children);
    free(rows->pointers);
    chosen_finish(&rows->chosen);
    if (rows->read.release != NULL) {
        rows->read.release(&rows->read);
    }
    free(rows);
}

static void release_rows(struct ArrowArray *array)
{
    drop_rows(array->private_data);
    array->release = NULL;
}

/* The reader's texts have offsets of 64 bits, scatter's of 32. */
static bool narrow(struct rows *rows, size_t column)
{
    struct ArrowArray *array = &rows->children[column];
    const int64_t *offsets = (const int64_t *)array->buffers[1] + array->offset;
    int32_t *narrow = malloc(((size_t)array->length + 1) * sizeof *narrow);

    rows->offsets[column] = narrow;
    if (narrow == NULL || offsets[array->length] > INT32_MAX) {
        return false;
    }
    for (int64_t i = 0; i <= array->length; i++) {
        narrow[i] = (int32_t)offsets[i];
    }
    memcpy(rows->buffers[column], array->buffers, sizeof rows->buffers[column]);
    rows->buffers[column][1] = narrow;
    array->buffers = rows->buffers[column];
    return array->offset == 0;
}

static void put_behind(struct rows *rows, size_t column, const void *values)
{
    rows->buffers[column][1] = values;
    rows->children[column] = (struct ArrowArray){.length = (int64_t)rows->chosen.n,
                                                 .n_buffers = 2,
                                                 .buffers = rows->buffers[column],
                                                 .release = release_column};
}

static size_t n_behind(const struct rows *rows)
{
    return rows->chosen.at != NULL ? 3 : 2;
}

static bool put_columns(const struct multiscale_table *table, struct rows *rows)
{
    const void *const behind[] = {rows->chosen.files, rows->chosen.rows, rows->chosen.at};
    size_t n = (size_t)rows->read.n_children, n_all = n + n_behind(rows);
    bool good = true;

    rows->children = calloc(n_all, sizeof *rows->children);
    rows->pointers = calloc(n_all, sizeof *rows->pointers);
    rows->buffers = calloc(n_all, sizeof *rows->buffers);
    rows->offsets = calloc(n_all, sizeof *rows->offsets);
    if (rows->children == NULL || rows->pointers == NULL || rows->buffers == NULL ||
        rows->offsets == NULL) {
        return false;
    }
    for (size_t i = 0; i < n && good; i++) {
        rows->children[i] = *rows->read.children[i];
        rows->children[i].release = release_column;
        good = !is_text(table->row_schema.children[i]->format) || narrow(rows, i);
    }
    for (size_t i = n; i < n_all; i++) {
        put_behind(rows, i, behind[i - n]);
    }
    for (size_t i = 0; i < n_all; i++) {
        rows->pointers[i] = &rows->children[i];
    }
    return good;
}

fw_status rows_read(const struct multiscale_table *table, const struct gather_ranges *ranges,
                    struct chosen *chosen, struct ArrowArray *ret_rows)
{
    struct rows *rows = calloc(1, sizeof *rows);

    if (rows == NULL) {
        return fw_fault_nomem(table->host);
    }
    rows->chosen = *chosen;
    *chosen = (struct chosen){0};
    fw_status status = gather_read(table, &table->row_schema, ranges, rows->chosen.rows,
                                   rows->chosen.n_rows, &rows->read);
    if (status == FW_OK && !put_columns(table, rows)) {
        status = fw_fault_nomem(table->host);
    }
    if (status != FW_OK) {
        drop_rows(rows);
        return status;
    }
    *ret_rows = (struct ArrowArray){.length = (int64_t)rows->chosen.n,
                                    .n_buffers = 1,
                                    .buffers = &rows->no_buffer,
                                    .n_children = rows->read.n_children + (int64_t)n_behind(rows),
                                    .children = rows->pointers,
                                    .release = release_rows,
                                    .private_data = rows};
    return FW_OK;
}
