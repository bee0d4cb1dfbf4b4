/* SPDX-License-Identifier: MIT */
#include "shape.h"

#include <stdlib.h>
#include <string.h>

/* Where in the tree a field is. */
struct place {
    uint8_t steps, rep, slot_def;
};

static bool shape(const struct ArrowSchema *field, struct place place, struct parquet_node *node,
                  bool *ret_known);

static bool shape_children(const struct ArrowSchema *field, struct place place,
                           struct parquet_node *node, bool *ret_known)
{
    node->children = calloc((size_t)field->n_children + 1, sizeof *node->children);
    if (node->children == NULL) {
        return false;
    }
    while (node->n_children < (size_t)field->n_children) {
        const size_t i = node->n_children++;
        if (!shape(field->children[i], place, &node->children[i], ret_known)) {
            return false;
        }
    }
    return true;
}

/* The list's own step and that of its elements, as schema.c counts them. */
static bool shape_list(const struct ArrowSchema *field, struct place place,
                       struct parquet_node *node, bool *ret_known)
{
    node->element_def = ++place.steps;
    place.slot_def = place.steps;
    place.rep++;
    return shape_children(field, place, node, ret_known);
}

static bool shape(const struct ArrowSchema *field, struct place place, struct parquet_node *node,
                  bool *ret_known)
{
    const char *format = field->format;
    const bool is_map = strcmp(format, "+m") == 0;
    const bool is_list = strcmp(format, "+l") == 0 || strcmp(format, "+L") == 0;

    node->name = strdup(field->name != NULL ? field->name : "");
    node->rep = place.rep;
    node->slot_def = place.slot_def;
    node->valid_def = ++place.steps;
    *ret_known = place.steps < PARQUET_MAX_STEPS - 1 && field->dictionary == NULL;
    if (node->name == NULL || !*ret_known) {
        return false;
    }
    if (is_map || is_list) {
        node->shape = is_map ? PARQUET_MAP : PARQUET_LIST;
        memcpy(node->format, is_map ? "+m" : "+L", sizeof "+L");
        *ret_known = field->n_children == 1;
        return *ret_known && shape_list(field, place, node, ret_known);
    }
    if (strcmp(format, "+s") == 0) {
        node->shape = PARQUET_STRUCT;
        memcpy(node->format, "+s", sizeof "+s");
        *ret_known = field->n_children > 0;
        return *ret_known && shape_children(field, place, node, ret_known);
    }
    *ret_known = parquet_type_of_format(format, node);
    return *ret_known;
}

bool parquet_shape(const struct ArrowSchema *field, struct parquet_node *ret_node, bool *ret_known)
{
    *ret_node = (struct parquet_node){0};
    return shape(field, (struct place){0}, ret_node, ret_known);
}
