/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "edgar.h"
#include "instant/instant.h"

bool edgar_cutoff_is_given(const struct edgar *edgar)
{
    return edgar->rules.cutoff_column[0] != '\0';
}

/* The first row in the order of the table whose cutoff says no instant. */
static void append_unreadable(const struct edgar *edgar, struct fw_text *query)
{
    const struct fw_filing_rules *rules = &edgar->rules;

    fw_text_append(query, "SELECT " FW_SOURCE_FILE ", " FW_SOURCE_ROW ", raw FROM (SELECT CAST(");
    fw_text_identifier(query, rules->cik_column);
    fw_text_append(query, " AS VARCHAR) AS cik, ");
    fw_text_identifier(query, rules->day_column);
    fw_text_append(query, " AS day, CAST(");
    fw_text_identifier(query, rules->cutoff_column);
    fw_text_append(query, " AS VARCHAR) AS raw, ");
    fw_instant_append(query, fw_source_column(edgar->index.source, rules->cutoff_column));
    fw_text_append(query, " AS cutoff, " FW_SOURCE_FILE ", " FW_SOURCE_ROW " FROM ");
    fw_source_scan(edgar->index.source, NULL, query);
    fw_text_append(query, ") WHERE (cutoff IS NULL OR NOT isfinite(cutoff)) AND cik IN (SELECT "
                          "fw_raw FROM fw_raws) AND day IN (SELECT fw_raw FROM fw_days) "
                          "ORDER BY " FW_SOURCE_FILE ", " FW_SOURCE_ROW " LIMIT 1");
}

static fw_status refuse(const struct edgar *edgar, const struct fw_sql_grid *grid)
{
    const char *column = edgar->rules.cutoff_column;
    size_t file = (size_t)strtoll(fw_sql_cell(grid, 0, 0), NULL, 10);
    int64_t row = strtoll(fw_sql_cell(grid, 0, 1), NULL, 10) + 1;
    const char *value = fw_sql_cell(grid, 0, 2);
    const char *name = edgar->index.source->files[file].name;
    const char *mend = "give each row of the index a DATE, a TIMESTAMP or a text of one, or leave "
                       "cutoff_col empty";

    return value != NULL
               ? fw_faultf(edgar->host, FW_E_DATA, column, mend,
                           "%s, row %" PRId64 ": the cutoff '%s' is no instant", name, row, value)
               : fw_faultf(edgar->host, FW_E_DATA, column, mend,
                           "%s, row %" PRId64 ": the cutoff is NULL", name, row);
}

fw_status edgar_cutoff_check(const struct edgar *edgar)
{
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};

    if (!edgar_cutoff_is_given(edgar)) {
        return FW_OK;
    }
    append_unreadable(edgar, &query);
    fw_status status = query.failed ? fw_fault_nomem(edgar->host)
                                    : fw_sql_grid(&edgar->sql, &grid, fw_text_get(&query));
    if (status == FW_OK && grid.n_rows > 0) {
        status = refuse(edgar, &grid);
    }
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}

/*
 * Filings count up to the day's midnight or the cutoff, whichever is earlier, and the lag is taken
 * off that. The reference says the cutoff itself.
 */
void edgar_cutoff_append(const struct edgar *edgar, struct fw_text *text)
{
    if (edgar->rules.compat) {
        fw_text_append(text, "epoch_us(cutoff) AS upto");
    } else {
        fw_text_appendf(text, "least(epoch_us(cutoff), fw_day * %" PRId64 ") - %" PRId64 " AS upto",
                        EDGAR_DAY_US, edgar->rules.lag_days * EDGAR_DAY_US);
    }
}

/* The reference looks at the newest filing of the day alone, and not back. */
fw_status edgar_cutoff_lookback(const struct edgar *edgar, int64_t *ret_us)
{
    *ret_us = 0;
    return !edgar_cutoff_is_given(edgar) || edgar->rules.compat
               ? FW_OK
               : fw_sql_int64f(&edgar->sql, ret_us,
                               "SELECT coalesce(max(day * %" PRId64 " - %" PRId64
                               " - upto), 0) FROM fw_rows",
                               EDGAR_DAY_US, edgar->rules.lag_days * EDGAR_DAY_US);
}
