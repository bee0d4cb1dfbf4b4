/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* Of Arrow's view layout; `size` up to 12 has the bytes in place of what follows it. */
struct view {
    int32_t size;
    union {
        char bytes[12];
        struct {
            char prefix[4];
            int32_t buffer, offset;
        } far;
    };
};
_Static_assert(sizeof(struct view) == 16, "Arrow's view layout");

static void release_array(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL) {
            array->children[i]->release(array->children[i]);
        }
    }
    array->release = NULL;
    scatter_arena_drop(array->private_data);
}

void scatter_array_init(struct ArrowArray *array, struct scatter_arena *arena, size_t n)
{
    __atomic_add_fetch(&arena->n_users, 1, __ATOMIC_RELAXED);
    *array =
        (struct ArrowArray){.length = (int64_t)n, .release = release_array, .private_data = arena};
}

/* Buffers behind the validity. */
static const void **make_buffers(struct ArrowArray *array, size_t n)
{
    array->buffers = scatter_arena_alloc(array->private_data, (n + 1) * sizeof *array->buffers);
    array->n_buffers = (int64_t)n + 1;
    return array->buffers != NULL ? array->buffers + 1 : NULL;
}

static int gather_validity(const struct scatter_rows *rows, struct ArrowArray *array)
{
    if (!scatter_rows_have_null(rows)) {
        return 0;
    }
    uint8_t *bits = scatter_arena_alloc(array->private_data, rows->n / 8 + 1);
    if (bits == NULL) {
        return ENOMEM;
    }
    scatter_rows_validity(rows, bits);
    array->buffers[0] = bits;
    array->null_count = -1;
    return 0;
}

static int gather_values(const struct scatter_shape *shape, const struct scatter_rows *rows,
                         struct ArrowArray *array)
{
    const void **buffers = make_buffers(array, 1);
    uint8_t *values =
        shape->kind == SCATTER_BITS
            ? scatter_arena_alloc(array->private_data, rows->n / 8 + 1)
            : scatter_arena_alloc_raw(array->private_data, rows->n * shape->width + 1);

    if (buffers == NULL || values == NULL) {
        return ENOMEM;
    }
    if (shape->kind == SCATTER_BITS) {
        scatter_rows_bits(rows, values);
    } else {
        scatter_rows_fixed(rows, shape->width, values);
    }
    buffers[0] = values;
    return 0;
}

/* Where a text lies; NULL for a NULL. */
static const char *text_of(const struct scatter_rows *rows, size_t i, int32_t *ret_size,
                           int32_t *ret_source)
{
    uint64_t row = scatter_ref_row(rows->refs[i]);
    size_t source = scatter_ref_source(rows->refs[i]);
    const struct scatter_cells *cells = rows->sources[source];

    if (scatter_is_null(cells, row)) {
        return NULL;
    }
    uint64_t at = scatter_entry_of(cells, row);
    *ret_size = cells->offsets[at + 1] - cells->offsets[at];
    *ret_source = (int32_t)source;
    return cells->bytes + cells->offsets[at];
}

static void set_view(struct view *view, const char *text, int32_t size, int32_t buffer,
                     int64_t offset)
{
    view->size = size;
    if (size <= (int32_t)sizeof view->bytes) {
        memcpy(view->bytes, text, (size_t)size);
    } else {
        memcpy(view->far.prefix, text, sizeof view->far.prefix);
        view->far.buffer = buffer;
        view->far.offset = (int32_t)offset;
    }
}

static void set_views(const struct scatter_rows *rows, char *copies, struct view *zeroed_views)
{
    int64_t at = 0;

    for (size_t i = 0; i < rows->n; i++) {
        int32_t size = 0, source = 0;
        const char *text = text_of(rows, i, &size, &source);
        if (text == NULL) {
            continue;
        }
        if (copies == NULL) {
            set_view(&zeroed_views[i], text, size, source, text - rows->sources[source]->bytes);
        } else {
            set_view(&zeroed_views[i], text, size, 0, at);
            memcpy(copies + at, text, (size_t)size);
            at += size;
        }
    }
}

static uint64_t text_bytes(const struct scatter_rows *rows)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < rows->n; i++) {
        int32_t size = 0, source;
        text_of(rows, i, &size, &source);
        bytes += (uint64_t)size;
    }
    return bytes;
}

