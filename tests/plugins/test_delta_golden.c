/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delta/delta.h"
#include "fw/testkit.h"
#include "source/source.h"
#include "test_files.h"

/*
 * Real Delta tables of three projects, against counts that were derived by another replay
 * (EXPECTED_row_counts.json). What this reader refuses, and with which words, is listed here.
 */
static const struct {
    const char *table;
    fw_status status;
    const char *words;
} refused[] = {
    {"golden/deltalog-invalid-protocol-version", FW_E_UNSUPPORTED, "reader version 99"},
    {"golden/deltalog-state-reconstruction-from-checkpoint-missing-metadata", FW_E_DATA,
     "no metaData"},
    {"golden/deltalog-state-reconstruction-from-checkpoint-missing-protocol", FW_E_DATA,
     "no protocol"},
    {"golden/deltalog-state-reconstruction-without-metadata", FW_E_DATA, "no metaData"},
};

/*
 * Here the other replay compared paths as texts: the log adds "/x" and removes "file:/x". These
 * are one file (the tables are named after it), so nothing is active.
 */
static const char *const emptied[] = {"golden/canonicalized-paths-normal-a",
                                      "golden/canonicalized-paths-special-b"};

struct fixture {
    struct fake_kit *kit;
    struct fake_task *task;
    struct fw_sql_handle sql;
    char *root;
    cJSON *expected;
};

static int open_session(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->kit = fake_kit_open(DUCKDB_SO, NULL);
    f->task = fake_task_create(f->kit, NULL);
    assert_int_equal(fw_sql_handle_open(&f->sql, fake_task_host(f->task)), FW_OK);
    f->root = test_shared_data("delta");
    if (f->root != NULL) {
        char *path = test_path(f->root, "EXPECTED_row_counts.json");
        char *text = test_file_read(path, NULL);
        f->expected = cJSON_Parse(text);
        free(text);
        free(path);
    }
    *state = f;
    return 0;
}

static int close_session(void **state)
{
    struct fixture *f = *state;
    fw_sql_handle_close(&f->sql);
    fake_task_destroy(f->task);
    fake_kit_close(f->kit);
    cJSON_Delete(f->expected);
    free(f->root);
    free(f);
    return 0;
}

static void need_data(const struct fixture *f)
{
    if (f->root == NULL) {
        skip();
    }
    assert_non_null(f->expected);
}

/* kernel-rs keeps some tables one folder deeper. */
static char *table_path(const struct fixture *f, const char *table)
{
    char *path = test_path(f->root, "%s", table);
    if (!fw_delta_is_table(path)) {
        free(path);
        path = test_path(f->root, "%s/delta", table);
    }
    return path;
}

static int find_refused(const char *table)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (strcmp(refused[i].table, table) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool is_emptied(const char *table)
{
    return strcmp(table, emptied[0]) == 0 || strcmp(table, emptied[1]) == 0;
}

static int64_t number(const cJSON *object, const char *name)
{
    return (int64_t)cJSON_GetObjectItemCaseSensitive(object, name)->valuedouble;
}

static void replays_every_table_within_its_features(void **state)
{
    struct fixture *f = *state;
    need_data(f);
    int n = 0;
    for (const cJSON *table = f->expected->child; table != NULL; table = table->next) {
        if (find_refused(table->string) >= 0) {
            continue;
        }
        char *path = table_path(f, table->string);
        struct fw_delta *delta = NULL;
        if (fw_delta_open(&f->sql, path, &delta) != FW_OK) {
            fail_msg("%s: %s", table->string, fake_task_take_fault(f->task));
        }
        int64_t active = is_emptied(table->string) ? 0 : number(table, "active_files");
        int64_t n_partitions =
            cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(table, "partition_cols"));
        if (delta->version != number(table, "latest") || (int64_t)delta->n_files != active ||
            (int64_t)delta->n_partitions != n_partitions) {
            fail_msg("%s: version %ld, %zu files, %zu partition columns", table->string,
                     (long)delta->version, delta->n_files, delta->n_partitions);
        }
        fw_delta_close(delta);
        free(path);
        n++;
    }
    assert_int_equal(n, 63 - (int)(sizeof refused / sizeof *refused));
}

static void refuses_the_rest_by_name(void **state)
{
    struct fixture *f = *state;
    need_data(f);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char *path = table_path(f, refused[i].table);
        struct fw_delta *delta = NULL;
        fw_status status = fw_delta_open(&f->sql, path, &delta);
        const char *fault = fake_task_take_fault(f->task);
        if (status != refused[i].status || strstr(fault, refused[i].words) == NULL ||
            strstr(fault, path) == NULL) {
            fail_msg("%s: %d %s", refused[i].table, status, fault);
        }
        free(path);
    }
}

