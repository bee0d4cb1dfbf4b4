/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "schema.h"

void parquet_node_finish(struct parquet_node *node)
{
    for (size_t i = 0; i < node->n_children; i++) {
        parquet_node_finish(&node->children[i]);
    }
    free(node->children);
    free(node->name);
}

void parquet_schema_finish(struct parquet_schema *schema)
{
    for (size_t i = 0; i < schema->n_columns; i++) {
        parquet_node_finish(&schema->columns[i].root);
        fw_text_finish(&schema->columns[i].type);
        fw_text_finish(&schema->columns[i].refusal);
    }
    free(schema->columns);
    free(schema->leaves);
}

bool parquet_node_copy(const struct parquet_node *from, struct parquet_node *ret_node)
{
    *ret_node = *from;
    ret_node->name = strdup(from->name);
    ret_node->n_children = 0;
    ret_node->children = calloc(from->n_children + 1, sizeof *ret_node->children);
    if (ret_node->name == NULL || ret_node->children == NULL) {
        return false;
    }
    for (size_t i = 0; i < from->n_children; i++) {
        ret_node->n_children++;
        if (!parquet_node_copy(&from->children[i], &ret_node->children[i])) {
            return false;
        }
    }
    return true;
}

size_t parquet_node_leaves(const struct parquet_node *node, const struct parquet_node **leaves)
{
    size_t n = 0;

    if (node->shape == PARQUET_LEAF) {
        leaves[n++] = node;
    }
    for (size_t i = 0; i < node->n_children; i++) {
        n += parquet_node_leaves(&node->children[i], leaves + n);
    }
    return n;
}
