/* SPDX-License-Identifier: MIT */
#ifndef EXTEND_H
#define EXTEND_H

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fw/arrow.h"

/*
 * A table one column longer: batches of an Arrow stream are passed on with a column of doubles
 * added; nothing of the others is copied. For C11 and C++. There is nothing to change here.
 */
struct extend {
    struct ArrowArrayStream input; /* taken, released by extend_close */
    struct ArrowArray next;        /* the batch to come; its `release` is NULL at the end */
    const char *name;              /* of the new column; must outlive everything */
    int64_t column;                /* number of the column that it is computed from */
    char format;                   /* of that column: g double, l int64, i int32 */
    uint32_t batches_left;         /* of the part that is being read */

    /* Fills a value for each row of the batch; NAN becomes NULL. */
    void (*compute)(void *self, const struct ArrowArray *column, double *ret_values);
    void *self;
};

/* Fetches the batch to come; false where the input fails: input.get_last_error says why. */
static inline int extend_fetch(struct extend *e)
{
    return e->input.get_next(&e->input, &e->next) == 0;
}

/* Finds the column; false where there is none of that name that holds numbers. */
static inline int extend_find(struct extend *e, const char *column)
{
    struct ArrowSchema schema;
    if (e->input.get_schema(&e->input, &schema) != 0) {
        return 0;
    }
    int found = 0;
    for (int64_t i = 0; i < schema.n_children && !found; i++) {
        const char *format = schema.children[i]->format;
        found = strcmp(schema.children[i]->name, column) == 0 && strlen(format) == 1 &&
                strchr("gli", format[0]) != NULL;
        e->column = i;
        e->format = format[0];
    }
    schema.release(&schema);
    return found;
}

static inline void extend_close(struct extend *e)
{
    if (e->next.release != NULL) {
        e->next.release(&e->next);
    }
    if (e->input.release != NULL) {
        e->input.release(&e->input);
    }
}

/* Value number `i` of the column that extend_find found; NAN where it is NULL. */
static inline double extend_value(const struct extend *e, const struct ArrowArray *column,
                                  int64_t i)
{
    const unsigned char *valid = (const unsigned char *)column->buffers[0];
    const void *values = column->buffers[1];
    i += column->offset;
    if (valid != NULL && (valid[i / 8] >> (i % 8) & 1) == 0) {
        return (double)NAN;
    }
    return e->format == 'g'   ? ((const double *)values)[i]
           : e->format == 'l' ? (double)((const int64_t *)values)[i]
                              : (double)((const int32_t *)values)[i];
}

/* The added column owns its values, and the longer batch what it was made of: either may be moved
 * away from the other. */
static inline void extend_release_values(struct ArrowArray *added)
{
    free(added->private_data);
    added->release = NULL;
}

struct extend_batch {
    struct ArrowArray original, added;
    struct ArrowArray **children;
    const void *no_bitmap[1];
};

static inline void extend_release_batch(struct ArrowArray *array)
{
    struct extend_batch *batch = (struct extend_batch *)array->private_data;
    batch->original.release(&batch->original);
    if (batch->added.release != NULL) {
        batch->added.release(&batch->added);
    }
    free(batch->children);
    free(batch);
    array->release = NULL;
}

static inline int extend_add_values(struct extend *e, struct extend_batch *batch)
{
    const size_t n = (size_t)batch->original.length;
    const void **buffers = (const void **)calloc(1, 2 * sizeof *buffers + n * 8 + n / 8 + 1);
    if (buffers == NULL) {
        return ENOMEM;
    }
    double *values = (double *)(void *)(buffers + 2);
    unsigned char *valid = (unsigned char *)(values + n);
    int64_t n_null = 0;
    e->compute(e->self, batch->original.children[e->column], values);
    for (size_t i = 0; i < n; i++) {
        n_null += isnan(values[i]) != 0;
        valid[i / 8] = (unsigned char)(valid[i / 8] | (isnan(values[i]) ? 0 : 1) << (i % 8));
    }
    buffers[0] = valid;
    buffers[1] = values;
    batch->added.length = batch->original.length;
    batch->added.null_count = n_null;
    batch->added.n_buffers = 2;
    batch->added.buffers = buffers;
    batch->added.private_data = (void *)buffers;
    batch->added.release = extend_release_values;
    return 0;
}