/* Every column of every row is decoded. */
static int64_t scan(const struct fixture *f, const char *table, const char *path)
{
    struct fw_source *source = NULL;
    struct fw_text query = {0};
    int64_t rows = -1;
    if (fw_source_open(&f->sql, &path, 1, NULL, &source) != FW_OK) {
        fail_msg("%s: %s", table, fake_task_take_fault(f->task));
    }
    fw_text_append(&query, "SELECT count(*) + 0 * count(bit_xor) FROM (SELECT fw_file, fw_row, "
                           "bit_xor(hash(t)) AS bit_xor FROM ");
    fw_source_scan(source, NULL, &query);
    fw_text_append(&query, " t GROUP BY fw_file, fw_row)");
    if (fw_sql_int64(&f->sql, &rows, fw_text_get(&query)) != FW_OK) {
        fail_msg("%s: %s\n%s", table, fake_task_take_fault(f->task), fw_text_get(&query));
    }
    fw_text_finish(&query);
    fw_source_close(source);
    return rows;
}

static void reads_all_rows_of_tables_with_data(void **state)
{
    struct fixture *f = *state;
    need_data(f);
    int n = 0;
    for (const cJSON *table = f->expected->child; table != NULL; table = table->next) {
        if (find_refused(table->string) >= 0 || number(table, "missing_files") > 0) {
            continue;
        }
        char *path = table_path(f, table->string);
        int64_t rows = scan(f, table->string, path);
        if (rows != number(table, "live_rows")) {
            fail_msg("%s: %ld rows", table->string, (long)rows);
        }
        free(path);
        n++;
    }
    assert_int_equal(n, 50);
}

static void names_a_missing_data_file(void **state)
{
    struct fixture *f = *state;
    need_data(f);
    char *path = table_path(f, "golden/checkpoint");
    const char *paths[] = {path};
    struct fw_source *source = NULL;
    assert_int_equal(fw_source_open(&f->sql, paths, 1, NULL, &source), FW_E_MISSING);
    assert_non_null(strstr(fake_task_take_fault(f->task), "golden/checkpoint/15"));
    free(path);
}

/* cJSON reads these although RFC 8259 does not have them; see docs/reference/json.md. */
static bool is_lenient(const char *name)
{
    static const char *const names[] = {"n_number_-2..json",
                                        "n_number_2.e+3.json",
                                        "n_number_2.e-3.json",
                                        "n_number_neg_int_starting_with_zero.json",
                                        "n_number_real_without_fractional_part.json",
                                        "n_number_with_leading_zero.json",
                                        "n_string_unescaped_tab.json",
                                        "n_structure_whitespace_formfeed.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A log whose second line is {"commitInfo": TEXT}. */
static fw_status open_log(const struct fixture *f, const char *folder, const char *text,
                          size_t size)
{
    static const char start[] =
        "{\"protocol\":{\"minReaderVersion\":1},\"metaData\":{}}\n{\"commitInfo\":";
    char *path = test_path(folder, "_delta_log/%020d.json", 0);
    struct fw_delta *delta = NULL;
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(start, 1, sizeof start - 1, file), sizeof start - 1);
    assert_int_equal(fwrite(text, 1, size, file), size);
    assert_int_equal(fwrite("}\n", 1, 2, file), 2);
    assert_int_equal(fclose(file), 0);
    free(path);
    fw_status status = fw_delta_open(&f->sql, folder, &delta);
    fw_delta_close(delta);
    return status;
}

static void reads_a_log_as_json_is_defined(void **state)
{
    struct fixture *f = *state;
    char *suite = test_shared_data("json/test_parsing");
    if (suite == NULL) {
        skip();
    }
    char *folder = test_folder_create();
    test_file_write(folder, "_delta_log/readme", "");
    DIR *dir = opendir(suite);
    assert_non_null(dir);
    int n = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        char *path = test_path(suite, "%s", name);
        size_t size = 0;
        char *text = name[1] == '_' ? test_file_read(path, &size) : NULL;
        if (text != NULL && memchr(text, '\n', size) == NULL) {
            fw_status status = open_log(f, folder, text, size);
            const char *fault = fake_task_take_fault(f->task);
            bool must_read = name[0] == 'y' || is_lenient(name);
            bool must_refuse = name[0] == 'n' && !is_lenient(name);
            if ((must_read && status != FW_OK) || (must_refuse && status != FW_E_DATA) ||
                (status != FW_OK && strstr(fault, ".json:2") == NULL)) {
                fail_msg("%s: %d %s", name, status, fault);
            }
            n++;
        }
        free(text);
        free(path);
    }
    closedir(dir);
    test_folder_remove(folder);
    free(suite);
    assert_in_range(n, 180, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replays_every_table_within_its_features),
        cmocka_unit_test(refuses_the_rest_by_name),
        cmocka_unit_test(reads_all_rows_of_tables_with_data),
        cmocka_unit_test(names_a_missing_data_file),
        cmocka_unit_test(reads_a_log_as_json_is_defined),
    };
    return cmocka_run_group_tests_name("delta_golden", tests, open_session, close_session);
}
