/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "named/choose.h"
#include "named/named.h"

/* More classes than this are rather numbers that are no classes, or texts that are no labels. */
enum { MAX_LABELS = 1024 };

static fw_status find_columns(const struct compare_table *table, const char *param,
                              struct compare_columns *ret)
{
    const struct fw_value *names = fw_task_value(table->task, param);
    fw_status status = FW_OK;
    ret->items = calloc(names->n + 1, sizeof(void *));
    if (ret->items == NULL) {
        return fw_fault_nomem(table->host);
    }
    for (size_t i = 0; status == FW_OK && i < names->n; i++) {
        status = fw_named_find(table->host, table->source, names->texts[i], param, &ret->items[i]);
        ret->n += status == FW_OK;
    }
    return status;
}

static fw_status find_split(struct compare_table *table)
{
    const char *name = fw_task_text(table->task, "split_column");
    fw_status status = FW_OK;
    if (name[0] == '\0') {
        return FW_OK;
    }
    status = fw_named_find(table->host, table->source, name, "split_column", &table->split);
    if (status == FW_OK) {
        fw_text_append(&table->where, " WHERE CAST(");
        fw_text_identifier(&table->where, table->split->name);
        fw_text_append(&table->where, " AS VARCHAR) = ");
        fw_text_literal(&table->where, fw_task_text(table->task, "split"));
        status = table->where.failed ? fw_fault_nomem(table->host) : FW_OK;
    }
    return status;
}

/* --- classes that are called by texts --- */

static fw_status refuse_labels(const struct compare_table *table, const char *what)
{
    return fw_faultf(table->host, FW_E_DATA, table->path,
                     "set task = \"regression\" for numbers, or name the target's column",
                     "the target \"%s\" is text, %s", table->targets.items[0]->name, what);
}

/* The texts in the order of their bytes, unless a parameter gives another order. */
static fw_status find_labels(struct compare_table *table)
{
    const struct fw_value *given = fw_task_value(table->task, "labels");
    const struct fw_source_column *target = table->targets.items[0];
    struct fw_text query = {0};
    if (!table->classes || strcmp(target->sql_type, "VARCHAR") != 0) {
        return given->n == 0 ? FW_OK
                             : fw_faultf(table->host, FW_E_CONFIG, "labels", "leave it out",
                                         "the target \"%s\" is a %s: labels are of classes that "
                                         "are texts",
                                         target->name, target->sql_type);
    }
    fw_text_append(&query, "SELECT DISTINCT ");
    fw_text_identifier(&query, target->name);
    fw_text_append(&query, " AS label FROM ");
    fw_source_scan(table->source, NULL, &query);
    fw_text_append(&query, fw_text_get(&table->where));
    fw_text_appendf(&query, " ORDER BY label NULLS LAST LIMIT %d", MAX_LABELS + 1);
    fw_status status = query.failed ? fw_fault_nomem(table->host)
                                    : fw_sql_grid(&table->sql, &table->labels, fw_text_get(&query));
    fw_text_finish(&query);
    if (status == FW_OK && given->n > 0) {
        table->label_names = given->texts;
        return FW_OK;
    }
    if (status == FW_OK && table->labels.n_rows > MAX_LABELS) {
        return refuse_labels(table, "and of more than 1024 kinds, so these are no classes");
    }
    while (table->labels.n_rows > 0 && table->labels.cells[table->labels.n_rows - 1] == NULL) {
        table->labels.n_rows--; /* rows without one are refused with their place */
    }
    table->label_names = (const char *const *)table->labels.cells;
    return status;
}

static size_t n_labels(const struct compare_table *table)
{
    const struct fw_value *given = fw_task_value(table->task, "labels");
    return given->n > 0 ? given->n : table->labels.n_rows;
}

fw_status compare_table_target(const struct compare_table *table,
                               const struct fw_source_column *column, struct fw_text *text)
{
    const bool is_text = strcmp(column->sql_type, "VARCHAR") == 0;
    if (column->nested || strncmp(column->sql_type, "DATE", 4) == 0 ||
        strncmp(column->sql_type, "TIME", 4) == 0 || (is_text && table->label_names == NULL)) {
        return fw_faultf(table->host, FW_E_DATA, table->path, "name another column",
                         "the column \"%s\" is a %s, which is no target%s", column->name,
                         column->sql_type,
                         is_text ? " of numbers; of task = \"classification\" it could be" : "");
    }
    fw_text_append(text, "coalesce(CAST(");
    if (is_text) {
        fw_text_append(text, "list_position(CAST([");
        fw_text_literals(text, table->label_names, n_labels(table));
        fw_text_append(text, "] AS VARCHAR[]), ");
        fw_text_identifier(text, column->name);
        fw_text_append(text, ") - 1");
    } else {
        fw_text_identifier(text, column->name);
    }
    fw_text_append(text, " AS DOUBLE), 'nan'::DOUBLE)");
    return FW_OK;
}

/* --- opening --- */

static fw_status open_source(struct compare_table *table)
{
    const struct fw_input *input = fw_task_input(table->task, "table");
    if (table->host->service(table->host, FW_SQL_ID) == NULL) {
        return fw_faultf(table->host, FW_E_MISSING, FW_SQL_ID,
                         "put the plugin duckdb into the search path",
                         "tables are read by " FW_SQL_ID ", which no plugin provides");
    }
    fw_status status = fw_sql_handle_open(&table->sql, table->host);
    return status == FW_OK
               ? fw_source_open(&table->sql, input->paths, input->n_paths, NULL, &table->source)
               : status;
}

