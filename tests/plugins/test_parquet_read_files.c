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

/* A cell of two gigabytes is among them, and some damage is fatal to the engine's session. */
static bool engine_reads(struct sql_fixture *f, const char *path)
{
    const fw_status status = fw_sql_execf(
        &f->sql, "CREATE OR REPLACE TEMP TABLE whole AS FROM read_parquet('%s')", path);

    if (status != FW_OK) {
        fake_task_take_fault(f->task);
        fw_sql_handle_close(&f->sql);
        sql_fixture_connect(f);
    }
    return status == FW_OK;
}

/* Nothing to compare with: it ends, and what is refused names the file. */
static void read_alone(struct sql_fixture *f, const char *path)
{
    struct fw_parquet_reader *reader = NULL;

    if (fw_parquet_reader_open(fake_task_host(f->task), path, &reader) != FW_OK) {
        assert_non_null(strstr(fake_task_take_fault(f->task), path));
        return;
    }
    for (size_t i = 0; i < fw_parquet_reader_columns(reader); i++) {
        struct fw_parquet_batch *batch = NULL;
        struct ArrowSchema schema;
        const char *name = fw_parquet_reader_name(reader, i);
        if (fw_parquet_reader_refusal(reader, i) != NULL) {
            continue;
        }
        assert_int_equal(fw_parquet_reader_schema(reader, &name, 1, &schema), FW_OK);
        assert_int_equal(fw_parquet_batch_create(fake_task_host(f->task), &schema, &batch), FW_OK);
        for (size_t g = 0; g < fw_parquet_reader_groups(reader); g++) {
            if (fw_parquet_batch_add_group(batch, reader, g) != FW_OK) {
                assert_non_null(strstr(fake_task_take_fault(f->task), path));
                break;
            }
        }
        fw_parquet_batch_destroy(batch);
        schema.release(&schema);
    }
    fw_parquet_reader_close(reader);
}

static void look(struct sql_fixture *f, const char *path, struct tally *tally)
{
    if (!engine_reads(f, path)) {
        tally->unread_by_the_engine++;
        read_alone(f, path);
        return;
    }
    for (unsigned one_in = 1; one_in <= 3; one_in += 2) {
        char *fault = NULL;
        const int n = parquet_compare(f, path, one_in, &fault);
        tally->compared += n > 0 ? n : 0;
        tally->refused += n <= 0;
        if (n < 0) {
            printf("refused: %s\n", fault);
            assert_non_null(strstr(fault, path));
        }
        free(fault);
    }
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
