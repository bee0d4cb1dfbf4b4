/* SPDX-License-Identifier: MIT */
#include "json_plan.h"

#include <stdlib.h>
#include <string.h>

#include "canonical_json/canonical_json.h"

struct builder {
    size_t n_nodes;
    const char *why;
};

static void destroy_node(struct json_node *node)
{
    if (node == NULL) {
        return;
    }
    for (size_t i = 0; i < node->n_children && node->children != NULL; i++) {
        destroy_node(node->children[i]);
    }
    for (size_t i = 0; i < node->n_labels && node->labels != NULL; i++) {
        fw_text_finish(&node->labels[i]);
    }
    free(node->children);
    free(node->order);
    free(node->labels);
    free(node);
}

static struct json_node *build(struct builder *builder, duckdb_logical_type type);

/* Consumes `type`. */
static bool add_child(struct builder *builder, struct json_node *node, size_t i,
                      duckdb_logical_type type)
{
    node->children[i] = build(builder, type);
    duckdb_destroy_logical_type(&type);
    return node->children[i] != NULL;
}

static bool reserve_children(struct json_node *node, size_t n)
{
    node->n_children = n;
    node->children = calloc(n, sizeof(struct json_node *));
    return node->children != NULL;
}

static bool reserve_labels(struct json_node *node, size_t n)
{
    node->n_labels = n;
    node->labels = calloc(n, sizeof *node->labels);
    return node->labels != NULL;
}

/* Consumes `name`. */
static bool set_label(struct json_node *node, size_t i, char *name, const char *end)
{
    if (name == NULL) {
        return false;
    }
    fw_canonical_string(&node->labels[i], name, strlen(name));
    fw_text_append(&node->labels[i], end);
    duckdb_free(name);
    return !node->labels[i].failed;
}

static int compare_labels(const void *a, const void *b, void *names)
{
    char *const *name = names;

    return strcmp(name[*(const size_t *)a], name[*(const size_t *)b]);
}

/* By the names themselves: their escaped forms sort differently. */
static bool sort_fields(struct json_node *node, duckdb_logical_type type)
{
    char **names = calloc(node->n_children, sizeof *names);

    node->order = calloc(node->n_children, sizeof *node->order);
    bool complete = names != NULL && node->order != NULL;
    for (size_t i = 0; complete && i < node->n_children; i++) {
        names[i] = duckdb_struct_type_child_name(type, i);
        node->order[i] = i;
        complete = names[i] != NULL;
    }
    if (complete) {
        qsort_r(node->order, node->n_children, sizeof *node->order, compare_labels, names);
    }
    for (size_t i = 0; names != NULL && i < node->n_children; i++) {
        duckdb_free(names[i]);
    }
    free(names);
    return complete;
}

static bool build_struct(struct builder *builder, struct json_node *node, duckdb_logical_type type)
{
    size_t n = duckdb_struct_type_child_count(type);

    if (!reserve_children(node, n) || !reserve_labels(node, n) || !sort_fields(node, type)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!set_label(node, i, duckdb_struct_type_child_name(type, i), ":") ||
            !add_child(builder, node, i, duckdb_struct_type_child_type(type, i))) {
            return false;
        }
    }
    return true;
}

static bool build_union(struct builder *builder, struct json_node *node, duckdb_logical_type type)
{
    size_t n = duckdb_union_type_member_count(type);

    if (!reserve_children(node, n) || !reserve_labels(node, n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!set_label(node, i, duckdb_union_type_member_name(type, i), ":") ||
            !add_child(builder, node, i, duckdb_union_type_member_type(type, i))) {
            return false;
        }
    }
    return true;
}

static bool build_enum(struct json_node *node, duckdb_logical_type type)
{
    size_t n = duckdb_enum_dictionary_size(type);

    node->stored = duckdb_enum_internal_type(type);
    if (!reserve_labels(node, n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!set_label(node, i, duckdb_enum_dictionary_value(type, i), "")) {
            return false;
        }
    }
    return true;
}

/* Whether json_scalar.c can write it. SQLNULL has no values; the rest is BIT, BIGNUM, VARIANT. */
static bool is_scalar(duckdb_type type)
{
    return (type >= DUCKDB_TYPE_BOOLEAN && type <= DUCKDB_TYPE_TIMESTAMP_NS) ||
           type == DUCKDB_TYPE_UHUGEINT || type == DUCKDB_TYPE_UUID ||
           type == DUCKDB_TYPE_TIME_TZ || type == DUCKDB_TYPE_TIMESTAMP_TZ ||
           type == DUCKDB_TYPE_SQLNULL || type == DUCKDB_TYPE_TIME_NS;
}

static bool build_parts(struct builder *builder, struct json_node *node, duckdb_logical_type type)
{
    switch (node->type) {
    case DUCKDB_TYPE_LIST:
        return reserve_children(node, 1) &&
               add_child(builder, node, 0, duckdb_list_type_child_type(type));
    case DUCKDB_TYPE_ARRAY:
        node->array_size = (unsigned)duckdb_array_type_array_size(type);
        return reserve_children(node, 1) &&
               add_child(builder, node, 0, duckdb_array_type_child_type(type));
    case DUCKDB_TYPE_MAP:
        return reserve_children(node, 2) &&
               add_child(builder, node, 0, duckdb_map_type_key_type(type)) &&
               add_child(builder, node, 1, duckdb_map_type_value_type(type));
    case DUCKDB_TYPE_STRUCT:
        return build_struct(builder, node, type);
    case DUCKDB_TYPE_UNION:
        return build_union(builder, node, type);
    case DUCKDB_TYPE_ENUM:
        return build_enum(node, type);
    case DUCKDB_TYPE_DECIMAL:
        node->scale = duckdb_decimal_scale(type);
        node->stored = duckdb_decimal_internal_type(type);
        return true;
    default:
        if (!is_scalar(node->type)) {
            builder->why = "a value of this type has no canonical JSON; cast it to VARCHAR first";
        }
        return is_scalar(node->type);
    }
}

static struct json_node *build(struct builder *builder, duckdb_logical_type type)
{
    struct json_node *node = calloc(1, sizeof *node);

    if (node == NULL) {
        return NULL;
    }
    node->type = duckdb_get_type_id(type);
    node->stored = node->type;
    node->index = builder->n_nodes++;
    if (!build_parts(builder, node, type)) {
        destroy_node(node);
        return NULL;
    }
    return node;
}

struct json_plan *json_plan_create(duckdb_logical_type type, const char **ret_why)
{
    struct builder builder = {.why = "an allocation failed"};
    struct json_plan *plan = calloc(1, sizeof *plan);

    if (plan != NULL) {
        plan->n_users = 1;
        plan->root = build(&builder, type);
        plan->n_nodes = builder.n_nodes;
    }
    if (plan == NULL || plan->root == NULL) {
        free(plan);
        *ret_why = builder.why;
        return NULL;
    }
    return plan;
}

struct json_plan *json_plan_ref(struct json_plan *plan)
{
    __atomic_add_fetch(&plan->n_users, 1, __ATOMIC_RELAXED);
    return plan;
}

void json_plan_unref(struct json_plan *plan)
{
    if (__atomic_sub_fetch(&plan->n_users, 1, __ATOMIC_ACQ_REL) == 0) {
        destroy_node(plan->root);
        free(plan);
    }
}
