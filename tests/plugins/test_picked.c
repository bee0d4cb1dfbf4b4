/* SPDX-License-Identifier: MIT */
/* Rows picked by their numbers: which files the engine is left to read, and what fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "picked/picked.h"
#include "sql_fixture.h"
#include "test_files.h"

enum { MAX_ROWS = 1000 };

/* Reads all rows of the table's files, each picked by its number; into the table `got`. */
static fw_status pick_all(struct sql_fixture *f, const char *path)
{
    static struct fw_source_place places[MAX_ROWS];
    struct fw_source *source = NULL;
    struct fw_picked *picked = NULL;
    struct fw_sql_grid rows = {0};
    struct fw_text query = {0};

    assert_int_equal(fw_source_open(&f->sql, &path, 1, NULL, &source), FW_OK);
    const char **columns = calloc(source->n_columns, sizeof *columns);
    for (size_t i = 0; i < source->n_columns; i++) {
        columns[i] = source->columns[i].name;
    }
    fw_text_append(&query, "SELECT fw_file, fw_row FROM ");
    fw_source_scan(source, NULL, &query);
    fw_text_append(&query, " ORDER BY ALL");
    assert_int_equal(fw_sql_grid(&f->sql, &rows, fw_text_get(&query)), FW_OK);
    assert_in_range(rows.n_rows, 1, MAX_ROWS);
    for (size_t i = 0; i < rows.n_rows; i++) {
        places[i] = (struct fw_source_place){strtoull(fw_sql_cell(&rows, i, 0), NULL, 10),
                                             strtoll(fw_sql_cell(&rows, i, 1), NULL, 10)};
    }
    fw_status status = fw_picked_open(&f->sql, source, columns, source->n_columns, 1, &picked);
    assert_int_equal(status, FW_OK);
    status = fw_picked_set(picked, 0, places, rows.n_rows);
    fw_text_clear(&query);
    fw_text_append(&query, "CREATE OR REPLACE TABLE got AS FROM ");
    fw_picked_scan(picked, 0, &query);
    status = status == FW_OK ? fw_sql_exec(&f->sql, fw_text_get(&query)) : status;
    fw_picked_close(picked);
    fw_source_close(source);
    fw_sql_grid_finish(&rows);
    fw_text_finish(&query);
    free(columns);
    return status;
}

static void must_be_as_the_engine_reads_it(struct sql_fixture *f, const char *path)
{
    if (pick_all(f, path) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    sql_must(f,
             "CREATE OR REPLACE TABLE wanted AS SELECT * EXCLUDE filename FROM read_parquet("
             "'%s', filename = true)",
             path);
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM (SELECT * EXCLUDE (fw_file, fw_row) "
                                    "FROM got EXCEPT ALL FROM wanted)"),
                        "0");
    assert_string_equal(
        sql_cell(f, "SELECT (SELECT count(*) FROM got) = (SELECT count(*) FROM wanted)"), "true");
}

/* The footer then says one row more than its row group: 600 is B0 09 behind the field's 16. */
static void spoil_count(const char *path)
{
    static const char said[] = "\x16\xb0\x09", spoilt[] = "\x16\xb2\x09";
    size_t size, at;
    char *bytes = test_file_read(path, &size);
    uint32_t footer;

    memcpy(&footer, bytes + size - 8, sizeof footer);
    for (at = size - 8 - footer; memcmp(bytes + at, said, sizeof said - 1) != 0; at++) {
        assert_true(at < size - 8);
    }
    memcpy(bytes + at, spoilt, sizeof spoilt - 1);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    free(bytes);
}

static void leaves_a_footer_that_it_does_not_understand_to_the_engine(void **state)
{
    struct sql_fixture *f = *state;
    char *path = test_path(f->dir, "a.parquet");

    sql_must(f, "COPY (SELECT range AS i, 'text ' || range AS s FROM range(600)) TO '%s'", path);
    must_be_as_the_engine_reads_it(f, path);
    assert_null(strstr(fake_task_log(f->task), "is read by duckdb"));
    spoil_count(path);
    must_be_as_the_engine_reads_it(f, path);
    assert_non_null(strstr(fake_task_log(f->task), "a.parquet is read by duckdb"));
    assert_non_null(strstr(fake_task_log(f->task), "another number of rows than its row groups"));
    free(path);
}

/* A file of the Parquet project's; the test is skipped where there are none. */
static char *shared(const char *name)
{
    char *folder = test_shared_data("parquet");

    if (folder == NULL) {
        skip();
    }
    char *path = test_path(folder, "%s", name);
    free(folder);
    return path;
}

/* Its footer has 0 rows, its row group 6, in groups that repeat without a LIST around. */
static void leaves_repeated_groups_without_a_list_to_the_engine(void **state)
{
    struct sql_fixture *f = *state;
    char *path = shared("data/repeated_no_annotation.parquet");

    must_be_as_the_engine_reads_it(f, path);
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM got"), "6");
    assert_non_null(strstr(fake_task_log(f->task), "is read by duckdb"));
    free(path);
}

static void reads_chunks_whose_size_leaves_out_the_dictionarys_header(void **state)
{
    struct sql_fixture *f = *state;
    char *path = shared("data/nation.dict-malformed.parquet");

    must_be_as_the_engine_reads_it(f, path);
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM got"), "25");
    assert_null(strstr(fake_task_log(f->task), "is read by duckdb"));
    free(path);
}

/* A list whose first element has no row: the engine makes one up. */
static void fails_at_a_damaged_page_and_says_where_it_is(void **state)
{
    struct sql_fixture *f = *state;
    char *path = shared("bad_data/ARROW-GH-45185.parquet");

    assert_int_not_equal(pick_all(f, path), FW_OK);
    const char *fault = fake_task_take_fault(f->task);
    assert_non_null(strstr(fault, path));
    assert_non_null(strstr(fault, "row group 0, column 'x', field 'element'"));
    free(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(leaves_a_footer_that_it_does_not_understand_to_the_engine),
        TEST(leaves_repeated_groups_without_a_list_to_the_engine),
        TEST(reads_chunks_whose_size_leaves_out_the_dictionarys_header),
        TEST(fails_at_a_damaged_page_and_says_where_it_is),
    };
    return cmocka_run_group_tests_name("picked", tests, sql_fixture_load, sql_fixture_unload);
}
