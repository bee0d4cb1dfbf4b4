/* SPDX-License-Identifier: MIT */
/* Memory that runs out while a row group is encoded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing_alloc.h"
#include "parquet/parquet.h"

static void fails_cleanly_wherever_memory_runs_out(void **state)
{
    static const struct fw_parquet_column columns[] = {{"text", FW_PARQUET_TEXT},
                                                       {"flag", FW_PARQUET_BOOLEAN}};
    static const char *const texts[] = {"a", NULL};
    static const uint8_t flags[] = {0, 1};
    static const uint16_t entries[] = {1, 0, 1, 1};
    const struct fw_parquet_picks picks = {entries, 2};
    const struct fw_parquet_values values[] = {{&picks, texts}, {&picks, flags}};
    unsigned n = 0;

    (void)state;
    for (struct fw_parquet_block *block = NULL; block == NULL && n < 200;) {
        failing_alloc_at(++n);
        block = fw_parquet_encode(columns, 2, values, 4);
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fails_cleanly_wherever_memory_runs_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
