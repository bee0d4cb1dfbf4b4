/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "delta/delta.h"
#include "delta_fixture.h"
#include "sql_fixture.h"
#include "test_files.h"

/* Names of the active files, joined by blanks. */
static void expect_files(const struct sql_fixture *f, int64_t version, const char *names)
{
    struct fw_delta *delta = NULL;
    if (fw_delta_open(&f->sql, f->dir, &delta) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    char joined[512] = "";
    for (size_t i = 0; i < delta->n_files; i++) {
        size_t n = strlen(joined);
        snprintf(joined + n, sizeof joined - n, "%s%s", i > 0 ? " " : "", delta->files[i].name);
    }
    assert_string_equal(joined, names);
    assert_int_equal(delta->version, version);
    fw_delta_close(delta);
}

/* T12 of the freeze: checkpoint, vacuumed commits, a later add with a partition value. */
static void replays_checkpoint_then_commits(void **state)
{
    struct sql_fixture *f = *state;
    const char *table = PROTOCOL METADATA(FIELD("a", "long") "," FIELD("platform_name", "string"),
                                          "\"platform_name\"");
    struct fw_text lines = {0};
    test_file_write(f->dir, "_delta_log/_last_checkpoint", "{\"version\":1,\"size\":5}");
    fw_text_append(&lines, table);
    fw_text_append(&lines, REMOVE("f1.parquet") ADD_VALUES("f2.parquet", "\"platform_name\":\"q\"")
                               ADD_VALUES("f3.parquet", "\"platform_name\":\"\""));
    delta_checkpoint(f, "00000000000000000001.checkpoint.parquet", fw_text_get(&lines));
    fw_text_finish(&lines);
    delta_commit(f, 2, ADD_VALUES("f4.parquet", "\"platform_name\":\"p\""));
    for (int i = 2; i <= 4; i++) {
        sql_must(f, "COPY (SELECT %d::BIGINT AS a) TO '%s/f%d.parquet'", i, f->dir, i);
    }
    expect_files(f, 2, "f2.parquet f3.parquet f4.parquet");

    assert_string_equal(
        delta_ask(f, "string_agg(a || coalesce(platform_name, '-'), ' ' ORDER BY a)"), "2q 3- 4p");
}

static void a_later_commit_undoes_an_earlier_one(void **state)
{
    struct sql_fixture *f = *state;
    delta_commit(f, 0, START ADD("f1") ADD("f2"));
    delta_commit(f, 1, REMOVE("f1") ADD("f3"));
    delta_commit(f, 2, ADD("f1") REMOVE("f9"));
    expect_files(f, 2, "f1 f2 f3");
}

static void any_state_of_last_checkpoint_gives_the_same_table(void **state)
{
    static const char *const hints[] = {
        "{\"version\":1}",
        "{\"version\":7}",
        "{\"version\":-1}",
        "{\"version\":\"1\"}",
        "{\"version\":",
        "",
        "[1]",
        "{\"version\":1e300}",
    };
    struct sql_fixture *f = *state;
    delta_checkpoint(f, "00000000000000000001.checkpoint.parquet", START ADD("f2"));
    delta_commit(f, 2, ADD("f3"));
    expect_files(f, 2, "f2 f3");
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        test_file_write(f->dir, "_delta_log/_last_checkpoint", hints[i]);
        expect_files(f, 2, "f2 f3");
    }
}

static void an_unfinished_checkpoint_is_passed_over(void **state)
{
    struct sql_fixture *f = *state;
    delta_commit(f, 0, START ADD("f1"));
    delta_commit(f, 1, ADD("f2"));
    delta_commit(f, 2, ADD("f3"));
    delta_checkpoint(f, "00000000000000000001.checkpoint.0000000001.0000000002.parquet", START);
    delta_checkpoint(f, "00000000000000000002.checkpoint.0000000002.0000000002.parquet", ADD("f9"));
    expect_files(f, 2, "f1 f2 f3");
    delta_checkpoint(f, "00000000000000000001.checkpoint.0000000002.0000000002.parquet", ADD("f8"));
    expect_files(f, 2, "f3 f8");
}

static void a_checkpoint_alone_is_a_table(void **state)
{
    struct sql_fixture *f = *state;
    delta_checkpoint(f, "00000000000000000012.checkpoint.parquet", START ADD("f1"));
    expect_files(f, 12, "f1");
}

static void a_newer_checkpoint_bridges_a_gap_after_the_hinted_one(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, "_delta_log/_last_checkpoint", "{\"version\":1}");
    delta_checkpoint(f, "00000000000000000001.checkpoint.parquet", START ADD("f1"));
    delta_checkpoint(f, "00000000000000000005.checkpoint.parquet", START ADD("f5"));
    delta_commit(f, 6, ADD("f6"));
    expect_files(f, 6, "f5 f6");
}

