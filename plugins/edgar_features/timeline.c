/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "edgar.h"

static int32_t year_of(int32_t day)
{
    time_t seconds = (time_t)day * 86400;
    struct tm parts;

    return gmtime_r(&seconds, &parts) != NULL ? parts.tm_year + 1900 : 0;
}

int64_t edgar_timeline_cutoff(const struct edgar *edgar, int32_t day)
{
    return (day - edgar->rules.lag_days) * EDGAR_DAY_US;
}

/*
 * Each day with its rows of the index and the filings that are first visible on it: those up to
 * its midnight. Days after the last one of the index do not matter.
 */
static fw_status census(const struct edgar *edgar, struct fw_sql_grid *ret_days)
{
    struct fw_text query = {0};

    fw_text_appendf(
        &query,
        "WITH rows AS (SELECT day, count(*) AS n FROM fw_rows GROUP BY day), filings AS "
        "(SELECT CAST(ceil(filed / %" PRId64 ".0) AS BIGINT) + %" PRId64
        " AS day, count(*) AS n FROM fw_filings WHERE filed IS NOT NULL GROUP BY 1) "
        "SELECT day, coalesce(rows.n, 0), coalesce(filings.n, 0) FROM rows FULL JOIN "
        "filings USING (day) WHERE day <= (SELECT max(day) FROM rows) ORDER BY day",
        EDGAR_DAY_US, edgar->rules.lag_days);
    fw_status status = query.failed ? fw_fault_nomem(edgar->host)
                                    : fw_sql_grid(&edgar->sql, ret_days, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

static int64_t number(const struct fw_sql_grid *grid, size_t row, size_t column)
{
    return strtoll(fw_sql_cell(grid, row, column), NULL, 10);
}

static struct edgar_part *begin_part(struct edgar *edgar)
{
    struct edgar_part *part = &edgar->parts[edgar->n_parts++];

    *part = (struct edgar_part){0};
    return part;
}

/* A part ends with its year, and before it has too many rows or filings. */
static void cut(struct edgar *edgar, const struct fw_sql_grid *days)
{
    const int64_t limit = edgar->part_rows;
    struct edgar_part *part = NULL;
    int32_t last_year = 0, next_number = 0;
    int64_t filings = 0;

    for (size_t i = 0; i < days->n_rows; i++) {
        int32_t day = (int32_t)number(days, i, 0), year = year_of(day);
        int64_t n_rows = number(days, i, 1), n_filings = number(days, i, 2);
        if (part == NULL || part->n_rows + n_rows > limit || filings + n_filings > limit ||
            (part->n_rows > 0 && n_rows > 0 && part->year != year)) {
            part = begin_part(edgar);
            filings = 0;
        }
        if (part->n_rows == 0 && n_rows > 0) {
            next_number = year == last_year ? next_number + 1 : 0;
            last_year = year;
            part->first_day = day;
            part->year = year;
            part->number = next_number;
        }
        part->last_day = day;
        part->n_rows += n_rows;
        filings += n_filings;
    }
}

fw_status edgar_timeline_open(struct edgar *edgar)
{
    struct fw_sql_grid days = {0};
    int64_t lookback_us = 0;
    fw_status status = edgar_cutoff_lookback(edgar, &lookback_us);

    if (status == FW_OK) {
        status = census(edgar, &days);
    }
    if (status != FW_OK) {
        return status;
    }
    edgar->parts = calloc(days.n_rows + 1, sizeof *edgar->parts);
    edgar->tracks =
        edgar_tracks_create(edgar->n_ciks, edgar->n_features, edgar->rules.alpha, lookback_us);
    if (edgar->parts != NULL && edgar->tracks != NULL) {
        cut(edgar, &days);
        edgar->applied_us = INT64_MIN;
    } else {
        status = fw_fault_nomem(edgar->host);
    }
    fw_sql_grid_finish(&days);
    return status;
}

void edgar_timeline_close(struct edgar *edgar)
{
    for (size_t i = 0; i < edgar->n_ciks; i++) {
        free(edgar->ciks[i]);
    }
    for (size_t i = 0; i < 2 * edgar->n_offers; i++) {
        free(edgar->offers[i]);
    }
    free(edgar->offers);
    free(edgar->ciks);
    free(edgar->parts);
    edgar_tracks_destroy(edgar->tracks);
}
