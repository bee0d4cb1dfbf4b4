/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "profile.h"

static bool is_number(const struct profile_column *column)
{
    return column->is_counted && column->class == FW_OFFER_NUMBER;
}

static bool is_time(const struct profile_column *column)
{
    return column->is_counted && column->class == FW_OFFER_TIME;
}

/* Columns by number, so that no raw column's name is hit: v1 is a value, f1 a finite one. */
static void append_column(const struct profile *profile, size_t i, struct fw_text *select)
{
    const char *name = profile->columns[i].column->name;

    fw_text_append(select, ", ");
    if (is_number(&profile->columns[i])) {
        fw_text_append(select, "nullif(TRY_CAST(");
        fw_text_identifier(select, name);
        fw_text_appendf(select, " AS DOUBLE), 'nan'::DOUBLE) AS v%zu", i);
    } else {
        fw_text_identifier(select, name);
        fw_text_appendf(select, " AS v%zu", i);
    }
}

/*
 * Mean and variance are those of finite numbers: an infinite one would leave nothing else. NULL is
 * what is left out, since an aggregate with a FILTER takes the engine five times as long.
 */
static void append_figures(const struct profile *profile, size_t i, struct fw_text *select)
{
    fw_text_appendf(select, ", count(v%zu) AS n%zu", i, i);
    if (is_number(&profile->columns[i])) {
        fw_text_appendf(select,
                        ", count(f%zu) AS f%zu, avg(f%zu) AS m%zu, var_pop(f%zu) AS s%zu, "
                        "min(v%zu) AS a%zu, max(v%zu) AS b%zu",
                        i, i, i, i, i, i, i, i, i, i);
    }
}

void profile_keep_numbers(const void *self, const char *rows, struct fw_text *select)
{
    const struct profile *profile = self;

    fw_text_append(select, "SELECT count(*) AS n");
    for (size_t i = 0; i < profile->source->n_columns; i++) {
        if (is_number(&profile->columns[i]) || is_time(&profile->columns[i])) {
            append_figures(profile, i, select);
        }
    }
    fw_text_append(select, " FROM (SELECT true");
    for (size_t i = 0; i < profile->source->n_columns; i++) {
        if (is_number(&profile->columns[i]) || is_time(&profile->columns[i])) {
            append_column(profile, i, select);
        }
        if (is_number(&profile->columns[i])) {
            fw_text_appendf(select, ", CASE WHEN isfinite(v%zu) THEN v%zu END AS f%zu", i, i, i);
        }
    }
    fw_text_appendf(select, " FROM %s)", rows);
}

/* The rows with the smallest draws, and of each of them the numbers whose sample it is in. */
void profile_keep_sample(const void *self, const char *rows, struct fw_text *select)
{
    const struct profile *profile = self;
    uint64_t threshold = 0;

    fw_text_append(select, "SELECT draw");
    for (size_t i = 0; i < profile->source->n_columns; i++) {
        if (is_number(&profile->columns[i])) {
            uint64_t own = profile->thresholds[i];
            fw_text_appendf(select,
                            ", CASE WHEN draw <= %" PRIu64 "::UBIGINT THEN v%zu END AS v%zu", own,
                            i, i);
            threshold = own > threshold ? own : threshold;
        }
    }
    fw_text_appendf(select,
                    " FROM (SELECT hash(" FW_SOURCE_FILE "::BIGINT, " FW_SOURCE_ROW
                    "::BIGINT, %" PRIu64 "::UBIGINT) AS draw",
                    profile->seed);
    for (size_t i = 0; i < profile->source->n_columns; i++) {
        if (is_number(&profile->columns[i])) {
            append_column(profile, i, select);
        }
    }
    fw_text_appendf(select, " FROM %s) WHERE draw <= %" PRIu64 "::UBIGINT", rows, threshold);
}

/* One file: what follows reads it for each column, and opens few files. */
void profile_make_united(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    (void)self;
    fw_text_append(select, "SELECT * FROM ");
    fw_fold_append_rows(fold, "numbers", select);
}

/* The numbers with the smallest draws: as many of all, whatever the chunks. */
static void append_percentiles(const struct profile *profile, size_t i, const struct fw_fold *fold,
                               struct fw_text *select)
{
    fw_text_appendf(select,
                    "(SELECT CASE WHEN count(*) >= 10 THEN quantile_cont(v, [0.01, 0.5, 0.99]) "
                    "END FROM (SELECT draw, v%zu AS v FROM ",
                    i);
    fw_fold_append_rows(fold, "sample", select);
    fw_text_appendf(select, " WHERE v IS NOT NULL ORDER BY draw, v LIMIT %" PRId64 "))",
                    profile->reservoir);
}

static void append_numbers(const struct profile *profile, size_t i, const struct fw_fold *fold,
                           struct fw_text *select)
{
    fw_text_appendf(select,
                    "SELECT %zu AS c, n, filled, mean, sqrt(within + between) AS std, low, high, "
                    "p FROM (SELECT sum(n)::BIGINT AS n, sum(n%zu)::BIGINT AS filled, sum(f%zu * "
                    "m%zu) / sum(f%zu) AS mean, sum(f%zu * s%zu) / sum(f%zu) AS within, min(a%zu) "
                    "AS low, max(b%zu) AS high FROM ",
                    i, i, i, i, i, i, i, i, i, i);
    fw_fold_append_rows(fold, "united", select);
    fw_text_appendf(select,
                    ") AS sums, (SELECT sum(f%zu * (m%zu - mean) ** 2) / sum(f%zu) AS between FROM "
                    "(SELECT f%zu, m%zu, sum(f%zu * m%zu) OVER () / sum(f%zu) OVER () AS mean "
                    "FROM ",
                    i, i, i, i, i, i, i, i);
    fw_fold_append_rows(fold, "united", select);
    fw_text_append(select, ")) AS spread, (SELECT ");
    append_percentiles(profile, i, fold, select);
    fw_text_append(select, " AS p) AS percentiles");
}

void profile_make_numbers(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    const struct profile *profile = self;

    /* The first says how many rows there are when no column is a number. */
    fw_text_append(select, "SELECT -1 AS c, sum(n)::BIGINT AS n, 0::BIGINT AS filled, "
                           "NULL::DOUBLE AS mean, NULL::DOUBLE AS std, NULL::DOUBLE AS low, "
                           "NULL::DOUBLE AS high, NULL::DOUBLE[] AS p FROM ");
    fw_fold_append_rows(fold, "united", select);
    for (size_t i = 0; i < profile->source->n_columns; i++) {
        if (is_number(&profile->columns[i])) {
            fw_text_append(select, " UNION ALL ");
            append_numbers(profile, i, fold, select);
        } else if (is_time(&profile->columns[i])) {
            fw_text_appendf(select,
                            " UNION ALL SELECT %zu, sum(n)::BIGINT, sum(n%zu)::BIGINT, NULL, "
                            "NULL, NULL, NULL, NULL FROM ",
                            i, i);
            fw_fold_append_rows(fold, "united", select);
        }
    }
}
