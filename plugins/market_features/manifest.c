/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include <fw/service/artifact.h>
#include <fw/service/log.h>

#include "market_features.h"
#include "report/json.h"
#include "report/report.h"

static void add_count(cJSON *object, const char *name, int64_t n)
{
    cJSON_AddItemToObject(object, name, fw_json_int(n));
}

/* Every row that was read and not written, once. */
static void add_drops(struct fw_report *report, const struct market_counts *counts)
{
    cJSON *dropped = cJSON_CreateObject();

    for (int i = 0; i < MARKET_REASONS; i++) {
        add_count(dropped, market_reasons[i], counts->bad[i]);
    }
    add_count(dropped, "warm_up", counts->warm_up);
    add_count(dropped, "no_vix_leading", counts->vix_leading);
    add_count(dropped, "no_vix_interior", counts->vix_interior);
    add_count(dropped, "no_vix_trailing", counts->vix_trailing);
    add_count(dropped, "undefined", counts->undefined);
    fw_report_add(report, "rows_dropped", dropped);
}

static void add_undefined(struct fw_report *report, const struct market *market)
{
    cJSON *columns = cJSON_CreateObject();

    for (size_t i = 0; i < market->n_columns; i++) {
        if (market->counts.undefined_by[i] > 0) {
            add_count(columns, fw_indicators[i].name, market->counts.undefined_by[i]);
        }
    }
    fw_report_add(report, "undefined_by_column", columns);
}

static void add_columns(struct fw_report *report, const struct market *market)
{
    cJSON *columns = cJSON_CreateArray();

    for (size_t i = 0; i < market->n_columns; i++) {
        cJSON *column = cJSON_CreateObject();
        cJSON_AddStringToObject(column, "name", fw_indicators[i].name);
        add_count(column, "first", fw_indicators[i].first);
        cJSON_AddStringToObject(column, "doc", fw_indicators[i].doc);
        cJSON_AddItemToArray(columns, column);
    }
    fw_report_add(report, "columns", columns);
}

static void add_facts(struct fw_report *report, const struct market *market)
{
    static const char *const tiers[FW_TIERS] = {"a20", "a50", "a100"};
    const struct market_counts *counts = &market->counts;
    char first[MARKET_DAY_TEXT], last[MARKET_DAY_TEXT];

    fw_report_text(report, "tier", tiers[market->settings.tier]);
    fw_report_text(report, "compat", market->settings.is_reference ? "ref" : "fixed");
    fw_report_int(report, "days_read", atomic_load(&counts->read));
    fw_report_int(report, "rows_written", counts->written);
    fw_report_text(report, "first_date", market_day_text(counts->first_day, first, sizeof first));
    fw_report_text(report, "last_date", market_day_text(counts->last_day, last, sizeof last));
    fw_report_int(report, "warm_up_days", market->warm_up);
    fw_report_int(report, "vix_filled", counts->vix_filled);
    fw_report_int(report, "vix_rows_without_date", counts->vix_undated);
    fw_report_int(report, "vix_rows_without_value", counts->vix_empty);
    fw_report_int(report, "values_beyond_1000", counts->far_off);
    add_drops(report, counts);
    add_undefined(report, market);
    add_columns(report, market);
}

static void warn(const struct market *market, int64_t n, const char *what)
{
    const struct fw_log *log = market->host->service(market->host, FW_LOG_ID);
    char line[200];

    if (n > 0 && log != NULL) {
        snprintf(line, sizeof line, "%" PRId64 " %s", n, what);
        log->write(market->host, FW_LOG_WARNING, line);
    }
}

static void warn_of(const struct market *market)
{
    const struct market_counts *counts = &market->counts;
    int64_t bad = 0;

    for (int i = 0; i < MARKET_REASONS; i++) {
        bad += counts->bad[i];
    }
    warn(market, bad, "rows of the prices cannot be used and were left out: rows_dropped");
    warn(market, counts->vix_interior + counts->vix_trailing + counts->vix_leading,
         "days after the warm-up have no volatility index and were left out");
    warn(market, counts->undefined,
         "days after the warm-up have an undefined column and were left out: undefined_by_column");
    warn(market, counts->far_off,
         "values of volume_price_trend and accumulation_dist are beyond 1,000: a mean near 0");
}

fw_status market_manifest_write(const struct market *market)
{
    const struct fw_artifact *artifact = market->host->service(market->host, FW_ARTIFACT_ID);
    struct fw_report report = {0};

    if (market->counts.written == 0) {
        return fw_faultf(market->host, FW_E_DATA, "prices", "give a longer series, or another tier",
                         "no day is left of %" PRId64 ": the first %d are warm-up, and %" PRId64
                         " of the others have no volatility index, %" PRId64 " an undefined column",
                         (int64_t)atomic_load(&market->counts.read), (int)market->warm_up,
                         market->counts.vix_leading + market->counts.vix_trailing +
                             market->counts.vix_interior,
                         market->counts.undefined);
    }
    warn_of(market);
    add_facts(&report, market);
    fw_status status = fw_report_fields(&report, market->host);
    fw_report_finish(&report);
    return status == FW_OK
               ? artifact->rows(market->host, "features", (uint64_t)market->counts.written)
               : status;
}
