/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "logistic.h"
#include "named/named.h"

const char *const logistic_splits[LOGISTIC_SPLITS] = {"train", "val", "test"};

static fw_status load_features(struct logistic *logistic)
{
    const struct fw_named named = {logistic->host, logistic->task, logistic->features};
    struct fw_text *text = &logistic->load_features;

    fw_text_append(text, "CREATE TABLE fw_features AS SELECT ");
    fw_status status = fw_named_day(&named, "date_column", "date_format", text);
    fw_text_append(text, " AS fw_day");
    for (size_t i = 0; i < logistic->n_columns; i++) {
        fw_text_append(text, ", CAST(");
        fw_text_identifier(text, logistic->columns[i]->name);
        fw_text_appendf(text, " AS DOUBLE) AS x%zu", i);
    }
    fw_text_append(text, " FROM ");
    fw_source_scan(logistic->features, NULL, text);
    return status;
}

static fw_status load_samples(struct logistic *logistic)
{
    static const char *const columns[] = {"horizon", "split", "Date", "y"};
    struct fw_text *text = &logistic->load_samples;

    for (size_t i = 0; i < FW_COUNT(columns); i++) {
        if (fw_source_column(logistic->samples, columns[i]) == NULL) {
            return fw_faultf(logistic->host, FW_E_MISSING, logistic->samples->files[0].path,
                             "give the output `samples` of split", "there is no column \"%s\"",
                             columns[i]);
        }
    }
    fw_text_append(text, "CREATE TABLE fw_samples AS SELECT horizon, CASE split WHEN 'train' THEN "
                         "0 WHEN 'val' THEN 1 WHEN 'test' THEN 2 END AS split, CAST(\"Date\" AS "
                         "DATE) AS fw_day, y FROM ");
    fw_source_scan(logistic->samples, NULL, text);
    return FW_OK;
}

fw_status logistic_rows_load(struct logistic *logistic)
{
    fw_status status = load_features(logistic);

    return status == FW_OK ? load_samples(logistic) : status;
}

/* Refuses the input when the query, of one row or none, finds something; `what` says what. */
static fw_status refuse_found(const struct logistic *logistic, const struct fw_source *source,
                              const char *query, const char *what)
{
    struct fw_sql_grid grid = {0};
    fw_status status = fw_sql_grid(&logistic->sql, &grid, query);

    if (status == FW_OK && grid.n_rows > 0) {
        const char *cell = fw_sql_cell(&grid, 0, 0);
        status = fw_faultf(logistic->host, FW_E_DATA, source->files[0].path,
                           "give one row a day, as the stages before this one do", "%s: %s", what,
                           cell != NULL ? cell : "no date");
    }
    fw_sql_grid_finish(&grid);
    return status;
}

static fw_status check_samples(const struct logistic *logistic)
{
    fw_status status = refuse_found(
        logistic, logistic->samples,
        "SELECT fw_day FROM fw_samples WHERE horizon IS NULL OR split IS NULL OR fw_day IS NULL OR "
        "y IS NULL OR y NOT IN (0, 1) LIMIT 1",
        "a sample needs a horizon, a split (train, val, test), a date and y, 0 or 1; one has not");

    if (status == FW_OK) {
        status = refuse_found(logistic, logistic->samples,
                              "SELECT fw_day FROM fw_samples GROUP BY horizon, fw_day HAVING "
                              "count(*) > 1 ORDER BY 1 LIMIT 1",
                              "a day has two samples of one horizon");
    }
    return status;
}

/* A feature of a day that a sample has must be a number. */
static fw_status check_numbers(const struct logistic *logistic)
{
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};

    for (size_t i = 0; i < logistic->n_columns; i++) {
        fw_text_appendf(&query, "%smin(fw_day) FILTER (x%zu IS NULL OR NOT isfinite(x%zu))",
                        i == 0 ? "SELECT " : ", ", i, i);
    }
    fw_text_append(&query, " FROM fw_features SEMI JOIN fw_samples USING (fw_day)");
    fw_status status = query.failed ? fw_fault_nomem(logistic->host)
                                    : fw_sql_grid(&logistic->sql, &grid, fw_text_get(&query));
    for (size_t i = 0; i < logistic->n_columns && status == FW_OK; i++) {
        if (fw_sql_cell(&grid, 0, i) != NULL) {
            status = fw_faultf(logistic->host, FW_E_DATA, logistic->features->files[0].path,
                               "leave out such days, or the column",
                               "the column \"%s\" has no finite value on %s, the day of a sample",
                               logistic->columns[i]->name, fw_sql_cell(&grid, 0, i));
        }
    }
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}

