/* SPDX-License-Identifier: MIT */
#include "in_order.h"

/*
 * With more than one thread DuckDB's COPY cuts row groups where the threads happen to be, within
 * a vector's length: the same rows give other bytes in the next run. It cuts by count alone when
 * a source of the plan has no batch index, and a table function never has one. So fw_in_order
 * adds the no rows of one to a query; nothing is copied and the order is kept, but the query's
 * last pipeline runs on one thread.
 */
static void bind(duckdb_bind_info info)
{
    duckdb_logical_type type = duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);

    duckdb_bind_add_result_column(info, "fw_no_rows", type);
    duckdb_destroy_logical_type(&type);
}

static void init(duckdb_init_info info)
{
    duckdb_init_set_max_threads(info, 1);
}

static void give_nothing(duckdb_function_info info, duckdb_data_chunk output)
{
    (void)info;
    duckdb_data_chunk_set_size(output, 0);
}

duckdb_state in_order_register(duckdb_connection connection)
{
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_result result;

    duckdb_table_function_set_name(function, "fw_no_rows");
    duckdb_table_function_set_bind(function, bind);
    duckdb_table_function_set_init(function, init);
    duckdb_table_function_set_function(function, give_nothing);
    duckdb_state state = duckdb_register_table_function(connection, function);
    duckdb_destroy_table_function(&function);
    if (state == DuckDBSuccess) {
        state = duckdb_query(connection,
                             "CREATE MACRO fw_in_order(statement) AS TABLE "
                             "SELECT * EXCLUDE (fw_no_rows) FROM (FROM query(statement) "
                             "UNION ALL BY NAME FROM fw_no_rows())",
                             &result);
        duckdb_destroy_result(&result);
    }
    return state;
}
