/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "market_features.h"
#include "named/named.h"

const char *const market_reasons[MARKET_REASONS] = {
    "blank", "no_date", "no_price", "price_not_positive", "high_below_low", "no_volume"};

static struct fw_named named(const struct market *market, const struct fw_source *source)
{
    return (struct fw_named){.host = market->host, .task = market->task, .source = source};
}

static fw_status append_number(const struct market *market, const struct fw_source *source,
                               const char *parameter, const char *as, struct fw_text *text)
{
    const struct fw_named columns = named(market, source);

    fw_text_append(text, ", ");
    fw_status status = fw_named_number(&columns, parameter, text);
    fw_text_appendf(text, " AS %s", as);
    return status;
}

/* The day, and what the row says of it. */
static fw_status append_day(const struct market *market, const struct fw_source *source,
                            const char *parameter, const char *format_parameter,
                            struct fw_text *text)
{
    const struct fw_named columns = named(market, source);
    const struct fw_source_column *column;
    fw_status status = fw_named_column(&columns, parameter, &column);

    if (status != FW_OK) {
        return status;
    }
    fw_text_append(text, "SELECT ");
    status = fw_named_day(&columns, parameter, format_parameter, text);
    fw_text_append(text, " AS fw_day, ");
    fw_text_identifier(text, column->name);
    fw_text_append(text, "::VARCHAR AS fw_said");
    return status;
}

/*
 * Every row with its day, its numbers, the index, and the reason why it cannot be used, if there is
 * one; in the order of days. What the date said is kept of such rows alone.
 */
static fw_status append_series(struct market *market)
{
    static const struct {
        const char *parameter, *as;
    } numbers[] = {{"open_column", "o"},
                   {"high_column", "h"},
                   {"low_column", "l"},
                   {"close_column", "c"},
                   {"volume_column", "v"}};
    struct fw_text *text = &market->load_series;

    fw_text_append(text, "CREATE TABLE fw_series AS SELECT * REPLACE (CASE WHEN fw_reason IS NOT "
                         "NULL THEN fw_said END AS fw_said)");
    fw_text_append(text, market->index != NULL
                             ? ", coalesce(vix, 'nan'::DOUBLE) AS vix, coalesce(n, 0) AS n"
                             : ", 'nan'::DOUBLE AS vix, 0 AS n");
    fw_text_append(text,
                   " FROM (SELECT *, CASE WHEN fw_said IS NULL AND coalesce(o, h, l, c, v) IS NULL "
                   "THEN 0 WHEN fw_day IS NULL THEN 1 WHEN o IS NULL OR h IS NULL OR l IS NULL OR "
                   "c IS NULL THEN 2 WHEN least(o, h, l, c) <= 0 THEN 3 WHEN h < l THEN 4 WHEN v "
                   "IS NULL OR v < 0 THEN 5 END AS fw_reason FROM (");
    fw_status status = append_day(market, market->prices, "date_column", "date_format", text);
    for (size_t i = 0; i < FW_COUNT(numbers) && status == FW_OK; i++) {
        status = append_number(market, market->prices, numbers[i].parameter, numbers[i].as, text);
    }
    fw_text_append(text, ", fw_file, fw_row FROM ");
    fw_source_scan(market->prices, NULL, text);
    fw_text_append(text, "))");
    if (market->index != NULL) {
        fw_text_append(text, " LEFT JOIN (SELECT fw_day AS vix_day, min(vix) AS vix, count(*) AS n "
                             "FROM fw_index WHERE fw_day IS NOT NULL AND vix IS NOT NULL GROUP BY "
                             "1) ON fw_day = vix_day");
    }
    fw_text_append(text, " ORDER BY fw_day, fw_file, fw_row");
    return status == FW_OK && text->failed ? fw_fault_nomem(market->host) : status;
}

static fw_status append_index(struct market *market)
{
    struct fw_text *text = &market->load_index;

    fw_text_append(text, "CREATE TABLE fw_index AS ");
    fw_status status =
        append_day(market, market->index, "vix_date_column", "vix_date_format", text);
    if (status == FW_OK) {
        status = append_number(market, market->index, "vix_column", "vix", text);
    }
    fw_text_append(text, ", fw_file, fw_row FROM ");
    fw_source_scan(market->index, NULL, text);
    return status == FW_OK && text->failed ? fw_fault_nomem(market->host) : status;
}

static fw_status open_source(struct market *market, const char *port, struct fw_source **ret)
{
    const struct fw_input *input = fw_task_input(market->task, port);

    return fw_source_open(&market->reader, input->paths, input->n_paths, NULL, ret);
}

static fw_status open_index(struct market *market)
{
    const struct fw_input *vix = fw_task_input(market->task, "vix");

    if (market->settings.tier == FW_TIER_A20) {
        return FW_OK;
    }
    if (vix == NULL || vix->n_paths == 0) {
        return fw_faultf(market->host, FW_E_CONFIG, "vix",
                         "plug in the index, or set tier = \"a20\"",
                         "the tiers a50 and a100 need the volatility index");
    }
    fw_status status = open_source(market, "vix", &market->index);
    return status == FW_OK ? append_index(market) : status;
}

