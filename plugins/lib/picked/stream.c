/* SPDX-License-Identifier: MIT */
#include "sql/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/*
 * A row group that a batch ends in is unpacked again for the next one, so batches are as large as
 * their bytes allow, of a multiple of the engine's vectors.
 */
enum { VECTOR_ROWS = 2048, MAX_BATCH_ROWS = 16384, BATCH_BYTES = 24 << 20 };

/* One reading of a table. */
struct stream {
    const struct picked_table *table;
    uint64_t *columns;
    size_t n_columns;
    struct fw_parquet_batch *batch;   /* NULL: no column of the files is wanted */
    struct fw_parquet_reader *reader; /* of the run, from its first row on */
    size_t run, next_row, rows_at_once;
};

/* Columns of a batch beside those that are counted here. */
struct made {
    struct ArrowArray read;       /* of the files */
    struct ArrowArray counted[2]; /* fw_file, fw_row */
    const void *buffers[1], *file_buffers[2], *row_buffers[2];
    struct ArrowArray **children;
    int32_t *files;
    int64_t *rows;
};

static void drop(struct made *made)
{
    if (made->read.release != NULL) {
        made->read.release(&made->read);
    }
    free(made->children);
    free(made->files);
    free(made->rows);
    free(made);
}

static void release_made(struct ArrowArray *array)
{
    drop(array->private_data);
    array->release = NULL;
}

/* It goes with its batch. */
static void keep(struct ArrowArray *array)
{
    array->release = NULL;
}

static bool is_read(const struct stream *self, size_t i)
{
    return self->columns[i] < (uint64_t)self->table->picked->types.n_children;
}

static struct made *make(const struct stream *self, size_t n)
{
    struct made *made = calloc(1, sizeof *made);

    if (made == NULL) {
        return NULL;
    }
    made->children = calloc(self->n_columns + 1, sizeof(struct ArrowArray *));
    made->files = malloc(n * sizeof *made->files);
    made->rows = malloc(n * sizeof *made->rows);
    if (made->children == NULL || made->files == NULL || made->rows == NULL) {
        drop(made);
        return NULL;
    }
    made->file_buffers[1] = made->files;
    made->row_buffers[1] = made->rows;
    for (size_t i = 0; i < 2; i++) {
        made->counted[i] =
            (struct ArrowArray){.length = (int64_t)n,
                                .n_buffers = 2,
                                .buffers = i == 0 ? made->file_buffers : made->row_buffers,
                                .release = keep};
    }
    return made;
}

/* The next `n` rows: where they lie and, file by file, what they are. */
static fw_status add_rows(struct stream *self, size_t n, struct made *made)
{
    const struct picked_table *table = self->table;
    fw_status status = FW_OK;
    size_t done = 0;

    memcpy(made->rows, table->rows + self->next_row, n * sizeof *made->rows);
    while (done < n && status == FW_OK) {
        const struct picked_run *run = &table->runs[self->run];
        size_t left = run->first + run->n - (self->next_row + done);
        if (!run->is_read || left == 0) {
            fw_parquet_reader_close(self->reader);
            self->reader = NULL;
            self->run++;
            continue;
        }
        size_t some = left < n - done ? left : n - done;
        for (size_t i = 0; i < some; i++) {
            made->files[done + i] = (int32_t)run->file;
        }
        if (self->batch != NULL && self->reader == NULL) {
            status = picked_file_read(table->picked, run->file, &self->reader);
        }
        if (self->batch != NULL && status == FW_OK) {
            status = fw_parquet_batch_add(self->batch, self->reader, made->rows + done, some);
        }
        done += some;
    }
    return status;
}

static void fill(const struct stream *self, size_t n, struct made *made,
                 struct ArrowArray *ret_array)
{
    size_t n_read = 0;

    for (size_t i = 0; i < self->n_columns; i++) {
        uint64_t counted = self->columns[i] - (uint64_t)self->table->picked->types.n_children;
        made->children[i] =
            is_read(self, i) ? made->read.children[n_read++] : &made->counted[counted];
    }
    *ret_array = (struct ArrowArray){.length = (int64_t)n,
                                     .n_buffers = 1,
                                     .buffers = made->buffers,
                                     .n_children = (int64_t)self->n_columns,
                                     .children = made->children,
                                     .release = release_made,
                                     .private_data = made};
}

