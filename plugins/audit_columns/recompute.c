/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit_columns.h"
#include "report/json.h"

#define DAY_US INT64_C(86400000000)

enum { MAX_SAMPLES = 20 };

/* Columns of the stored rows: whose, midnight, cutoff, the flag, then four per feature. */
enum { CIK, T, AT, HAS_FILING, FIRST, N_PER_FEATURE = 4 };

struct comparison {
    struct audit *audit;
    struct fw_sql_grid stored;
    struct audit_filings filings;
    struct audit_row row;
    double *room; /* of the row */
    double max_abs_diff;
    int64_t n_compared, n_different, n_masks_different;
    cJSON *samples;
};

/* Of the ciks of the index and of the store those that are drawn. */
static fw_status draw(const struct audit *audit)
{
    const struct audit_settings *settings = &audit->settings;
    int64_t n = settings->pairs * 2 > 50 ? settings->pairs * 2 : 50;
    struct fw_text text = {0};

    fw_text_append(&text, "CREATE TABLE sampled AS SELECT cik FROM (SELECT cik FROM wanted UNION "
                          "SELECT cik FROM stored) WHERE cik IS NOT NULL ORDER BY sha1(");
    fw_text_literal(&text, settings->seed);
    fw_text_appendf(&text, " || ':' || cik), cik LIMIT %" PRId64, n);
    fw_status status = audit_keys_make(audit);
    if (status == FW_OK) {
        status = fw_sql_exec_text(&audit->sql, &text);
    }
    fw_text_finish(&text);
    return status;
}

static fw_status read_stored(struct comparison *c)
{
    const struct audit *audit = c->audit;
    struct fw_text text = {0};

    fw_text_appendf(&text,
                    "SELECT cik, epoch_us(CAST(day AS TIMESTAMP)), upto, * EXCLUDE (%s) FROM "
                    "(SELECT ",
                    audit_key_order(audit));
    audit_append_stored_key(audit, &text);
    fw_text_append(&text, ", CAST(edgar_has_filing AS INTEGER)");
    for (size_t i = 0; i < audit->n_features; i++) {
        const char *name = audit->features[i].name;
        fw_text_appendf(
            &text,
            ", CAST(\"last_%s\" AS DOUBLE), CAST(\"mean_%s\" AS DOUBLE), CAST(\"ema_%s\" "
            "AS DOUBLE), CAST(\"last_%s_is_missing\" AS INTEGER)",
            name, name, name, name);
    }
    fw_text_appendf(
        &text, " FROM edgar) WHERE cik IN (SELECT cik FROM sampled) ORDER BY %s LIMIT %" PRId64,
        audit_key_order(audit), audit->settings.max_keys);
    fw_status status = text.failed ? fw_fault_nomem(audit->host)
                                   : fw_sql_grid(&audit->sql, &c->stored, fw_text_get(&text));
    fw_text_finish(&text);
    return status;
}

/* Columns that the store must have and has not; reported, and nothing is compared then. */
static bool misses_columns(struct audit *audit)
{
    static const char *const forms[] = {"last_%s", "mean_%s", "ema_%s", "last_%s_is_missing"};
    bool misses = !audit_has_column(audit, AUDIT_EDGAR, "edgar_has_filing");

    if (misses) {
        fw_report_fail(&audit->report, "the feature store has no column edgar_has_filing");
    }
    for (size_t i = 0; i < audit->n_features * N_PER_FEATURE; i++) {
        struct fw_text name = {0};
        const char *form = forms[i % N_PER_FEATURE];
        const char *hole = strstr(form, "%s");
        fw_text_append_len(&name, form, (size_t)(hole - form));
        fw_text_append(&name, audit->features[i / N_PER_FEATURE].name);
        fw_text_append(&name, hole + 2);
        if (!audit_has_column(audit, AUDIT_EDGAR, fw_text_get(&name))) {
            fw_report_fail(&audit->report, "the feature store has no column %s",
                           fw_text_get(&name));
            misses = true;
        }
        fw_text_finish(&name);
    }
    return misses;
}

static void add_sample(struct comparison *c, size_t row, const char *form, size_t feature,
                       const double *values)
{
    if (cJSON_GetArraySize(c->samples) >= MAX_SAMPLES) {
        return;
    }
    struct fw_text column = {0};
    fw_text_appendf(&column, "%s_%s", form, c->audit->features[feature].name);
    cJSON *sample = cJSON_CreateObject();
    bool done =
        sample != NULL && !column.failed &&
        cJSON_AddStringToObject(sample, "cik", fw_sql_cell(&c->stored, row, CIK)) &&
        cJSON_AddItemToObject(sample, "day_epoch_us",
                              fw_json_int(strtoll(fw_sql_cell(&c->stored, row, T), NULL, 10))) &&
        cJSON_AddStringToObject(sample, "column", fw_text_get(&column)) &&
        cJSON_AddNumberToObject(sample, "stored", values[0]) &&
        cJSON_AddNumberToObject(sample, "recomputed", values[1]) &&
        cJSON_AddItemToArray(c->samples, sample);
    if (!done) {
        cJSON_Delete(sample);
        c->audit->report.failed = true;
    }
    fw_text_finish(&column);
}

