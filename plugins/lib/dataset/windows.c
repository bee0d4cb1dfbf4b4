/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dataset/internal.h"
#include "instant/instant.h"
#include "named/choose.h"
#include "named/named.h"
#include "sql/fault.h"

/* Columns of the samples' cells, and of the days' before the features. */
enum { ROW, DAY, LABEL, SPLIT, SAMPLE_CELLS };
enum { FEATURE_DAY, FEATURES };

struct reading {
    const struct fw_dataset_windows *windows;
    struct fw_dataset_table days, samples;
};

static const char *day_text(double day, char text[FW_DATASET_DAY_TEXT])
{
    return fw_dataset_day_text(day, text) != NULL ? text : "a day that is missing";
}

static const struct fw_host *host_of(const struct reading *reading)
{
    return reading->windows->sql->host;
}

static const char *days_path(const struct reading *reading)
{
    return reading->days.source->files[0].path;
}

static const char *samples_path(const struct reading *reading)
{
    return reading->samples.source->files[0].path;
}

/* --- the days --- */

static fw_status read_days(struct reading *reading)
{
    const struct fw_dataset_windows *windows = reading->windows;
    struct fw_dataset_table *days = &reading->days;
    const struct fw_source_column *date;
    const struct fw_features features = {.source = days->source,
                                         .names = windows->columns,
                                         .n_names = windows->n_columns,
                                         .but = &date,
                                         .n_but = 1,
                                         .with_prices = windows->include_ohlcv};
    fw_status status = fw_named_find(host_of(reading), days->source,
                                     windows->date_column != NULL ? windows->date_column : "Date",
                                     "date_column", &date);

    if (status == FW_OK) {
        status = fw_features_choose(host_of(reading), &features, &days->columns, &days->n_columns);
    }
    if (status != FW_OK) {
        return status;
    }
    struct fw_text query = {0}, day = {0};
    fw_instant_append_day(&day, date, windows->date_format != NULL ? windows->date_format : "");
    fw_text_append(&day, " - DATE '1970-01-01'");
    fw_text_append(&query, "SELECT ");
    fw_dataset_number(&query, fw_text_get(&day));
    fw_dataset_features(days, &query);
    fw_text_append(&query, " FROM ");
    fw_source_scan(days->source, NULL, &query);
    fw_text_append(&query, " ORDER BY 1");
    query.failed = query.failed || day.failed;
    status = fw_dataset_table_read(days, &query, FEATURES + days->n_columns, NULL);
    fw_text_finish(&query);
    fw_text_finish(&day);
    return status;
}

/* A window is rows side by side: each day once. */
static fw_status check_days(const struct reading *reading)
{
    const double *days = fw_matrix_column(&reading->days.cells, FEATURE_DAY);
    char text[FW_DATASET_DAY_TEXT];

    for (size_t i = 0; i < reading->days.cells.n_rows; i++) {
        if (isnan(days[i]) || (i > 0 && days[i] == days[i - 1])) {
            return fw_faultf(host_of(reading), FW_E_DATA, days_path(reading),
                             "give one row a day, as the stages before this one do",
                             "%s: %s, expected each day once",
                             isnan(days[i]) ? "a row has no day" : "two rows of one day",
                             day_text(days[i], text));
        }
    }
    return FW_OK;
}

/* --- the samples --- */

static fw_status check_sample_columns(const struct reading *reading)
{
    static const char *const names[] = {"horizon", "split", "Date", "row", "y"};

    for (size_t i = 0; i < FW_COUNT(names); i++) {
        if (fw_source_column(reading->samples.source, names[i]) == NULL) {
            return fw_faultf(host_of(reading), FW_E_MISSING, samples_path(reading),
                             "give the output `samples` of split", "there is no column \"%s\"",
                             names[i]);
        }
    }
    return FW_OK;
}

static fw_status refuse_horizon(const struct reading *reading)
{
    struct fw_text query = {0};
    char *horizons = NULL;

    fw_text_append(&query, "SELECT string_agg(DISTINCT horizon, ', ' ORDER BY horizon) FROM ");
    fw_source_scan(reading->samples.source, NULL, &query);
    fw_status status = query.failed
                           ? fw_fault_nomem(host_of(reading))
                           : fw_sql_text(reading->windows->sql, &horizons, fw_text_get(&query));
    if (status == FW_OK) {
        status = fw_faultf(host_of(reading), FW_E_DATA, samples_path(reading), "name one of them",
                           "no sample has the horizon %" PRId64 "; there are: %s",
                           reading->windows->horizon, horizons != NULL ? horizons : "none");
    }
    free(horizons);
    fw_text_finish(&query);
    return status;
}

