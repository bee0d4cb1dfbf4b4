/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "audit_columns.h"
#include "report/json.h"

enum { STAT_ROWS = 100000, RAW_ROWS = 20000, MAX_CAN_DROP = 20, MAX_SHOULD_ADD = 25 };

static void add_text(struct audit *audit, cJSON *list, const char *text)
{
    cJSON *item = cJSON_CreateString(text);

    if (!cJSON_AddItemToArray(list, item)) {
        cJSON_Delete(item);
        audit->report.failed = true;
    }
}

static bool add(cJSON *object, const char *name, cJSON *value)
{
    if (value != NULL && cJSON_AddItemToObject(object, name, value)) {
        return true;
    }
    cJSON_Delete(value);
    return false;
}

static double rate(const char *missing, int64_t rows)
{
    return rows > 0 ? (double)strtoll(missing, NULL, 10) / (double)rows : 0;
}

static void list_columns(struct audit *audit, const char *name, enum audit_table table, size_t most)
{
    const struct fw_source *source = audit->tables[table];
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; source != NULL && i < source->n_columns && i < most; i++) {
        add_text(audit, list, source->columns[i].name);
    }
    fw_report_add(&audit->report, name, list);
}

/* One row of four figures per column, over the table's first rows. */
static void append_statistics(const struct fw_source *source, const char *view, size_t n,
                              struct fw_text *query)
{
    fw_text_append(query, "SELECT count(*)");
    for (size_t i = 0; i < n; i++) {
        struct fw_text name = {0};
        fw_text_identifier(&name, source->columns[i].name);
        const char *column = fw_text_get(&name);
        fw_text_appendf(query,
                        ", count(*) - count(%s), count(DISTINCT CAST(%s AS VARCHAR)), "
                        "avg(length(CAST(%s AS VARCHAR)))",
                        column, column, column);
        query->failed = query->failed || name.failed;
        fw_text_finish(&name);
    }
    fw_text_appendf(query, " FROM (SELECT * FROM \"%s\" LIMIT %d)", view, STAT_ROWS);
}

static cJSON *statistics_of(const struct fw_source *source, const struct fw_sql_grid *grid,
                            size_t i)
{
    int64_t rows = strtoll(fw_sql_cell(grid, 0, 0), NULL, 10);
    const char *missing = fw_sql_cell(grid, 0, 1 + 3 * i);
    const char *length = fw_sql_cell(grid, 0, 3 + 3 * i);
    cJSON *item = cJSON_CreateObject();
    bool done =
        add(item, "column", cJSON_CreateString(source->columns[i].name)) &&
        add(item, "dtype", cJSON_CreateString(source->columns[i].sql_type)) &&
        add(item, "missing_rate", cJSON_CreateNumber(rate(missing, rows))) &&
        add(item, "distinct", fw_json_int(strtoll(fw_sql_cell(grid, 0, 2 + 3 * i), NULL, 10))) &&
        add(item, "mean_length",
            length != NULL ? cJSON_CreateNumber(strtod(length, NULL)) : cJSON_CreateNull());
    if (!done) {
        cJSON_Delete(item);
        return NULL;
    }
    return item;
}

static fw_status report_statistics(struct audit *audit, const char *name, enum audit_table table,
                                   size_t most)
{
    const struct fw_source *source = audit->tables[table];
    struct fw_sql_grid grid = {0};
    struct fw_text query = {0};
    cJSON *list = cJSON_CreateArray();
    fw_status status = FW_OK;

    if (source != NULL) {
        size_t n = source->n_columns < most ? source->n_columns : most;
        append_statistics(source, table == AUDIT_CORE ? "core" : "static", n, &query);
        status = query.failed ? fw_fault_nomem(audit->host)
                              : fw_sql_grid(&audit->sql, &grid, fw_text_get(&query));
        for (size_t i = 0; status == FW_OK && i < n; i++) {
            audit->report.failed |= !cJSON_AddItemToArray(list, statistics_of(source, &grid, i));
        }
    }
    fw_text_finish(&query);
    fw_sql_grid_finish(&grid);
    fw_report_add(&audit->report, name, list);
    return status;
}

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool is_droppable(const char *name)
{
    return starts(name, "url") || starts(name, "link") || strstr(name, "image") != NULL ||
           strstr(name, "video_link") != NULL || strcmp(name, "hash_id") == 0 ||
           strcmp(name, "comments") == 0;
}

/* Whether an addition is worth it: terms of the offer that models ask for. */
static bool is_addition(const char *name)
{
    static const char *const names[] = {"number_of_days_left", "status", "web_fundraising_status",
                                        "offering_status", "interest_rate"};
    static const char *const families[] = {"valuation_", "ticket_amount_", "price_"};
    size_t size = strlen(name);

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < FW_COUNT(families); i++) {
        if (starts(name, families[i]) && size > 4 && strcmp(name + size - 4, "_usd") == 0) {
            return true;
        }
    }
    return false;
}

