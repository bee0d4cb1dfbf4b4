/* SPDX-License-Identifier: MIT */
#include "json_functions.h"

#include <stdlib.h>

#include "json_write.h"

static void unref_plan(void *plan)
{
    json_plan_unref(plan);
}

static void *copy_plan(void *plan)
{
    return json_plan_ref(plan);
}

/* Works the type of the argument out once for the whole statement. */
static void bind(duckdb_bind_info info)
{
    duckdb_expression argument = duckdb_scalar_function_bind_get_argument(info, 0);
    duckdb_logical_type type = duckdb_expression_return_type(argument);
    const char *why = NULL;
    struct json_plan *plan = json_plan_create(type, &why);

    duckdb_destroy_logical_type(&type);
    duckdb_destroy_expression(&argument);
    if (plan == NULL) {
        duckdb_scalar_function_bind_set_error(info, why);
        return;
    }
    duckdb_scalar_function_set_bind_data(info, plan, unref_plan);
    duckdb_scalar_function_set_bind_data_copy(info, copy_plan);
}

static void set_null(duckdb_vector output, idx_t row)
{
    duckdb_vector_ensure_validity_writable(output);
    duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), row);
}

/* False when memory ran out. One buffer serves all rows of the chunk. */
static bool write_rows(const struct json_node *root, const struct json_view *views, idx_t n_rows,
                       duckdb_vector output)
{
    struct fw_text text = {0};

    for (idx_t row = 0; row < n_rows && !text.failed; row++) {
        if (!json_is_valid(&views[root->index], row)) {
            set_null(output, row);
            continue;
        }
        fw_text_clear(&text);
        json_write(&text, root, views, row);
        duckdb_vector_assign_string_element_len(output, row, fw_text_get(&text), text.size);
    }
    bool complete = !text.failed;
    fw_text_finish(&text);
    return complete;
}

static void canonical_json(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const struct json_plan *plan = duckdb_scalar_function_get_bind_data(info);
    struct json_view *views = calloc(plan->n_nodes, sizeof *views);
    bool complete = false;

    if (views != NULL) {
        json_view_fill(views, plan->root, duckdb_data_chunk_get_vector(input, 0));
        complete = write_rows(plan->root, views, duckdb_data_chunk_get_size(input), output);
    }
    free(views);
    if (!complete) {
        duckdb_scalar_function_set_error(info, "fw_canonical_json: std::bad_alloc");
    }
}

static double length_of(const struct json_node *node, const struct json_view *view, idx_t row)
{
    switch (node->type) {
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_MAP:
        return (double)((const duckdb_list_entry *)view->data)[row].length;
    case DUCKDB_TYPE_ARRAY:
        return node->array_size;
    case DUCKDB_TYPE_STRUCT:
        return (double)node->n_children;
    default:
        return 1;
    }
}

static void json_length(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output)
{
    const struct json_plan *plan = duckdb_scalar_function_get_bind_data(info);
    duckdb_vector vector = duckdb_data_chunk_get_vector(input, 0);
    struct json_view view = {.data = duckdb_vector_get_data(vector),
                             .validity = duckdb_vector_get_validity(vector)};
    double *lengths = duckdb_vector_get_data(output);

    for (idx_t row = 0; row < duckdb_data_chunk_get_size(input); row++) {
        if (json_is_valid(&view, row)) {
            lengths[row] = length_of(plan->root, &view, row);
        } else {
            set_null(output, row);
        }
    }
}

static duckdb_state register_function(duckdb_connection connection, const char *name,
                                      duckdb_type result, duckdb_scalar_function_t call)
{
    duckdb_scalar_function function = duckdb_create_scalar_function();
    duckdb_logical_type any = duckdb_create_logical_type(DUCKDB_TYPE_ANY);
    duckdb_logical_type type = duckdb_create_logical_type(result);

    duckdb_scalar_function_set_name(function, name);
    duckdb_scalar_function_add_parameter(function, any);
    duckdb_scalar_function_set_return_type(function, type);
    duckdb_scalar_function_set_special_handling(function);
    duckdb_scalar_function_set_bind(function, bind);
    duckdb_scalar_function_set_function(function, call);
    duckdb_state state = duckdb_register_scalar_function(connection, function);
    duckdb_destroy_logical_type(&type);
    duckdb_destroy_logical_type(&any);
    duckdb_destroy_scalar_function(&function);
    return state;
}

duckdb_state json_functions_register(duckdb_connection connection)
{
    if (register_function(connection, "fw_canonical_json", DUCKDB_TYPE_VARCHAR, canonical_json) !=
        DuckDBSuccess) {
        return DuckDBError;
    }
    return register_function(connection, "fw_json_length", DUCKDB_TYPE_DOUBLE, json_length);
}
