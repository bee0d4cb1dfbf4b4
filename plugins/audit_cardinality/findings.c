/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cardinality.h"
#include "report/json.h"

int64_t cardinality_fact(const struct cardinality *c, int table, const char *fact)
{
    const char *name = c->tables[table].pairs.name;

    return name != NULL ? fw_pairs_fact(&c->facts, name, fact) : 0;
}

/* Adds to an object of the report; a NULL value stands for one that could not be allocated. */
static void put(struct cardinality *c, cJSON *object, const char *name, cJSON *value)
{
    if (value == NULL || !cJSON_AddItemToObject(object, name, value)) {
        cJSON_Delete(value);
        c->report.failed = true;
    }
}

static void put_int(struct cardinality *c, cJSON *object, const char *name, int64_t value)
{
    put(c, object, name, fw_json_int(value));
}

static void put_fact(struct cardinality *c, cJSON *object, const char *name, int table,
                     const char *fact)
{
    put_int(c, object, name, cardinality_fact(c, table, fact));
}

/* {"2024": 17}; rows without a day are no_day_rows. */
static cJSON *years(struct cardinality *c, int table)
{
    const struct fw_sql_grid *grid = &c->facts.grid;
    struct fw_text name = {0};
    cJSON *object = cJSON_CreateObject();

    fw_text_appendf(&name, "%s_year", c->tables[table].pairs.name);
    for (size_t i = 0; i < grid->n_rows && object != NULL; i++) {
        const char *year = fw_sql_cell(grid, i, 1);
        if (strcmp(fw_sql_cell(grid, i, 0), fw_text_get(&name)) == 0 && *year != '\0') {
            put_int(c, object, year, strtoll(fw_sql_cell(grid, i, 2), NULL, 10));
        }
    }
    c->report.failed |= name.failed;
    fw_text_finish(&name);
    return object;
}

static void put_source(struct cardinality *c, const char *name, int table)
{
    const struct fw_source *source = c->tables[table].source;
    cJSON *object = cJSON_CreateObject();

    if (source != NULL) {
        put(c, object, "version",
            source->version >= 0 ? fw_json_int(source->version) : cJSON_CreateNull());
        put_int(c, object, "active_files", (int64_t)source->n_files);
        put_fact(c, object, "row_count_total", table, "rows");
        put(c, object, "row_count_by_year", years(c, table));
        put_fact(c, object, "rows_without_key", table, "no_key");
        put_fact(c, object, "rows_without_day", table, "no_day");
    }
    if (table == CARDINALITY_RAW && c->raw_rows_there > 0) {
        put_int(c, object, "row_count_total_no_cap", c->raw_rows_there);
        put_int(c, object, "raw_scan_limit", fw_task_integer(c->task, "raw_scan_limit"));
    }
    fw_report_add(&c->report, name, object);
}

/* Of a manifest the fields that say what a table was made of. */
static cJSON *selected(struct cardinality *c, int table, const char *const *names, size_t n)
{
    cJSON *object = cJSON_CreateObject();

    for (size_t i = 0; i < n; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(c->tables[table].manifest, names[i]);
        put(c, object, names[i], value != NULL ? cJSON_Duplicate(value, true) : cJSON_CreateNull());
    }
    return object;
}

static cJSON *table_counts(struct cardinality *c, int table)
{
    cJSON *object = cJSON_CreateObject();

    put_fact(c, object, "row_count", table, "rows");
    put_fact(c, object, "n_unique_entity_id", table, "keys");
    put_fact(c, object, "n_unique_entity_day", table, "pairs");
    put(c, object, "row_count_by_year",
        c->tables[table].source != NULL ? years(c, table) : cJSON_CreateObject());
    return object;
}

static void put_products(struct cardinality *c)
{
    static const char *const of_core[] = {"delta_version", "active_files",      "rows_scanned",
                                          "rows_emitted",  "n_unique_entities", "date_min",
                                          "date_max",      "contract_sha256"};
    static const char *const of_text[] = {
        "limit_rows",   "raw_offers_version",         "raw_active_files",   "raw_rows_scanned",
        "rows_emitted", "rows_all_text_null_dropped", "n_unique_entity_id", "n_unique_entity_day"};
    static const char *const of_edgar[] = {"raw_edgar_delta_version",
                                           "raw_edgar_active_files",
                                           "snapshots_index_rows",
                                           "snapshots_unique_cik",
                                           "output_rows",
                                           "partition_strategy"};
    cJSON *core = table_counts(c, CARDINALITY_CORE), *text = table_counts(c, CARDINALITY_TEXT);
    cJSON *edgar = cJSON_CreateObject();

    put(c, core, "manifest_selection", selected(c, CARDINALITY_CORE, of_core, FW_COUNT(of_core)));
    put(c, text, "manifest", selected(c, CARDINALITY_TEXT, of_text, FW_COUNT(of_text)));
    put_fact(c, edgar, "row_count", CARDINALITY_EDGAR, "rows");
    put(c, edgar, "row_count_by_year", years(c, CARDINALITY_EDGAR));
    put(c, edgar, "manifest_exists",
        cJSON_CreateBool(c->tables[CARDINALITY_EDGAR].manifest != NULL));
    put(c, edgar, "manifest_fields", selected(c, CARDINALITY_EDGAR, of_edgar, FW_COUNT(of_edgar)));
    fw_report_add(&c->report, "offers_core_full_daily", core);
    fw_report_add(&c->report, "offers_text_full", text);
    fw_report_add(&c->report, "edgar_store_full_daily", edgar);
}

