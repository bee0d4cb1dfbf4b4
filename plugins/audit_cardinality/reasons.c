/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "cardinality.h"
#include "file/file.h"

double cardinality_rate(int64_t part, int64_t whole)
{
    return whole > 0 ? (double)part / (double)whole : 0;
}

double cardinality_core_coverage(const struct cardinality *c)
{
    return cardinality_rate(cardinality_fact(c, CARDINALITY_CORE, "rows"),
                            cardinality_fact(c, CARDINALITY_RAW, "pairs"));
}

double cardinality_edgar_coverage(const struct cardinality *c)
{
    return cardinality_rate(fw_pairs_fact(&c->facts, "in_edgar", "matched"),
                            cardinality_fact(c, CARDINALITY_INDEX, "pairs"));
}

double cardinality_text_coverage(const struct cardinality *c)
{
    return cardinality_rate(fw_pairs_fact(&c->facts, "in_text", "matched"),
                            cardinality_fact(c, CARDINALITY_CORE, "pairs"));
}

static double real(const struct cardinality *c, const char *param)
{
    return fw_task_real(c->task, param);
}

static void check_least(struct cardinality *c, const char *what, double value, const char *param)
{
    if (value < real(c, param)) {
        fw_report_fail(&c->report, "%s is %.10g, below %.10g (%s)", what, value, real(c, param),
                       param);
    }
}

static void check_raw(struct cardinality *c)
{
    int64_t rows = cardinality_fact(c, CARDINALITY_RAW, "rows");
    int64_t least = fw_task_integer(c->task, "min_raw_rows");

    if (rows < least) {
        fw_report_fail(&c->report,
                       "the raw table has %" PRId64 " rows, fewer than %" PRId64 " (min_raw_rows)",
                       rows, least);
    }
    if (cardinality_fact(c, CARDINALITY_RAW, "pairs") == 0) {
        fw_report_fail(&c->report, "the raw table has no entity-day");
    }
    if (cardinality_fact(c, CARDINALITY_RAW, "valid") == 0) {
        fw_report_fail(&c->report, "no raw entity-day has a value in a structured column");
    }
}

/* The reference has none of these: a tenth of the core would pass. */
static void check_thresholds(struct cardinality *c)
{
    int64_t rows = cardinality_fact(c, CARDINALITY_CORE, "rows");
    int64_t pairs = cardinality_fact(c, CARDINALITY_CORE, "pairs");
    double coverage = cardinality_core_coverage(c);

    if (c->raw_rows_there > 0) {
        fw_report_fail(&c->report,
                       "%" PRId64 " of %" PRId64 " raw rows were read (raw_scan_limit), which says "
                       "nothing of the others",
                       cardinality_fact(c, CARDINALITY_RAW, "rows"), c->raw_rows_there);
    }
    check_least(c, "core_coverage_rate", coverage, "min_core_coverage");
    if (coverage > real(c, "max_core_coverage")) {
        fw_report_fail(&c->report, "core_coverage_rate is %.10g, above %.10g (max_core_coverage)",
                       coverage, real(c, "max_core_coverage"));
    }
    if (rows != pairs) {
        fw_report_fail(&c->report,
                       "the core has %" PRId64 " rows, but %" PRId64 " distinct entity-days", rows,
                       pairs);
    }
    check_least(c, "snapshots_to_edgar_coverage", cardinality_edgar_coverage(c),
                "min_edgar_coverage");
    if (c->tables[CARDINALITY_TEXT].source != NULL) {
        check_least(c, "text_coverage_rate", cardinality_text_coverage(c), "min_text_coverage");
    }
}

static bool is_number(const cJSON *manifest, const char *name)
{
    return cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(manifest, name));
}

