/* SPDX-License-Identifier: MIT */
#include "nest.h"

/* Elements of lists `rep` deep, as a leaf below them has them: of what has not been looked at. */
static size_t count_elements(const struct parquet_out *out, unsigned rep, unsigned element_def)
{
    size_t n = 0;

    for (size_t i = out->n_agreed; i < out->defs.size; i++) {
        n += out->defs.data[i] >= element_def && out->reps.data[i] <= rep;
    }
    return n;
}

static bool agree(const struct parquet_node *node, const struct parquet_out *outs, size_t *next)
{
    const size_t first = *next;
    bool ok = true;

    *next += node->shape == PARQUET_LEAF;
    for (size_t i = 0; i < node->n_children && ok; i++) {
        ok = agree(&node->children[i], outs, next);
    }
    if (node->shape == PARQUET_LIST || node->shape == PARQUET_MAP) {
        const size_t n = count_elements(&outs[first], node->rep + 1u, node->element_def);
        for (size_t i = first + 1; i < *next && ok; i++) {
            ok = count_elements(&outs[i], node->rep + 1u, node->element_def) == n;
        }
    }
    return ok;
}

bool parquet_outs_agree(const struct parquet_node *node, struct parquet_out *outs)
{
    size_t n = 0;
    const bool ok = agree(node, outs, &n);

    for (size_t i = 0; i < n && ok; i++) {
        outs[i].n_agreed = outs[i].defs.size;
    }
    return ok;
}
