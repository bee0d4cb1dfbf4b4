/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

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

size_t parquet_node_leaves(const struct parquet_node *node, const struct parquet_node **leaves)
{
    size_t n = 0;

    if (node->shape == PARQUET_LEAF) {
        if (leaves != NULL) {
            leaves[0] = node;
        }
        return 1;
    }
    for (size_t i = 0; i < node->n_children; i++) {
        n += parquet_node_leaves(&node->children[i], leaves != NULL ? leaves + n : NULL);
    }
    return n;
}

void parquet_node_type(const struct parquet_node *node, struct fw_text *text)
{
    fw_text_append(text, node->format);
    for (size_t i = 0; i < node->n_children; i++) {
        fw_text_append(text, i > 0 ? "," : "(");
        if (node->shape == PARQUET_STRUCT) {
            fw_text_identifier(text, node->children[i].name);
            fw_text_append(text, ":");
        }
        parquet_node_type(&node->children[i], text);
    }
    fw_text_append(text, node->n_children > 0 ? ")" : "");
}
