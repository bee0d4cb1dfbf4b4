/* SPDX-License-Identifier: MIT */
#include "daily.h"

/*
 * Names of what the statements pass on begin with fw_, which no input column may (columns.c).
 */

void daily_take(const void *self, const struct fw_wide_rows *rows, struct fw_text *select)
{
    const struct daily_table *table = self;

    fw_text_appendf(select, "SELECT %s AS ", fw_text_get(&table->keys.entity));
    fw_text_identifier(select, table->settings->entity_column);
    fw_text_append(select, ", *");
    if (table->converts_entity) {
        fw_text_append(select, " EXCLUDE (");
        fw_text_identifier(select, table->settings->entity_column);
        fw_text_append(select, ")");
    }
    fw_text_appendf(select, " FROM %s WHERE %s IS NOT NULL", rows->select,
                    fw_text_get(&table->keys.entity));
}

void daily_probe(const void *self, const struct fw_wide_part *part, struct fw_text *select)
{
    const struct daily_table *table = self;

    fw_text_append(select, "WITH fw_keys AS MATERIALIZED (SELECT ");
    fw_text_identifier(select, table->settings->entity_column);
    fw_text_appendf(select, " AS fw_entity, %s AS fw_day FROM %s) SELECT ",
                    fw_text_get(&table->keys.day), part->rows);
    fw_text_append(select,
                   "(SELECT count(*) FROM (SELECT *, lag(fw_entity) OVER () AS fw_entity_before, "
                   "lag(fw_day) OVER () AS fw_day_before FROM fw_keys) WHERE fw_entity = "
                   "fw_entity_before AND NOT coalesce(fw_day > fw_day_before, false)), "
                   "(SELECT count(*) FROM fw_keys WHERE fw_day IS NULL), "
                   "(SELECT coalesce(sum(fw_n), 0)::BIGINT FROM (SELECT count(*) AS fw_n FROM "
                   "fw_keys GROUP BY fw_entity, fw_day) WHERE fw_n > 1)");
}

/* Rows that are an entity-day each, in order: they are read once and nothing is kept of them. */
static void append_stream(const struct daily_table *table, const char *rows, struct fw_text *select)
{
    static const struct daily_day day = {.count = "1::BIGINT", .now = "fw_now", .then = "fw_then"};

    fw_text_append(select, "SELECT ");
    daily_columns_append(table, "", "", select);
    daily_columns_append_added(table, &day, select);
    if (table->keys.funding.size == 0) {
        fw_text_appendf(select, " FROM %s", rows);
        return;
    }
    const char *funding = fw_text_get(&table->keys.funding);
    fw_text_appendf(select, " FROM (SELECT *, %s AS fw_now, CASE WHEN lag(", funding);
    fw_text_identifier(select, table->settings->entity_column);
    fw_text_append(select, ") OVER () = ");
    fw_text_identifier(select, table->settings->entity_column);
    fw_text_appendf(select, " THEN lag(%s) OVER () END AS fw_then FROM %s)", funding, rows);
}

/* The amount of a row, and whether it shows one: a text that is no number is shown, too. */
static void append_funding(const struct daily_table *table, struct fw_text *select)
{
    if (table->keys.funding.size == 0) {
        fw_text_append(select, "NULL::DOUBLE AS fw_funding, false AS fw_shown");
        return;
    }
    fw_text_appendf(select, "%s AS fw_funding, ", fw_text_get(&table->keys.funding));
    daily_columns_append_one(fw_source_column(table->source, table->settings->funding_column),
                             select);
    fw_text_append(select, " IS NOT NULL AS fw_shown");
}

/*
 * Every row's rank in its entity-day, by a total order: the last one wins. The
 * numbers of files follow their names.
 */
static void append_ranks(const struct daily_table *table, const char *rows, struct fw_text *select)
{
    const struct daily_keys *keys = &table->keys;

    fw_text_append(
        select, "fw_rows AS MATERIALIZED (SELECT fw_file, fw_row, fw_entity, fw_day, "
                "fw_funding, fw_shown, row_number() OVER (PARTITION BY fw_entity, fw_day ORDER BY "
                "fw_instant NULLS FIRST, fw_processed NULLS FIRST, fw_crawled NULLS "
                "FIRST, fw_file, fw_row) AS fw_k, count(*) OVER (PARTITION BY fw_entity, "
                "fw_day) AS fw_n FROM (SELECT fw_file, fw_row, ");
    fw_text_identifier(select, table->settings->entity_column);
    fw_text_appendf(select,
                    " AS fw_entity, %s AS fw_day, %s AS fw_instant, %s AS fw_processed, %s AS "
                    "fw_crawled, ",
                    fw_text_get(&keys->day), fw_text_get(&keys->instant),
                    fw_text_get(&keys->processed), fw_text_get(&keys->crawled));
    append_funding(table, select);
    fw_text_appendf(select, " FROM %s))", rows);
}