/*
 * Equal within 1e-5. Sums of large amounts in another order differ by some of their
 * last bits, which for amounts beyond 1e9 is more than that.
 */
static bool is_close(double a, double b, double tolerance)
{
    double bits = isfinite(b) ? 64 * DBL_EPSILON * fabs(b) : 0;

    return a == b || fabs(a - b) <= (bits > tolerance ? bits : tolerance); /* inf == inf */
}

static void compare_value(struct comparison *c, size_t row, const char *form, size_t feature,
                          double recomputed)
{
    static const char *const forms[] = {"last", "mean", "ema"};
    size_t which = 0;

    while (strcmp(forms[which], form) != 0) {
        which++;
    }
    const char *cell = fw_sql_cell(&c->stored, row, FIRST + feature * N_PER_FEATURE + which);
    double stored = cell != NULL ? strtod(cell, NULL) : NAN;
    if (isnan(stored) && isnan(recomputed)) {
        return;
    }
    c->n_compared++;
    if (!isnan(stored - recomputed) && fabs(stored - recomputed) > c->max_abs_diff) {
        c->max_abs_diff = fabs(stored - recomputed);
    }
    if (isnan(stored) || isnan(recomputed) ||
        !is_close(stored, recomputed, c->audit->settings.tolerance)) {
        c->n_different++;
        add_sample(c, row, form, feature, (double[]){stored, recomputed});
    }
}

/* A mask is NULL without a filing, else says whether the value is missing. */
static void compare_mask(struct comparison *c, size_t row, size_t feature)
{
    const char *cell = fw_sql_cell(&c->stored, row, FIRST + feature * N_PER_FEATURE + 3);
    int stored = cell == NULL ? -1 : atoi(cell);
    int wanted = c->row.has_filing ? isnan(c->row.last[feature]) != 0 : -1;

    c->n_masks_different += stored != wanted;
}

static void compare_row(struct comparison *c, size_t row)
{
    const struct audit *audit = c->audit;
    const char *t = fw_sql_cell(&c->stored, row, T);
    const char *at = fw_sql_cell(&c->stored, row, AT);
    const char *has_filing = fw_sql_cell(&c->stored, row, HAS_FILING);
    struct audit_when when = {.cik = fw_sql_cell(&c->stored, row, CIK)};

    if (t == NULL || at == NULL || when.cik == NULL) {
        c->n_masks_different++; /* a row without a key */
        return;
    }
    when.cutoff = strtoll(at, NULL, 10);
    when.t =
        audit->rules.compat ? strtoll(t, NULL, 10) - audit->rules.lag_days * DAY_US : when.cutoff;
    audit_naive_row(audit, &c->filings, &when, &c->row);
    c->n_masks_different +=
        has_filing == NULL || (strcmp(has_filing, "1") == 0) != c->row.has_filing;
    for (size_t i = 0; i < audit->n_features; i++) {
        compare_value(c, row, "last", i, c->row.last[i]);
        compare_value(c, row, "mean", i, c->row.mean[i]);
        compare_value(c, row, "ema", i, c->row.ema[i]);
        compare_mask(c, row, i);
    }
}

static fw_status compare(struct comparison *c)
{
    size_t n = c->audit->n_features;

    c->room = calloc(3 * n + 1, sizeof *c->room);
    c->samples = cJSON_CreateArray();
    if (c->room == NULL || c->samples == NULL) {
        return fw_fault_nomem(c->audit->host);
    }
    c->row = (struct audit_row){.last = c->room, .mean = c->room + n, .ema = c->room + 2 * n};
    fw_status status = audit_filings_read(c->audit, &c->filings);
    if (status == FW_OK) {
        status = read_stored(c);
    }
    for (size_t row = 0; status == FW_OK && row < c->stored.n_rows; row++) {
        compare_row(c, row);
    }
    return status;
}

/* Pairs of one table that the other has not. */
static fw_status count_pairs(const struct audit *audit, const char *a, const char *b, int64_t *ret)
{
    return fw_sql_int64f(&audit->sql, ret,
                         "SELECT count(*) FROM (SELECT %s FROM %s EXCEPT SELECT %s FROM %s)",
                         audit_key_order(audit), a, audit_key_order(audit), b);
}

