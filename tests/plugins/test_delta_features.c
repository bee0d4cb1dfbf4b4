/* SPDX-License-Identifier: MIT */
/* v2 checkpoints, column mapping, type widening; and what is refused is refused by its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delta_fixture.h"
#include "test_files.h"

#define FEATURES(reader)                                                                           \
    "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[" reader     \
    "],\"writerFeatures\":[]}}\n"
#define UUID "6374b053-df23-479b-b2cf-c9c550132b49"

/* Files of one row each, a = 1 .. n, as fN.parquet. */
static void data(struct sql_fixture *f, int n)
{
    for (int i = 1; i <= n; i++) {
        sql_must(f, "COPY (SELECT %d::BIGINT AS a) TO '%s/f%d.parquet'", i, f->dir, i);
    }
}

static const char *rows(struct sql_fixture *f)
{
    return delta_ask(f, "string_agg(a, ' ' ORDER BY a)");
}

#define V2_TABLE FEATURES("\"v2Checkpoint\"") METADATA(FIELD("a", "long"), "")
#define V2_LINES                                                                                   \
    "{\"checkpointMetadata\":{\"version\":1}}\n" V2_TABLE                                          \
    "{\"sidecar\":{\"path\":\"one.parquet\",\"sizeInBytes\":1,\"modificationTime\":1}}\n"          \
    "{\"sidecar\":{\"path\":\"t%20wo.parquet\",\"sizeInBytes\":1,\"modificationTime\":1}}\n"
#define V2_MANIFEST "_delta_log/00000000000000000001.checkpoint." UUID ".json"

static void v2_sidecars(struct sql_fixture *f)
{
    test_file_write(f->dir, "_delta_log/_sidecars/readme", "");
    delta_checkpoint(f, "_sidecars/one.parquet", ADD("f1.parquet"));
    delta_checkpoint(f, "_sidecars/t wo.parquet", ADD("f2.parquet") REMOVE("f9.parquet"));
}

static void a_v2_checkpoint_is_read_with_its_sidecars(void **state)
{
    struct sql_fixture *f = *state;
    data(f, 3);
    v2_sidecars(f);
    test_file_write(f->dir, V2_MANIFEST, V2_LINES);
    assert_string_equal(rows(f), "1 2");
    test_file_write(f->dir, "_delta_log/_last_checkpoint",
                    "{\"version\":1,\"size\":4,\"v2Checkpoint\":{\"path\":\"x\"}}");
    delta_commit(f, 2, REMOVE("f1.parquet") ADD("f3.parquet"));
    assert_string_equal(rows(f), "2 3");
}

static void a_v2_manifest_may_be_parquet(void **state)
{
    static const char *const names[] = {"00000000000000000001.checkpoint." UUID ".parquet",
                                        "00000000000000000001.checkpoint.parquet"};
    struct sql_fixture *f = *state;
    data(f, 2);
    v2_sidecars(f);
    for (int i = 0; i < 2; i++) {
        char *path = test_path(f->dir, "_delta_log/%s", names[i]);
        delta_checkpoint(f, names[i], V2_LINES);
        assert_string_equal(rows(f), "1 2");
        assert_int_equal(remove(path), 0);
        free(path);
    }
}

static void a_v2_manifest_may_hold_the_files_itself(void **state)
{
    struct sql_fixture *f = *state;
    data(f, 2);
    test_file_write(f->dir, V2_MANIFEST, V2_TABLE ADD("f2.parquet"));
    assert_string_equal(rows(f), "2");
}

static void a_damaged_v2_checkpoint_is_refused(void **state)
{
    struct sql_fixture *f = *state;
    data(f, 2);
    test_file_write(f->dir, V2_MANIFEST, V2_LINES);
    delta_expect_refusal(f, FW_E_MISSING, "_sidecars/one.parquet");
    v2_sidecars(f);
    test_file_write(f->dir, "_delta_log/_sidecars/one.parquet", "no Parquet");
    delta_expect_refusal(f, FW_E_DATA, "_sidecars/one.parquet");
    delta_checkpoint(f, "_sidecars/one.parquet", "{\"sidecar\":{\"path\":\"one.parquet\"}}\n");
    delta_expect_refusal(f, FW_E_DATA, "a sidecar outside of a checkpoint's manifest");
    test_file_write(f->dir, V2_MANIFEST, V2_TABLE "{\"sidecar\":{\"path\":\"../up.parquet\"}}\n");
    delta_expect_refusal(f, FW_E_DATA, "does not lie in the log");
    test_file_write(f->dir, V2_MANIFEST, V2_TABLE "{\"sidecar\":{}}\n");
    delta_expect_refusal(f, FW_E_DATA, ".json:3");
    test_file_write(f->dir, V2_MANIFEST, V2_TABLE "{\"sidecar\":{\"path\":");
    delta_expect_refusal(f, FW_E_DATA, ".json:3");
    delta_commit(f, 0, V2_TABLE "{\"sidecar\":{\"path\":\"one.parquet\"}}\n");
    test_file_write(f->dir, V2_MANIFEST ".crc", "");
    char *manifest = test_path(f->dir, "%s", V2_MANIFEST);
    assert_int_equal(remove(manifest), 0);
    free(manifest);
    delta_expect_refusal(f, FW_E_DATA, "a sidecar outside of a checkpoint's manifest");
}

