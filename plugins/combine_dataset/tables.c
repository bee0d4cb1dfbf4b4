/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <strings.h>

#include "combine.h"
#include "named/named.h"

const char *const combine_ports[COMBINE_PARTS] = {"prices", "features", "vix_features", "labels"};

static const struct {
    const char *parameter, *name;
} prices[] = {{"open_column", "Open"},
              {"high_column", "High"},
              {"low_column", "Low"},
              {"close_column", "Close"},
              {"volume_column", "Volume"}};

static fw_status add_column(struct combine *combine, const char *name, const char *sql_type,
                            enum combine_part part)
{
    for (size_t i = 0; i < combine->n_columns; i++) {
        if (strcasecmp(combine->columns[i].name, name) == 0 || strcasecmp(name, "Date") == 0) {
            return fw_faultf(combine->host, FW_E_DATA, combine->tables[part].source->files[0].path,
                             "rename the column, or leave it out",
                             "the column \"%s\" of %s has a name that is taken already", name,
                             combine_ports[part]);
        }
    }
    struct combine_column *columns =
        reallocarray(combine->columns, combine->n_columns + 1, sizeof *columns);
    if (columns == NULL) {
        return fw_fault_nomem(combine->host);
    }
    combine->columns = columns;
    columns[combine->n_columns++] = (struct combine_column){name, sql_type, part};
    return FW_OK;
}

/* The five prices, whatever the input calls them. */
static fw_status append_prices(struct combine *combine, const struct fw_named *named,
                               struct fw_text *text)
{
    fw_status status = FW_OK;

    for (size_t i = 0; i < FW_COUNT(prices) && status == FW_OK; i++) {
        fw_text_append(text, ", ");
        status = fw_named_number(named, prices[i].parameter, text);
        fw_text_appendf(text, " AS \"%s\"", prices[i].name);
        if (status == FW_OK) {
            status = add_column(combine, prices[i].name, "DOUBLE", COMBINE_PRICES);
        }
    }
    return status;
}

/* All columns but the day. */
static fw_status append_others(struct combine *combine, enum combine_part part,
                               const struct fw_source_column *day, struct fw_text *text)
{
    const struct fw_source *source = combine->tables[part].source;
    fw_status status = FW_OK;

    for (size_t i = 0; i < source->n_columns && status == FW_OK; i++) {
        const struct fw_source_column *column = &source->columns[i];
        if (column != day) {
            fw_text_append(text, ", ");
            fw_text_identifier(text, column->name);
            status = add_column(combine, column->name, column->sql_type, part);
        }
    }
    return status;
}

static fw_status append_load(struct combine *combine, enum combine_part part)
{
    struct combine_table *table = &combine->tables[part];
    const struct fw_named named = {combine->host, combine->task, table->source};
    bool is_prices = part == COMBINE_PRICES;
    const char *parameter = is_prices ? "date_column" : "features_date_column";
    const struct fw_source_column *day = NULL;
    fw_status status = fw_named_column(&named, parameter, &day);

    if (status != FW_OK) {
        return status;
    }
    fw_text_appendf(&table->load, "CREATE TABLE fw_%s AS SELECT ", combine_ports[part]);
    status = fw_named_day(&named, parameter, is_prices ? "date_format" : "features_date_format",
                          &table->load);
    fw_text_append(&table->load, " AS fw_day");
    if (status == FW_OK) {
        status = is_prices ? append_prices(combine, &named, &table->load)
                           : append_others(combine, part, day, &table->load);
    }
    fw_text_append(&table->load, " FROM ");
    fw_source_scan(table->source, NULL, &table->load);
    return status;
}

fw_status combine_tables_open(struct combine *combine)
{
    fw_status status = FW_OK;

    for (int i = 0; i < COMBINE_PARTS && status == FW_OK; i++) {
        const struct fw_input *input = fw_task_input(combine->task, combine_ports[i]);
        if (input == NULL || input->n_paths == 0) {
            continue;
        }
        status = fw_source_open(&combine->sql, input->paths, input->n_paths, NULL,
                                &combine->tables[i].source);
        if (status == FW_OK) {
            status = append_load(combine, (enum combine_part)i);
        }
    }
    return status;
}

static fw_status check_table(const struct combine *combine, enum combine_part part)
{
    struct fw_sql_grid grid = {0};
    fw_status status = fw_sql_gridf(&combine->sql, &grid,
                                    "SELECT fw_day, count(*) FROM fw_%s WHERE fw_day IS NOT NULL "
                                    "GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1",
                                    combine_ports[part]);

    if (status == FW_OK && grid.n_rows > 0) {
        status = fw_faultf(combine->host, FW_E_DATA, combine->tables[part].source->files[0].path,
                           "give one row a day", "%s has %s rows for %s", combine_ports[part],
                           fw_sql_cell(&grid, 0, 1), fw_sql_cell(&grid, 0, 0));
    }
    fw_sql_grid_finish(&grid);
    return status;
}

fw_status combine_tables_check(const struct combine *combine)
{
    fw_status status = FW_OK;

    for (int i = 0; i < COMBINE_PARTS && status == FW_OK; i++) {
        if (combine->tables[i].source != NULL) {
            status = check_table(combine, (enum combine_part)i);
        }
    }
    return status;
}