static void report_can_drop(struct audit *audit)
{
    const struct fw_source *core = audit->tables[AUDIT_CORE];
    const cJSON *must = audit_contract_list(audit, audit_contract_core(audit), "must_keep");
    cJSON *list = cJSON_CreateArray();

    for (int pass = 0; pass < 2 && cJSON_GetArraySize(list) == 0; pass++) {
        int most = pass == 0 ? MAX_CAN_DROP : 15;
        for (size_t i = 0; i < core->n_columns && cJSON_GetArraySize(list) < most; i++) {
            const char *name = core->columns[i].name;
            if (!audit_list_has(must, name) && (pass == 1 || is_droppable(name))) {
                add_text(audit, list, name);
            }
        }
    }
    fw_report_add(&audit->report, "can_drop", list);
}

/* Missing rates of the raw columns over its first rows, and which of them should come along. */
static fw_status report_raw(struct audit *audit)
{
    const struct fw_source *raw = audit->tables[AUDIT_RAW];
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};
    cJSON *missing = cJSON_CreateObject();
    cJSON *should_add = cJSON_CreateArray();

    fw_text_append(&query, "SELECT count(*)");
    for (size_t i = 0; i < raw->n_columns; i++) {
        fw_text_append(&query, ", count(*) - count(");
        fw_text_identifier(&query, raw->columns[i].name);
        fw_text_append(&query, ")");
    }
    fw_text_appendf(&query, " FROM (SELECT * FROM raw LIMIT %d)", RAW_ROWS);
    fw_status status = query.failed ? fw_fault_nomem(audit->host)
                                    : fw_sql_grid(&audit->sql, &grid, fw_text_get(&query));
    for (size_t i = 0; status == FW_OK && i < raw->n_columns; i++) {
        const char *name = raw->columns[i].name;
        int64_t rows = strtoll(fw_sql_cell(&grid, 0, 0), NULL, 10);
        double is_missing = rate(fw_sql_cell(&grid, 0, 1 + i), rows);
        audit->report.failed |= !add(missing, name, cJSON_CreateNumber(is_missing));
        if (is_addition(name) && is_missing < 0.8 && !audit_has_column(audit, AUDIT_CORE, name) &&
            cJSON_GetArraySize(should_add) < MAX_SHOULD_ADD) {
            add_text(audit, should_add, name);
        }
    }
    fw_text_finish(&query);
    fw_sql_grid_finish(&grid);
    fw_report_add(&audit->report, "raw_offers_missingness_sample", missing);
    fw_report_add(&audit->report, "should_add", should_add);
    return status;
}

/* Texts that models of narratives read: those of the contract, but for the keys. */
static void report_narrative(struct audit *audit)
{
    static const char *const keys[] = {"entity_id", "platform_name", "offer_id",
                                       "crawled_date_day"};
    cJSON *required = cJSON_CreateArray();
    cJSON *in_raw = cJSON_CreateArray();
    cJSON *tables = cJSON_CreateArray();
    const cJSON *item;

    cJSON_ArrayForEach(item, audit_contract_list(audit, "offers_text", "must_keep"))
    {
        bool is_key = false;
        for (size_t i = 0; i < FW_COUNT(keys); i++) {
            is_key = is_key || strcmp(item->valuestring, keys[i]) == 0;
        }
        if (is_key) {
            continue;
        }
        add_text(audit, required, item->valuestring);
        if (audit_has_column(audit, AUDIT_RAW, item->valuestring)) {
            add_text(audit, in_raw, item->valuestring);
        }
    }
    if (audit->tables[AUDIT_TEXT] == NULL && in_raw->child != NULL) {
        add_text(audit, tables, "offers_text");
    }
    fw_report_add(&audit->report, "narrative_required_cols", required);
    fw_report_add(&audit->report, "narrative_in_raw", in_raw);
    fw_report_add(&audit->report, "must_add_table", tables);
    fw_report_text(&audit->report, "narrative_note",
                   "narrative columns live in offers_text, one row per entity and day");
}

fw_status audit_advice_report(struct audit *audit)
{
    static const char *const modeling[] = {
        "platform_name",    "offer_id",           "crawled_date_day", "cik",
        "funding_goal_usd", "funding_raised_usd", "investors_count",  "is_funded"};
    const cJSON *must = audit_contract_list(audit, audit_contract_core(audit), "must_keep");

    fw_report_int(&audit->report, "raw_offers_schema_count",
                  (int64_t)audit->tables[AUDIT_RAW]->n_columns);
    list_columns(audit, "raw_offers_columns_sample", AUDIT_RAW, 50);
    list_columns(audit, "offers_core_columns", AUDIT_CORE, SIZE_MAX);
    list_columns(audit, "offers_extras_columns", AUDIT_EXTRAS, SIZE_MAX);
    list_columns(audit, "offers_static_columns", AUDIT_STATIC, SIZE_MAX);
    list_columns(audit, "edgar_store_columns_sample", AUDIT_EDGAR, 40);
    fw_report_add(&audit->report, "modeling_required_cols",
                  cJSON_CreateStringArray(modeling, FW_COUNT(modeling)));
    fw_report_add(&audit->report, "must_keep", cJSON_Duplicate(must, true));
    report_narrative(audit);
    report_can_drop(audit);
    fw_status status = report_raw(audit);
    fw_report_text(&audit->report, "should_add_note",
                   "terms that the raw table has in more than a fifth of its first rows");
    if (status == FW_OK) {
        status = report_statistics(audit, "offers_core_column_stats", AUDIT_CORE, 40);
    }
    if (status == FW_OK) {
        status = report_statistics(audit, "offers_static_column_stats", AUDIT_STATIC, 30);
    }
    return status;
}
