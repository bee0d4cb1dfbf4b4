/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/artifact.h>

#include "file/file.h"
#include "profile.h"
#include "report/json.h"
#include "report/report.h"

/* Columns of the inventory. */
enum { COLUMN, DTYPE, SOURCE, RATE, DISTINCT, MEAN, STD, MIN, MAX, P01, P50, P99, MEAN_CHARS, TOP };

/* Sections of the page; a column stands in the first that has a word of its name. */
static const struct {
    const char *title;
    const char *const words[16];
} sections[] = {
    {"Keys and time",
     {"platform_name", "offer_id", "entity_id", "cik", "accession", "_date", "date_", "datetime",
      "timestamp", NULL}},
    {"Outcome and trajectory", {"funding_", "investors_", "is_funded", "funded", "raised", NULL}},
    {"Pricing and terms",
     {"price", "valuation", "minimum_", "maximum_", "interest", "discount", "ticket", "security",
      NULL}},
    {"Status and regime", {"status", "stage", "is_", "has_", "days_", "exemption", NULL}},
    {"Company traits", {"company", "ceo", "founder", "employee", "legal", "jurisdiction", NULL}},
    {"Arrays and text", {"text", "description", "title", "headline", "summary", "url", NULL}},
};

static size_t section_of(const char *name, const char *dtype)
{
    for (size_t i = 0; i < FW_COUNT(sections); i++) {
        for (size_t k = 0; sections[i].words[k] != NULL; k++) {
            if (strstr(name, sections[i].words[k]) != NULL) {
                return i;
            }
        }
    }
    bool nested = strncmp(dtype, "array", 5) == 0 || strncmp(dtype, "map", 3) == 0 ||
                  strncmp(dtype, "struct", 6) == 0;
    return nested ? FW_COUNT(sections) - 1 : FW_COUNT(sections);
}

static void put(struct fw_report *report, cJSON *object, const char *name, cJSON *value)
{
    if (value == NULL || !cJSON_AddItemToObject(object, name, value)) {
        cJSON_Delete(value);
        report->failed = true;
    }
}

static cJSON *real(const char *text)
{
    return text != NULL ? cJSON_CreateNumber(strtod(text, NULL)) : cJSON_CreateNull();
}

static cJSON *integer(const char *text)
{
    return text != NULL ? fw_json_int(strtoll(text, NULL, 10)) : cJSON_CreateNull();
}

static cJSON *text_node(const char *text)
{
    return text != NULL ? cJSON_CreateString(text) : cJSON_CreateNull();
}

static void put_top(struct fw_report *report, cJSON *object, const char *json)
{
    put(report, object, "top_k", json != NULL ? cJSON_Parse(json) : cJSON_CreateArray());
}

static void put_counts(struct fw_report *report, cJSON *object, const char *rate, int64_t rows)
{
    bool known = rate != NULL;
    double filled = known ? strtod(rate, NULL) * (double)rows : 0;

    put(report, object, "record_count", fw_json_int(rows));
    put(report, object, "approx_null_count",
        known ? fw_json_int(rows - (int64_t)(filled + 0.5)) : cJSON_CreateNull());
}

static cJSON *column_facts(struct fw_report *report, const struct profile *profile,
                           const struct fw_sql_grid *grid, size_t row, int64_t rows)
{
    static const char *const reals[] = {"mean_sample", "std_sample", "min_sample", "max_sample",
                                        "p01_sample",  "p50_sample", "p99_sample"};
    cJSON *object = cJSON_CreateObject();
    const char *distinct = fw_sql_cell(grid, row, DISTINCT);

    put(report, object, "column", text_node(fw_sql_cell(grid, row, COLUMN)));
    put(report, object, "dtype", text_node(fw_sql_cell(grid, row, DTYPE)));
    put(report, object, "source", text_node(fw_sql_cell(grid, row, SOURCE)));
    put(report, object, profile->sample_rows > 0 ? "non_null_rate_sample" : "approx_non_null_rate",
        real(fw_sql_cell(grid, row, RATE)));
    put_counts(report, object, fw_sql_cell(grid, row, RATE), rows);
    for (size_t i = 0; i < FW_COUNT(reals); i++) {
        put(report, object, reals[i], real(fw_sql_cell(grid, row, MEAN + i)));
    }
    put(report, object, "distinct_sample", integer(distinct));
    put(report, object, "distinct_overflow",
        cJSON_CreateBool(distinct != NULL && strtoll(distinct, NULL, 10) >
                                                 fw_task_integer(profile->task, "distinct_max")));
    put(report, object, "avg_str_len", real(fw_sql_cell(grid, row, MEAN_CHARS)));
    put_top(report, object, fw_sql_cell(grid, row, TOP));
    return object;
}