static void missing_commits_are_named(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, "_delta_log/00000000000000000000.crc", "");
    delta_expect_refusal(f, FW_E_MISSING, "neither commits nor checkpoints");
    delta_commit(f, 0, START);
    delta_commit(f, 1, ADD("f1"));
    delta_commit(f, 3, ADD("f3"));
    delta_expect_refusal(f, FW_E_MISSING, "commit 2 is missing");
    delta_delete_commit(f, 0);
    delta_expect_refusal(f, FW_E_MISSING, "commit 0 is missing");
}

static void paths_are_decoded_and_compared_as_files(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_text lines = {0};
    fw_text_append(&lines, START ADD("p=%20x%2521/a%2Fb.parquet") ADD("./one//two/../c.parquet"));
    fw_text_append(&lines, ADD("/elsewhere/%C3%A9.parquet") ADD("file:///elsewhere/gone.parquet"));
    fw_text_append(&lines, ADD("file:/elsewhere/x") ADD("file://localhost/elsewhere/y"));
    fw_text_append(&lines, REMOVE("/elsewhere/gone.parquet") REMOVE("file:///elsewhere/./x"));
    fw_text_appendf(&lines, ADD("%s/inside.parquet"), f->dir);
    delta_commit(f, 0, fw_text_get(&lines));
    fw_text_finish(&lines);
    expect_files(
        f, 0, "/elsewhere/y /elsewhere/é.parquet inside.parquet one/c.parquet p= x%21/a/b.parquet");
}