static fw_status find_all(struct compare_table *table)
{
    table->path = table->source->files[0].path;
    fw_status status = find_columns(table, "target", &table->targets);
    if (status == FW_OK && table->targets.n != 1 && (table->classes || table->targets.n == 0)) {
        return fw_faultf(table->host, FW_E_CONFIG, "target", "name one column",
                         "%zu targets are named, and a sample has one class", table->targets.n);
    }
    if (status == FW_OK) {
        status = find_columns(table, "id_columns", &table->ids);
    }
    if (status == FW_OK) {
        status = find_split(table);
    }
    return status == FW_OK ? find_labels(table) : status;
}

fw_status compare_table_open(const struct fw_task *task, bool classes, struct compare_set *set)
{
    struct compare_table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return fw_fault_nomem(set->host);
    }
    set->table = table;
    table->host = set->host;
    table->task = task;
    table->classes = classes;
    fw_status status = open_source(table);
    if (status == FW_OK) {
        status = find_all(table);
    }
    if (status == FW_OK) {
        status = compare_table_number(table);
    }
    if (status == FW_OK) {
        set->path = table->path;
        set->n = table->n;
        set->n_target = table->targets.n;
        set->labels = table->label_names;
        set->n_labels = n_labels(table);
    }
    return status;
}

void compare_table_close(struct compare_table *table)
{
    if (table == NULL) {
        return;
    }
    compare_rows_close(&table->reading);
    fw_sql_grid_finish(&table->labels);
    fw_text_finish(&table->where);
    free(table->ids.items);
    free(table->targets.items);
    free(table->features.items);
    free(table->samples);
    free(table->target);
    fw_source_close(table->source);
    fw_sql_handle_close(&table->sql);
    free(table);
}

/* --- features --- */

/* Every number that is not something else, or those that are named. */
static fw_status choose(struct compare_table *table)
{
    const struct fw_value *names = fw_task_value(table->task, "columns");
    const size_t n = table->ids.n + table->targets.n;
    const struct fw_source_column **but = calloc(n + 1, sizeof(void *));
    if (table->features.items != NULL || but == NULL) {
        free(but);
        return table->features.items != NULL ? FW_OK : fw_fault_nomem(table->host);
    }
    memcpy(but, table->ids.items, table->ids.n * sizeof(void *));
    memcpy(but + table->ids.n, table->targets.items, table->targets.n * sizeof(void *));
    but[n] = table->split;
    const struct fw_features features = {.source = table->source,
                                         .names = names->texts,
                                         .n_names = names->n,
                                         .but = but,
                                         .n_but = n + 1,
                                         .with_prices =
                                             fw_task_integer(table->task, "include_ohlcv") != 0};
    fw_status status =
        fw_features_choose(table->host, &features, &table->features.items, &table->features.n);
    free(but);
    return status;
}

/* Numbers of a sample; 0: the model takes any. */
static uint64_t wanted(const struct fw_predictor_port *port)
{
    uint64_t n = port->rank > 1;
    for (uint64_t k = 1; k < port->rank; k++) {
        n *= port->shape[k] < 0 ? 0 : (uint64_t)port->shape[k];
    }
    return n;
}

static fw_status refuse_width(const struct compare_table *table, const struct compare_arm *arm,
                              const struct fw_predictor_port *port)
{
    struct fw_text shape = {0}, names = {0};
    for (uint64_t k = 1; k < port->rank; k++) {
        fw_text_appendf(&shape, k > 1 ? " x %lld" : "%lld", (long long)port->shape[k]);
    }
    for (size_t i = 0; i < table->features.n; i++) {
        fw_text_appendf(&names, "%s%s", i > 0 ? ", " : "", table->features.items[i]->name);
    }
    fw_status status = fw_faultf(
        table->host, FW_E_DATA, arm->path,
        "name the columns that the model was fitted on, in their order: columns = [...]",
        "arm %s: the model takes %llu numbers a sample (%s), the table has %zu columns of "
        "features: %s",
        arm->name, (unsigned long long)wanted(port), fw_text_get(&shape), table->features.n,
        fw_text_get(&names));
    fw_text_finish(&shape);
    fw_text_finish(&names);
    return status;
}

fw_status compare_table_fits(struct compare_table *table, const struct compare_arm *arm,
                             const struct fw_predictor_info *info)
{
    const struct fw_predictor_port *port = info->inputs[0];
    if (info->n_inputs != 1) {
        return fw_faultf(table->host, FW_E_UNSUPPORTED, arm->path,
                         "give the samples as a tensor (data), with an array for each input",
                         "arm %s: the model has %llu inputs, and a table's rows are one", arm->name,
                         (unsigned long long)info->n_inputs);
    }
    if (port->element != FW_F32 && port->element != FW_F64) {
        return fw_faultf(table->host, FW_E_UNSUPPORTED, arm->path,
                         "give the samples as a tensor (data)",
                         "arm %s: the model's input \"%s\" takes other numbers than float32 and "
                         "float64",
                         arm->name, port->name);
    }
    fw_status status = choose(table);
    return status == FW_OK && wanted(port) != 0 && wanted(port) != table->features.n
               ? refuse_width(table, arm, port)
               : status;
}
