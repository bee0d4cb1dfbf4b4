/* SPDX-License-Identifier: MIT */
#include "cells.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"

static void add_quoted(struct fw_str *text, const char *value, char quote)
{
    const char mark[] = {quote, '\0'};
    fw_str_add(text, mark);
    for (; *value != '\0'; value++) {
        fw_str_printf(text, "%s%c", *value == quote ? mark : "", *value);
    }
    fw_str_add(text, mark);
}

static bool is_csv(const char *path)
{
    const char *name = strrchr(path, '/');
    return strstr(name ? name : path, ".csv") || strstr(name ? name : path, ".tsv");
}

/* read_parquet(['...', ...]): of CSV, unless numbers may differ, every value as the text that
 * stands there. */
static void add_table(struct fw_str *text, const cJSON *paths, bool exact)
{
    const cJSON *path;
    const bool csv = paths->child && is_csv(paths->child->valuestring);
    fw_str_add(text, csv ? "read_csv([" : "read_parquet([");
    cJSON_ArrayForEach(path, paths)
    {
        fw_str_add(text, path->prev && path != paths->child ? ", " : "");
        add_quoted(text, path->valuestring, '\'');
    }
    fw_str_add(text, csv && exact ? "], all_varchar = true)" : "])");
}

static int ask(const struct fw_cells *cells, struct fw_str *query, struct fw_strings *ret_texts,
               struct fw_error *err)
{
    const int rc =
        query->oom ? fw_error_oom(err) : fw_cells_query(cells, query->text, ret_texts, err);
    fw_str_finish(query);
    return rc;
}

/* One file of each side, or one folder. */
struct pair {
    const struct fw_cells *cells;
    const cJSON *old_paths, *new_paths;
    double tolerance;
    struct fw_strings columns; /* name, type, name, type, ... */
    cJSON *difference;
};

