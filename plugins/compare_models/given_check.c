/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "given.h"
#include "given_parts.h"
#include "named/named.h"

/* Of one kind of row: how many, the first one's place and key. */
struct culprit {
    uint64_t n;
    struct fw_text place;
    char *key;
    size_t file;
    int64_t row;
};

static void culprit_finish(struct culprit *culprit)
{
    fw_text_finish(&culprit->place);
    free(culprit->key);
}

/* `rows` is a SELECT of rows with keys, of the relation `of`; places are those of the source. */
static fw_status find_culprit(const struct compare_given *given, const struct fw_source *source,
                              const char *of, const struct fw_text *rows, struct culprit *ret)
{
    struct fw_text query = {0};
    struct fw_sql_grid grid = {0};
    fw_text_append(&query, "SELECT fw_file, fw_row, count(*) OVER () AS n, ");
    compare_append_keys(given->table, of, &query);
    fw_text_appendf(&query, " %s ORDER BY fw_file, fw_row LIMIT 1", fw_text_get(rows));
    fw_status status = query.failed || rows->failed
                           ? fw_fault_nomem(given->table->host)
                           : fw_sql_grid(&given->table->sql, &grid, fw_text_get(&query));
    if (status == FW_OK && grid.n_rows > 0) {
        ret->file = strtoul(fw_sql_cell(&grid, 0, 0), NULL, 10);
        ret->row = strtoll(fw_sql_cell(&grid, 0, 1), NULL, 10);
        ret->n = strtoull(fw_sql_cell(&grid, 0, 2), NULL, 10);
        ret->key = strdup(fw_sql_cell(&grid, 0, 3) == NULL ? "" : fw_sql_cell(&grid, 0, 3));
        fw_source_append_place(source, ret->file, ret->row, &ret->place);
        status = ret->key == NULL || ret->place.failed ? fw_fault_nomem(given->table->host) : FW_OK;
    }
    fw_sql_grid_finish(&grid);
    fw_text_finish(&query);
    return status;
}

static fw_status check_null_keys(const struct compare_given *given)
{
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < given->table->ids.n; i++) {
        struct culprit found = {0};
        struct fw_text rows = {0};
        fw_text_appendf(&rows, "FROM " COMPARE_UNJOINED " AS g WHERE g.k%zu IS NULL", i);
        status = find_culprit(given, given->source, "g", &rows, &found);
        if (status == FW_OK && found.n > 0) {
            status = compare_refuse_row(given->table, given->source, given->keys[i], found.file,
                                        found.row, "a key of the row");
        }
        fw_text_finish(&rows);
        culprit_finish(&found);
    }
    return status;
}

/* Rows of `rows`, if any, are refused in a sentence of `format`: arm, how many, the first key. */
static fw_status check_none(const struct compare_given *given, const struct compare_arm *arm,
                            const struct fw_source *source, const char *of, struct fw_text *rows,
                            const char *what)
{
    struct culprit found = {0};
    fw_status status = find_culprit(given, source, of, rows, &found);
    if (status == FW_OK && found.n > 0) {
        status = fw_faultf(given->table->host, FW_E_DATA, fw_text_get(&found.place),
                           "give each row of the test set one answer, and no other row any",
                           "arm %s: %llu %s; the first is %s", arm->name,
                           (unsigned long long)found.n, what, found.key);
    }
    fw_text_finish(rows);
    culprit_finish(&found);
    return status;
}

static fw_status check_twins(const struct compare_given *given, const struct compare_arm *arm)
{
    struct fw_text rows = {0};
    fw_text_append(&rows, "FROM (SELECT *, row_number() OVER (PARTITION BY k0");
    for (size_t i = 1; i < given->table->ids.n; i++) {
        fw_text_appendf(&rows, ", k%zu", i);
    }
    fw_text_append(&rows, " ORDER BY fw_file, fw_row) AS nth FROM " COMPARE_UNJOINED
                          ") AS g WHERE g.nth > 1");
    return check_none(given, arm, given->source, "g", &rows,
                      "answers are of a key that has one already");
}

