/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/str.h"
#include "test_files.h"
#include "tools/report/parquet.h"

struct world {
    char *folder, *file;
    struct parquet_schema schema;
    struct fw_error err;
};

static int setup(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    world->folder = test_folder_create();
    world->file = test_path(world->folder, "x.parquet");
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    parquet_finish(&world->schema);
    test_folder_remove(world->folder);
    free(world->file);
    free(world);
    return 0;
}

/* A file with the fuzzer's seed `name` as its footer, whose length is said to be `more` longer. */
static int read_seed(struct world *world, const char *name, uint32_t more)
{
    fw_auto(free) char *seed =
        fw_text("%s/tests/fuzz/corpus/parquet/%s", getenv("FWRUN_SOURCE_ROOT"), name);
    fw_auto(free) char *footer = NULL;
    fw_auto(str) struct fw_str file = {0};
    size_t len;
    assert_int_equal(fw_fs_read(seed, &footer, &len, &world->err), 0);
    uint32_t said = (uint32_t)len + more;
    fw_str_add(&file, "PAR1");
    fw_str_add_bytes(&file, footer, len);
    fw_str_add_bytes(&file, (const char *)&said, sizeof said);
    fw_str_add(&file, "PAR1");
    assert_int_equal(fw_fs_write(world->file, file.text, file.len, FW_DURABLE_RENAME, &world->err),
                     0);
    parquet_finish(&world->schema);
    return parquet_read(world->file, &world->schema, &world->err);
}

static void expect_columns(const struct parquet_schema *schema, const char *const (*expected)[2],
                           size_t n)
{
    assert_int_equal(schema->len, n);
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(schema->items[i].name, expected[i][0]);
        assert_string_equal(schema->items[i].type, expected[i][1]);
    }
}

static void names_every_type_that_duckdb_writes(void **state)
{
    static const char *const expected[][2] = {
        {"a", "int8"},
        {"b", "uint64"},
        {"c", "string"},
        {"d", "date"},
        {"e", "timestamp(us)"},
        {"f", "timestamp(us, UTC)"},
        {"g", "decimal(10, 3)"},
        {"h", "list<int32>"},
        {"i", "struct<p int32, q list<struct<r string>>>"},
        {"j", "map<string, double>"},
        {"k", "boolean"},
        {"l", "binary"},
        {"m", "time(us)"},
        {"n", "double"},
        {"o", "uuid"},
        {"p", "interval"},
        {"q", "float"},
    };
    struct world *world = *state;
    assert_int_equal(read_seed(world, "every_type", 0), 0);
    assert_int_equal(world->schema.rows, 1);
    expect_columns(&world->schema, expected, sizeof expected / sizeof *expected);
}

static void names_the_types_of_older_writers(void **state)
{
    static const char *const expected[][2] = {{"old_string", "string"},
                                              {"many", "list<int32>"},
                                              {"fix", "fixed(12)"},
                                              {"old_list", "list<timestamp(us, UTC)>"}};
    struct world *world = *state;
    assert_int_equal(read_seed(world, "old_types", 0), 0);
    assert_int_equal(world->schema.rows, 7);
    expect_columns(&world->schema, expected, sizeof expected / sizeof *expected);
}

static void refuses_what_is_damaged_with_a_sentence(void **state)
{
    struct world *world = *state;
    assert_int_equal(read_seed(world, "cut", 0), -1);
    assert_non_null(strstr(world->err.text, "x.parquet: its Parquet footer is damaged"));
    assert_int_equal(read_seed(world, "too_deep", 0), -1);
    assert_non_null(strstr(world->err.text, "is damaged"));
    assert_int_equal(read_seed(world, "every_type", 1000), -1);
    assert_non_null(strstr(world->err.text, "which is more than the file"));
    assert_int_equal(fw_fs_write(world->file, "PAR1", 4, FW_DURABLE_RENAME, &world->err), 0);
    assert_int_equal(parquet_read(world->file, &world->schema, &world->err), -1);
    assert_non_null(strstr(world->err.text, "is no Parquet file"));
    fw_fs_remove(world->file, NULL);
    assert_int_equal(parquet_read(world->file, &world->schema, &world->err), -1);
    assert_non_null(strstr(world->err.text, "cannot read"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_every_type_that_duckdb_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(names_the_types_of_older_writers, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_what_is_damaged_with_a_sentence, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
