/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql_fixture.h"

/* What counts against a stage's budget: design 11.6. */
static int64_t anonymous_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long long kib = -1;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "RssAnon: %lld", &kib) != 1) {
    }
    fclose(file);
    assert_true(kib >= 0);
    return kib;
}

/* 100 MB of texts under an engine limit of 32 MB. */
static const char wide[] = "SELECT i, repeat('x', 90) || i AS s FROM range(1000000) r(i)";

static void a_stream_stays_within_the_engine_limit(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int64_t n_rows = 0, n_batches = 0, peak_kib = 0;

    fake_task_limits(f->task)->engine_bytes = 32000000;
    sql_fixture_connect(f);
    int64_t start_kib = anonymous_kib();
    assert_int_equal(f->sql.api->query(f->sql.session, wide, &stream), FW_OK);
    while (stream.get_next(&stream, &batch) == 0 && batch.release != NULL) {
        n_rows += batch.length;
        batch.release(&batch);
        if (n_batches++ % 100 == 0) {
            int64_t kib = anonymous_kib() - start_kib;
            peak_kib = kib > peak_kib ? kib : peak_kib;
        }
    }
    stream.release(&stream);
    print_message("# %lld rows streamed, at most %lld KiB more than before\n", (long long)n_rows,
                  (long long)peak_kib);
    assert_int_equal(n_rows, 1000000);
    assert_in_range(peak_kib, 0, 60000);
}

/* The point of streaming, and a check that the test above could fail. */
static void a_fetched_grid_does_not(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_sql_grid grid;

    fake_task_limits(f->task)->engine_bytes = 32000000;
    sql_fixture_connect(f);
    int64_t start_kib = anonymous_kib();
    assert_int_equal(fw_sql_grid(&f->sql, &grid, wide), FW_OK);
    assert_true(anonymous_kib() - start_kib > 80000);
    assert_int_equal(grid.n_rows, 1000000);
    fw_sql_grid_finish(&grid);
}

int main(void)
{
#ifdef __SANITIZE_ADDRESS__
    print_message("1..0 # SKIP the address sanitizer keeps freed memory, so there is no limit\n");
    return 0;
#endif
#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open_host, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(a_stream_stays_within_the_engine_limit),
        TEST(a_fetched_grid_does_not),
    };
#undef TEST

    return cmocka_run_group_tests_name("duckdb memory", tests, sql_fixture_load,
                                       sql_fixture_unload);
}
