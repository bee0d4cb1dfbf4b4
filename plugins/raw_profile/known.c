/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "profile.h"

fw_status profile_log_read(struct profile *profile)
{
    struct fw_delta *delta = NULL;

    if (profile->source->kind != FW_SOURCE_DELTA) {
        return FW_OK;
    }
    fw_status status = fw_delta_open_with_stats(
        &profile->sql, fw_task_input(profile->task, "raw")->paths[0], &delta);
    /* A commit since the source was opened: the footers of its files are still theirs. */
    if (status == FW_OK && delta->version == profile->source->version) {
        status = fw_delta_sum_stats(profile->host, delta, &profile->log);
    }
    fw_delta_close(delta);
    return status;
}

static bool is_number(const struct profile_column *column)
{
    return column->is_counted && column->class == FW_OFFER_NUMBER;
}

/* A range is wanted of numbers alone: texts are cut short there. */
static bool is_in_log(const struct profile *profile, size_t i)
{
    const struct profile_column *column = &profile->columns[i];

    if (profile->log == NULL || !column->is_counted || profile->log[i].n_rows < 0) {
        return false;
    }
    const struct fw_delta_stats *log = &profile->log[i];
    return !is_number(column) || log->has_range || log->n_nulls == log->n_rows;
}

static void append_log(const struct profile *profile, size_t i, struct fw_text *select)
{
    if (!is_in_log(profile, i)) {
        fw_text_append(select, "NULL, NULL, NULL, NULL)");
        return;
    }
    const struct fw_delta_stats *log = &profile->log[i];
    fw_text_appendf(select, "%" PRId64 ", %" PRId64, log->n_rows, log->n_nulls);
    if (is_number(&profile->columns[i]) && log->has_range) {
        fw_text_appendf(select, ", %.17g, %.17g)", log->low, log->high);
    } else {
        fw_text_append(select, ", NULL, NULL)");
    }
}

/* Every column, its name in the files where the footers have to be asked, and what the log says. */
static void append_columns(const struct profile *profile, struct fw_text *select)
{
    fw_text_append(select, "(SELECT c, \"column\", dtype, asked, is_number, log_rows::BIGINT AS "
                           "log_rows, log_nulls::BIGINT AS log_nulls, log_low::DOUBLE AS log_low, "
                           "log_high::DOUBLE AS log_high FROM (VALUES ");
    for (size_t i = 0; i < profile->source->n_columns; i++) {
        const struct fw_source_column *column = profile->columns[i].column;
        const char *name = fw_source_name_in_files(profile->source, column);
        const bool asks = profile->columns[i].is_counted && !is_in_log(profile, i) && name != NULL;
        fw_text_appendf(select, "%s(%zu, ", i > 0 ? ", " : "", i);
        fw_text_literal(select, column->name);
        fw_text_append(select, ", ");
        fw_text_literal(select, column->type);
        fw_text_append(select, ", ");
        asks ? fw_text_literal(select, name) : fw_text_append(select, "NULL::VARCHAR");
        fw_text_append(select, is_number(&profile->columns[i]) ? ", true, " : ", false, ");
        append_log(profile, i, select);
    }
    fw_text_append(select, ") AS v(c, \"column\", dtype, asked, is_number, log_rows, log_nulls, "
                           "log_low, log_high)) AS named");
}

/* A column that a file does not have is NULL in its rows. */
static void append_footers(const struct profile *profile, struct fw_text *select)
{
    fw_text_append(select, "(SELECT path_in_schema AS found, sum(num_values) AS n_values, "
                           "CASE WHEN bool_and(stats_null_count IS NOT NULL) THEN "
                           "sum(stats_null_count) END AS nulls, "
                           "min(TRY_CAST(stats_min_value AS DOUBLE)) AS low, "
                           "max(TRY_CAST(stats_max_value AS DOUBLE)) AS high FROM "
                           "parquet_metadata([");
    for (size_t i = 0; i < profile->source->n_files; i++) {
        fw_text_append(select, i > 0 ? ", " : "");
        fw_text_literal(select, profile->source->files[i].path);
    }
    fw_text_append(select, "]) GROUP BY found)");
}

/* As append_footers gives it, of no column. */
static void append_no_footers(struct fw_text *select)
{
    fw_text_append(select, "(SELECT NULL::VARCHAR AS found, NULL::BIGINT AS n_values, "
                           "NULL::BIGINT AS nulls, NULL::DOUBLE AS low, NULL::DOUBLE AS high "
                           "WHERE false)");
}

static bool asks_footers(const struct profile *profile)
{
    bool asks = false;

    for (size_t i = 0; i < profile->source->n_columns; i++) {
        asks |= profile->columns[i].is_counted && !is_in_log(profile, i);
    }
    return asks && profile->source->n_files > 0;
}

static int64_t rows_in_files(const struct profile *profile)
{
    int64_t n = profile->total_rows;

    for (size_t i = 0; i < profile->source->n_files; i++) {
        n += profile->source->files[i].n_deleted;
    }
    return n;
}

void profile_make_known(const struct profile *profile, struct fw_text *select)
{
    fw_text_appendf(select,
                    "SELECT \"column\", dtype, CASE WHEN log_rows IS NOT NULL THEN 'delta_log' "
                    "WHEN found IS NULL THEN 'schema_only' ELSE 'footers' END AS source, CASE WHEN "
                    "log_rows > 0 THEN (log_rows - log_nulls) / log_rows WHEN log_rows IS NULL AND "
                    "n_values > 0 THEN (n_values - nulls) / %" PRId64 " END AS non_null_rate, "
                    "NULL::BIGINT AS approx_distinct, NULL::DOUBLE AS mean, NULL::DOUBLE AS std, "
                    "CASE WHEN log_rows IS NOT NULL THEN log_low WHEN is_number THEN low END AS "
                    "min, CASE WHEN log_rows IS NOT NULL THEN log_high WHEN is_number THEN high "
                    "END AS max, NULL::DOUBLE AS p01, NULL::DOUBLE AS p50, NULL::DOUBLE AS p99, "
                    "NULL::DOUBLE AS avg_str_len, NULL::VARCHAR AS top_k FROM ",
                    rows_in_files(profile));
    append_columns(profile, select);
    fw_text_append(select, " LEFT JOIN ");
    if (asks_footers(profile)) {
        append_footers(profile, select);
    } else {
        append_no_footers(select);
    }
    fw_text_append(select, " AS footers ON found = asked ORDER BY c");
}
