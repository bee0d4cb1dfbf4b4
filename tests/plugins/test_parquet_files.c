/* SPDX-License-Identifier: MIT */
/*
 * Every file of the Parquet project's test folder through the reader of the stages: its rows, or a
 * failure that names it. A new file in the folder is a new case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/source.h"
#include "sql_fixture.h"
#include "test_files.h"

/* What became of one file. */
struct outcome {
    fw_status status;
    int64_t rows;
    const char *fault;
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), size = strlen(end);
    return n >= size && strcmp(text + n - size, end) == 0;
}

/* Decodes every column of every row. */
static struct outcome read_all(struct sql_fixture *f, const char *path)
{
    struct fw_source *source = NULL;
    struct fw_text query = {0};
    struct outcome outcome = {.rows = -1, .fault = ""};
    outcome.status = fw_source_open(&f->sql, &path, 1, NULL, &source);
    if (outcome.status == FW_OK) {
        fw_text_append(&query, "SELECT count(*) + 0 * coalesce(max(h), 0) FROM (SELECT "
                               "hash(t) % 2 AS h FROM ");
        fw_source_scan(source, NULL, &query);
        fw_text_append(&query, " t)");
        outcome.status = fw_sql_int64(&f->sql, &outcome.rows, fw_text_get(&query));
    }
    if (outcome.status != FW_OK) {
        outcome.fault = fake_task_take_fault(f->task);
    }
    fw_text_finish(&query);
    fw_source_close(source);
    if (outcome.status ==
        FW_E_INTERNAL) { /* some damage is fatal to the engine, not to the process */
        fw_sql_handle_close(&f->sql);
        sql_fixture_connect(f);
    }
    return outcome;
}

/* Rows that the engine read of the file when the folder was made; -1: it refused, -2: not known. */
static int64_t expected_rows(const cJSON *results, const char *name)
{
    const cJSON *good = cJSON_GetObjectItemCaseSensitive(results, "ok_rows_cols_bytes");
    const cJSON *bad = cJSON_GetObjectItemCaseSensitive(results, "duckdb_error");
    const cJSON *facts = cJSON_GetObjectItemCaseSensitive(good, name);
    return facts != NULL ? (int64_t)facts->child->valuedouble
           : cJSON_GetObjectItemCaseSensitive(bad, name) != NULL ? -1
                                                                 : -2;
}

static void look(struct sql_fixture *f, const cJSON *results, const char *root, const char *path)
{
    const struct outcome outcome = read_all(f, path);
    int64_t expected = expected_rows(results, path + strlen(root) + 1);
    bool read = outcome.status == FW_OK;
    if (read && (expected == -1 || (expected >= 0 && outcome.rows != expected))) {
        fail_msg("%s: %ld rows, %ld were expected", path, (long)outcome.rows, (long)expected);
    }
    /* Some of these made the engine crash, now and then. */
    bool shredded = strstr(path, "/shredded_variant/case-") != NULL && ends_with(path, ".parquet");
    if (shredded && !read && strstr(outcome.fault, "VARIANT") == NULL) {
        fail_msg("%s: refused for another reason: %s", path, outcome.fault);
    }
    bool too_large = outcome.status == FW_E_NOMEM; /* a cell of two gigabytes is among them */
    if (!read && ((expected >= 0 && !too_large) || strstr(outcome.fault, path) == NULL)) {
        fail_msg("%s: %d %s", path, outcome.status, outcome.fault);
    }
}

static int walk(struct sql_fixture *f, bool parquet)
{
    char *root = test_shared_data("parquet");
    if (root == NULL) {
        skip();
    }
    char *results_path = test_path(root, "DUCKDB_read_results.json");
    char *text = test_file_read(results_path, NULL);
    cJSON *results = cJSON_Parse(text);
    assert_non_null(results);
    char *const roots[] = {root, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    assert_non_null(tree);
    int n = 0;
    const FTSENT *entry;
    while ((entry = fts_read(tree)) != NULL) {
        bool csv = ends_with(entry->fts_path, ".csv") || ends_with(entry->fts_path, ".txt");
        if (entry->fts_info == FTS_F && ends_with(entry->fts_path, ".parquet") == parquet && !csv) {
            look(f, results, root, entry->fts_path);
            n++;
        }
    }
    fts_close(tree);
    cJSON_Delete(results);
    free(text);
    free(results_path);
    free(root);
    return n;
}

static void every_parquet_file_gives_its_rows_or_is_named(void **state)
{
    assert_in_range(walk(*state, true), 200, 100000);
}

static void every_other_file_is_refused_and_named(void **state)
{
    assert_in_range(walk(*state, false), 200, 100000);
}

/* The first and last bytes of a good file are there, the rest is cut out or turned over. */
static void no_damage_crashes_the_reader(void **state)
{
    struct sql_fixture *f = *state;
    sql_must(f,
             "COPY (SELECT range AS a, md5(range::VARCHAR) AS b, [range, NULL] AS c, "
             "{'x': range::DECIMAL(9,2)} AS d FROM range(500)) TO '%s/whole.parquet'",
             f->dir);
    char *whole_path = test_path(f->dir, "whole.parquet");
    char *path = test_path(f->dir, "t.parquet");
    size_t size = 0;
    char *whole = test_file_read(whole_path, &size);
    for (size_t i = 0; i < 240; i++) {
        size_t at = 4 + i * (size - 8) / 240;
        bool cut = i % 2 == 0;
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(whole, 1, at, file), at);
        if (!cut) {
            assert_int_equal(fputc(whole[at] ^ 0x55, file), (unsigned char)(whole[at] ^ 0x55));
        }
        assert_int_equal(fwrite(whole + at + 1, 1, size - at - 1, file), size - at - 1);
        assert_int_equal(fclose(file), 0);
        const struct outcome outcome = read_all(f, path);
        if (outcome.status != FW_OK && strstr(outcome.fault, path) == NULL) {
            fail_msg("byte %zu: %s", at, outcome.fault);
        }
        /* A value may be another one, but no row can be lost. */
        assert_true(outcome.status != FW_OK || outcome.rows == 500);
    }
    free(whole);
    free(path);
    free(whole_path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_parquet_file_gives_its_rows_or_is_named),
        TEST(every_other_file_is_refused_and_named),
        TEST(no_damage_crashes_the_reader),
    };
    return cmocka_run_group_tests_name("parquet_files", tests, sql_fixture_load,
                                       sql_fixture_unload);
}