fw_status market_input_open(struct market *market)
{
    fw_status status = open_source(market, "prices", &market->prices);

    if (status == FW_OK) {
        status = open_index(market);
    }
    return status == FW_OK ? append_series(market) : status;
}

/* The first of the rows that cannot be used; a line of CSV is two behind its row. */
static fw_status refuse(const struct market *market, const struct fw_source *source,
                        const char *reason, const struct fw_sql_grid *grid, size_t row)
{
    struct fw_text where = {0};
    const struct fw_source_file *file = &source->files[atoi(fw_sql_cell(grid, row, 2))];
    bool is_csv = source->kind == FW_SOURCE_CSV;

    fw_text_appendf(&where, "%s:%" PRId64, file->path,
                    (int64_t)strtoll(fw_sql_cell(grid, row, 3), NULL, 10) + (is_csv ? 2 : 0));
    fw_status status = fw_faultf(
        market->host, FW_E_DATA, fw_text_get(&where),
        strcmp(reason, "no_date") == 0
            ? "give the date's format, e.g. date_format = \"%m/%d/%Y\", or bad_rows = \"drop\""
            : "mend the row, or set bad_rows = \"drop\" to leave out such rows and count them",
        "%s rows cannot be used: %s; the first says: %s", fw_sql_cell(grid, row, 1), reason,
        fw_sql_cell(grid, row, 4));
    fw_text_finish(&where);
    return status;
}

/* One row a reason: its number, how many rows, where the first one lies, what that says. */
static const char reasons_sql[] =
    "SELECT fw_reason, count(*), min_by(fw_file, (fw_file, fw_row)), "
    "min_by(fw_row, (fw_file, fw_row)), min_by(concat_ws(' ', coalesce(fw_said, 'no date'), ";

static fw_status check_prices(struct market *market)
{
    struct fw_sql_grid grid = {0};
    fw_status status = fw_sql_gridf(
        &market->reader, &grid,
        "%s'O', o, 'H', h, 'L', l, 'C', c, 'V', v), (fw_file, fw_row)) FROM fw_series WHERE "
        "fw_reason IS NOT NULL GROUP BY 1 ORDER BY 1",
        reasons_sql);

    for (size_t i = 0; i < grid.n_rows && status == FW_OK; i++) {
        int reason = atoi(fw_sql_cell(&grid, i, 0));
        market->counts.bad[reason] = strtoll(fw_sql_cell(&grid, i, 1), NULL, 10);
        if (reason != MARKET_BLANK && !market->settings.drops_bad) {
            status = refuse(market, market->prices, market_reasons[reason], &grid, i);
        }
    }
    fw_sql_grid_finish(&grid);
    return status == FW_OK ? fw_sql_int64(&market->reader, &market->n_days,
                                          "SELECT count(*) FROM fw_series WHERE fw_reason IS NULL")
                           : status;
}

static fw_status check_index(struct market *market)
{
    struct fw_sql_grid grid = {0};
    fw_status status = fw_sql_gridf(
        &market->reader, &grid,
        "%s vix), (fw_file, fw_row)) FROM (SELECT *, CASE WHEN fw_day IS NULL AND (fw_said IS NOT "
        "NULL OR vix IS NOT NULL) THEN 0 WHEN vix IS NULL THEN 1 END AS fw_reason FROM fw_index) "
        "WHERE fw_reason IS NOT NULL GROUP BY 1 ORDER BY 1",
        reasons_sql);

    for (size_t i = 0; i < grid.n_rows && status == FW_OK; i++) {
        bool is_undated = strcmp(fw_sql_cell(&grid, i, 0), "0") == 0;
        int64_t n = strtoll(fw_sql_cell(&grid, i, 1), NULL, 10);
        *(is_undated ? &market->counts.vix_undated : &market->counts.vix_empty) = n;
        if (is_undated && !market->settings.drops_bad) {
            status = refuse(market, market->index, "no_date", &grid, i);
        }
    }
    fw_sql_grid_finish(&grid);
    return status;
}

fw_status market_input_check(struct market *market)
{
    fw_status status = check_prices(market);

    return status == FW_OK && market->index != NULL ? check_index(market) : status;
}

/* All DOUBLE and none NULL: what bars.c reads. The table is in order already. */
fw_status market_input_start(struct market *market)
{
    fw_status status = market->reader.api->query(
        market->reader.session,
        "SELECT (fw_day - DATE '1970-01-01')::DOUBLE, o, h, l, c, v, vix, n::DOUBLE FROM fw_series "
        "WHERE fw_reason IS NULL",
        &market->bars.stream);

    market->bars.is_open = status == FW_OK;
    return status;
}
