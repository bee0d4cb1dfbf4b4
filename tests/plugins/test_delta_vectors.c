/* SPDX-License-Identifier: MIT */
/* Deletion vectors: all places, all forms, all damage; and every reader skips the rows. */
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

#define VECTORS "{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":["
#define TABLE                                                                                      \
    VECTORS "\"deletionVectors\"],\"writerFeatures\":[\"deletionVectors\",\"rowTracking\","        \
            "\"inCommitTimestamp\",\"clustering\",\"domainMetadata\"]}}\n" METADATA(               \
                FIELD("a", "long"), "")

/* Rows 1, 3 and 5 as Spark writes them; the protocol's example, which no version of it reads. */
#define EXAMPLE_ROWS "^Bg9^0rr910000000000iXQKl0rr91000625c8Xg0rri41POJ5"
#define OTHER_FORMAT "wi5b=000010000siXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L"
/* The protocol's example of a path with a prefix, and the file that it means. */
#define EXAMPLE_UUID "ab^-aqEH.-t@S}K{vb[*k^"
#define EXAMPLE_FILE "ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin"

/* n rows, a = 0 .., as FOLDER/NAME.parquet. */
static void data(struct sql_fixture *f, const char *name, int n)
{
    sql_must(f,
             "COPY (SELECT range AS a FROM range(%d)) TO '%s/%s.parquet' "
             "(FORMAT parquet, ROW_GROUP_SIZE 2048)",
             n, f->dir, name);
}

/* An add of NAME.parquet of n records, with the members of a deletion vector. */
static void append_add(struct fw_text *lines, const char *name, int n, const char *members)
{
    fw_text_appendf(lines,
                    "{\"add\":{\"path\":\"%s.parquet\",\"partitionValues\":{},\"size\":1,"
                    "\"stats\":\"{\\\"numRecords\\\":%d}\",\"deletionVector\":{%s}}}\n",
                    name, n, members);
}

/* A table of one file, t.parquet, whose deletion vector has these members. */
static void one_file(struct sql_fixture *f, int n, const char *format, ...)
{
    struct fw_text lines = {0}, members = {0};
    va_list args;
    va_start(args, format);
    fw_text_append_va(&members, format, args);
    va_end(args);
    fw_text_append(&lines, TABLE);
    append_add(&lines, "t", n, fw_text_get(&members));
    delta_commit(f, 0, fw_text_get(&lines));
    fw_text_finish(&lines);
    fw_text_finish(&members);
}

/* The vector stands in the log. */
static void one_file_inline(struct sql_fixture *f, int n, const unsigned char *bitmap, size_t size,
                            size_t cardinality)
{
    char *text = delta_z85(bitmap, size);
    one_file(f, n,
             "\"storageType\":\"i\",\"pathOrInlineDv\":\"%s\",\"sizeInBytes\":%zu,"
             "\"cardinality\":%zu",
             text, size, cardinality);
    free(text);
}

static void reads_what_spark_writes_inline(void **state)
{
    struct sql_fixture *f = *state;
    data(f, "t", 8);
    one_file(f, 8,
             "\"storageType\":\"i\",\"pathOrInlineDv\":\"" EXAMPLE_ROWS "\",\"sizeInBytes\":38,"
             "\"cardinality\":3");
    assert_string_equal(delta_ask(f, "string_agg(a, ',' ORDER BY a)"), "0,2,4,6,7");
}

static void finds_the_file_of_a_relative_path(void **state)
{
    struct sql_fixture *f = *state;
    const uint32_t first[] = {0, 2}, second[] = {1};
    size_t sizes[2];
    unsigned char *one = delta_bitmap(first, 2, AS_ARRAY, &sizes[0]);
    unsigned char *two = delta_bitmap(second, 1, AS_RUNS, &sizes[1]);
    test_file_write(f->dir, "ab/readme", "");
    data(f, "t", 4);
    delta_vector_file(f, EXAMPLE_FILE, one, sizes[0]);
    long offset = delta_vector_file(f, EXAMPLE_FILE, two, sizes[1]);
    one_file(f, 4,
             "\"storageType\":\"u\",\"pathOrInlineDv\":\"" EXAMPLE_UUID "\",\"offset\":1,"
             "\"sizeInBytes\":%zu,\"cardinality\":2",
             sizes[0]);
    assert_string_equal(delta_ask(f, "string_agg(a, ',' ORDER BY a)"), "1,3");
    one_file(f, 4,
             "\"storageType\":\"u\",\"pathOrInlineDv\":\"" EXAMPLE_UUID "\",\"offset\":%ld,"
             "\"sizeInBytes\":%zu,\"cardinality\":1",
             offset, sizes[1]);
    assert_string_equal(delta_ask(f, "string_agg(a, ',' ORDER BY a)"), "0,2,3");
    free(one);
    free(two);
}

