/* SPDX-License-Identifier: MIT */
/* Memory that runs out while a file is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <fw/sdk.h>

#include "failing_alloc.h"
#include "parquet/read.h"
#include "test_files.h"

static fw_status last_fault;

static fw_status keep_fault(const struct fw_host *host, fw_status status,
                            const struct fw_fault *fault)
{
    (void)host;
    (void)fault;
    return last_fault = status;
}

static const struct fw_host host = {.struct_size = sizeof host,
                                    .abi_major = FW_ABI_MAJOR,
                                    .abi_minor = FW_ABI_MINOR,
                                    .fail = keep_fault};

static fw_status take(struct fw_parquet_batch *batch, const struct fw_parquet_reader *reader)
{
    static const int64_t rows[] = {1, 5, 6};
    uint8_t present[64];
    struct ArrowArray array;
    fw_status status = fw_parquet_batch_add(batch, reader, rows, 3);

    if (status == FW_OK) {
        status = fw_parquet_batch_add_group(batch, reader, 0);
    }
    for (size_t i = 0; i < fw_parquet_reader_columns(reader) && status == FW_OK; i++) {
        status = fw_parquet_reader_present(reader, i, 0, present);
    }
    if (status == FW_OK) {
        status = fw_parquet_batch_take(batch, &array);
    }
    if (status == FW_OK) {
        array.release(&array);
    }
    return status;
}

static fw_status read_file(const char *path)
{
    struct fw_parquet_reader *reader = NULL;
    struct fw_parquet_batch *batch = NULL;
    struct ArrowSchema schema;
    const char *names[8];
    size_t n = 0;
    fw_status status = fw_parquet_reader_open(&host, path, &reader);

    if (status != FW_OK) {
        return status;
    }
    for (; n < fw_parquet_reader_columns(reader); n++) {
        names[n] = fw_parquet_reader_name(reader, n);
    }
    status = fw_parquet_reader_schema(reader, names, n, &schema);
    if (status == FW_OK) {
        status = fw_parquet_batch_create(&host, &schema, &batch);
        schema.release(&schema);
    }
    if (status == FW_OK) {
        status = take(batch, reader);
    }
    fw_parquet_batch_destroy(batch);
    fw_parquet_reader_close(reader);
    return status;
}

static void fail_at_each(const char *name)
{
    const char *root = getenv("FWRUN_SOURCE_ROOT");
    char *path = test_path(root != NULL ? root : ".", "tests/fuzz/corpus/parquet_read/%s", name);
    unsigned n = 0;
    bool struck = true;

    while (struck) {
        failing_alloc_at(++n);
        fw_status status = read_file(path);
        struck = failing_alloc_struck();
        failing_alloc_at(0);
        assert_int_equal(status, struck ? FW_E_NOMEM : FW_OK);
        assert_true(!struck || last_fault == FW_E_NOMEM);
    }
    assert_in_range(n, 50, 5000);
    free(path);
}

static void fails_cleanly_wherever_memory_runs_out(void **state)
{
    (void)state;
    fail_at_each("plain.parquet");
    fail_at_each("newer.parquet");
    fail_at_each("snappy.parquet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fails_cleanly_wherever_memory_runs_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
