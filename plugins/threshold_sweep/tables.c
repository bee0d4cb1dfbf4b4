/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "sql/copy.h"
#include "threshold_sweep.h"

#define VIEW "fw_sweep_rows"

uint64_t sweep_n_rows(const struct sweep *sweep)
{
    uint64_t n = 0;

    for (size_t i = 0; i < sweep->n_experiments; i++) {
        for (size_t role = 0; role < sweep->n_roles; role++) {
            n += sweep->experiments[i].cells[role].figures.n_rows;
        }
    }
    return n;
}

/* A number becomes the text that it stands for: "(['a', 'b'])[experiment + 1] AS experiment". */
static void append_names(const struct sweep *sweep, struct fw_text *text)
{
    fw_text_append(text, "([");
    for (size_t i = 0; i < sweep->n_experiments; i++) {
        fw_text_append(text, i > 0 ? ", " : "");
        fw_text_literal(text, sweep->experiments[i].name);
    }
    fw_text_append(text, "])[experiment + 1] AS experiment, ([");
    fw_text_literals(text, sweep->splits, sweep->n_roles);
    fw_text_append(text, "])[split + 1] AS split");
}

/* COPY of the table's rows, in order, to the path. `replaced` is more of the SELECT's REPLACE. */
static fw_status begin(struct sweep *sweep, const char *replaced, const char *path, bool is_csv)
{
    struct ArrowArrayStream stream;
    struct fw_text query = {0}, text = {0};

    sweep_table_stream(&sweep->table, &stream);
    fw_status status = sweep->sql.api->attach(sweep->sql.session, VIEW, &stream);
    if (status != FW_OK) {
        return status;
    }
    sweep->is_attached = true;
    fw_text_append(&query, "SELECT * REPLACE (");
    append_names(sweep, &query);
    fw_text_appendf(&query, "%s) FROM " VIEW, replaced);
    fw_text_append(&text, "COPY (");
    fw_sql_append_in_order(&text, fw_text_get(&query));
    fw_text_append(&text, ") ");
    if (is_csv) {
        fw_text_append(&text, "TO ");
        fw_text_literal(&text, path);
        fw_text_append(&text, " (FORMAT csv, HEADER true, USE_TMP_FILE false)");
    } else {
        fw_sql_append_to_parquet(&text, path, sweep->table.n_columns);
    }
    status = text.failed || query.failed
                 ? fw_fault_nomem(sweep->host)
                 : sweep->sql.api->begin(sweep->sql.session, fw_text_get(&text), &sweep->job);
    fw_text_finish(&query);
    fw_text_finish(&text);
    return status;
}

void sweep_end_job(struct sweep *sweep)
{
    if (sweep->job != NULL) {
        sweep->sql.api->finish(sweep->job);
        sweep->job = NULL;
    }
    if (sweep->is_attached) {
        sweep->sql.api->detach(sweep->sql.session, VIEW);
        sweep->is_attached = false;
    }
}

/* To the next split that has a row left; false behind the last one. */
static bool find_split(struct sweep_table *table, size_t (*n_rows)(const struct sweep_cell *cell))
{
    const struct sweep *sweep = table->sweep;

    while (table->experiment < sweep->n_experiments) {
        if (table->row < n_rows(&sweep->experiments[table->experiment].cells[table->role])) {
            return true;
        }
        table->row = 0;
        if (++table->role == sweep->n_roles) {
            table->role = 0;
            table->experiment++;
        }
    }
    return false;
}

static void add_columns(struct sweep_table *table, const struct sweep_column *columns, size_t n)
{
    memcpy(&table->columns[table->n_columns], columns, n * sizeof *columns);
    table->n_columns += n;
}

static void put_names(const struct sweep_table *table, union sweep_value *ret_values)
{
    ret_values[0].whole = (int64_t)table->experiment;
    ret_values[1].whole = (int64_t)table->role;
}

static size_t rows_of(const struct sweep_cell *cell)
{
    return (size_t)cell->figures.n_rows;
}

