/* SPDX-License-Identifier: MIT */
#include <inttypes.h>

#include "profile.h"

/* What is shown of a long text; two that begin alike are told apart by their hash. */
enum { SHOWN = 200 };

static bool is_value(const struct profile_column *column)
{
    return column->is_counted && (column->class == FW_OFFER_TEXT || column->class == FW_OFFER_BOOL);
}

/* v1, v2, v5: the columns of values by number, so that no raw column's name is hit. */
static void append_each(const struct profile *profile, const char *before, const char *after,
                        struct fw_text *select)
{
    bool any = false;

    for (size_t i = 0; i < profile->source->n_columns; i++) {
        if (is_value(&profile->columns[i])) {
            fw_text_appendf(select, "%s%sv%zu%s", any ? ", " : "", before, i, after);
            any = true;
        }
    }
}

/*
 * Each column is grouped alone, in one pass over the chunk: of its dictionary the engine looks up
 * every value once. The few rows that are left have one value each, of the column that it says.
 */
static void append_distinct(const struct profile *profile, const char *rows, struct fw_text *select)
{
    fw_text_append(select, "SELECT ");
    append_each(profile, "", "", select);
    fw_text_append(select, ", count(*) AS n FROM (");
    for (size_t i = 0, n = 0; i < profile->source->n_columns; i++) {
        if (is_value(&profile->columns[i])) {
            fw_text_append(select, n++ > 0 ? ", " : "SELECT ");
            fw_text_identifier(select, profile->columns[i].column->name);
            fw_text_appendf(select, " AS v%zu", i);
        }
    }
    fw_text_appendf(select, " FROM %s) GROUP BY GROUPING SETS (", rows);
    append_each(profile, "(", ")", select);
    fw_text_append(select, ")");
}

/* Distinct values of a chunk, column by column. */
void profile_keep_values(const void *self, const char *rows, struct fw_text *select)
{
    const struct profile *profile = self;

    fw_text_appendf(select,
                    "SELECT c, hash(v) AS h, left(v, %d) AS shown, length(v) AS chars, n FROM "
                    "(SELECT CASE",
                    SHOWN);
    for (size_t i = 0; i < profile->source->n_columns; i++) {
        if (is_value(&profile->columns[i])) {
            fw_text_appendf(select, " WHEN v%zu IS NOT NULL THEN %zu", i, i);
        }
    }
    fw_text_append(select, " END::INTEGER AS c, coalesce(");
    append_each(profile, "CAST(", " AS VARCHAR)", select);
    fw_text_append(select, ") AS v, n FROM (");
    append_distinct(profile, rows, select);
    fw_text_append(select, ")) WHERE v IS NOT NULL");
}

void profile_make_values(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    (void)self;
    fw_text_append(select, "SELECT c, h, shown, chars, sum(n)::BIGINT AS n FROM ");
    fw_fold_append_rows(fold, "texts", select);
    fw_text_append(select, " GROUP BY c, h, shown, chars");
}

/* One row of a column: counts, and the most frequent values as JSON; ties by text. */
void profile_make_top(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    const struct profile *profile = self;

    fw_text_append(select, "SELECT * FROM (SELECT c, sum(n)::BIGINT AS filled, count(*) AS "
                           "n_distinct, sum(n * chars)::DOUBLE / sum(n) AS chars FROM ");
    fw_fold_append_rows(fold, "values", select);
    fw_text_append(select, " GROUP BY c) LEFT JOIN (SELECT c, fw_canonical_json(list({'value': "
                           "shown, 'count': n} ORDER BY place)) AS top FROM (SELECT c, shown, n, "
                           "row_number() OVER (PARTITION BY c ORDER BY n DESC, shown, chars, h) AS "
                           "place FROM ");
    fw_fold_append_rows(fold, "values", select);
    fw_text_appendf(select, ") WHERE place <= %" PRId64 " GROUP BY c) USING (c)", profile->top_k);
}