static fw_status read_samples(struct reading *reading)
{
    struct fw_text query = {0}, condition = {0};
    fw_status status = check_sample_columns(reading);

    if (status != FW_OK) {
        return status;
    }
    fw_text_appendf(&condition, " WHERE horizon = %" PRId64, reading->windows->horizon);
    fw_text_append(&query, "SELECT ");
    fw_dataset_number(&query, "\"row\"");
    fw_text_append(&query, ", ");
    fw_dataset_number(&query, "CAST(\"Date\" AS DATE) - DATE '1970-01-01'");
    fw_text_append(&query, ", ");
    fw_dataset_number(&query, "y");
    fw_text_append(&query, ", ");
    fw_dataset_number(&query, "CASE split" FW_DATASET_SPLIT_SQL);
    fw_text_append(&query, " FROM ");
    fw_source_scan(reading->samples.source, NULL, &query);
    fw_text_append(&query, fw_text_get(&condition));
    fw_text_append(&query, " ORDER BY 1");
    query.failed = query.failed || condition.failed;
    status =
        fw_dataset_table_read(&reading->samples, &query, SAMPLE_CELLS, fw_text_get(&condition));
    fw_text_finish(&query);
    fw_text_finish(&condition);
    return status == FW_OK && reading->samples.cells.n_rows == 0 ? refuse_horizon(reading) : status;
}

static double cell(const struct reading *reading, size_t sample, size_t column)
{
    return fw_matrix_column(&reading->samples.cells, column)[sample];
}

/* Where the table of days has that day; -1: nowhere. */
static int64_t find_day(const struct reading *reading, double day)
{
    const double *days = fw_matrix_column(&reading->days.cells, FEATURE_DAY);
    size_t from = 0, to = reading->days.cells.n_rows;

    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        if (days[middle] < day) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from < reading->days.cells.n_rows && days[from] == day ? (int64_t)from : -1;
}

static fw_status check_sample(const struct reading *reading, size_t sample)
{
    const double row = cell(reading, sample, ROW), label = cell(reading, sample, LABEL);
    const double day = cell(reading, sample, DAY);
    const int64_t at = find_day(reading, day);
    char text[FW_DATASET_DAY_TEXT];

    if (!(label == 0 || label == 1) || isnan(cell(reading, sample, SPLIT)) || isnan(day) ||
        isnan(row) || (sample > 0 && row == cell(reading, sample - 1, ROW))) {
        return fw_faultf(host_of(reading), FW_E_DATA, samples_path(reading),
                         "give the output `samples` of split",
                         "a sample needs a day, a row of its own, a split (train, val, test) and "
                         "y, 0 or 1: that of %s, row %g has not (y %g)",
                         day_text(day, text), row, label);
    }
    if ((double)at != row) {
        return fw_faultf(host_of(reading), FW_E_DATA, days_path(reading),
                         "give the table that make_targets had",
                         "%s, the day of a sample, is row %.0f of the table that its target is "
                         "from, and row %" PRId64 " here (-1: none)",
                         day_text(day, text), row, at);
    }
    if ((uint64_t)at + 1 < reading->windows->context) {
        return fw_faultf(host_of(reading), FW_E_DATA, days_path(reading),
                         "give make_targets the same context",
                         "%s, the day of a sample, is row %" PRId64
                         ": a window of %llu rows begins before the first one",
                         day_text(day, text), at, (unsigned long long)reading->windows->context);
    }
    return FW_OK;
}

/* --- both --- */

/* Each row of a window must have every feature; rows that no window holds need not. */
static fw_status check_window(const struct reading *reading, const struct fw_dataset *set,
                              uint64_t from, uint64_t to)
{
    const struct fw_dataset_table *days = &reading->days;
    char text[FW_DATASET_DAY_TEXT];

    for (uint64_t row = from; row < to; row++) {
        for (size_t i = 0; i < days->n_columns; i++) {
            const float value = set->floats[row * days->n_columns + i];
            if (!isfinite(value)) {
                return fw_faultf(
                    host_of(reading), FW_E_DATA, days_path(reading),
                    "leave out the column, or samples whose windows hold that day",
                    "row %llu (%s), column \"%s\": %g, expected a number that is finite as "
                    "float32 (nan: none)",
                    (unsigned long long)row,
                    day_text(fw_matrix_column(&days->cells, FEATURE_DAY)[row], text),
                    days->columns[i]->name, (double)value);
            }
        }
    }
    return FW_OK;
}