/* A field with a physical name and an id. */
#define MAPPED(name, type, id, physical)                                                           \
    "{\\\"name\\\":\\\"" name "\\\",\\\"type\\\":" type ",\\\"nullable\\\":true,"                  \
    "\\\"metadata\\\":{\\\"delta.columnMapping.id\\\":" id                                         \
    ",\\\"delta.columnMapping.physicalName\\\":\\\"" physical "\\\"}}"
#define TEXT(word)    "\\\"" word "\\\""
#define ARRAY(item)   "{\\\"type\\\":\\\"array\\\",\\\"elementType\\\":" item "}"
#define STRUCT(items) "{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[" items "]}"
#define MAPOF(key, value)                                                                          \
    "{\\\"type\\\":\\\"map\\\",\\\"keyType\\\":" key ",\\\"valueType\\\":" value "}"
#define MAPPED_TABLE(mode, fields, partitions)                                                     \
    "{\"metaData\":{\"id\":\"t\",\"format\":{\"provider\":\"parquet\"},\"schemaString\":"          \
    "\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[" fields                                       \
    "]}\",\"partitionColumns\":[" partitions                                                       \
    "],\"configuration\":{\"delta.columnMapping.mode\":\"" mode "\"}}}\n"
#define READER_2 "{\"protocol\":{\"minReaderVersion\":2,\"minWriterVersion\":5}}\n"
#define NESTED_FIELDS                                                                              \
    MAPPED("it's", TEXT("long"), "1", "p'1")                                                       \
    "," MAPPED(                                                                                    \
        "s",                                                                                       \
        STRUCT(MAPPED("x y", TEXT("integer"), "3", "p3") "," MAPPED(                               \
            "l", ARRAY(STRUCT(MAPPED("z", TEXT("string"), "5", "p5"))), "4", "p4")),               \
        "2",                                                                                       \
        "p2") "," MAPPED("m", MAPOF(TEXT("string"), STRUCT(MAPPED("v", TEXT("long"), "7", "p7"))), \
                         "6", "p6") "," MAPPED("day", TEXT("date"), "8", "p8")

/* Rows in the files' names; the second is all NULL. */
static void mapped_data(struct sql_fixture *f, const char *ids)
{
    sql_must(f,
             "COPY (SELECT 7::BIGINT AS \"p'1\", {'p3': 1, 'p4': [{'p5': 'q'}, NULL]} AS p2, "
             "MAP {'k': {'p7': 9::BIGINT}} AS p6, 5 AS \"it's\" UNION ALL "
             "SELECT NULL, NULL, NULL, NULL ORDER BY 1 NULLS LAST) TO '%s/f1.parquet' (FORMAT "
             "parquet%s)",
             f->dir, ids);
}

#define NESTED_ROWS "7|{'x y': 1, 'l': [{'z': q}, NULL]}|{k={'v': 9}}|2024-02-29 -|-|-|2024-02-29"
#define NESTED_SELECT                                                                              \
    "string_agg(concat_ws('|', coalesce(\"it's\"::VARCHAR, '-'), coalesce(s::VARCHAR, '-'), "      \
    "coalesce(m::VARCHAR, '-'), day::VARCHAR), ' ' ORDER BY fw_row)"
#define NESTED_ADD ADD_VALUES("f1.parquet", "\"p8\":\"2024-02-29\"")

static void columns_are_found_by_their_physical_names(void **state)
{
    struct sql_fixture *f = *state;
    mapped_data(f, "");
    delta_commit(f, 0, READER_2 MAPPED_TABLE("name", NESTED_FIELDS, "\"day\"") NESTED_ADD);
    assert_string_equal(delta_ask(f, NESTED_SELECT), NESTED_ROWS);
    delta_commit(f, 0,
                 FEATURES("\"columnMapping\"") MAPPED_TABLE("name", NESTED_FIELDS, "\"day\"")
                     NESTED_ADD);
    assert_string_equal(delta_ask(f, NESTED_SELECT), NESTED_ROWS);
    const char *only[] = {"day"};
    const struct fw_source_slice slice = {.columns = only, .n_columns = 1};
    assert_string_equal(delta_ask_slice(f, &slice, "count(*) || ' ' || max(day)"), "2 2024-02-29");
}