static bool next_row(struct sweep_table *table, union sweep_value *ret_values)
{
    if (!find_split(table, rows_of)) {
        return false;
    }
    const struct sweep_cell *cell =
        &table->sweep->experiments[table->experiment].cells[table->role];
    put_names(table, ret_values);
    sweep_metrics_of(&cell->figures, &cell->rows[table->row++], ret_values + 2);
    return true;
}

static size_t one(const struct sweep_cell *cell)
{
    (void)cell;
    return 1;
}

static bool next_summary(struct sweep_table *table, union sweep_value *ret_values)
{
    if (!find_split(table, one)) {
        return false;
    }
    put_names(table, ret_values);
    sweep_facts_of(&table->sweep->experiments[table->experiment].cells[table->role].figures,
                   ret_values + 2);
    table->row++;
    return true;
}

/* Here `row` is the rule: a point's splits stand together. */
static bool next_point(struct sweep_table *table, union sweep_value *ret_values)
{
    const struct sweep *sweep = table->sweep;

    for (; table->experiment < sweep->n_experiments; table->experiment++, table->row = 0) {
        const struct sweep_experiment *experiment = &sweep->experiments[table->experiment];
        while (table->row < sweep->n_rules && !experiment->points[table->row].is_there) {
            table->row++;
        }
        if (table->row == sweep->n_rules) {
            continue;
        }
        const struct sweep_point *point = &experiment->points[table->row];
        put_names(table, ret_values);
        ret_values[2].whole = (int64_t)table->row;
        ret_values[3].whole = (int64_t)table->role;
        ret_values[4].whole = (int64_t)point->at_edge;
        sweep_metrics_of(&experiment->cells[table->role].figures, &point->rows[table->role],
                         ret_values + 5);
        table->role = (table->role + 1) % sweep->n_roles;
        table->row += table->role == 0;
        return true;
    }
    return false;
}

static void set_table(struct sweep *sweep,
                      bool (*next)(struct sweep_table *table, union sweep_value *ret_values))
{
    static const struct sweep_column names[] = {{"experiment", true}, {"split", true}};

    sweep->table = (struct sweep_table){.sweep = sweep, .next = next};
    add_columns(&sweep->table, names, FW_COUNT(names));
}

fw_status sweep_begin_rows(struct sweep *sweep, const char *path, bool is_csv)
{
    set_table(sweep, next_row);
    add_columns(&sweep->table, sweep_metrics, SWEEP_METRICS);
    return begin(sweep, "", path, is_csv);
}

fw_status sweep_begin_summary(struct sweep *sweep, const char *path)
{
    set_table(sweep, next_summary);
    add_columns(&sweep->table, sweep_facts, SWEEP_FACTS);
    return begin(sweep,
                 ", CASE WHEN NOT isnan(auc) THEN auc END AS auc, CASE WHEN NOT "
                 "isnan(average_precision) THEN average_precision END AS average_precision",
                 path, false);
}

fw_status sweep_begin_points(struct sweep *sweep, const char *path)
{
    static const struct sweep_column more[] = {
        {"point", true}, {"role", true}, {"at_grid_edge", true}};
    struct fw_text replaced = {0};

    set_table(sweep, next_point);
    add_columns(&sweep->table, more, FW_COUNT(more));
    add_columns(&sweep->table, sweep_metrics, SWEEP_METRICS);
    fw_text_append(&replaced, ", ([");
    for (size_t i = 0; i < sweep->n_rules; i++) {
        fw_text_append(&replaced, i > 0 ? ", " : "");
        fw_text_literal(&replaced, sweep->rules[i].name);
    }
    fw_text_append(&replaced, "])[point + 1] AS point, (['selected', 'reported'])[role + 1] AS "
                              "role, at_grid_edge = 1 AS at_grid_edge");
    fw_status status = replaced.failed ? fw_fault_nomem(sweep->host)
                                       : begin(sweep, fw_text_get(&replaced), path, false);
    fw_text_finish(&replaced);
    return status;
}
