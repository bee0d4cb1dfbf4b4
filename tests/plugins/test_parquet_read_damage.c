/* SPDX-License-Identifier: MIT */
/* Files of which any byte is another one, or that end anywhere: a sentence, or rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parquet_fixture.h"
#include "test_files.h"

/* What is read of a damaged file: nothing, some columns, all. */
struct tally {
    int not_opened, not_read, read;
};

static void read_group(struct sql_fixture *f, struct fw_parquet_reader *reader,
                       struct fw_parquet_batch *batch, const char *path, size_t group)
{
    struct ArrowArray array;
    const int64_t n = fw_parquet_reader_group_rows(reader, group);

    if (fw_parquet_batch_add_group(batch, reader, group) == FW_OK &&
        fw_parquet_batch_take(batch, &array) == FW_OK) {
        assert_int_equal(array.length, n);
        assert_int_equal(array.children[0]->length, n);
        array.release(&array);
    } else {
        assert_non_null(strstr(fake_task_take_fault(f->task), path));
    }
}

static void read_column(struct sql_fixture *f, struct fw_parquet_reader *reader, const char *path,
                        size_t column)
{
    struct fw_parquet_batch *batch = NULL;
    struct ArrowSchema schema;
    const char *name = fw_parquet_reader_name(reader, column);

    assert_int_equal(fw_parquet_reader_schema(reader, &name, 1, &schema), FW_OK);
    assert_int_equal(fw_parquet_batch_create(fake_task_host(f->task), &schema, &batch), FW_OK);
    schema.release(&schema);
    for (size_t i = 0; i < fw_parquet_reader_groups(reader); i++) {
        read_group(f, reader, batch, path, i);
    }
    fw_parquet_batch_destroy(batch);
}

static void read_file(struct sql_fixture *f, const char *path, struct tally *tally)
{
    struct fw_parquet_reader *reader = NULL;

    if (fw_parquet_reader_open(fake_task_host(f->task), path, &reader) != FW_OK) {
        assert_non_null(strstr(fake_task_take_fault(f->task), path));
        tally->not_opened++;
        return;
    }
    bool refused = fw_parquet_reader_refusal_of_file(reader) != NULL;
    for (size_t i = 0; i < fw_parquet_reader_columns(reader); i++) {
        if (fw_parquet_reader_refusal(reader, i) == NULL) {
            read_column(f, reader, path, i);
        } else {
            refused = true;
        }
    }
    tally->not_read += refused;
    tally->read += !refused;
    fw_parquet_reader_close(reader);
}

static void write_bytes(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void damage(struct sql_fixture *f, const char *select, const char *options)
{
    struct tally tally = {0};
    size_t size;
    char *whole = test_path(f->dir, "whole.parquet"), *path = test_path(f->dir, "t.parquet");

    sql_must(f, "COPY (%s) TO '%s' (FORMAT parquet %s)", select, whole, options);
    char *bytes = test_file_read(whole, &size);
    for (size_t at = 0; at < size; at++) {
        write_bytes(path, bytes, at);
        read_file(f, path, &tally);
        bytes[at] ^= 0x55;
        write_bytes(path, bytes, size);
        read_file(f, path, &tally);
        bytes[at] ^= 0x55;
    }
    assert_true(tally.not_opened >= (int)size); /* what is cut off is never a file */
    assert_true(tally.read > 0);
    free(bytes);
    free(whole);
    free(path);
}

static const char rows[] =
    "SELECT range AS a, 'text ' || range AS b, [range, NULL][1:(range % 3)] AS c, {'x': "
    "range::DECIMAL(9,2), 'y': range % 2 = 0} AS d, map([range], ['v']) AS e FROM range(40)";

static void no_byte_crashes_the_reader(void **state)
{
    damage(*state, rows, ", CODEC uncompressed");
}

static void no_byte_of_packed_pages_crashes_the_reader(void **state)
{
    damage(*state, rows, ", CODEC snappy");
    damage(*state, rows, ", CODEC zstd");
    damage(*state, "SELECT range // 9 AS a, 'x' AS b FROM range(90)", ", CODEC lz4_raw");
    damage(*state, "SELECT range // 9 AS a, 'x' AS b FROM range(90)", ", CODEC gzip");
}

static void no_byte_of_newer_encodings_crashes_the_reader(void **state)
{
    damage(*state, rows, ", CODEC uncompressed, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_byte_crashes_the_reader),
        TEST(no_byte_of_packed_pages_crashes_the_reader),
        TEST(no_byte_of_newer_encodings_crashes_the_reader),
    };
    return cmocka_run_group_tests_name("parquet_read_damage", tests, sql_fixture_load,
                                       sql_fixture_unload);
}