#define IDS                                                                                        \
    ", FIELD_IDS {\"p'1\": 1, p2: {__duckdb_field_id: 2, p3: 3, p4: {__duckdb_field_id: "          \
    "4, element: {p5: 5}}}, p6: {__duckdb_field_id: 6, value: {p7: 7}}}"

static void columns_are_found_by_their_ids(void **state)
{
    struct sql_fixture *f = *state;
    mapped_data(f, IDS);
    delta_commit(f, 0, READER_2 MAPPED_TABLE("id", NESTED_FIELDS, "\"day\"") NESTED_ADD);
    assert_string_equal(delta_ask(f, NESTED_SELECT), NESTED_ROWS);
    /* At the top level the id decides alone, whatever the file calls the column. */
    sql_must(f,
             "COPY (SELECT 3::BIGINT AS other, 4::BIGINT AS \"p'1\") TO '%s/f1.parquet' (FORMAT "
             "parquet, FIELD_IDS {other: 1, \"p'1\": 99})",
             f->dir);
    assert_string_equal(delta_ask(f, "max(\"it's\") || ' ' || count(s)"), "3 0");
    const char *only[] = {"day"};
    const struct fw_source_slice slice = {.columns = only, .n_columns = 1};
    assert_string_equal(delta_ask_slice(f, &slice, "count(*)"), "1");
}

static void ids_that_a_file_does_not_keep_are_refused(void **state)
{
    struct sql_fixture *f = *state;
    mapped_data(f, "");
    delta_commit(f, 0, READER_2 MAPPED_TABLE("id", NESTED_FIELDS, "\"day\"") NESTED_ADD);
    delta_expect_refusal(f, FW_E_DATA, "f1.parquet");
    mapped_data(f, ", FIELD_IDS {\"p'1\": 1, p2: {__duckdb_field_id: 2, p3: 5, p4: 4}}");
    delta_expect_refusal(f, FW_E_UNSUPPORTED, "the nested field with id 5 is called 'p3'");
}

static void mappings_that_do_not_hold_are_refused(void **state)
{
    struct sql_fixture *f = *state;
    data(f, 1);
    delta_commit(f, 0, READER_2 MAPPED_TABLE("name", FIELD("a", "long"), "") ADD("f1.parquet"));
    delta_expect_refusal(f, FW_E_DATA, "the physical name or the id of 'a'");
    delta_commit(f, 0,
                 READER_2 MAPPED_TABLE("id", MAPPED("a", TEXT("long"), "-1", "p"), "")
                     ADD("f1.parquet"));
    delta_expect_refusal(f, FW_E_DATA, "the physical name or the id of 'a'");
    delta_commit(f, 0,
                 READER_2 MAPPED_TABLE("name", MAPPED("a", STRUCT(FIELD("b", "long")), "1", "p"),
                                       "") ADD("f1.parquet"));
    delta_expect_refusal(f, FW_E_DATA, "the column 'a' is not valid");
    delta_commit(f, 0, READER_2 MAPPED_TABLE("position", FIELD("a", "long"), "") ADD("f1.parquet"));
    delta_expect_refusal(f, FW_E_UNSUPPORTED, "delta.columnMapping.mode = position");
    delta_commit(f, 0, PROTOCOL MAPPED_TABLE("name", FIELD("a", "long"), "") ADD("f1.parquet"));
    delta_expect_refusal(f, FW_E_DATA, "which its protocol does not have");
}

/* Each pair of the protocol's list, in a file of its own. */
static void widened_types_are_cast(void **state)
{
    static const char *const pairs[][4] = {
        {"TINYINT '-7'", "long", "BIGINT", "-7"},
        {"SMALLINT '300'", "integer", "INTEGER", "300"},
        {"INTEGER '-70000'", "long", "BIGINT", "-70000"},
        {"FLOAT '1.5'", "double", "DOUBLE", "1.5"},
        {"INTEGER '5'", "double", "DOUBLE", "5.0"},
        {"DATE '2024-02-29'", "timestamp_ntz", "TIMESTAMP", "2024-02-29 00:00:00"},
        {"12.34::DECIMAL(10,2)", "decimal(20,4)", "DECIMAL(20,4)", "12.3400"},
        {"SMALLINT '12'", "decimal(10,1)", "DECIMAL(10,1)", "12.0"},
        {"BIGINT '12'", "decimal(20,0)", "DECIMAL(20,0)", "12"},
    };
    struct sql_fixture *f = *state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char lines[1024], expected[64];
        sql_must(f, "COPY (SELECT %s AS a) TO '%s/f1.parquet'", pairs[i][0], f->dir);
        snprintf(lines, sizeof lines,
                 FEATURES("\"typeWidening\",\"timestampNtz\"") METADATA(FIELD("a", "%s"), "")
                     ADD("f1.parquet"),
                 pairs[i][1]);
        delta_commit(f, 0, lines);
        snprintf(expected, sizeof expected, "%s %s", pairs[i][2], pairs[i][3]);
        assert_string_equal(delta_ask(f, "max(typeof(a)) || ' ' || max(a)"), expected);
    }
    sql_must(f, "COPY (SELECT 'text' AS a) TO '%s/f1.parquet'", f->dir);
    delta_commit(f, 0,
                 FEATURES("\"typeWidening\"") METADATA(FIELD("a", "long"), "") ADD("f1.parquet"));
    struct fw_source *source = NULL;
    struct fw_text query = {0};
    const char *path = f->dir;
    int64_t n = 0;
    assert_int_equal(fw_source_open(&f->sql, &path, 1, NULL, &source), FW_OK);
    fw_text_append(&query, "SELECT max(a) FROM ");
    fw_source_scan(source, NULL, &query);
    assert_int_equal(fw_sql_int64(&f->sql, &n, fw_text_get(&query)), FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(f->task), "f1.parquet"));
    fw_text_finish(&query);
    fw_source_close(source);
}

