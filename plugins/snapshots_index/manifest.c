/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/service/artifact.h>

#include "index.h"
#include "report/report.h"

static int64_t number(const struct fw_sql_grid *facts, size_t column)
{
    return strtoll(fw_sql_cell(facts, 0, column), NULL, 10);
}

static fw_status write_fields(const struct index *index, const struct fw_sql_grid *facts)
{
    struct fw_report report = {0};

    fw_report_text(&report, "daily_path", fw_task_input(index->task, "daily")->paths[0]);
    fw_report_text(&report, "duckdb_version", index->sql.api->engine);
    fw_report_int(&report, "rows_scanned", fw_fold_rows_in(index->fold, 0));
    fw_report_int(&report, "dropped_cik", number(facts, 0));
    fw_report_int(&report, "dropped_ts", number(facts, 1));
    fw_report_int(&report, "offer_day_rows", number(facts, 2));
    fw_report_int(&report, "cik_day_rows", number(facts, 3));
    fw_report_int(&report, "unique_cik", number(facts, 4));
    fw_report_bool(&report, "normalize_cik", index->normalize_cik);
    fw_status status = fw_report_fields(&report, index->host);
    fw_report_finish(&report);
    return status;
}

fw_status index_manifest_write(const struct index *index)
{
    const struct fw_artifact *artifact = index->host->service(index->host, FW_ARTIFACT_ID);
    struct fw_sql_grid facts = {0};
    struct fw_text query = {0};

    fw_text_append(&query, "SELECT * FROM ");
    fw_fold_append_rows(index->fold, "facts", &query);
    fw_status status = query.failed ? fw_fault_nomem(index->host)
                                    : fw_sql_grid(&index->sql, &facts, fw_text_get(&query));
    fw_text_finish(&query);
    if (status == FW_OK) {
        status = write_fields(index, &facts);
    }
    if (status == FW_OK) {
        status = artifact->rows(index->host, "offer_day", (uint64_t)number(&facts, 2));
    }
    if (status == FW_OK) {
        status = artifact->rows(index->host, "cik_day", (uint64_t)number(&facts, 3));
    }
    fw_sql_grid_finish(&facts);
    return status;
}
