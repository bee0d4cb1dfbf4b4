/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* How long one step of the census may take. */
enum { STEP_MS = 700 };

static void append_source(const struct fw_wide *wide, struct fw_text *text)
{
    struct fw_source_slice slice = {.columns = wide->plan.census_columns.names,
                                    .n_columns = wide->plan.census_columns.n};

    fw_source_scan(wide->plan.source, &slice, text);
}

/*
 * The first and last entity of every file. Files whose ranges do not overlap are read in the order
 * of their entities, whatever they are called; others by name.
 */
static void append_files_query(const struct fw_wide *wide, struct fw_text *text)
{
    fw_text_appendf(text,
                    "CREATE OR REPLACE TEMP TABLE fw_wide_files AS SELECT fw_file, count(*) AS n, "
                    "max(fw_row) + 1 AS places, count(fw_wide_e) AS named, min(fw_wide_e) AS lo, "
                    "max(fw_wide_e) AS hi FROM (SELECT fw_file, fw_row, (%s) AS fw_wide_e FROM ",
                    wide->plan.entity);
    append_source(wide, text);
    fw_text_append(text, ") GROUP BY fw_file");
}

static fw_status order_files(struct fw_wide *wide)
{
    const struct fw_sql_handle *sql = wide->plan.sql;
    int64_t disjoint = 0;
    fw_status status =
        fw_sql_int64(sql, &disjoint,
                     "SELECT coalesce(bool_and(named = n AND (before IS NULL OR before <= lo)), "
                     "true)::BIGINT FROM (SELECT *, lag(hi) OVER (ORDER BY lo, hi, fw_file) AS "
                     "before FROM fw_wide_files)");

    /* A file of comma-separated values can only be read from its beginning. */
    wide->may_be_in_order = disjoint != 0 && wide->plan.source->kind != FW_SOURCE_CSV;
    if (status == FW_OK) {
        status = fw_sql_execf(
            sql,
            "CREATE OR REPLACE TEMP TABLE fw_wide_spans AS SELECT fw_file AS fw_wide_file, n, "
            "places, named, coalesce(sum(places) OVER (ORDER BY %s ROWS BETWEEN UNBOUNDED "
            "PRECEDING AND 1 PRECEDING), 0)::BIGINT AS fw_wide_start FROM fw_wide_files",
            wide->may_be_in_order ? "lo, hi, fw_file" : "fw_file");
    }
    return status;
}

static fw_status read_spans(struct fw_wide *wide)
{
    struct fw_sql_grid grid;
    fw_status status = fw_sql_grid(wide->plan.sql, &grid,
                                   "SELECT fw_wide_file, fw_wide_start, places, n, named FROM "
                                   "fw_wide_spans ORDER BY fw_wide_start, places");

    if (status != FW_OK) {
        return status;
    }
    wide->spans = calloc(grid.n_rows + 1, sizeof *wide->spans);
    for (size_t i = 0; wide->spans != NULL && i < grid.n_rows; i++) {
        struct wide_span *span = &wide->spans[wide->n_spans++];
        span->file = strtoull(fw_sql_cell(&grid, i, 0), NULL, 10);
        span->start = strtoll(fw_sql_cell(&grid, i, 1), NULL, 10);
        span->n_rows = strtoll(fw_sql_cell(&grid, i, 2), NULL, 10);
        wide->end_row = span->start + span->n_rows;
        wide->rows_in += strtoll(fw_sql_cell(&grid, i, 3), NULL, 10);
        wide->rows_named += strtoll(fw_sql_cell(&grid, i, 4), NULL, 10);
    }
    fw_sql_grid_finish(&grid);
    return wide->spans != NULL ? FW_OK : fw_fault_nomem(wide->host);
}

/* Every entity with its weight and, where it may matter, the places of its rows. */
static void append_entities_query(const struct fw_wide *wide, struct fw_text *text)
{
    const char *places = wide->may_be_in_order ? "min(fw_wide_start + fw_row) AS first, "
                                                 "max(fw_wide_start + fw_row) AS last"
                                               : "0 AS first, 0 AS last";

    fw_text_appendf(text,
                    "CREATE OR REPLACE TEMP TABLE fw_wide_entities AS SELECT (%s) AS entity, "
                    "count(*) AS n, %s, CAST(%s AS BIGINT) AS weight FROM ",
                    wide->plan.entity, places,
                    wide->plan.weight != NULL ? wide->plan.weight : "count(*)");
    append_source(wide, text);
    if (wide->may_be_in_order) {
        fw_text_append(text, " JOIN fw_wide_spans ON fw_file = fw_wide_file");
    }
    fw_text_appendf(text, " WHERE (%s) IS NOT NULL GROUP BY 1", wide->plan.entity);
}

