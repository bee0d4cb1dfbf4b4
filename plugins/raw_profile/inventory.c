/* SPDX-License-Identifier: MIT */
#include "profile.h"

#define FIGURES                                                                                    \
    "non_null_rate, approx_distinct, mean, std, min, max, p01, p50, p99, avg_str_len, top_k"

/* (c, "column", dtype) of all columns, in the table's order. */
static void append_columns(const struct profile *profile, struct fw_text *select)
{
    fw_text_append(select, "(VALUES ");
    for (size_t i = 0; i < profile->source->n_columns; i++) {
        const struct fw_source_column *column = profile->columns[i].column;
        fw_text_appendf(select, "%s(%zu, ", i > 0 ? ", " : "", i);
        fw_text_literal(select, column->name);
        fw_text_append(select, ", ");
        fw_text_literal(select, column->type);
        fw_text_appendf(select, ", %s)", profile->columns[i].is_counted ? "true" : "false");
    }
    fw_text_append(select, ") AS named(c, \"column\", dtype, is_counted)");
}

static void append_values_of(const struct profile *profile, const struct fw_fold *fold,
                             struct fw_text *select)
{
    if (profile->n_values > 0) {
        fw_fold_append_rows(fold, "top", select);
    } else {
        fw_text_append(select, "(SELECT NULL::INTEGER AS c, NULL::BIGINT AS filled, NULL::BIGINT "
                               "AS n_distinct, NULL::DOUBLE AS chars, NULL::VARCHAR AS top)");
    }
}

/* What is 0 is 0; NULL is what is not known (the reference takes one for the other). */
void profile_make_inventory(const void *self, const struct fw_fold *fold, struct fw_text *select)
{
    const struct profile *profile = self;

    fw_text_append(select,
                   "SELECT \"column\", dtype, CASE WHEN is_counted THEN 'scan_sample' ELSE "
                   "'schema_only' END AS source, " FIGURES " FROM (SELECT named.c, \"column\", "
                   "dtype, is_counted, CASE WHEN is_counted AND everything.n > 0 THEN "
                   "COALESCE(numbers.filled, texts.filled, 0) / everything.n END AS "
                   "non_null_rate, CASE WHEN is_counted AND numbers.c IS NULL THEN "
                   "COALESCE(n_distinct, 0) END AS approx_distinct, mean, std, low AS min, high "
                   "AS max, p[1] AS p01, p[2] AS p50, p[3] AS p99, chars AS avg_str_len, top AS "
                   "top_k FROM ");
    append_columns(profile, select);
    fw_text_append(select, " LEFT JOIN ");
    fw_fold_append_rows(fold, "number_figures", select);
    fw_text_append(select, " AS numbers ON named.c = numbers.c LEFT JOIN ");
    append_values_of(profile, fold, select);
    fw_text_append(select, " AS texts ON named.c = texts.c CROSS JOIN (SELECT n FROM ");
    fw_fold_append_rows(fold, "number_figures", select);
    fw_text_append(select, " WHERE c = -1) AS everything) ORDER BY c");
}
