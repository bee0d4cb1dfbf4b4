/* SPDX-License-Identifier: MIT */
#ifndef FW_DUCKDB_JSON_PLAN_H
#define FW_DUCKDB_JSON_PLAN_H

#include <stddef.h>

#include <duckdb.h>
#include <stdbool.h>

#include "sql/text.h"

/*
 * A type, prepared for writing its values as canonical JSON: what can be known when a statement
 * is bound is worked out once. Immutable, shared by all threads that execute the statement.
 */
struct json_node {
    duckdb_type type; /* DECIMAL, ENUM: how the value is stored is in `stored` */
    duckdb_type stored;
    unsigned scale;      /* DECIMAL */
    unsigned array_size; /* ARRAY */
    size_t index;        /* of the node in its plan, parents first */
    size_t n_children;
    struct json_node **children; /* STRUCT, UNION: in stored order */
    size_t *order;               /* STRUCT: children sorted by code point of their names */
    struct fw_text *labels; /* STRUCT, UNION: "name": of each child; ENUM: "value" of each code */
    size_t n_labels;
};

struct json_plan {
    struct json_node *root;
    size_t n_nodes;
    int n_users;
};

/* NULL and an explanation in *ret_why for a type that has no JSON form, or without memory. */
struct json_plan *json_plan_create(duckdb_logical_type type, const char **ret_why);

/* Another user of the same plan, and one less. Any thread. */
struct json_plan *json_plan_ref(struct json_plan *plan);
void json_plan_unref(struct json_plan *plan);

#endif