static void judge(struct comparison *c, int64_t n_missing, int64_t n_extra)
{
    struct fw_report *report = &c->audit->report;
    const struct audit_settings *settings = &c->audit->settings;
    const char *of = audit_by_offer(c->audit) ? "offer" : "cik";

    if (n_missing > 0) {
        fw_report_fail(report, "%" PRId64 " pairs of %s and day of the index are not in the store",
                       n_missing, of);
    }
    if (n_extra > 0) {
        fw_report_fail(report, "%" PRId64 " pairs of %s and day of the store are not in the index",
                       n_extra, of);
    }
    if (c->n_compared < settings->min_compared) {
        fw_report_fail(report, "only %" PRId64 " values could be compared, %" PRId64 " are wanted",
                       c->n_compared, settings->min_compared);
    }
    if (c->n_different > 0) {
        fw_report_fail(report, "%" PRId64 " of %" PRId64 " values differ from those recomputed",
                       c->n_different, c->n_compared);
    }
    if (c->n_masks_different > 0) {
        fw_report_fail(report, "%" PRId64 " flags differ from those recomputed",
                       c->n_masks_different);
    }
}

static void add_int(cJSON *object, const char *name, int64_t value, struct fw_report *report)
{
    cJSON *item = fw_json_int(value);

    if (item == NULL || !cJSON_AddItemToObject(object, name, item)) {
        cJSON_Delete(item);
        report->failed = true;
    }
}

/* Takes the samples. */
static void report_result(struct comparison *c, int64_t n_missing, int64_t n_extra)
{
    struct audit *audit = c->audit;
    struct fw_report *report = &audit->report;
    cJSON *result = cJSON_CreateObject();
    int before = cJSON_GetArraySize(report->reasons);

    judge(c, n_missing, n_extra);
    int after = cJSON_GetArraySize(report->reasons);
    const cJSON *reason = after > before ? cJSON_GetArrayItem(report->reasons, before) : NULL;
    report->failed |=
        cJSON_AddStringToObject(result, "status", after == before ? "ok" : "fail") == NULL ||
        cJSON_AddStringToObject(result, "reason", reason ? reason->valuestring : "") == NULL ||
        cJSON_AddStringToObject(result, "granularity",
                                audit_by_offer(audit) ? "offer-day" : "cik-day") == NULL ||
        cJSON_AddNumberToObject(result, "max_abs_diff", c->max_abs_diff) == NULL;
    add_int(result, "diff_count", c->n_different, report);
    add_int(result, "flag_diff_count", c->n_masks_different, report);
    add_int(result, "total_compared", c->n_compared, report);
    add_int(result, "rows_compared", (int64_t)c->stored.n_rows, report);
    add_int(result, "filings_read", (int64_t)c->filings.n, report);
    add_int(result, "pairs_missing_in_store", n_missing, report);
    add_int(result, "pairs_not_in_index", n_extra, report);
    if (!cJSON_AddItemToObject(result, "differences", c->samples)) {
        report->failed = true;
    } else {
        c->samples = NULL;
    }
    fw_report_add(report, "edgar_recompute", result);
}

static void report_skipped(struct audit *audit)
{
    cJSON *result = cJSON_CreateObject();

    audit->report.failed |=
        cJSON_AddStringToObject(result, "status", "fail") == NULL ||
        cJSON_AddStringToObject(result, "reason", "columns are missing in the store") == NULL ||
        cJSON_AddNumberToObject(result, "diff_count", 0) == NULL ||
        cJSON_AddNumberToObject(result, "total_compared", 0) == NULL;
    fw_report_add(&audit->report, "edgar_recompute", result);
}

/* The first of those drawn, so that a reader can see that it was not chosen by hand. */
static fw_status report_drawn(const struct comparison *c)
{
    struct audit *audit = c->audit;
    struct fw_sql_grid grid = {0};
    cJSON *list = cJSON_CreateArray();
    fw_status status =
        fw_sql_gridf(&audit->sql, &grid, "SELECT cik FROM sampled LIMIT %d", MAX_SAMPLES);

    for (size_t i = 0; status == FW_OK && i < grid.n_rows; i++) {
        cJSON *item = cJSON_CreateString(fw_sql_cell(&grid, i, 0));
        if (!cJSON_AddItemToArray(list, item)) {
            cJSON_Delete(item);
            audit->report.failed = true;
        }
    }
    fw_sql_grid_finish(&grid);
    fw_report_add(&audit->report, "edgar_recompute_ciks_sample", list);
    return status;
}

fw_status audit_recompute_report(struct audit *audit)
{
    struct comparison c = {.audit = audit};
    int64_t n_missing = 0, n_extra = 0;

    if (misses_columns(audit)) {
        report_skipped(audit);
        return FW_OK;
    }
    fw_status status = draw(audit);
    if (status == FW_OK) {
        status = report_drawn(&c);
    }
    if (status == FW_OK) {
        status = compare(&c);
    }
    if (status == FW_OK) {
        status = count_pairs(audit, "wanted", "stored", &n_missing);
    }
    if (status == FW_OK) {
        status = count_pairs(audit, "stored", "wanted", &n_extra);
    }
    if (status == FW_OK) {
        report_result(&c, n_missing, n_extra);
    }
    cJSON_Delete(c.samples);
    audit_filings_finish(&c.filings);
    fw_sql_grid_finish(&c.stored);
    free(c.room);
    return status;
}
