/* SPDX-License-Identifier: MIT */
#include "delta_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "test_files.h"

void delta_commit(const struct sql_fixture *f, int version, const char *lines)
{
    char name[64];
    snprintf(name, sizeof name, "_delta_log/%020d.json", version);
    test_file_write(f->dir, name, lines);
}

void delta_delete_commit(const struct sql_fixture *f, int version)
{
    char *path = test_path(f->dir, "_delta_log/%020d.json", version);
    assert_int_equal(unlink(path), 0);
    free(path);
}

void delta_checkpoint(const struct sql_fixture *f, const char *name, const char *lines)
{
    struct fw_text copy = {0};
    test_file_write(f->dir, "_delta_log/readme", "makes the folder");
    fw_text_append(&copy, "COPY (SELECT unnest(from_json(line, '{"
                          "\"protocol\":{\"minReaderVersion\":\"INTEGER\","
                          "\"readerFeatures\":[\"VARCHAR\"]},"
                          "\"metaData\":{\"id\":\"VARCHAR\",\"schemaString\":\"VARCHAR\","
                          "\"partitionColumns\":[\"VARCHAR\"],"
                          "\"configuration\":\"MAP(VARCHAR, VARCHAR)\"},"
                          "\"add\":{\"path\":\"VARCHAR\",\"size\":\"BIGINT\","
                          "\"partitionValues\":\"MAP(VARCHAR, VARCHAR)\","
                          "\"deletionVector\":{\"storageType\":\"VARCHAR\","
                          "\"pathOrInlineDv\":\"VARCHAR\",\"offset\":\"INTEGER\","
                          "\"sizeInBytes\":\"INTEGER\",\"cardinality\":\"BIGINT\"}},"
                          "\"remove\":{\"path\":\"VARCHAR\"},"
                          "\"sidecar\":{\"path\":\"VARCHAR\"}}')) FROM (SELECT unnest("
                          "string_split(");
    fw_text_literal(&copy, lines);
    fw_text_appendf(&copy, ", chr(10))) AS line) WHERE line <> '') TO '%s/_delta_log/%s'", f->dir,
                    name);
    fw_text_append(&copy, " (FORMAT parquet)");
    if (fw_sql_exec_text(&f->sql, &copy) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    fw_text_finish(&copy);
}

const char *delta_ask(struct sql_fixture *f, const char *what)
{
    return delta_ask_slice(f, NULL, what);
}

const char *delta_ask_slice(struct sql_fixture *f, const struct fw_source_slice *slice,
                            const char *what)
{
    struct fw_source *source = NULL;
    struct fw_text query = {0};
    const char *path = f->dir;
    if (fw_source_open(&f->sql, &path, 1, NULL, &source) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    fw_text_appendf(&query, "SELECT %s FROM ", what);
    fw_source_scan(source, slice, &query);
    const char *cell = sql_cell(f, "%s", fw_text_get(&query));
    fw_text_finish(&query);
    fw_source_close(source);
    return cell;
}

void delta_expect_refusal(const struct sql_fixture *f, fw_status status, const char *words)
{
    struct fw_source *source = NULL;
    const char *path = f->dir;
    fw_status got = fw_source_open(&f->sql, &path, 1, NULL, &source);
    const char *fault = fake_task_take_fault(f->task);
    if (got != status || strstr(fault, words) == NULL) {
        fail_msg("%d instead of %d, '%s' without '%s'", got, status, fault, words);
    }
}

/* Bytes that grow. */
struct bytes {
    unsigned char *data;
    size_t size;
};

static void put(struct bytes *bytes, uint64_t value, int n_bytes)
{
    bytes->data = realloc(bytes->data, bytes->size + (size_t)n_bytes);
    assert_non_null(bytes->data);
    for (int i = 0; i < n_bytes; i++) {
        bytes->data[bytes->size++] = (unsigned char)(value >> 8 * i);
    }
}

static void put_big_endian(struct bytes *bytes, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        put(bytes, value >> shift & 255, 1);
    }
}

/* How many of the rows are in the container of the first. */
static size_t container_size(const uint32_t *rows, size_t n)
{
    size_t size = 0;
    while (size < n && rows[size] >> 16 == rows[0] >> 16) {
        size++;
    }
    return size;
}

static size_t run_size(const uint32_t *rows, size_t n)
{
    size_t size = 1;
    while (size < n && rows[size] == rows[0] + size) {
        size++;
    }
    return size;
}

static void put_runs(struct bytes *bytes, const uint32_t *rows, size_t n)
{
    size_t n_runs = 0;
    for (size_t i = 0; i < n; i += run_size(rows + i, n - i)) {
        n_runs++;
    }
    put(bytes, n_runs, 2);
    for (size_t i = 0; i < n; i += run_size(rows + i, n - i)) {
        put(bytes, rows[i], 2);
        put(bytes, run_size(rows + i, n - i) - 1, 2);
    }
}

static void put_container(struct bytes *bytes, const uint32_t *rows, size_t n,
                          enum bitmap_form form)
{
    unsigned char bits[8192] = {0};
    switch (form) {
    case AS_ARRAY:
        assert_true(n <= 4096);
        for (size_t i = 0; i < n; i++) {
            put(bytes, rows[i], 2);
        }
        break;
    case AS_BITMAP:
        assert_true(n > 4096);
        for (size_t i = 0; i < n; i++) {
            bits[(rows[i] & 65535) / 8] |= (unsigned char)(1 << rows[i] % 8);
        }
        for (size_t i = 0; i < sizeof bits; i++) {
            put(bytes, bits[i], 1);
        }
        break;
    case AS_RUNS:
        put_runs(bytes, rows, n);
        break;
    }
}

unsigned char *delta_bitmap(const uint32_t *rows, size_t n, enum bitmap_form form, size_t *ret_size)
{
    struct bytes bytes = {0};
    uint32_t n_containers = 0;
    for (size_t i = 0; i < n; i += container_size(rows + i, n - i)) {
        n_containers++;
    }
    put(&bytes, 1681511377, 4);
    put(&bytes, 1, 8); /* one bucket, of the high half 0 */
    put(&bytes, 0, 4);
    put(&bytes, form == AS_RUNS ? 12347 | (n_containers - 1) << 16 : 12346, 4);
    if (form == AS_RUNS) {
        for (uint32_t i = 0; i < n_containers; i += 8) {
            put(&bytes, 255, 1);
        }
    } else {
        put(&bytes, n_containers, 4);
    }
    for (size_t i = 0, size; i < n; i += size) {
        size = container_size(rows + i, n - i);
        put(&bytes, rows[i] >> 16, 2);
        put(&bytes, size - 1, 2);
    }
    for (uint32_t i = 0; (form != AS_RUNS || n_containers >= 4) && i < n_containers; i++) {
        put(&bytes, 0, 4); /* offsets, which a reader from front to back does not need */
    }
    for (size_t i = 0, size; i < n; i += size) {
        size = container_size(rows + i, n - i);
        put_container(&bytes, rows + i, size, form);
    }
    *ret_size = bytes.size;
    return bytes.data;
}

char *delta_z85(const unsigned char *bytes, size_t size)
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   ".-:+=^!/*?&<>()[]{}@%$#";
    size_t n_groups = (size + 3) / 4;
    char *text = calloc(n_groups * 5 + 1, 1);
    assert_non_null(text);
    for (size_t i = 0; i < n_groups; i++) {
        uint32_t group = 0;
        for (size_t k = i * 4; k < i * 4 + 4; k++) {
            group = group << 8 | (k < size ? bytes[k] : 0);
        }
        for (size_t k = 5; k-- > 0; group /= 85) {
            text[i * 5 + k] = alphabet[group % 85];
        }
    }
    return text;
}

long delta_vector_file(const struct sql_fixture *f, const char *name, const unsigned char *bitmap,
                       size_t size)
{
    char *path = test_path(f->dir, "%s", name);
    struct bytes frame = {0};
    FILE *file = fopen(path, "ae");
    assert_non_null(file);
    if (ftell(file) == 0) {
        assert_int_equal(fputc(1, file), 1); /* the version of the format */
    }
    long offset = ftell(file);
    put_big_endian(&frame, (uint32_t)size);
    for (size_t i = 0; i < size; i++) {
        put(&frame, bitmap[i], 1);
    }
    put_big_endian(&frame, (uint32_t)crc32(0, bitmap, (uInt)size));
    assert_int_equal(fwrite(frame.data, 1, frame.size, file), frame.size);
    assert_int_equal(fclose(file), 0);
    free(frame.data);
    free(path);
    return offset;
}
