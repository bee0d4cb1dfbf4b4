/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "audit_columns.h"

enum { CIK, FILED, FIRST_FEATURE };

static void append_order(const struct audit *audit, const char *column, struct fw_text *query)
{
    if (!audit->rules.scan_order && audit_has_column(audit, AUDIT_FILINGS, column)) {
        fw_text_identifier(query, column);
        fw_text_append(query, " ASC NULLS FIRST, ");
    }
}

/* Each feature's column as text; several features of one column repeat it, and that is fine. */
static void append_query(const struct audit *audit, struct fw_text *query)
{
    const struct fw_filing_rules *rules = &audit->rules;

    fw_text_append(query, "SELECT fw_cik, epoch_us(fw_filed)");
    for (size_t i = 0; i < audit->n_features; i++) {
        const struct fw_source_column *column = audit->features[i].column;
        fw_text_append(query, column->nested ? ", to_json(" : ", (");
        fw_text_identifier(query, column->name);
        fw_text_append(query, ")::VARCHAR");
    }
    fw_text_append(query, " FROM (SELECT *, ");
    audit_append_cik(audit, rules->cik_column, query);
    fw_text_append(query, " AS fw_cik, ");
    audit_append_instant(rules->filed_column, query);
    fw_text_append(query, " AS fw_filed FROM filings) WHERE fw_filed IS NOT NULL AND fw_cik IN "
                          "(SELECT cik FROM sampled) ORDER BY fw_cik, fw_filed, ");
    append_order(audit, rules->accepted_column, query);
    append_order(audit, rules->accession_column, query);
    fw_text_append(query, "fw_file, fw_row");
}

/* The last of several filings of one instant is the one that counts. */
static bool is_followed(const struct fw_sql_grid *grid, size_t row)
{
    return row + 1 < grid->n_rows &&
           strcmp(fw_sql_cell(grid, row, CIK), fw_sql_cell(grid, row + 1, CIK)) == 0 &&
           strcmp(fw_sql_cell(grid, row, FILED), fw_sql_cell(grid, row + 1, FILED)) == 0;
}

static bool gather(const struct audit *audit, struct audit_filings *filings)
{
    const struct fw_sql_grid *grid = &filings->grid;

    filings->items = calloc(grid->n_rows + 1, sizeof *filings->items);
    filings->values = calloc((grid->n_rows + 1) * audit->n_features, sizeof *filings->values);
    if (filings->items == NULL || filings->values == NULL) {
        return false;
    }
    for (size_t row = 0; row < grid->n_rows; row++) {
        if (is_followed(grid, row)) {
            continue;
        }
        struct audit_filing *filing = &filings->items[filings->n];
        filing->cik = fw_sql_cell(grid, row, CIK);
        filing->filed = strtoll(fw_sql_cell(grid, row, FILED), NULL, 10);
        filing->values = filings->values + filings->n++ * audit->n_features;
        for (size_t i = 0; i < audit->n_features; i++) {
            filing->values[i] = audit_feature_value(audit, &audit->features[i],
                                                    fw_sql_cell(grid, row, FIRST_FEATURE + i));
        }
    }
    return true;
}

fw_status audit_filings_read(const struct audit *audit, struct audit_filings *ret_filings)
{
    struct fw_text query = {0};

    append_query(audit, &query);
    fw_status status = query.failed
                           ? fw_fault_nomem(audit->host)
                           : fw_sql_grid(&audit->sql, &ret_filings->grid, fw_text_get(&query));
    fw_text_finish(&query);
    if (status == FW_OK && !gather(audit, ret_filings)) {
        status = fw_fault_nomem(audit->host);
    }
    return status;
}

void audit_filings_finish(struct audit_filings *filings)
{
    fw_sql_grid_finish(&filings->grid);
    free(filings->items);
    free(filings->values);
}
