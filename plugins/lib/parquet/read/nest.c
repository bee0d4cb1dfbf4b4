/* SPDX-License-Identifier: MIT */
#include "nest.h"

#include <string.h>

struct nest {
    struct parquet_out *outs;
    size_t next; /* the leaf that comes next */
};

/* The levels of the first leaf below a node say what the node is. */
struct levels {
    const uint8_t *defs, *reps;
    size_t n;
};

static struct levels levels_of(const struct parquet_out *out)
{
    return (struct levels){out->defs.data, out->reps.size > 0 ? out->reps.data : NULL,
                           out->defs.size};
}

/* Whether an entry begins a slot of a node `rep` lists deep. */
static bool is_slot(const struct levels *levels, size_t i, unsigned rep, unsigned slot_def)
{
    return levels->defs[i] >= slot_def && (levels->reps == NULL || levels->reps[i] <= rep);
}

static bool give_valid(const struct parquet_node *node, const struct levels *levels,
                       struct ArrowArray *array)
{
    struct parquet_room bits = {0};
    size_t n = 0, n_valid = 0;

    if (!parquet_room_grow_bits(&bits, (size_t)array->length)) {
        return false;
    }
    for (size_t i = 0; i < levels->n; i++) {
        if (is_slot(levels, i, node->rep, node->slot_def)) {
            const bool valid = levels->defs[i] >= node->valid_def;
            bits.data[n / 8] |= (uint8_t)(valid << n % 8);
            n_valid += valid;
            n++;
        }
    }
    array->null_count = (int64_t)(n - n_valid);
    if (n_valid == n) {
        parquet_room_finish(&bits);
    } else {
        parquet_array_give(array, 0, &bits);
    }
    return true;
}

static size_t count_slots(const struct parquet_node *node, const struct levels *levels)
{
    size_t n = 0;

    for (size_t i = 0; i < levels->n; i++) {
        n += is_slot(levels, i, node->rep, node->slot_def);
    }
    return n;
}

static const char *nest(struct nest *state, const struct parquet_node *node,
                        struct ArrowArray *ret_array);

static const char *nest_leaf(struct parquet_out *out, struct ArrowArray *ret_array)
{
    const bool is_bytes =
        out->leaf->cell == PARQUET_CELL_BYTES || out->leaf->cell == PARQUET_CELL_TEXT;
    struct parquet_room *values = &out->values;

    if (!parquet_array_make(ret_array, out->n_slots, is_bytes ? 3 : 2, 0) ||
        !parquet_room_reserve(values, 0)) {
        return parquet_no_memory;
    }
    ret_array->null_count = (int64_t)out->n_nulls;
    if (out->n_nulls > 0) {
        parquet_array_give(ret_array, 0, &out->valid);
    }
    if (is_bytes) {
        if (!parquet_out_begin_texts(out)) {
            return parquet_no_memory;
        }
        parquet_array_give(ret_array, 1, &out->offsets);
    }
    parquet_array_give(ret_array, is_bytes ? 2 : 1, values);
    return NULL;
}

static const char *nest_struct(struct nest *state, const struct parquet_node *node,
                               struct ArrowArray *ret_array)
{
    const struct levels levels = levels_of(&state->outs[state->next]);

    if (!parquet_array_make(ret_array, count_slots(node, &levels), 1, node->n_children) ||
        !give_valid(node, &levels, ret_array)) {
        return parquet_no_memory;
    }
    for (size_t i = 0; i < node->n_children; i++) {
        const char *why = nest(state, &node->children[i], ret_array->children[i]);
        if (why != NULL) {
            return why;
        }
        if (ret_array->children[i]->length != ret_array->length) {
            return "fields of one length in a struct";
        }
    }
    return NULL;
}

/* Where each list begins in its elements, and where the last one ends. */
static bool find_offsets(const struct parquet_node *node, const struct levels *levels,
                         struct parquet_room *offsets, int64_t *ret_n)
{
    int64_t n = 0;

    for (size_t i = 0; i <= levels->n; i++) {
        if (i == levels->n || is_slot(levels, i, node->rep, node->slot_def)) {
            if (!parquet_room_reserve(offsets, sizeof n)) {
                return false;
            }
            memcpy(offsets->data + offsets->size, &n, sizeof n);
            offsets->size += sizeof n;
        }
        n += i < levels->n && is_slot(levels, i, node->rep + 1u, node->element_def);
    }
    *ret_n = n;
    return true;
}

/* A map's offsets have 32 bits. */
static bool narrow(struct parquet_room *offsets)
{
    for (size_t i = 0; i < offsets->size / sizeof(int64_t); i++) {
        int64_t wide;
        memcpy(&wide, offsets->data + i * sizeof wide, sizeof wide);
        if (wide > INT32_MAX) {
            return false;
        }
        const int32_t offset = (int32_t)wide;
        memcpy(offsets->data + i * sizeof offset, &offset, sizeof offset);
    }
    return true;
}

static const char *nest_list(struct nest *state, const struct parquet_node *node,
                             struct ArrowArray *ret_array)
{
    const struct levels levels = levels_of(&state->outs[state->next]);
    struct parquet_room offsets = {0};
    int64_t n_elements;

    if (!parquet_array_make(ret_array, count_slots(node, &levels), 2, 1)) {
        return parquet_no_memory;
    }
    bool ok = find_offsets(node, &levels, &offsets, &n_elements);
    const bool fits = node->shape != PARQUET_MAP || !ok || narrow(&offsets);
    parquet_array_give(ret_array, 1, &offsets);
    if (!ok || !give_valid(node, &levels, ret_array)) {
        return parquet_no_memory;
    }
    if (!fits) {
        return "fewer entries of maps; take fewer rows at once";
    }
    const char *why = nest(state, node->children, ret_array->children[0]);
    return why == NULL && ret_array->children[0]->length != n_elements
               ? "as many elements as there are in the lists"
               : why;
}

static const char *nest(struct nest *state, const struct parquet_node *node,
                        struct ArrowArray *ret_array)
{
    if (node->shape == PARQUET_LEAF) {
        return nest_leaf(&state->outs[state->next++], ret_array);
    }
    return node->shape == PARQUET_STRUCT ? nest_struct(state, node, ret_array)
                                         : nest_list(state, node, ret_array);
}

const char *parquet_nest(const struct parquet_node *node, struct parquet_out *outs,
                         struct ArrowArray *ret_array)
{
    struct nest state = {.outs = outs};

    return nest(&state, node, ret_array);
}
