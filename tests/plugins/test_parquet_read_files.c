/* SPDX-License-Identifier: MIT */
/*
 * Every Parquet file of the Parquet project's test folder and of Delta's: what plugins/lib/parquet
 * reads of it is what the engine reads, the rest is refused in words. A new file is a new case.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parquet_fixture.h"
#include "test_files.h"

/* What became of the files. */
struct tally {
    int compared, refused, unread_by_the_engine;
};

/* The columns that can be read, as SQL; empty: none. */
static void list_columns(struct sql_fixture *f, const char *path, struct fw_text *list)
{
    struct fw_parquet_reader *reader = NULL;

    if (fw_parquet_reader_open(fake_task_host(f->task), path, &reader) != FW_OK) {
        assert_non_null(strstr(fake_task_take_fault(f->task), path));
        return;
    }
    for (size_t i = 0; i < fw_parquet_reader_columns(reader); i++) {
        const char *name = fw_parquet_reader_name(reader, i);
        const char *refusal = fw_parquet_reader_refusal(reader, i);
        if (refusal != NULL) {
            assert_non_null(strstr(refusal, name));
            continue;
        }
        fw_text_append(list, list->size > 0 ? ", " : "");
        fw_text_identifier(list, name);
    }
    fw_parquet_reader_close(reader);
}

/* Some files make the engine fail for good, and VARIANTs, which are refused, crash it. */
static bool engine_reads(struct sql_fixture *f, const char *path, const struct fw_text *list)
{
    const fw_status status = fw_sql_execf(&f->sql,
                                          "CREATE OR REPLACE TEMP TABLE whole AS SELECT %s FROM "
                                          "read_parquet('%s')",
                                          fw_text_get(list), path);

    if (status != FW_OK) {
        fake_task_take_fault(f->task);
        fw_sql_handle_close(&f->sql);
        sql_fixture_connect(f);
    }
    return status == FW_OK;
}

static void compare(struct sql_fixture *f, const char *path, struct tally *tally)
{
    for (unsigned one_in = 1; one_in <= 3; one_in += 2) {
        char *fault = NULL;
        const int n = parquet_compare(f, path, one_in, &fault);
        tally->compared += n > 0 ? n : 0;
        tally->refused += n <= 0;
        if (n < 0) {
            assert_non_null(strstr(fault, path));
        }
        free(fault);
    }
}

static void look(struct sql_fixture *f, const char *path, struct tally *tally)
{
    struct fw_text list = {0};

    list_columns(f, path, &list);
    if (list.size == 0) {
        tally->refused++;
    } else if (engine_reads(f, path, &list)) {
        compare(f, path, tally);
    } else {
        tally->unread_by_the_engine++;
    }
    fw_text_finish(&list);
}

static struct tally walk(struct sql_fixture *f, const char *name)
{
    struct tally tally = {0};
    char *root = test_shared_data(name);
    if (root == NULL) {
        skip();
    }
    char *const roots[] = {root, NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    assert_non_null(tree);
    const FTSENT *entry;
    while ((entry = fts_read(tree)) != NULL) {
        const size_t size = strlen(entry->fts_path);
        if (entry->fts_info == FTS_F && size > 8 &&
            strcmp(entry->fts_path + size - 8, ".parquet") == 0) {
            look(f, entry->fts_path, &tally);
        }
    }
    fts_close(tree);
    free(root);
    printf("%s: %d columns compared, %d files refused, %d not read by the engine\n", name,
           tally.compared, tally.refused, tally.unread_by_the_engine);
    return tally;
}

static void files_of_the_parquet_project_are_as_the_engine_reads_them(void **state)
{
    const struct tally tally = walk(*state, "parquet");
    assert_in_range(tally.compared, 300, 100000);
}

static void files_of_delta_tables_are_as_the_engine_reads_them(void **state)
{
    const struct tally tally = walk(*state, "delta");
    assert_in_range(tally.compared, 300, 100000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_of_the_parquet_project_are_as_the_engine_reads_them),
        TEST(files_of_delta_tables_are_as_the_engine_reads_them),
    };
    return cmocka_run_group_tests_name("parquet_read_files", tests, sql_fixture_load,
                                       sql_fixture_unload);
}