static fw_status ask_inventory(const struct profile *profile, struct fw_sql_grid *ret_grid)
{
    struct fw_text query = {0};

    fw_text_append(&query, "SELECT * FROM read_parquet(");
    fw_text_literal(&query, fw_task_output(profile->task, "inventory")->path);
    fw_text_append(&query, ")");
    fw_status status = query.failed ? fw_fault_nomem(profile->host)
                                    : fw_sql_grid(&profile->sql, ret_grid, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

/* Rows that were looked at. */
static fw_status ask_rows(const struct profile *profile, int64_t *ret_rows)
{
    struct fw_text query = {0};

    if (profile->fold == NULL) {
        *ret_rows = profile->total_rows;
        return FW_OK;
    }
    fw_text_append(&query, "SELECT n FROM ");
    fw_fold_append_rows(profile->fold, "number_figures", &query);
    fw_text_append(&query, " WHERE c = -1");
    fw_status status = query.failed ? fw_fault_nomem(profile->host)
                                    : fw_sql_int64(&profile->sql, ret_rows, fw_text_get(&query));
    fw_text_finish(&query);
    return status;
}

/* Columns whose figures are from there. */
static size_t count_source(const struct fw_sql_grid *grid, const char *source)
{
    size_t n = 0;

    for (size_t i = 0; i < grid->n_rows; i++) {
        n += strcmp(fw_sql_cell(grid, i, SOURCE), source) == 0;
    }
    return n;
}

static const char *source_of(const struct fw_sql_grid *grid)
{
    static const char *const sources[] = {"scan_sample", "delta_log", "footers"};

    for (size_t i = 0; i < FW_COUNT(sources); i++) {
        if (count_source(grid, sources[i]) > 0) {
            return sources[i];
        }
    }
    return "schema_only";
}

static fw_status write_json(const struct profile *profile, const struct fw_sql_grid *grid,
                            int64_t rows)
{
    struct fw_report report = {.title = "raw profile"};
    cJSON *columns = cJSON_CreateObject();

    for (size_t i = 0; i < grid->n_rows; i++) {
        put(&report, columns, fw_sql_cell(grid, i, COLUMN),
            column_facts(&report, profile, grid, i, rows));
    }
    fw_report_text(&report, "mode", profile->mode);
    fw_report_text(&report, "source", source_of(grid));
    fw_report_int(&report, "total_records_est", profile->total_rows);
    fw_report_int(&report, "rows_seen", rows);
    fw_report_add(&report, "columns", columns);
    fw_status status = fw_report_write_facts(&report, profile->host,
                                             fw_task_output(profile->task, "report")->path, NULL);
    fw_report_finish(&report);
    return status;
}

static void append_cell(struct fw_text *page, const char *value)
{
    fw_text_append(page, " ");
    for (const char *at = value != NULL ? value : "–"; *at != '\0'; at++) {
        fw_text_append(page, *at == '|' ? "\\" : "");
        fw_text_append_len(page, *at == '\n' || *at == '\r' ? " " : at, 1);
    }
    fw_text_append(page, " |");
}

static void append_section(struct fw_text *page, const struct fw_sql_grid *grid, size_t section)
{
    static const size_t shown[] = {COLUMN, DTYPE, RATE, DISTINCT, MEAN,
                                   STD,    MIN,   MAX,  P50,      MEAN_CHARS};
    size_t most = section < FW_COUNT(sections) ? grid->n_rows : 30, n = 0;

    fw_text_appendf(page,
                    "\n## %s\n\n| column | type | non-null | distinct | mean | std | min | max | "
                    "median | characters |\n|---|---|---|---|---|---|---|---|---|---|\n",
                    section < FW_COUNT(sections) ? sections[section].title : "Others");
    for (size_t i = 0; i < grid->n_rows && n < most; i++) {
        if (section_of(fw_sql_cell(grid, i, COLUMN), fw_sql_cell(grid, i, DTYPE)) == section) {
            fw_text_append(page, "|");
            for (size_t k = 0; k < FW_COUNT(shown); k++) {
                append_cell(page, fw_sql_cell(grid, i, shown[k]));
            }
            fw_text_append(page, "\n");
            n++;
        }
    }
}

static void append_title(struct fw_text *page, const struct profile *profile,
                         const struct fw_sql_grid *grid, int64_t rows)
{
    const size_t n_log = count_source(grid, "delta_log"), n = count_source(grid, "footers");

    fw_text_appendf(page, "# Raw profile: %s\n\n%zu columns; %" PRId64 " of %" PRId64 " rows ",
                    profile->mode, grid->n_rows, rows, profile->total_rows);
    if (profile->sample_rows > 0) {
        fw_text_append(page, "read.\n");
    } else if (n_log == 0) {
        fw_text_append(page, "by the files' footers.\n");
    } else {
        fw_text_appendf(page,
                        "by the table's log, which covers %zu columns; %zu by the files' "
                        "footers.\n",
                        n_log, n);
    }
}

static fw_status write_markdown(const struct profile *profile, const struct fw_sql_grid *grid,
                                int64_t rows)
{
    struct fw_text page = {0};

    append_title(&page, profile, grid, rows);
    for (size_t i = 0; i <= FW_COUNT(sections); i++) {
        append_section(&page, grid, i);
    }
    fw_status status =
        page.failed ? fw_fault_nomem(profile->host)
                    : fw_file_write(profile->host, fw_task_output(profile->task, "markdown")->path,
                                    fw_text_get(&page), page.size);
    fw_text_finish(&page);
    return status;
}

static fw_status write_fields(const struct profile *profile, int64_t rows)
{
    const struct fw_artifact *artifact = profile->host->service(profile->host, FW_ARTIFACT_ID);
    struct fw_report fields = {0};

    fw_report_text(&fields, "mode", profile->mode);
    fw_report_int(&fields, "rows_scanned", profile->sample_rows > 0 ? rows : 0);
    fw_report_int(&fields, "total_records_est", profile->total_rows);
    fw_report_add(&fields, "delta_version",
                  profile->source->version >= 0 ? fw_json_int(profile->source->version)
                                                : cJSON_CreateNull());
    fw_report_int(&fields, "active_files", (int64_t)profile->source->n_files);
    fw_report_int(&fields, "files_skipped", 0);
    fw_status status = fw_report_fields(&fields, profile->host);
    fw_report_finish(&fields);
    return status == FW_OK
               ? artifact->rows(profile->host, "inventory", (uint64_t)profile->source->n_columns)
               : status;
}

fw_status profile_pages_write(const struct profile *profile)
{
    struct fw_sql_grid grid = {0};
    int64_t rows = 0;
    fw_status status = ask_inventory(profile, &grid);

    if (status == FW_OK) {
        status = ask_rows(profile, &rows);
    }
    if (status == FW_OK) {
        status = write_json(profile, &grid, rows);
    }
    if (status == FW_OK) {
        status = write_markdown(profile, &grid, rows);
    }
    fw_sql_grid_finish(&grid);
    return status == FW_OK ? write_fields(profile, rows) : status;
}
