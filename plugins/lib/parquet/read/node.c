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

/* Integers of either kind and floats, narrow before wide. */
static bool is_wider(const char *from, const char *to)
{
    static const char *const orders[] = {"csil", "CSIL", "fg"};

    for (size_t i = 0; i < sizeof orders / sizeof orders[0] && from[1] == 0 && to[1] == 0; i++) {
        const char *narrow = strchr(orders[i], from[0]), *wide = strchr(orders[i], to[0]);
        if (narrow != NULL && wide != NULL) {
            return narrow < wide;
        }
    }
    return false;
}

bool parquet_node_fits(const struct parquet_node *from, const struct parquet_node *to)
{
    if (from->shape != to->shape || from->n_children != to->n_children ||
        (strcmp(from->format, to->format) != 0 && !is_wider(from->format, to->format))) {
        return false;
    }
    for (size_t i = 0; i < from->n_children; i++) {
        const bool named = from->shape != PARQUET_STRUCT ||
                           strcmp(from->children[i].name, to->children[i].name) == 0;
        if (!named || !parquet_node_fits(&from->children[i], &to->children[i])) {
            return false;
        }
    }
    return true;
}
