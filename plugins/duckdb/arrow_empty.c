/* SPDX-License-Identifier: MIT */
#include "arrow_empty.h"

#include <stdlib.h>

/* Stands for every buffer: validity, the first offset (0), data of no rows. */
static const _Alignas(64) unsigned char zeros[64];
static const void *const buffers[] = {zeros, zeros, zeros, zeros};

static bool init_child(struct ArrowArray **ret_child, const struct ArrowSchema *schema)
{
    *ret_child = calloc(1, sizeof **ret_child);
    return *ret_child != NULL && arrow_empty_init(*ret_child, schema);
}

bool arrow_empty_init(struct ArrowArray *array, const struct ArrowSchema *schema)
{
    *array = (struct ArrowArray){
        .n_buffers = FW_COUNT(buffers),
        .buffers = (const void **)(uintptr_t)buffers,
        .children = calloc((size_t)schema->n_children + 1, sizeof(struct ArrowArray *))};

    bool complete = array->children != NULL;
    for (int64_t i = 0; complete && i < schema->n_children; i++) {
        array->n_children++;
        complete = init_child(&array->children[i], schema->children[i]);
    }
    if (complete && schema->dictionary != NULL) {
        complete = init_child(&array->dictionary, schema->dictionary);
    }
    return complete;
}

static void destroy_child(struct ArrowArray *child)
{
    if (child != NULL) {
        arrow_empty_finish(child);
        free(child);
    }
}

void arrow_empty_finish(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        destroy_child(array->children[i]);
    }
    destroy_child(array->dictionary);
    free(array->children);
    *array = (struct ArrowArray){0};
}
