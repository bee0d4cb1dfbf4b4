/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "given.h"
#include "given_parts.h"
#include "named/named.h"

void compare_given_name(uint64_t i, uint64_t k, char ret[32])
{
    if (k == 1) {
        strcpy(ret, "p");
    } else {
        snprintf(ret, 32, "p_%llu", (unsigned long long)i);
    }
}

static fw_status append_answer(const struct compare_given *given, uint64_t i, uint64_t k,
                               struct fw_text *text)
{
    const struct fw_source_column *column;
    char name[32];
    compare_given_name(i, k, name);
    fw_status status = fw_named_find(given->table->host, given->source, name, "arms", &column);
    if (status == FW_OK) {
        fw_text_append(text, "TRY_CAST(");
        fw_text_identifier(text, column->name);
        fw_text_appendf(text, " AS DOUBLE) AS p%llu, ", (unsigned long long)i);
    }
    return status;
}

static fw_status append_unjoined(const struct compare_given *given, const struct compare_arm *arm,
                                 uint64_t k, struct fw_text *text)
{
    struct fw_text where = {0};
    fw_status status = compare_given_where(given, arm, &where);
    fw_text_append(text, "CREATE OR REPLACE TEMP TABLE " COMPARE_UNJOINED " AS SELECT ");
    for (size_t i = 0; i < given->table->ids.n; i++) {
        fw_text_identifier(text, given->keys[i]->name);
        fw_text_appendf(text, " AS k%zu, ", i);
    }
    for (uint64_t i = 0; status == FW_OK && i < k; i++) {
        status = append_answer(given, i, k, text);
    }
    if (status == FW_OK && given->y != NULL) {
        status = compare_table_target(given->table, given->y, text);
    }
    fw_text_append(text, given->y != NULL ? " AS y, " FW_SOURCE_FILE ", " FW_SOURCE_ROW " FROM "
                                          : FW_SOURCE_FILE ", " FW_SOURCE_ROW " FROM ");
    fw_source_scan(given->source, NULL, text);
    fw_text_append(text, fw_text_get(&where));
    text->failed = text->failed || where.failed;
    fw_text_finish(&where);
    return status;
}

void compare_given_match(const struct compare_given *given, struct fw_text *text)
{
    for (size_t i = 0; i < given->table->ids.n; i++) {
        const bool as_text = compare_key_family(given->table->ids.items[i]) == 't' ||
                             compare_key_family(given->keys[i]) == 't';
        fw_text_appendf(text,
                        as_text ? "%sCAST(s.k%zu AS VARCHAR) = CAST(g.k%zu AS VARCHAR)"
                                : "%ss.k%zu = g.k%zu",
                        i > 0 ? " AND " : "", i, i);
    }
}

static fw_status make_unjoined(const struct compare_given *given, const struct compare_arm *arm,
                               uint64_t k)
{
    struct fw_text statement = {0};
    int64_t n = 0;
    fw_status status = append_unjoined(given, arm, k, &statement);
    if (status == FW_OK) {
        status = fw_sql_exec_text(&given->table->sql, &statement);
    }
    fw_text_finish(&statement);
    if (status == FW_OK) {
        status = fw_sql_int64(&given->table->sql, &n, "SELECT count(*) FROM " COMPARE_UNJOINED);
    }
    return status == FW_OK && n == 0 ? compare_given_refuse_cell(given, arm, "it has no answers")
                                     : status;
}

static void append_answers(uint64_t k, struct fw_text *text)
{
    for (uint64_t i = 0; i < k; i++) {
        fw_text_appendf(text, ", p%llu", (unsigned long long)i);
    }
}

fw_status compare_given_join(struct compare_given *given, const struct compare_arm *arm,
                             size_t index, uint64_t k)
{
    struct fw_text statement = {0};
    fw_status status = make_unjoined(given, arm, k);
    if (status == FW_OK) {
        status = compare_given_check(given, arm, k);
    }
    if (status != FW_OK) {
        return status;
    }
    fw_text_appendf(&statement,
                    "CREATE TEMP TABLE fw_given_%zu AS SELECT s.sample, g.fw_file, "
                    "g.fw_row",
                    index);
    append_answers(k, &statement);
    fw_text_append(&statement, " FROM " COMPARE_UNJOINED " AS g JOIN " COMPARE_SAMPLES " AS s ON ");
    compare_given_match(given, &statement);
    fw_text_append(&statement, " ORDER BY s.sample; DROP TABLE " COMPARE_UNJOINED);
    status = fw_sql_exec_text(&given->table->sql, &statement);
    fw_text_finish(&statement);
    return status;
}

static fw_status open_reading(struct compare_given *given, size_t index, uint64_t k, uint64_t first)
{
    struct fw_text query = {0};
    fw_text_append(&query, "SELECT fw_file, fw_row");
    append_answers(k, &query);
    fw_text_appendf(&query, " FROM fw_given_%zu WHERE sample >= %llu ORDER BY sample", index,
                    (unsigned long long)first);
    fw_status status = compare_rows_open(&given->table->reading, &given->table->sql, &query);
    fw_text_finish(&query);
    given->arm = index;
    given->next = first;
    return status;
}

fw_status compare_given_read(struct compare_given *given, size_t index, uint64_t k, uint64_t first,
                             uint64_t n, double *ret)
{
    fw_status status = FW_OK;
    if (!compare_rows_are_open(&given->table->reading) || given->arm != index ||
        given->next != first) {
        status = open_reading(given, index, k, first);
    }
    for (uint64_t at = 0; status == FW_OK && at < n;) {
        struct compare_run run;
        status = compare_rows_next(&given->table->reading, n - at, &run);
        if (status == FW_OK && run.n == 0) {
            status = fw_faultf(given->table->host, FW_E_INTERNAL, NULL, NULL,
                               "answers that were joined are not there any more");
        }
        for (uint64_t i = 0; status == FW_OK && i < run.n * k; i++) {
            ret[at * k + i] = compare_run_column(&run, i % k)[i / k];
        }
        at += status == FW_OK ? run.n : 0;
    }
    given->next = first + n;
    return status;
}