static void types_have_two_names(void **state)
{
    static const struct {
        const char *type, *sql_type;
        bool nested;
    } expected[] = {
        {"string", "VARCHAR", false},
        {"long", "BIGINT", false},
        {"decimal(10,2)", "DECIMAL(10,2)", false},
        {"timestamp", "TIMESTAMP WITH TIME ZONE", false},
        {"timestamp_ntz", "TIMESTAMP", false},
        {"array<map<string,short>>", "MAP(VARCHAR, SMALLINT)[]", true},
        {"struct<x y:byte,q\"z:array<date>>", "STRUCT(\"x y\" TINYINT, \"q\"\"z\" DATE[])", true},
    };
    struct sql_fixture *f = *state;
    delta_commit(
        f, 0,
        PROTOCOL METADATA(
            FIELD("a", "string") "," FIELD("b", "long") "," FIELD("c", "decimal(10,2)") "," FIELD(
                "d",
                "timestamp") "," FIELD("e",
                                       "timestamp_ntz") ","
                                                        "{\\\"name\\\":\\\"f\\\",\\\"type\\\":{"
                                                        "\\\"type\\\":\\\"array\\\","
                                                        "\\\"elementType\\\":"
                                                        "{\\\"type\\\":\\\"map\\\",\\\"keyType\\\":"
                                                        "\\\"string\\\",\\\"valueType\\\":"
                                                        "\\\"short\\\"}}},{\\\"name\\\":\\\"g\\\","
                                                        "\\\"nullable\\\":false,\\\"type\\\":"
                                                        "{\\\"type\\\":\\\"struct\\\","
                                                        "\\\"fields\\\":[" FIELD(
                                                            "x y",
                                                            "byte") ","
                                                                    "{\\\"name\\\":"
                                                                    "\\\"q\\\\\\\"z\\\","
                                                                    "\\\"type\\\":{\\\"type\\\":"
                                                                    "\\\"array\\\","
                                                                    "\\\"elementType\\\":"
                                                                    "\\\"date\\\"}}]}}",
            ""));
    struct fw_delta *delta = NULL;
    if (fw_delta_open(&f->sql, f->dir, &delta) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    assert_int_equal(delta->n_fields, 7);
    for (size_t i = 0; i < delta->n_fields; i++) {
        assert_string_equal(delta->fields[i].type, expected[i].type);
        assert_string_equal(delta->fields[i].sql_type, expected[i].sql_type);
        assert_int_equal(delta->fields[i].nested, expected[i].nested);
        assert_int_equal(delta->fields[i].nullable, i != 6);
    }
    fw_delta_close(delta);
}

/* The second line of commit 0, after a good protocol; or all of it when it begins with "!". */
static const struct {
    const char *lines;
    fw_status status;
    const char *words;
} hostile[] = {
    {"{\"add\":{\"path\":\"f1\"", FW_E_DATA, ".json:2"},
    {"nonsense\n", FW_E_DATA, "column 1"},
    {"{} {}\n", FW_E_DATA, "column 3"},
    {"[1]\n", FW_E_DATA, "not a JSON object"},
    {"17\n", FW_E_DATA, "not a JSON object"},
    {"{\"add\":5}\n", FW_E_DATA, "add is not a JSON object"},
    {"{\"add\":{}}\n", FW_E_DATA, "add has no path"},
    {"{\"add\":{\"path\":3,\"size\":1}}\n", FW_E_DATA, "add has no path"},
    {"{\"add\":{\"path\":\"\",\"size\":1}}\n", FW_E_DATA, "add has no path"},
    {"{\"add\":{\"path\":\"f\",\"size\":-1}}\n", FW_E_DATA, "add.size"},
    {"{\"add\":{\"path\":\"f\",\"size\":\"1\"}}\n", FW_E_DATA, "add.size"},
    {"{\"add\":{\"path\":\"f\",\"size\":1e40}}\n", FW_E_DATA, "add.size"},
    {"{\"add\":{\"path\":\"f\",\"size\":1,\"partitionValues\":[]}}\n", FW_E_DATA,
     "partitionValues"},
    {"{\"add\":{\"path\":\"f\",\"size\":1,\"partitionValues\":{\"a\":1}}}\n", FW_E_DATA,
     "partitionValues.a"},
    {"{\"remove\":{\"path\":[]}}\n", FW_E_DATA, "remove has no path"},
    {ADD("../f"), FW_E_DATA, "does not lie in the table's folder"},
    {ADD("a/../../f"), FW_E_DATA, "does not lie in the table's folder"},
    {ADD("."), FW_E_DATA, "does not lie in the table's folder"},
    {ADD("/.."), FW_E_DATA, "does not lie in the table's folder"},
    {ADD("%zz"), FW_E_DATA, "not URL-encoded"},
    {ADD("f%0"), FW_E_DATA, "not URL-encoded"},
    {ADD("f%00"), FW_E_DATA, "not URL-encoded"},
    {ADD("s3://bucket/f"), FW_E_UNSUPPORTED, "not on a local file system"},
    {ADD("file://host/f"), FW_E_UNSUPPORTED, "not on a local file system"},
    {"{\"metaData\":[]}\n", FW_E_DATA, "metaData is not a JSON object"},
    {"{\"metaData\":{\"schemaString\":5}}\n", FW_E_DATA, "schemaString is not a text"},
    {"{\"metaData\":{\"schemaString\":\"{\"}}\n", FW_E_DATA, "schemaString"},
    {"{\"metaData\":{\"schemaString\":\"{\\\"type\\\":\\\"struct\\\"}\"}}\n", FW_E_DATA, "fields"},
    {"{\"metaData\":{\"format\":{\"provider\":\"orc\"}}}\n", FW_E_UNSUPPORTED, "'orc'"},
    {METADATA("5", ""), FW_E_DATA, "without a name"},
    {METADATA("{\\\"name\\\":\\\"a\\\"}", ""), FW_E_DATA, "the column 'a' is not valid"},
    {METADATA(FIELD("a", "decimal(39,2)"), ""), FW_E_DATA, "the column 'a' is not valid"},
    {METADATA(FIELD("a", "void"), ""), FW_E_UNSUPPORTED, "the type 'void'"},
    {METADATA(FIELD("a", "long") "," FIELD("A", "long"), ""), FW_E_DATA, "twice"},
    {METADATA(FIELD("a", "long"), "\"b\""), FW_E_DATA, "partition column 'b'"},
    {METADATA(FIELD("a", "long"), "\"a\",\"a\""), FW_E_DATA, "partition column 'a'"},
    {METADATA(FIELD("a", "long"), "7"), FW_E_DATA, "partition column"},
    {"{\"protocol\":{\"minReaderVersion\":\"1\"}}\n", FW_E_DATA, "minReaderVersion"},
    {"{\"protocol\":{\"minReaderVersion\":0}}\n", FW_E_UNSUPPORTED, "reader version 0"},
    {"{\"protocol\":{\"minReaderVersion\":1.5}}\n", FW_E_UNSUPPORTED, "reader version 1.5"},
    {"{\"protocol\":{\"minReaderVersion\":3}}\n", FW_E_DATA, "readerFeatures"},
    {"{\"protocol\":{\"minReaderVersion\":3,\"readerFeatures\":[1]}}\n", FW_E_DATA, "no text"},
    {"{\"protocol\":{\"minReaderVersion\":3,\"readerFeatures\":[\"warp\"]}}\n", FW_E_UNSUPPORTED,
     "'warp'"},
};

static void hostile_commits_are_refused_with_their_line(void **state)
{
    struct sql_fixture *f = *state;
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        struct fw_text lines = {0};
        fw_text_append(&lines, PROTOCOL);
        fw_text_append(&lines, hostile[i].lines);
        delta_commit(f, 0, fw_text_get(&lines));
        fw_text_finish(&lines);
        delta_expect_refusal(f, hostile[i].status, hostile[i].words);
        delta_expect_refusal(f, hostile[i].status, "00000000000000000000.json:2");
    }
}

