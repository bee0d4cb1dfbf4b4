/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/service/artifact.h>

#include "combine.h"
#include "report/json.h"
#include "report/report.h"

static fw_status add_int(const struct combine *combine, cJSON *object, const char *name,
                         const char *query)
{
    int64_t n = 0;
    fw_status status = fw_sql_int64(&combine->sql, &n, query);

    cJSON_AddItemToObject(object, name, fw_json_int(n));
    return status;
}

/* Days of the prices and of the features that the output does not have. */
static fw_status add_drops(const struct combine *combine, struct fw_report *report)
{
    static const struct {
        const char *name, *query;
    } drops[] = {
        {"prices_without_date", "SELECT count(*) FROM fw_prices WHERE fw_day IS NULL"},
        {"features_without_date", "SELECT count(*) FROM fw_features WHERE fw_day IS NULL"},
        {"prices_alone", "SELECT count(*) FROM fw_prices ANTI JOIN fw_features USING (fw_day) "
                         "WHERE fw_day IS NOT NULL"},
        {"features_alone", "SELECT count(*) FROM fw_features ANTI JOIN fw_prices USING (fw_day) "
                           "WHERE fw_day IS NOT NULL"},
        {"undefined", "SELECT count(*) FROM fw_joined WHERE NOT fw_whole"},
    };
    cJSON *dropped = cJSON_CreateObject();
    fw_status status = FW_OK;

    for (size_t i = 0; i < FW_COUNT(drops) && status == FW_OK; i++) {
        status = add_int(combine, dropped, drops[i].name, drops[i].query);
    }
    fw_report_add(report, "rows_dropped", dropped);
    return status;
}

static fw_status add_days(const struct combine *combine, struct fw_report *report)
{
    struct fw_sql_grid grid = {0};
    fw_status status = fw_sql_grid(
        &combine->sql, &grid, "SELECT min(\"Date\"), max(\"Date\") FROM fw_joined WHERE fw_whole");

    if (status == FW_OK) {
        fw_report_text(report, "first_date", fw_sql_cell(&grid, 0, 0));
        fw_report_text(report, "last_date", fw_sql_cell(&grid, 0, 1));
    }
    fw_sql_grid_finish(&grid);
    return status;
}

fw_status combine_manifest_write(const struct combine *combine)
{
    const struct fw_artifact *artifact = combine->host->service(combine->host, FW_ARTIFACT_ID);
    struct fw_report report = {0};

    fw_report_int(&report, "rows_written", combine->n_written);
    fw_report_int(&report, "columns", (int64_t)combine->n_columns + 1);
    fw_status status = add_days(combine, &report);
    if (status == FW_OK) {
        status = add_drops(combine, &report);
    }
    if (status == FW_OK) {
        status = fw_report_fields(&report, combine->host);
    }
    fw_report_finish(&report);
    return status == FW_OK ? artifact->rows(combine->host, "dataset", (uint64_t)combine->n_written)
                           : status;
}