static void other_reader_features_are_refused_by_name(void **state)
{
    static const char *const features[] = {
        "variantType",    "variantType-preview",  "variantShredding", "variantShredding-preview",
        "catalogManaged", "catalogOwned-preview", "somethingNew"};
    struct sql_fixture *f = *state;
    data(f, 1);
    for (size_t i = 0; i < sizeof features / sizeof *features; i++) {
        char lines[1024], words[64];
        snprintf(lines, sizeof lines,
                 FEATURES("\"timestampNtz\",\"%s\"") METADATA(FIELD("a", "long"), "")
                     ADD("f1.parquet"),
                 features[i]);
        snprintf(words, sizeof words, "the reader feature '%s'", features[i]);
        delta_commit(f, 0, lines);
        delta_expect_refusal(f, FW_E_UNSUPPORTED, words);
    }
    delta_commit(f, 0, PROTOCOL METADATA(FIELD("a", "variant"), "") ADD("f1.parquet"));
    delta_expect_refusal(f, FW_E_UNSUPPORTED, "the type 'variant'");
}

/* What binds writers alone: their features, and what they leave in the log and the schema. */
static void what_binds_writers_alone_is_read(void **state)
{
    static const char lines[] =
        "{\"commitInfo\":{\"inCommitTimestamp\":1,\"operation\":\"WRITE\"}}\n"
        "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":["
        "\"vacuumProtocolCheck\"],\"writerFeatures\":[\"appendOnly\",\"invariants\","
        "\"checkConstraints\",\"generatedColumns\",\"changeDataFeed\",\"identityColumns\","
        "\"rowTracking\",\"domainMetadata\",\"icebergCompatV2\",\"inCommitTimestamp\","
        "\"clustering\",\"allowColumnDefaults\",\"vacuumProtocolCheck\"]}}\n"
        "{\"metaData\":{\"id\":\"t\",\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\""
        ":[{\\\"name\\\":\\\"a\\\",\\\"type\\\":\\\"long\\\",\\\"metadata\\\":{"
        "\\\"delta.identity.start\\\":1,\\\"delta.generationExpression\\\":\\\"b + 1\\\"}}]}\","
        "\"partitionColumns\":[],\"configuration\":{\"delta.enableRowTracking\":\"true\"}}}\n"
        "{\"domainMetadata\":{\"domain\":\"delta.clustering\",\"configuration\":\"{}\","
        "\"removed\":false}}\n"
        "{\"cdc\":{\"path\":\"_change_data/f9.parquet\",\"size\":1}}\n"
        "{\"txn\":{\"appId\":\"x\",\"version\":1}}\n"
        "{\"add\":{\"path\":\"f1.parquet\",\"partitionValues\":{},\"size\":1,\"baseRowId\":0,"
        "\"defaultRowCommitVersion\":0,\"clusteringProvider\":\"liquid\"}}\n";
    struct sql_fixture *f = *state;
    data(f, 1);
    delta_commit(f, 0, lines);
    assert_string_equal(rows(f), "1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_v2_checkpoint_is_read_with_its_sidecars),
        TEST(a_v2_manifest_may_be_parquet),
        TEST(a_v2_manifest_may_hold_the_files_itself),
        TEST(a_damaged_v2_checkpoint_is_refused),
        TEST(columns_are_found_by_their_physical_names),
        TEST(columns_are_found_by_their_ids),
        TEST(ids_that_a_file_does_not_keep_are_refused),
        TEST(mappings_that_do_not_hold_are_refused),
        TEST(widened_types_are_cast),
        TEST(other_reader_features_are_refused_by_name),
        TEST(what_binds_writers_alone_is_read),
    };
    return cmocka_run_group_tests_name("delta_features", tests, sql_fixture_load,
                                       sql_fixture_unload);
}