/* Every entity-day: its place in the output, its winner, its funding and that of the day before. */
static void append_days(const struct daily_table *table, struct fw_text *select)
{
    fw_text_appendf(
        select,
        "fw_days AS MATERIALIZED (SELECT *, row_number() OVER (ORDER BY fw_entity, fw_day NULLS "
        "LAST) AS fw_place, lag(fw_now) OVER (PARTITION BY fw_entity ORDER BY fw_day NULLS LAST) "
        "AS fw_then FROM (SELECT fw_entity, fw_day, count(*) AS fw_count, %s AS fw_now, "
        "max(fw_file) FILTER (WHERE fw_k = fw_n) AS fw_last_file, max(fw_row) FILTER (WHERE fw_k = "
        "fw_n) AS fw_last_row FROM fw_rows GROUP BY fw_entity, fw_day))",
        table->settings->latest_row ? "max(fw_funding) FILTER (WHERE fw_k = fw_n)"
                                    : "arg_max_null(fw_funding, fw_k) FILTER (WHERE fw_shown)");
}

static void append_winners(const struct daily_table *table, const char *rows, bool singles_only,
                           struct fw_text *select)
{
    fw_text_append(select, "SELECT fw_place AS fw_at, ");
    daily_columns_append(table, "", "", select);
    fw_text_appendf(select,
                    " FROM %s AS fw_all JOIN (SELECT * FROM fw_days%s) ON fw_file = fw_last_file "
                    "AND fw_row = fw_last_row",
                    rows, singles_only ? " WHERE fw_count = 1" : "");
}

/* arg_max passes over NULLs: of each column the last value that is there. */
static void append_merged(const struct daily_table *table, const char *rows, struct fw_text *select)
{
    fw_text_append(select, "SELECT fw_place AS fw_at, ");
    daily_columns_append(table, "arg_max(", ", fw_rank)", select);
    fw_text_appendf(select,
                    " FROM %s AS fw_all JOIN (SELECT fw_rows.fw_file AS fw_a_file, fw_rows.fw_row "
                    "AS fw_a_row, fw_k AS fw_rank, fw_place FROM fw_rows JOIN (SELECT * FROM "
                    "fw_days WHERE fw_count > 1) AS fw_shared ON fw_rows.fw_entity = "
                    "fw_shared.fw_entity AND fw_rows.fw_day IS NOT DISTINCT FROM fw_shared.fw_day) "
                    "ON fw_file = fw_a_file AND fw_row = fw_a_row GROUP BY fw_place",
                    rows);
}

/*
 * The choice is made on narrow columns; the wide ones are read once more, and only rows of the
 * output are sorted.
 */
static void append_chosen(const struct daily_table *table, const struct fw_wide_part *part,
                          struct fw_text *select)
{
    static const struct daily_day day = {.count = "fw_count", .now = "fw_now", .then = "fw_then"};
    bool merges = !table->settings->latest_row && part->facts[DAILY_ROWS_OF_SHARED_DAYS] > 0;

    fw_text_append(select, "WITH ");
    append_ranks(table, part->rows, select);
    fw_text_append(select, ", ");
    append_days(table, select);
    fw_text_append(select, " SELECT ");
    daily_columns_append_names(table, select);
    daily_columns_append_added(table, &day, select);
    fw_text_append(select, " FROM (");
    append_winners(table, part->rows, merges, select);
    if (merges) {
        fw_text_append(select, " UNION ALL ");
        append_merged(table, part->rows, select);
    }
    fw_text_append(select, ") JOIN (SELECT fw_place, fw_count, fw_now, fw_then FROM fw_days) ON "
                           "fw_at = fw_place ORDER BY fw_at");
}

/* Rows that are an entity-day each, out of order: sorted, and then as if they had been in order. */
static void append_sorted(const struct daily_table *table, const char *rows, struct fw_text *select)
{
    struct fw_text sorted = {0};

    fw_text_appendf(&sorted, "(SELECT * FROM %s ORDER BY ", rows);
    fw_text_identifier(&sorted, table->settings->entity_column);
    fw_text_appendf(&sorted, ", %s)", fw_text_get(&table->keys.day));
    append_stream(table, fw_text_get(&sorted), select);
    select->failed |= sorted.failed;
    fw_text_finish(&sorted);
}

void daily_finish(const void *self, const struct fw_wide_part *part, struct fw_text *select)
{
    const struct daily_table *table = self;

    if (part->facts[DAILY_ROWS_WITHOUT_DAY] > 0 || part->facts[DAILY_ROWS_OF_SHARED_DAYS] > 0) {
        append_chosen(table, part, select);
    } else if (part->facts[DAILY_ROWS_OUT_OF_ORDER] == 0) {
        append_stream(table, part->rows, select);
    } else {
        append_sorted(table, part->rows, select);
    }
}