static fw_status check_missing(const struct compare_given *given, const struct compare_arm *arm)
{
    struct fw_text rows = {0};
    fw_text_append(&rows, "FROM " COMPARE_SAMPLES
                          " AS s WHERE NOT EXISTS (SELECT 1 FROM " COMPARE_UNJOINED " AS g WHERE ");
    compare_given_match(given, &rows);
    fw_text_append(&rows, ")");
    return check_none(given, arm, given->table->source, "s", &rows,
                      "rows of the test set have no answer");
}

static fw_status check_extra(const struct compare_given *given, const struct compare_arm *arm)
{
    struct fw_text rows = {0};
    fw_text_append(&rows, "FROM " COMPARE_UNJOINED
                          " AS g WHERE NOT EXISTS (SELECT 1 FROM " COMPARE_SAMPLES " AS s WHERE ");
    compare_given_match(given, &rows);
    fw_text_append(&rows, ")");
    return check_none(given, arm, given->source, "g", &rows,
                      "answers are of keys that the test set does not have");
}

/* A FLOAT cannot hold what a DOUBLE does: they are equal where they are as FLOAT. */
static fw_status check_y(const struct compare_given *given, const struct compare_arm *arm)
{
    struct fw_text rows = {0};
    if (given->y == NULL || given->table->targets.n != 1) {
        return FW_OK;
    }
    const bool narrow = strcmp(given->y->sql_type, "FLOAT") == 0 ||
                        strcmp(given->table->targets.items[0]->sql_type, "FLOAT") == 0;
    const char *type = narrow ? "FLOAT" : "DOUBLE";
    fw_text_append(&rows, "FROM " COMPARE_UNJOINED
                          " AS g JOIN (SELECT * EXCLUDE (fw_file, fw_row) FROM " COMPARE_SAMPLES
                          ") AS s ON ");
    compare_given_match(given, &rows);
    fw_text_appendf(&rows, " WHERE CAST(g.y AS %s) IS DISTINCT FROM CAST(s.y0 AS %s)", type, type);
    return check_none(given, arm, given->source, "g", &rows,
                      "answers have another y than the test set has as its target");
}

/* Not-a-number is for the guard; what is none at all, or no probability, for whoever wrote it. */
static fw_status check_answer(const struct compare_given *given, uint64_t i, uint64_t k)
{
    struct culprit found = {0};
    struct fw_text rows = {0};
    const struct fw_source_column *column;
    char name[32];
    compare_given_name(i, k, name);
    fw_text_appendf(&rows, "FROM " COMPARE_UNJOINED " AS g WHERE g.p%llu IS NULL",
                    (unsigned long long)i);
    if (given->table->classes) {
        fw_text_appendf(&rows, " OR (NOT isnan(g.p%llu) AND NOT g.p%llu BETWEEN 0 AND 1)",
                        (unsigned long long)i, (unsigned long long)i);
    }
    fw_status status = find_culprit(given, given->source, "g", &rows, &found);
    if (status == FW_OK && found.n > 0) {
        status = fw_named_find(given->table->host, given->source, name, "arms", &column);
    }
    if (status == FW_OK && found.n > 0) {
        status = compare_refuse_row(given->table, given->source, column, found.file, found.row,
                                    given->table->classes ? "a number from 0 to 1" : "a number");
    }
    fw_text_finish(&rows);
    culprit_finish(&found);
    return status;
}

fw_status compare_given_check(const struct compare_given *given, const struct compare_arm *arm,
                              uint64_t k)
{
    fw_status status = check_null_keys(given);
    if (status == FW_OK) {
        status = check_twins(given, arm);
    }
    if (status == FW_OK) {
        status = check_missing(given, arm);
    }
    if (status == FW_OK) {
        status = check_extra(given, arm);
    }
    if (status == FW_OK) {
        status = check_y(given, arm);
    }
    for (uint64_t i = 0; status == FW_OK && i < k; i++) {
        status = check_answer(given, i, k);
    }
    return status;
}