static void adapt(struct stream *self, size_t n)
{
    size_t bytes = self->batch != NULL ? fw_parquet_batch_bytes(self->batch) : 0;
    size_t rows = BATCH_BYTES / (bytes / n + 1) / VECTOR_ROWS * VECTOR_ROWS;

    self->rows_at_once = rows < VECTOR_ROWS      ? VECTOR_ROWS
                         : rows > MAX_BATCH_ROWS ? MAX_BATCH_ROWS
                                                 : rows;
}

static fw_status read_batch(struct stream *self, size_t n, struct ArrowArray *ret_array)
{
    struct fw_picked *picked = self->table->picked;
    struct made *made = make(self, n);

    if (made == NULL) {
        return fw_fault_nomem(picked->sql->host);
    }
    fw_status status = add_rows(self, n, made);
    if (status == FW_OK) {
        adapt(self, n);
    }
    if (status == FW_OK && self->batch != NULL) {
        status = fw_parquet_batch_take(self->batch, &made->read);
    }
    if (status != FW_OK) {
        picked_fail(picked);
        drop(made);
        return status;
    }
    fill(self, n, made, ret_array);
    self->next_row += n;
    return FW_OK;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *ret_array)
{
    struct stream *self = stream->private_data;
    size_t left = self->table->n_rows - self->next_row;

    *ret_array = (struct ArrowArray){0};
    fw_status status =
        left == 0
            ? FW_OK
            : read_batch(self, left < self->rows_at_once ? left : self->rows_at_once, ret_array);
    return status == FW_OK ? 0 : fw_status_to_errno(status);
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return "rows could not be read from their files";
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret_schema)
{
    (void)stream;
    (void)ret_schema;
    return ENOTSUP;
}

static void destroy(struct stream *self)
{
    fw_parquet_reader_close(self->reader);
    fw_parquet_batch_destroy(self->batch);
    free(self->columns);
    free(self);
}

static void release(struct ArrowArrayStream *stream)
{
    destroy(stream->private_data);
    stream->release = NULL;
}

static void keep_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

/* A batch of those of the columns that lie in the files. */
static fw_status create_batch(const struct fw_picked *picked, const uint64_t *columns, size_t n,
                              struct fw_parquet_batch **ret_batch)
{
    struct ArrowSchema **children = calloc(n + 1, sizeof *children);
    struct ArrowSchema some = picked->types;
    fw_status status = children != NULL ? FW_OK : fw_fault_nomem(picked->sql->host);

    some.n_children = 0;
    some.children = children;
    some.release = keep_schema;
    for (size_t i = 0; i < n && status == FW_OK; i++) {
        if (columns[i] < (uint64_t)picked->types.n_children) {
            children[some.n_children++] = picked->types.children[columns[i]];
        }
    }
    *ret_batch = NULL;
    if (some.n_children > 0) {
        status = fw_parquet_batch_create(picked->sql->host, &some, ret_batch);
    }
    free(children);
    return status;
}

int picked_stream_open(void *table, const uint64_t *columns, uint64_t n_columns,
                       struct ArrowArrayStream *ret_stream)
{
    struct stream *self = calloc(1, sizeof *self);
    uint64_t *copy = calloc(n_columns + 1, sizeof *copy);

    if (self == NULL || copy == NULL) {
        free(self);
        free(copy);
        return ENOMEM;
    }
    for (uint64_t i = 0; i < n_columns; i++) {
        copy[i] = columns[i];
    }
    *self = (struct stream){
        .table = table, .columns = copy, .n_columns = n_columns, .rows_at_once = VECTOR_ROWS};
    fw_status status = create_batch(self->table->picked, columns, n_columns, &self->batch);
    if (status != FW_OK) {
        picked_fail(self->table->picked);
        destroy(self);
        return fw_status_to_errno(status);
    }
    *ret_stream = (struct ArrowArrayStream){.get_schema = get_schema,
                                            .get_next = get_next,
                                            .get_last_error = get_last_error,
                                            .release = release,
                                            .private_data = self};
    return 0;
}