static void put_coverage(struct cardinality *c)
{
    cJSON *core = cJSON_CreateObject(), *text = cJSON_CreateObject();

    put_fact(c, core, "raw_entity_day_count", CARDINALITY_RAW, "pairs");
    put_fact(c, core, "core_entity_day_count", CARDINALITY_CORE, "pairs");
    put(c, core, "core_coverage_rate", cJSON_CreateNumber(cardinality_core_coverage(c)));
    fw_report_add(&c->report, "raw_vs_core_coverage", core);
    put_fact(c, text, "core_pairs_total", CARDINALITY_CORE, "pairs");
    put_fact(c, text, "text_pairs_total", CARDINALITY_TEXT, "pairs");
    put_int(c, text, "matched_pairs", fw_pairs_fact(&c->facts, "in_text", "matched"));
    put(c, text, "text_coverage_rate", cJSON_CreateNumber(cardinality_text_coverage(c)));
    fw_report_add(&c->report, "text_coverage", text);
}

/* Rows of the table `missing` without a CIK: how many pairs each reason explains. */
static fw_status put_gaps(struct cardinality *c, cJSON *object)
{
    cJSON *counts = cJSON_CreateObject(), *top = cJSON_CreateArray();
    struct fw_sql_grid gaps = {0};
    struct fw_text query = {0};

    fw_text_append(&query, "SELECT reason, n FROM ");
    fw_fold_append_rows(c->fold, "missing", &query);
    fw_text_append(&query, " WHERE cik IS NULL ORDER BY n DESC, reason");
    fw_status status =
        query.failed ? fw_fault_nomem(c->host) : fw_sql_grid(&c->sql, &gaps, fw_text_get(&query));
    for (size_t i = 0; i < gaps.n_rows; i++) {
        int64_t n = strtoll(fw_sql_cell(&gaps, i, 1), NULL, 10);
        cJSON *reason = cJSON_CreateObject();
        put_int(c, counts, fw_sql_cell(&gaps, i, 0), n);
        put(c, reason, "reason", cJSON_CreateString(fw_sql_cell(&gaps, i, 0)));
        put_int(c, reason, "count", n);
        c->report.failed |= !cJSON_AddItemToArray(top, reason);
    }
    put(c, object, "gap_reason_counts", counts);
    put(c, object, "gap_reasons_top_k", top);
    fw_sql_grid_finish(&gaps);
    fw_text_finish(&query);
    return status;
}

static fw_status put_edgar(struct cardinality *c)
{
    cJSON *object = cJSON_CreateObject();
    int64_t valid = cardinality_fact(c, CARDINALITY_EDGAR, "valid");
    int64_t total = cardinality_fact(c, CARDINALITY_INDEX, "pairs");

    put_int(c, object, "snapshots_pairs_total", total);
    put_int(c, object, "snapshots_pairs_matched", fw_pairs_fact(&c->facts, "in_edgar", "matched"));
    put(c, object, "snapshots_to_edgar_coverage",
        cJSON_CreateNumber(cardinality_edgar_coverage(c)));
    put_fact(c, object, "snapshots_unique_cik", CARDINALITY_INDEX, "keys");
    put_fact(c, object, "edgar_unique_cik", CARDINALITY_EDGAR, "keys");
    put_int(c, object, "pairs_with_valid_filing", valid);
    put(c, object, "valid_filing_rate", cJSON_CreateNumber(cardinality_rate(valid, total)));
    fw_status status = put_gaps(c, object);
    fw_report_add(&c->report, "snapshots_to_edgar_coverage", object);
    return status;
}

static void put_morphology(struct cardinality *c)
{
    cJSON *object = cJSON_CreateObject();
    int64_t pairs = cardinality_fact(c, CARDINALITY_RAW, "pairs");

    put(c, object, "crawls_per_entity_day",
        cJSON_CreateNumber(cardinality_rate(cardinality_fact(c, CARDINALITY_RAW, "rows"), pairs)));
    put(c, object, "days_per_entity",
        cJSON_CreateNumber(cardinality_rate(pairs, cardinality_fact(c, CARDINALITY_RAW, "keys"))));
    put_int(c, object, "structured_columns", c->n_structured);
    fw_report_add(&c->report, "data_morphology", object);
}

static void put_totals(struct cardinality *c)
{
    const char *host = fw_task_text(c->task, "host_tag");
    int64_t rows = cardinality_fact(c, CARDINALITY_CORE, "rows");
    int64_t structured = cardinality_fact(c, CARDINALITY_RAW, "valid");

    fw_report_text(&c->report, "host", *host != '\0' ? host : NULL);
    fw_report_int(&c->report, "raw_offers_total_rows",
                  cardinality_fact(c, CARDINALITY_RAW, "rows"));
    fw_report_int(&c->report, "raw_entity_day_total",
                  cardinality_fact(c, CARDINALITY_RAW, "pairs"));
    fw_report_int(&c->report, "raw_structured_signal_entity_day_count", structured);
    fw_report_int(&c->report, "offers_core_entity_day_count",
                  cardinality_fact(c, CARDINALITY_CORE, "pairs"));
    fw_report_real(&c->report, "core_to_raw_structured_ratio", cardinality_rate(rows, structured));
}

fw_status cardinality_findings(struct cardinality *c)
{
    fw_status status =
        fw_pairs_facts_read(&c->facts, &c->sql, c->fold, c->facts_tables, c->n_facts_tables);

    if (status != FW_OK) {
        return status;
    }
    put_totals(c);
    put_source(c, "raw_offers", CARDINALITY_RAW);
    put_source(c, "raw_edgar", CARDINALITY_FILINGS);
    put_products(c);
    put_coverage(c);
    put_morphology(c);
    status = put_edgar(c);
    return status == FW_OK ? cardinality_reasons(c) : status;
}