static void finds_the_file_of_an_absolute_path(void **state)
{
    struct sql_fixture *f = *state;
    const uint32_t rows[] = {3};
    size_t size = 0;
    unsigned char *bitmap = delta_bitmap(rows, 1, AS_ARRAY, &size);
    test_file_write(f->dir, "else where/readme", "");
    data(f, "t", 4);
    delta_vector_file(f, "else where/v.bin", bitmap, size);
    one_file(f, 4,
             "\"storageType\":\"p\",\"pathOrInlineDv\":\"file://%s/else%%20where/v.bin\","
             "\"offset\":1,\"sizeInBytes\":%zu,\"cardinality\":1",
             f->dir, size);
    assert_string_equal(delta_ask(f, "string_agg(a, ',' ORDER BY a)"), "0,1,2");
    free(bitmap);
}

/* Rows 0, step, 2 * step, ... of 150,000, so that there are three containers. */
static void expect_form(struct sql_fixture *f, uint32_t step, enum bitmap_form form)
{
    enum { N = 150000 };
    uint32_t *rows = calloc(N, sizeof *rows);
    size_t n = 0, size = 0;
    for (uint32_t row = 0; row < N; row += step) {
        rows[n++] = row;
    }
    unsigned char *bitmap = delta_bitmap(rows, n, form, &size);
    char expected[64];
    one_file_inline(f, N, bitmap, size, n);
    snprintf(expected, sizeof expected, "%zu 0 %zu", N - n, N - n);
    struct fw_text query = {0};
    fw_text_appendf(&query,
                    "count(*) || ' ' || count(*) FILTER (a %% %u = 0) || ' ' || "
                    "count(DISTINCT a)",
                    step);
    assert_string_equal(delta_ask(f, fw_text_get(&query)), expected);
    fw_text_finish(&query);
    free(bitmap);
    free(rows);
}

static void reads_every_form_of_container(void **state)
{
    struct sql_fixture *f = *state;
    data(f, "t", 150000);
    expect_form(f, 100, AS_ARRAY);
    expect_form(f, 3, AS_BITMAP);
    expect_form(f, 7, AS_RUNS);
    expect_form(f, 1, AS_RUNS);
}

/* Three files, the second without a vector: scans of all, of one and of rows of one. */
static void every_slice_leaves_them_out(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const names[] = {"t0", "t1", "t2"};
    uint32_t rows[2000];
    struct fw_text lines = {0};
    size_t size = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        rows[i] = 2 * i + 1;
    }
    unsigned char *bitmap = delta_bitmap(rows, 2000, AS_ARRAY, &size);
    char *text = delta_z85(bitmap, size);
    char members[8192];
    snprintf(members, sizeof members,
             "\"storageType\":\"i\",\"pathOrInlineDv\":\"%s\",\"sizeInBytes\":%zu,"
             "\"cardinality\":2000",
             text, size);
    fw_text_append(&lines, TABLE ADD("t1.parquet"));
    append_add(&lines, "t0", 5000, members);
    append_add(&lines, "t2", 5000, members);
    delta_commit(f, 0, fw_text_get(&lines));
    for (int i = 0; i < 3; i++) {
        data(f, names[i], 5000);
    }
    const struct fw_source_slice last = {.first_file = 2};
    const struct fw_source_slice some = {.first_file = 2, .first_row = 3001, .n_rows = 1500};
    const struct fw_source_slice whole = {.first_file = 1, .n_rows = 5000};
    assert_string_equal(delta_ask(f, "count(*) || ' ' || sum(a)"), "11000 29492500");
    assert_string_equal(delta_ask_slice(f, &last, "count(*) || ' ' || sum(a)"), "3000 8497500");
    assert_string_equal(delta_ask_slice(f, &some,
                                        "count(*) || ' ' || min(fw_row) || ' ' || "
                                        "bool_and(a = fw_row AND (a >= 4000 OR a % 2 = "
                                        "0))"),
                        "1000 3002 true");
    assert_string_equal(delta_ask_slice(f, &whole, "count(*)"), "5000");
    struct fw_source *source = NULL;
    const char *path = f->dir;
    int64_t counted = 0;
    assert_int_equal(fw_source_open(&f->sql, &path, 1, NULL, &source), FW_OK);
    assert_int_equal(fw_source_count(source, &counted), FW_OK);
    assert_int_equal(counted, 11000);
    assert_int_equal(source->files[0].n_deleted, 2000);
    assert_int_equal(fw_source_rows_holding(source, 0, 10), 19);
    assert_int_equal(fw_source_rows_holding(source, 0, 2100), 4100);
    assert_int_equal(fw_source_rows_holding(source, 1, 10), 10);
    fw_source_close(source);
    fw_text_finish(&lines);
    free(text);
    free(bitmap);
}