static int describe(const struct pair *pair, const cJSON *paths, struct fw_strings *ret,
                    struct fw_error *err)
{
    struct fw_str query = {0};
    fw_str_add(&query, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ");
    add_table(&query, paths, pair->tolerance <= 0);
    fw_str_add(&query, ")");
    return ask(pair->cells, &query, ret, err);
}

static void differ(struct pair *pair, const char *text)
{
    pair->difference = cJSON_CreateObject();
    cJSON_AddStringToObject(pair->difference, "text", text);
}

static int compare_columns(struct pair *pair, struct fw_error *err)
{
    fw_auto(strings) struct fw_strings other = {0};
    FW_TRY(describe(pair, pair->old_paths, &pair->columns, err));
    FW_TRY(describe(pair, pair->new_paths, &other, err));
    const size_t n = pair->columns.len < other.len ? pair->columns.len : other.len;
    char text[512];
    for (size_t i = 0; i + 1 < n; i += 2) {
        char *const *a = &pair->columns.items[i], *const *b = &other.items[i];
        if (strcmp(a[0], b[0]) != 0 || strcmp(a[1], b[1]) != 0) {
            snprintf(text, sizeof text, "column %zu is \"%s\" of type %s, and \"%s\" of type %s",
                     i / 2 + 1, a[0], a[1], b[0], b[1]);
            differ(pair, text);
            return 0;
        }
    }
    if (pair->columns.len != other.len) {
        snprintf(text, sizeof text, "%zu columns, and %zu", pair->columns.len / 2, other.len / 2);
        differ(pair, text);
    }
    return 0;
}

/* Columns get names by number: those of the tables may be anything. */
static void add_side(struct fw_str *query, const struct pair *pair, char side)
{
    fw_str_add(query, "(SELECT ");
    for (size_t i = 0; i < pair->columns.len; i += 2) {
        add_quoted(query, pair->columns.items[i], '"');
        fw_str_printf(query, " AS %c%zu, ", side, i / 2);
    }
    fw_str_printf(query, "true AS %c_is FROM ", side);
    add_table(query, side == 'a' ? pair->old_paths : pair->new_paths, pair->tolerance <= 0);
    fw_str_add(query, ")");
}

static void add_condition(struct fw_str *query, const struct pair *pair, size_t i)
{
    const char *type = pair->columns.items[2 * i + 1];
    fw_str_printf(query, "a%zu IS DISTINCT FROM b%zu", i, i);
    if (pair->tolerance > 0 && (strcmp(type, "DOUBLE") == 0 || strcmp(type, "FLOAT") == 0)) {
        fw_str_printf(
            query,
            " AND NOT coalesce(abs(a%zu - b%zu) <= %.17g * greatest(abs(a%zu), abs(b%zu)), "
            "false)",
            i, i, pair->tolerance, i, i);
    }
}

/* Row, column's number (-1: one side has no such row), both values. */
static int compare_values(struct pair *pair, struct fw_strings *found, struct fw_error *err)
{
    struct fw_str query = {0};
    const size_t n = pair->columns.len / 2;
    fw_str_add(&query, "SELECT fw_row::VARCHAR, fw_column::VARCHAR, CASE fw_column WHEN -1 THEN "
                       "a_is::VARCHAR");
    for (size_t i = 0; i < n; i++) {
        fw_str_printf(&query, " WHEN %zu THEN a%zu::VARCHAR", i, i);
    }
    fw_str_add(&query, " END, CASE fw_column WHEN -1 THEN b_is::VARCHAR");
    for (size_t i = 0; i < n; i++) {
        fw_str_printf(&query, " WHEN %zu THEN b%zu::VARCHAR", i, i);
    }
    fw_str_add(&query,
               " END FROM (SELECT *, row_number() OVER () AS fw_row, CASE WHEN a_is IS NULL "
               "OR b_is IS NULL THEN -1");
    for (size_t i = 0; i < n; i++) {
        fw_str_add(&query, " WHEN ");
        add_condition(&query, pair, i);
        fw_str_printf(&query, " THEN %zu", i);
    }
    fw_str_add(&query, " END AS fw_column FROM ");
    add_side(&query, pair, 'a');
    fw_str_add(&query, " POSITIONAL JOIN ");
    add_side(&query, pair, 'b');
    fw_str_add(&query, ") WHERE fw_column IS NOT NULL ORDER BY fw_row LIMIT 1");
    return ask(pair->cells, &query, found, err);
}

static void add_value(cJSON *to, const char *name, const char *value)
{
    if (value) {
        cJSON_AddStringToObject(to, name, value);
    } else {
        cJSON_AddNullToObject(to, name);
    }
}

static void tell(struct pair *pair, char *const *found)
{
    const long column = strtol(found[1], NULL, 10);
    if (column < 0) {
        char text[96];
        snprintf(text, sizeof text, "row %s is only in the %s table", found[0],
                 found[2] ? "first" : "second");
        differ(pair, text);
    } else {
        differ(pair, "a value differs");
        cJSON_AddStringToObject(pair->difference, "column", pair->columns.items[2 * column]);
        add_value(pair->difference, "old", found[2]);
        add_value(pair->difference, "new", found[3]);
    }
    cJSON_AddNumberToObject(pair->difference, "row", strtod(found[0], NULL));
}

static int compare_pair(struct pair *pair, struct fw_error *err)
{
    fw_auto(strings) struct fw_strings found = {0};
    FW_TRY(compare_columns(pair, err));
    if (!pair->difference) {
        FW_TRY(compare_values(pair, &found, err));
    }
    if (found.len == 4) {
        tell(pair, found.items);
    }
    return 0;
}

int fw_cells_compare(const struct fw_cells *cells, const cJSON *pairs, double tolerance,
                     cJSON **ret_difference, struct fw_error *err)
{
    const cJSON *item;
    *ret_difference = NULL;
    cJSON_ArrayForEach(item, pairs)
    {
        struct pair pair = {.cells = cells,
                            .tolerance = tolerance,
                            .old_paths = cJSON_GetObjectItemCaseSensitive(item, "old"),
                            .new_paths = cJSON_GetObjectItemCaseSensitive(item, "new")};
        const int rc = compare_pair(&pair, err);
        fw_strings_finish(&pair.columns);
        if (rc < 0 || pair.difference) {
            cJSON_AddStringToObject(pair.difference, "file", fw_json_text(item, "file"));
            *ret_difference = pair.difference;
            return rc;
        }
    }
    return 0;
}
