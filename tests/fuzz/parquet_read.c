/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "fuzz_host.h"
#include "parquet/read.h"

/* More than the corpus has; a damaged count may say thousands of millions. */
enum { MAX_ROWS = 4096 };

static void check_refusal(fw_status status)
{
    FUZZ_CHECK(status < 0);
    fuzz_host_check_fault(status);
}

/* The rows of a column, of all or of every third row of a group; -1: refused. */
static int64_t read_rows(struct fw_parquet_batch *batch, const struct fw_parquet_reader *reader,
                         size_t group, int64_t first, int64_t step)
{
    const int64_t n = fw_parquet_reader_group_rows(reader, group);
    int64_t rows[MAX_ROWS];
    struct ArrowArray array;
    size_t n_rows = 0;

    for (int64_t row = 0; row < n; row += step) {
        rows[n_rows++] = first + row;
    }
    (void)fuzz_host(); /* the faults of the column before */
    fw_status status = step == 1 ? fw_parquet_batch_add_group(batch, reader, group)
                                 : fw_parquet_batch_add(batch, reader, rows, n_rows);
    if (status == FW_OK) {
        status = fw_parquet_batch_take(batch, &array);
    }
    if (status != FW_OK) {
        check_refusal(status);
        return -1;
    }
    const int64_t length = array.children[0]->length;
    FUZZ_CHECK(array.length == (int64_t)n_rows && length == array.length);
    FUZZ_CHECK(array.children[0]->null_count <= length);
    array.release(&array);
    return length;
}

static void read_column(const struct fw_parquet_reader *reader, size_t column)
{
    const char *name = fw_parquet_reader_name(reader, column);
    struct ArrowSchema schema;
    int64_t first = 0;

    FUZZ_CHECK(fw_parquet_reader_schema(reader, &name, 1, &schema) == FW_OK);
    for (size_t i = 0; i < fw_parquet_reader_groups(reader); i++) {
        const int64_t n = fw_parquet_reader_group_rows(reader, i);
        static uint8_t present[MAX_ROWS];
        if (n > MAX_ROWS) {
            break;
        }
        for (int64_t step = 1; step <= 3; step += 2) {
            struct fw_parquet_batch *batch = NULL;
            FUZZ_CHECK(fw_parquet_batch_create(fuzz_host(), &schema, &batch) == FW_OK);
            read_rows(batch, reader, i, first, step);
            fw_parquet_batch_destroy(batch);
        }
        (void)fuzz_host();
        fw_status status = fw_parquet_reader_present(reader, column, i, present);
        if (status != FW_OK) {
            check_refusal(status);
        }
        first += n;
    }
    schema.release(&schema);
}

/* Input: a Parquet file. Every column reads, is refused, or there is a sentence about it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fw_parquet_reader *reader = NULL;
    const char *path = fuzz_path("a.parquet");

    fuzz_write(path, data, size);
    fw_status status = fw_parquet_reader_open(fuzz_host(), path, &reader);
    if (status != FW_OK) {
        check_refusal(status);
        return 0;
    }
    for (size_t i = 0; i < fw_parquet_reader_columns(reader); i++) {
        const char *refusal = fw_parquet_reader_refusal(reader, i);
        FUZZ_CHECK(*fw_parquet_reader_type(reader, i) != '\0' || refusal != NULL);
        if (refusal == NULL) {
            read_column(reader, i);
        }
    }
    fw_parquet_reader_close(reader);
    return 0;
}