static void a_changed_vector_replaces_the_file(void **state)
{
    static const char removal[] =
        "{\"remove\":{\"path\":\"t.parquet\",\"deletionVector\":{\"storageType\":\"i\","
        "\"pathOrInlineDv\":\"" EXAMPLE_ROWS "\",\"sizeInBytes\":38,\"cardinality\":3}}}\n";
    struct sql_fixture *f = *state;
    struct fw_text lines = {0};
    data(f, "t", 31);
    delta_commit(f, 0, TABLE ADD("t.parquet"));
    append_add(&lines, "t", 31,
               "\"storageType\":\"i\",\"pathOrInlineDv\":\"" EXAMPLE_ROWS
               "\",\"sizeInBytes\":38,\"cardinality\":3");
    fw_text_append(&lines, REMOVE("t.parquet"));
    delta_commit(f, 1, fw_text_get(&lines));
    assert_string_equal(delta_ask(f, "count(*)"), "28");
    /* The same out of a checkpoint, with the commits gone. */
    struct fw_text all = {0};
    fw_text_append(&all, TABLE);
    fw_text_append(&all, fw_text_get(&lines));
    delta_checkpoint(f, "00000000000000000001.checkpoint.parquet", fw_text_get(&all));
    delta_delete_commit(f, 0);
    assert_string_equal(delta_ask(f, "count(*)"), "28");
    delta_commit(f, 2, removal);
    assert_string_equal(delta_ask(f, "count(*)"), "0");
    fw_text_finish(&all);
    fw_text_finish(&lines);
}

static void what_does_not_agree_is_refused(void **state)
{
    static const struct {
        const char *members;
        fw_status status;
        const char *words;
    } cases[] = {
        {"\"storageType\":\"i\",\"pathOrInlineDv\":\"" EXAMPLE_ROWS "\",\"sizeInBytes\":38,"
         "\"cardinality\":2",
         FW_E_DATA, "marks 3 rows, the log says 2"},
        {"\"storageType\":\"i\",\"pathOrInlineDv\":\"" EXAMPLE_ROWS "\",\"sizeInBytes\":41,"
         "\"cardinality\":3",
         FW_E_DATA, "not Z85 of as many bytes"},
        {"\"storageType\":\"i\",\"pathOrInlineDv\":\"" EXAMPLE_ROWS "\",\"sizeInBytes\":37,"
         "\"cardinality\":3",
         FW_E_DATA, "no Roaring bitmap"},
        {"\"storageType\":\"i\",\"pathOrInlineDv\":\"wi5b= 0001\",\"sizeInBytes\":8,"
         "\"cardinality\":6",
         FW_E_DATA, "not Z85"},
        {"\"storageType\":\"i\",\"pathOrInlineDv\":\"" OTHER_FORMAT "\",\"sizeInBytes\":40,"
         "\"cardinality\":6",
         FW_E_UNSUPPORTED, "portable format"},
        {"\"storageType\":\"q\",\"pathOrInlineDv\":\"x\",\"sizeInBytes\":8,\"cardinality\":6",
         FW_E_UNSUPPORTED, "storageType i, u, p"},
        {"\"storageType\":\"i\",\"sizeInBytes\":8,\"cardinality\":6", FW_E_DATA, "lacks"},
        {"\"storageType\":\"u\",\"pathOrInlineDv\":\"short\",\"offset\":1,\"sizeInBytes\":8,"
         "\"cardinality\":6",
         FW_E_DATA, "a prefix and a UUID"},
        {"\"storageType\":\"u\",\"pathOrInlineDv\":\"../^-aqEH.-t@S}K{vb[*k^\",\"offset\":1,"
         "\"sizeInBytes\":8,\"cardinality\":6",
         FW_E_DATA, "a prefix and a UUID"},
        {"\"storageType\":\"u\",\"pathOrInlineDv\":\"" EXAMPLE_UUID "\",\"offset\":1,"
         "\"sizeInBytes\":8,\"cardinality\":6",
         FW_E_MISSING, EXAMPLE_FILE},
        {"\"storageType\":\"p\",\"pathOrInlineDv\":\"s3://bucket/v.bin\",\"offset\":1,"
         "\"sizeInBytes\":8,\"cardinality\":6",
         FW_E_UNSUPPORTED, "not on a local file system"},
    };
    struct sql_fixture *f = *state;
    data(f, "t", 31);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        one_file(f, 31, "%s", cases[i].members);
        delta_expect_refusal(f, cases[i].status, cases[i].words);
    }
    one_file(f, 5,
             "\"storageType\":\"i\",\"pathOrInlineDv\":\"" EXAMPLE_ROWS "\",\"sizeInBytes\":38,"
             "\"cardinality\":3");
    delta_expect_refusal(f, FW_E_DATA, "rows that the file does not have");
    delta_commit(f, 0,
                 TABLE "{\"add\":{\"path\":\"t.parquet\",\"size\":1,\"deletionVector\":7}}\n");
    delta_expect_refusal(f, FW_E_DATA, "deletionVector is not an object");
}