static fw_status check_features(const struct logistic *logistic)
{
    fw_status status = refuse_found(logistic, logistic->features,
                                    "SELECT fw_day FROM fw_features WHERE fw_day IS NOT NULL GROUP "
                                    "BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1",
                                    "a day has two rows of features");

    return status == FW_OK ? check_numbers(logistic) : status;
}

static fw_status find_horizons(struct logistic *logistic)
{
    struct fw_sql_grid grid = {0};
    fw_status status =
        fw_sql_grid(&logistic->sql, &grid,
                    "SELECT horizon, count(*) FILTER (split = 0), count(*) FILTER (split = 1), "
                    "count(*) FILTER (split = 2) FROM (SELECT horizon, CASE WHEN f.fw_day IS NULL "
                    "THEN split END AS split FROM fw_samples s LEFT JOIN fw_features f USING "
                    "(fw_day)) GROUP BY 1 ORDER BY 1");

    if (status == FW_OK) {
        logistic->models = calloc(grid.n_rows + 1, sizeof *logistic->models);
        status = logistic->models != NULL ? FW_OK : fw_fault_nomem(logistic->host);
    }
    for (size_t i = 0; i < grid.n_rows && status == FW_OK; i++) {
        struct logistic_model *model = &logistic->models[logistic->n_models++];
        model->horizon = atoll(fw_sql_cell(&grid, i, 0));
        for (size_t split = 0; split < LOGISTIC_SPLITS; split++) {
            model->without_features[split] = atoll(fw_sql_cell(&grid, i, 1 + split));
        }
    }
    fw_sql_grid_finish(&grid);
    return status;
}

fw_status logistic_rows_check(struct logistic *logistic)
{
    int64_t n_rows = 0;
    fw_status status = check_samples(logistic);

    if (status == FW_OK) {
        status = check_features(logistic);
    }
    if (status == FW_OK) {
        status = find_horizons(logistic);
    }
    if (status == FW_OK) {
        status = fw_sql_int64(&logistic->sql, &n_rows,
                              "SELECT count(*) FROM fw_samples JOIN fw_features USING (fw_day)");
    }
    if (status == FW_OK && n_rows == 0) {
        return fw_faultf(logistic->host, FW_E_DATA, logistic->features->files[0].path,
                         "give features of the days that the samples have",
                         "no sample has features");
    }
    return status == FW_OK
               ? fw_matrix_init(&logistic->predictions, logistic->host, (size_t)n_rows, 5)
               : status;
}

fw_status logistic_rows_read(const struct logistic *logistic, int64_t horizon,
                             struct fw_matrix *ret_rows)
{
    struct fw_text query = {0};
    int64_t n_rows = 0;
    fw_status status = fw_sql_int64f(&logistic->sql, &n_rows,
                                     "SELECT count(*) FROM fw_samples JOIN fw_features USING "
                                     "(fw_day) WHERE horizon = %" PRId64,
                                     horizon);

    if (status == FW_OK) {
        status =
            fw_matrix_init(ret_rows, logistic->host, (size_t)n_rows, 3 + logistic->n_columns + 1);
    }
    if (status != FW_OK) {
        return status;
    }
    fw_text_append(&query, "SELECT split::DOUBLE, (fw_day - DATE '1970-01-01')::DOUBLE, y::DOUBLE");
    for (size_t i = 0; i < logistic->n_columns; i++) {
        fw_text_appendf(&query, ", x%zu", i);
    }
    fw_text_appendf(&query,
                    " FROM fw_samples JOIN fw_features USING (fw_day) WHERE horizon = %" PRId64
                    " ORDER BY split, fw_day",
                    horizon);
    status = query.failed ? fw_fault_nomem(logistic->host)
                          : fw_matrix_read(ret_rows, &logistic->sql, fw_text_get(&query));
    fw_text_finish(&query);
    if (status != FW_OK) {
        fw_matrix_finish(ret_rows);
    }
    return status;
}
