/* SPDX-License-Identifier: MIT */
/* Memory that runs out while a row group is encoded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "parquet/parquet.h"

static const struct fw_parquet_column columns[] = {
    {"text", FW_PARQUET_TEXT}, {"flag", FW_PARQUET_BOOLEAN}, {"number", FW_PARQUET_BIGINT}};
static const struct fw_parquet_text texts[] = {{"a", 1}, {NULL, 0}};

static struct fw_parquet_block *encode_entries(void)
{
    static const uint8_t flags[] = {0, 1};
    static const int64_t numbers[] = {5, 6, 5, 7};
    static const uint16_t entries[] = {1, 0, 1, 1};
    const struct fw_parquet_picks picks = {entries, 2}, plain = {NULL, 4};
    const struct fw_parquet_values values[] = {{&picks, texts}, {&picks, flags}, {&plain, numbers}};

    return fw_parquet_encode(columns, 3, values, 4);
}

static struct fw_parquet_block *encode_cells(void)
{
    static const uint64_t names[] = {0, 0, 0, UINT64_MAX}, flags[] = {1, 0, 1, 0},
                          numbers[] = {5, 6, 5, 7};
    const struct fw_parquet_cells cells[] = {{names, texts}, {flags, NULL}, {numbers, NULL}};

    return fw_parquet_encode_cells(columns, 3, cells, 4);
}

static void fail_at_each(struct fw_parquet_block *(*encode)(void))
{
    unsigned n = 0;

    for (struct fw_parquet_block *block = NULL; block == NULL && n < 200;) {
        failing_alloc_at(++n);
        block = encode();
        bool struck = failing_alloc_struck();
        failing_alloc_at(0);
        assert_true(struck == (block == NULL));
        fw_parquet_block_free(block);
        if (!struck) {
            break;
        }
    }
    assert_in_range(n, 8, 199);
}

static void fails_cleanly_wherever_memory_runs_out(void **state)
{
    (void)state;
    fail_at_each(encode_entries);
    fail_at_each(encode_cells);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fails_cleanly_wherever_memory_runs_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