static void damaged_files_of_vectors_are_refused(void **state)
{
    struct sql_fixture *f = *state;
    const uint32_t rows[] = {0, 2};
    size_t size = 0;
    unsigned char *bitmap = delta_bitmap(rows, 2, AS_ARRAY, &size);
    test_file_write(f->dir, "ab/readme", "");
    data(f, "t", 4);
    delta_vector_file(f, EXAMPLE_FILE, bitmap, size);
    char *path = test_path(f->dir, "%s", EXAMPLE_FILE);
    size_t n = 0;
    char *whole = test_file_read(path, &n);
    one_file(f, 4,
             "\"storageType\":\"u\",\"pathOrInlineDv\":\"" EXAMPLE_UUID "\",\"offset\":1,"
             "\"sizeInBytes\":%zu,\"cardinality\":2",
             size);
    for (size_t i = 0; i <= n; i++) { /* one byte changed, and the last byte cut off */
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        whole[i % n] = (char)(whole[i % n] ^ (i < n ? 0x10 : 0));
        assert_int_equal(fwrite(whole, 1, i < n ? n : n - 1, file), i < n ? n : n - 1);
        assert_int_equal(fclose(file), 0);
        whole[i % n] = (char)(whole[i % n] ^ (i < n ? 0x10 : 0));
        delta_expect_refusal(f, i == 0 ? FW_E_UNSUPPORTED : FW_E_DATA, EXAMPLE_FILE);
    }
    free(whole);
    free(path);
    free(bitmap);
}

/* Every prefix of a bitmap, and every byte of it turned: never a crash, never a wrong count. */
static void no_bitmap_crashes_the_decoder(void **state)
{
    struct sql_fixture *f = *state;
    const uint32_t rows[] = {1, 2, 3, 9, 70000, 70001, 140000, 200000, 300000};
    data(f, "t", 4);
    for (int form = AS_ARRAY; form <= AS_RUNS; form += AS_RUNS - AS_ARRAY) {
        size_t size = 0;
        unsigned char *bitmap = delta_bitmap(rows, 9, (enum bitmap_form)form, &size);
        for (size_t i = 0; i < 2 * size; i++) {
            struct fw_source *source = NULL;
            const char *path = f->dir;
            bool cut = i >= size;
            bitmap[i % size] = (unsigned char)(bitmap[i % size] ^ (cut ? 0 : 0xff));
            one_file_inline(f, 1 << 30, bitmap, cut ? i - size : size, 9);
            bitmap[i % size] = (unsigned char)(bitmap[i % size] ^ (cut ? 0 : 0xff));
            fw_status status = fw_source_open(&f->sql, &path, 1, NULL, &source);
            assert_true(cut ? status < FW_OK : status <= FW_OK);
            fake_task_take_fault(f->task);
            if (status == FW_OK) {
                assert_int_equal(source->files[0].n_deleted, 9);
            }
            fw_source_close(source);
        }
        free(bitmap);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_what_spark_writes_inline),     TEST(finds_the_file_of_a_relative_path),
        TEST(finds_the_file_of_an_absolute_path), TEST(reads_every_form_of_container),
        TEST(every_slice_leaves_them_out),        TEST(a_changed_vector_replaces_the_file),
        TEST(what_does_not_agree_is_refused),     TEST(damaged_files_of_vectors_are_refused),
        TEST(no_bitmap_crashes_the_decoder),
    };
    return cmocka_run_group_tests_name("delta_vectors", tests, sql_fixture_load,
                                       sql_fixture_unload);
}