static void check_text_manifest(struct cardinality *c)
{
    const cJSON *manifest = c->tables[CARDINALITY_TEXT].manifest;
    const cJSON *limit = cJSON_GetObjectItemCaseSensitive(manifest, "limit_rows");

    if (c->tables[CARDINALITY_TEXT].source == NULL) {
        fw_report_fail(&c->report, "there is no table of texts");
        return;
    }
    if (manifest == NULL) {
        fw_report_fail(&c->report, "the table of texts has no MANIFEST.json beside it");
        return;
    }
    if (limit == NULL) {
        fw_report_fail(&c->report, "the texts' manifest does not say limit_rows");
    } else if (!cJSON_IsNull(limit) && !c->compat) {
        fw_report_fail(&c->report, "the texts were made of limited rows: limit_rows is %.0f",
                       limit->valuedouble);
    }
    if (!is_number(manifest, "raw_rows_scanned")) {
        fw_report_fail(&c->report, "the texts' manifest does not say raw_rows_scanned");
    }
    if (!is_number(manifest, "rows_emitted")) {
        fw_report_fail(&c->report, "the texts' manifest does not say rows_emitted");
    }
}

/* Of a table that is no Delta table the manifests say null, or nothing. */
static void check_version(struct cardinality *c, int table, const char *field, const char *what)
{
    const cJSON *said = cJSON_GetObjectItemCaseSensitive(c->tables[table].manifest, field);
    int64_t version = c->tables[CARDINALITY_RAW].source->version;
    int64_t its = cJSON_IsNumber(said) ? (int64_t)said->valuedouble : -1;

    if (c->tables[table].source != NULL && its != version) {
        fw_report_fail(&c->report,
                       "the %s table is of version %" PRId64
                       " of the raw table, which is at %" PRId64 " (-1: none)",
                       what, its, version);
    }
}

static void compare(struct cardinality *c, const cJSON *reference, const char *part,
                    const char *field, int64_t value)
{
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(reference, part);
    const cJSON *said = cJSON_GetObjectItemCaseSensitive(object, field);
    int64_t its = cJSON_IsNumber(said) ? (int64_t)said->valuedouble : -1;

    if (said == NULL) {
        fw_report_fail(&c->report, "the reference does not say %s.%s", part, field);
    } else if (its != value) {
        fw_report_fail(&c->report,
                       "%s.%s is %" PRId64 " here and %" PRId64 " in the reference (-1: none)",
                       part, field, value, its);
    }
}

static void compare_table(struct cardinality *c, const cJSON *reference, const char *part,
                          int table)
{
    const struct fw_source *source = c->tables[table].source;

    if (source != NULL) {
        compare(c, reference, part, "version", source->version);
        compare(c, reference, part, "active_files", (int64_t)source->n_files);
    }
}

/* Two machines that freeze the same thing must have seen the same tables. */
static fw_status check_reference(struct cardinality *c)
{
    const struct fw_input *input = fw_task_input(c->task, "reference");
    char *json = NULL;

    if (input == NULL || input->n_paths == 0) {
        return FW_OK;
    }
    fw_status status = fw_file_read(c->host, input->paths[0], &json, NULL);
    cJSON *reference = status == FW_OK ? cJSON_Parse(json) : NULL;
    free(json);
    if (status == FW_OK && reference == NULL) {
        status = fw_faultf(c->host, FW_E_DATA, input->paths[0],
                           "give the report of this gate on the other machine",
                           "the reference report is no JSON");
    }
    if (status == FW_OK) {
        compare_table(c, reference, "raw_offers", CARDINALITY_RAW);
        compare_table(c, reference, "raw_edgar", CARDINALITY_FILINGS);
    }
    cJSON_Delete(reference);
    return status;
}

fw_status cardinality_reasons(struct cardinality *c)
{
    check_raw(c);
    if (!c->compat) {
        check_thresholds(c);
        check_version(c, CARDINALITY_CORE, "delta_version", "daily");
        check_version(c, CARDINALITY_TEXT, "raw_offers_version", "text");
    }
    check_text_manifest(c);
    if (c->tables[CARDINALITY_EDGAR].manifest == NULL) {
        fw_report_fail(&c->report, "the features have no MANIFEST.json beside them");
    }
    return check_reference(c);
}