/* Takes e->next. */
static inline int extend_make_batch(struct extend *e, struct ArrowArray *ret)
{
    const size_t n = (size_t)e->next.n_children;
    struct extend_batch *batch = (struct extend_batch *)calloc(1, sizeof *batch);
    struct ArrowArray **children = (struct ArrowArray **)calloc(n + 1, sizeof *children);
    if (batch == NULL || children == NULL) {
        free(batch);
        free(children);
        return ENOMEM;
    }
    memcpy(children, e->next.children, n * sizeof *children);
    children[n] = &batch->added;
    batch->children = children;
    batch->original = e->next;
    e->next.release = NULL;
    *ret = batch->original;
    ret->n_children = (int64_t)n + 1;
    ret->children = children;
    ret->private_data = batch;
    ret->release = extend_release_batch;
    const int error = extend_add_values(e, batch);
    if (error != 0) {
        ret->release(ret);
    }
    return error;
}

struct extend_schema {
    struct ArrowSchema original, added;
    struct ArrowSchema **children;
};

static inline void extend_release_added(struct ArrowSchema *added)
{
    added->release = NULL;
}

static inline void extend_release_schema(struct ArrowSchema *schema)
{
    struct extend_schema *longer = (struct extend_schema *)schema->private_data;
    longer->original.release(&longer->original);
    free(longer->children);
    free(longer);
    schema->release = NULL;
}

static inline int extend_get_schema(struct ArrowArrayStream *part, struct ArrowSchema *ret)
{
    struct extend *e = (struct extend *)part->private_data;
    struct extend_schema *longer = (struct extend_schema *)calloc(1, sizeof *longer);
    const int error = longer == NULL ? ENOMEM : e->input.get_schema(&e->input, &longer->original);
    if (error != 0) {
        free(longer);
        return error;
    }
    const size_t n = (size_t)longer->original.n_children;
    longer->children = (struct ArrowSchema **)calloc(n + 1, sizeof *longer->children);
    if (longer->children == NULL) {
        longer->original.release(&longer->original);
        free(longer);
        return ENOMEM;
    }
    memcpy(longer->children, longer->original.children, n * sizeof *longer->children);
    longer->children[n] = &longer->added;
    longer->added.format = "g";
    longer->added.name = e->name;
    longer->added.flags = ARROW_FLAG_NULLABLE;
    longer->added.release = extend_release_added;
    *ret = longer->original;
    ret->n_children = (int64_t)n + 1;
    ret->children = longer->children;
    ret->private_data = longer;
    ret->release = extend_release_schema;
    return 0;
}

static inline int extend_get_next(struct ArrowArrayStream *part, struct ArrowArray *ret)
{
    struct extend *e = (struct extend *)part->private_data;
    ret->release = NULL;
    if (e->batches_left == 0 || e->next.release == NULL) {
        return 0;
    }
    e->batches_left--;
    const int error = extend_make_batch(e, ret);
    if (error == 0 && !extend_fetch(e)) {
        ret->release(ret);
        return EIO;
    }
    return error;
}

static inline const char *extend_last_error(struct ArrowArrayStream *part)
{
    struct extend *e = (struct extend *)part->private_data;
    const char *text = e->input.get_last_error(&e->input);
    return text != NULL ? text : "no memory for a batch";
}

static inline void extend_release_part(struct ArrowArrayStream *part)
{
    part->release = NULL;
}

/* A stream of the next `n_batches` batches at most, for fw_table.write; `e` must outlive it. */
static inline struct ArrowArrayStream extend_part(struct extend *e, uint32_t n_batches)
{
    struct ArrowArrayStream part;
    e->batches_left = n_batches;
    part.get_schema = extend_get_schema;
    part.get_next = extend_get_next;
    part.get_last_error = extend_last_error;
    part.release = extend_release_part;
    part.private_data = e;
    return part;
}

#endif