static fw_status check_order(struct fw_wide *wide)
{
    int64_t in_order = 0;
    fw_status status = FW_OK;

    if (wide->may_be_in_order) {
        status = fw_sql_int64(
            wide->plan.sql, &in_order,
            "SELECT coalesce(bool_and(before IS NULL OR before < first), true)::BIGINT FROM "
            "(SELECT first, lag(last) OVER (ORDER BY entity) AS before FROM fw_wide_entities)");
    }
    wide->in_order = in_order != 0;
    return status;
}

/*
 * An entity belongs to the part in which its first unit of weight falls. The rule knows rows and
 * nothing else, so any order of the same rows, any budget and any number of threads cut alike.
 */
static fw_status read_parts(struct fw_wide *wide)
{
    struct fw_sql_grid grid;
    fw_status status = fw_sql_gridf(
        wide->plan.sql, &grid,
        "SELECT min(entity), min(first), max(last) + 1, sum(n)::BIGINT, count(*) FROM (SELECT *, "
        "sum(weight) OVER (ORDER BY entity ROWS UNBOUNDED PRECEDING) - weight AS before FROM "
        "fw_wide_entities) GROUP BY before // %" PRId64 " ORDER BY 1",
        wide->part_rows);

    if (status != FW_OK) {
        return status;
    }
    wide->parts = calloc(grid.n_rows + 1, sizeof *wide->parts);
    bool failed = wide->parts == NULL;
    for (size_t i = 0; i < grid.n_rows && !failed; i++) {
        struct wide_range *part = &wide->parts[wide->n_parts++];
        part->start = strdup(fw_sql_cell(&grid, i, 0));
        part->first_row = strtoll(fw_sql_cell(&grid, i, 1), NULL, 10);
        part->end_row = strtoll(fw_sql_cell(&grid, i, 2), NULL, 10);
        part->n_rows = strtoll(fw_sql_cell(&grid, i, 3), NULL, 10);
        wide->n_entities += strtoll(fw_sql_cell(&grid, i, 4), NULL, 10);
        failed = part->start == NULL;
    }
    fw_sql_grid_finish(&grid);
    /* A table without rows still has columns to be written. */
    if (!failed && wide->n_parts == 0) {
        wide->n_parts = 1;
        wide->in_order = true;
    }
    return failed ? fw_fault_nomem(wide->host) : FW_OK;
}

/* Starts the statement that the census has come to. */
static fw_status begin(struct fw_wide *wide)
{
    const struct fw_sql_handle *sql = wide->plan.sql;
    struct fw_text text = {0};

    if (wide->census_next == 0) {
        append_files_query(wide, &text);
    } else {
        append_entities_query(wide, &text);
    }
    fw_status status = text.failed ? fw_fault_nomem(wide->host)
                                   : sql->api->begin(sql->session, fw_text_get(&text), &wide->job);
    fw_text_finish(&text);
    return status;
}

static fw_status evaluate(struct fw_wide *wide)
{
    if (wide->census_next++ == 0) {
        fw_status status = order_files(wide);
        return status == FW_OK ? read_spans(wide) : status;
    }
    fw_status status = check_order(wide);
    return status == FW_OK ? read_parts(wide) : status;
}

fw_status wide_census_step(struct fw_wide *wide)
{
    const struct fw_sql_handle *sql = wide->plan.sql;
    double fraction;
    fw_status status = wide->job == NULL ? begin(wide) : FW_OK;

    if (status == FW_OK) {
        status = sql->api->advance(wide->job, STEP_MS, &fraction);
    }
    if (status == FW_MORE) {
        return FW_MORE;
    }
    sql->api->finish(wide->job);
    wide->job = NULL;
    if (status == FW_OK) {
        status = evaluate(wide);
    }
    if (status == FW_OK && wide->census_next < 2) {
        return FW_MORE;
    }
    return status != FW_OK ? status
                           : fw_sql_exec(sql, "DROP TABLE fw_wide_files; DROP TABLE fw_wide_spans; "
                                              "DROP TABLE fw_wide_entities");
}

void wide_census_finish(struct fw_wide *wide)
{
    for (size_t i = 0; i < wide->n_parts; i++) {
        free(wide->parts[i].start);
    }
    free(wide->parts);
    free(wide->spans);
}