/* The views, then a buffer for each source or the one of the copies, then the sizes of these. */
static int gather_texts(const struct scatter_rows *rows, bool copies_texts,
                        struct ArrowArray *array)
{
    struct scatter_arena *arena = array->private_data;
    size_t n_far = copies_texts ? 1 : rows->n_sources;
    const void **buffers = make_buffers(array, n_far + 2);
    struct view *views = scatter_arena_alloc(arena, (rows->n + 1) * sizeof *views);
    int64_t *sizes = scatter_arena_alloc(arena, n_far * sizeof *sizes);
    uint64_t n_bytes = copies_texts ? text_bytes(rows) : 0;
    char *copies = copies_texts ? scatter_arena_alloc_raw(arena, n_bytes) : NULL;

    if (buffers == NULL || views == NULL || sizes == NULL || (copies_texts && copies == NULL)) {
        return ENOMEM;
    }
    if (n_bytes > INT32_MAX) {
        return EOVERFLOW;
    }
    set_views(rows, copies, views);
    buffers[0] = views;
    for (size_t i = 0; i < n_far; i++) {
        const struct scatter_cells *cells = copies_texts ? NULL : rows->sources[i];
        buffers[1 + i] = copies_texts ? copies : cells->bytes;
        sizes[i] = copies_texts ? (int64_t)n_bytes : cells->offsets[cells->n_entries];
    }
    buffers[1 + n_far] = sizes;
    return 0;
}

static int gather_offsets(const struct scatter_rows *rows, struct ArrowArray *array)
{
    const void **buffers = make_buffers(array, 1);
    int32_t *offsets =
        scatter_arena_alloc_raw(array->private_data, (rows->n + 1) * sizeof *offsets);

    if (buffers == NULL || offsets == NULL) {
        return ENOMEM;
    }
    buffers[0] = offsets;
    return scatter_rows_offsets(rows, offsets) ? 0 : EOVERFLOW;
}

static int gather_own(const struct scatter_shape *shape, const struct scatter_rows *rows,
                      bool copies_texts, struct ArrowArray *array)
{
    switch (shape->kind) {
    case SCATTER_NULL:
        array->null_count = array->length;
        return 0;
    case SCATTER_BITS:
    case SCATTER_FIXED:
        return gather_values(shape, rows, array);
    case SCATTER_BYTES:
        return gather_texts(rows, copies_texts, array);
    case SCATTER_LIST:
        return gather_offsets(rows, array);
    default:
        return make_buffers(array, 0) != NULL ? 0 : ENOMEM;
    }
}

static int gather_child(const struct scatter_shape *shape, const struct scatter_rows *rows,
                        size_t i, bool copies_texts, struct ArrowArray *array)
{
    struct scatter_rows child = {0};
    bool complete = shape->kind == SCATTER_STRUCT
                        ? scatter_rows_of_child(rows, i, &child)
                        : scatter_rows_of_elements(rows, shape->width, &child);
    int code = complete ? scatter_gather(&shape->children[i], &child, copies_texts,
                                         array->private_data, array->children[i])
                        : ENOMEM;

    scatter_rows_finish(&child, rows);
    return code;
}

static bool make_children(struct ArrowArray *array, size_t n)
{
    array->children = scatter_arena_alloc(array->private_data, n * sizeof *array->children);
    struct ArrowArray *children = scatter_arena_alloc(array->private_data, n * sizeof *children);
    if (array->children == NULL || children == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        array->children[i] = &children[i];
    }
    array->n_children = (int64_t)n;
    return true;
}

int scatter_gather(const struct scatter_shape *shape, const struct scatter_rows *rows,
                   bool copies_texts, struct scatter_arena *arena, struct ArrowArray *ret_array)
{
    scatter_array_init(ret_array, arena, rows->n);
    int code = gather_own(shape, rows, copies_texts, ret_array);

    if (code == 0 && shape->kind != SCATTER_NULL) {
        code = gather_validity(rows, ret_array);
    }
    if (code == 0 && !make_children(ret_array, shape->n_children)) {
        code = ENOMEM;
    }
    for (size_t i = 0; i < shape->n_children && code == 0; i++) {
        code = gather_child(shape, rows, i, copies_texts, ret_array);
    }
    return code;
}