static void a_commit_cut_anywhere_never_crashes(void **state)
{
    struct sql_fixture *f = *state;
    char whole[] = START ADD_VALUES("p=1/f1.parquet", "\"a\":\"x\"")
        REMOVE("f2") "{\"add\":{\"path\":\"f3\",\"size\":2,\"stats\":\"{\\\"numRecords\\\":3}\","
                     "\"deletionVector\":null}}\n";
    int good = 0;
    for (size_t n = sizeof whole; n-- > 0;) {
        struct fw_delta *delta = NULL;
        whole[n] = '\0';
        delta_commit(f, 0, whole);
        fw_status status = fw_delta_open(&f->sql, f->dir, &delta);
        assert_true(status == FW_OK || status == FW_E_DATA);
        fake_task_take_fault(f->task);
        fw_delta_close(delta);
        good += status == FW_OK;
    }
    /* Whole lines: with and without their last newline. */
    assert_int_equal(good, 2 * 4);
}

static void deep_nesting_and_zero_bytes_are_refused(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_text lines = {0};
    for (int i = 0; i < 100000; i++) {
        fw_text_append(&lines, "[");
    }
    delta_commit(f, 0, fw_text_get(&lines));
    fw_text_finish(&lines);
    delta_expect_refusal(f, FW_E_DATA, ".json:1");
    char *path = test_path(f->dir, "_delta_log/%020d.json", 0);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite("{\"add\"\0:{}}\n\0\0", 1, 14, file), 14);
    assert_int_equal(fclose(file), 0);
    delta_expect_refusal(f, FW_E_DATA, ".json:1");
    free(path);
}

static void a_checkpoint_that_is_not_parquet_is_named(void **state)
{
    struct sql_fixture *f = *state;
    test_file_write(f->dir, "_delta_log/00000000000000000003.checkpoint.parquet", "PAR1 garbage");
    struct fw_delta *delta = NULL;
    assert_true(fw_delta_open(&f->sql, f->dir, &delta) < 0);
    assert_non_null(
        strstr(fake_task_take_fault(f->task), "00000000000000000003.checkpoint.parquet"));
}

static void a_checkpoint_with_a_bad_row_says_which(void **state)
{
    struct sql_fixture *f = *state;
    delta_checkpoint(f, "00000000000000000000.checkpoint.parquet",
                     START "{\"add\":{\"size\":1}}\n");
    delta_expect_refusal(f, FW_E_DATA, "add has no path");
    delta_expect_refusal(f, FW_E_DATA, "checkpoint.parquet:3");
}

static void a_folder_without_a_log_is_no_table(void **state)
{
    struct sql_fixture *f = *state;
    assert_false(fw_delta_is_table(f->dir));
    struct fw_delta *delta = NULL;
    assert_int_equal(fw_delta_open(&f->sql, f->dir, &delta), FW_E_IO);
    assert_non_null(strstr(fake_task_take_fault(f->task), "_delta_log"));
    delta_commit(f, 0, START);
    assert_true(fw_delta_is_table(f->dir));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replays_checkpoint_then_commits),
        TEST(a_later_commit_undoes_an_earlier_one),
        TEST(any_state_of_last_checkpoint_gives_the_same_table),
        TEST(an_unfinished_checkpoint_is_passed_over),
        TEST(a_checkpoint_alone_is_a_table),
        TEST(a_newer_checkpoint_bridges_a_gap_after_the_hinted_one),
        TEST(missing_commits_are_named),
        TEST(paths_are_decoded_and_compared_as_files),
        TEST(types_have_two_names),
        TEST(hostile_commits_are_refused_with_their_line),
        TEST(a_commit_cut_anywhere_never_crashes),
        TEST(deep_nesting_and_zero_bytes_are_refused),
        TEST(a_checkpoint_that_is_not_parquet_is_named),
        TEST(a_checkpoint_with_a_bad_row_says_which),
        TEST(a_folder_without_a_log_is_no_table),
    };
    return cmocka_run_group_tests_name("delta", tests, sql_fixture_load, sql_fixture_unload);
}