static fw_status take_samples(const struct reading *reading, struct fw_dataset *set)
{
    const uint64_t context = reading->windows->context;
    uint64_t checked = 0; /* rows before are known to be good, or in no window */
    fw_status status = FW_OK;

    for (size_t i = 0; i < reading->samples.cells.n_rows && status == FW_OK; i++) {
        status = check_sample(reading, i);
        if (status == FW_OK) {
            const uint64_t end = (uint64_t)cell(reading, i, ROW) + 1, first = end - context;
            status = check_window(reading, set, first > checked ? first : checked, end);
            checked = end;
            set->begins[i] = first * set->info.cols;
            set->keys[i] = (int64_t)cell(reading, i, DAY);
            set->labels[i] = (int32_t)cell(reading, i, LABEL);
            set->given[i] = (uint8_t)cell(reading, i, SPLIT);
        }
    }
    return status;
}

static bool has_part(const struct fw_dataset *set, enum fw_dataset_part part)
{
    return memchr(set->given, (int)part, set->info.n_samples) != NULL;
}

/* Windows overlap: one that is drawn from among others has been seen by them nearly whole. */
static fw_status check_shares(const struct fw_dataset_options *options,
                              const struct reading *reading, const struct fw_dataset *set)
{
    const bool val = options->val_share > 0 && !options->val_is_test;

    if ((!val || has_part(set, FW_DATASET_VAL)) &&
        (options->test_share <= 0 || has_part(set, FW_DATASET_TEST))) {
        return FW_OK;
    }
    return fw_faultf(
        options->host, FW_E_DATA, samples_path(reading),
        "give the output `samples` of split, or set the share to 0",
        "no sample is of the split %s, and no share is drawn from windows that overlap",
        val && !has_part(set, FW_DATASET_VAL) ? "val" : "test");
}

static fw_status load(const struct fw_dataset_options *options, const struct reading *reading,
                      struct fw_dataset **ret_set)
{
    const struct fw_dataset_table *days = &reading->days;
    const struct fw_dataset_plan plan = {.kind = "windows",
                                         .path = days_path(reading),
                                         .channels = 1,
                                         .rows = reading->windows->context,
                                         .cols = days->n_columns,
                                         .n_samples = reading->samples.cells.n_rows,
                                         .n_values = days->cells.n_rows * days->n_columns,
                                         .floats = true,
                                         .by_column = true,
                                         .measured = options->scaling == FW_DATASET_MEASURED};
    struct fw_dataset *set = NULL;
    fw_status status = fw_dataset_create(options, &plan, &set);

    if (status == FW_OK) {
        fw_dataset_take_features(set, days, FEATURES);
        status = fw_dataset_name_columns(set, days);
    }
    if (status == FW_OK) {
        status = take_samples(reading, set);
    }
    if (status == FW_OK) {
        status = check_shares(options, reading, set);
    }
    if (status != FW_OK) {
        fw_dataset_close(set);
        return status;
    }
    set->info.n_classes = 2;
    set->info.binary = true;
    set->info.key_kind = FW_DATASET_KEY_DAY;
    status = fw_dataset_ready(options, plan.path, &set);
    if (status == FW_OK) {
        *ret_set = set;
    }
    return status;
}

fw_status fw_dataset_open_windows(const struct fw_dataset_options *options,
                                  const struct fw_dataset_windows *windows,
                                  struct fw_dataset **ret_set)
{
    struct reading reading = {
        .windows = windows, .days = {.sql = windows->sql}, .samples = {.sql = windows->sql}};
    fw_status status = fw_source_open(windows->sql, windows->features, windows->n_features, NULL,
                                      &reading.days.source);

    if (status == FW_OK) {
        status = fw_source_open(windows->sql, windows->samples, windows->n_samples, NULL,
                                &reading.samples.source);
    }
    if (status == FW_OK) {
        status = read_days(&reading);
    }
    if (status == FW_OK) {
        status = check_days(&reading);
    }
    if (status == FW_OK) {
        status = read_samples(&reading);
    }
    if (status == FW_OK) {
        status = load(options, &reading, ret_set);
    }
    fw_dataset_table_finish(&reading.days);
    fw_dataset_table_finish(&reading.samples);
    return status;
}
