/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sql_fixture.h"

static void runs_several_statements(void **state)
{
    struct sql_fixture *f = *state;
    int64_t n;

    assert_int_equal(fw_sql_exec(&f->sql, "CREATE TABLE t(a INT); INSERT INTO t VALUES (1), (2);"),
                     FW_OK);
    assert_int_equal(fw_sql_rows_changed(&f->sql), 2);
    assert_int_equal(fw_sql_int64(&f->sql, &n, "SELECT sum(a) FROM t"), FW_OK);
    assert_int_equal(n, 3);
}

static void counts_rows_of_create_table_as(void **state)
{
    struct sql_fixture *f = *state;

    assert_int_equal(fw_sql_exec(&f->sql, "CREATE TABLE t AS SELECT range FROM range(5000)"),
                     FW_OK);
    assert_int_equal(fw_sql_rows_changed(&f->sql), 5000);
    assert_int_equal(fw_sql_exec(&f->sql, "SELECT 1"), FW_OK);
    assert_int_equal(fw_sql_rows_changed(&f->sql), 0);
}

static void has_the_fixed_settings(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_sql_grid grid;
    static const char *const expected[][2] = {
        {"TimeZone", "UTC"},
        {"allow_unsigned_extensions", "false"},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"default_collation", ""},
        {"enable_progress_bar_print", "false"},
        {"memory_limit", "563.1 MiB"},
        {"preserve_insertion_order", "true"},
        {"threads", "2"},
    };

    for (size_t i = 0; i < FW_COUNT(expected); i++) {
        assert_int_equal(
            fw_sql_gridf(&f->sql, &grid, "SELECT current_setting('%s')", expected[i][0]), FW_OK);
        assert_string_equal(fw_sql_cell(&grid, 0, 0), expected[i][1]);
        fw_sql_grid_finish(&grid);
    }
}

static void streams_a_result(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int64_t n = 0;

    assert_int_equal(f->sql.api->query(f->sql.session, "SELECT range FROM range(100000)", &stream),
                     FW_OK);
    while (stream.get_next(&stream, &batch) == 0 && batch.release != NULL) {
        assert_in_range(batch.length, 1, 2048);
        n += batch.length;
        batch.release(&batch);
    }
    assert_int_equal(n, 100000);
    stream.release(&stream);
}

static void refuses_work_while_a_stream_lives(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream;

    assert_int_equal(f->sql.api->query(f->sql.session, "SELECT 1", &stream), FW_OK);
    assert_int_equal(fw_sql_exec(&f->sql, "SELECT 2"), FW_E_ARG);
    assert_non_null(strstr(fake_task_take_fault(f->task), "live stream"));
    stream.release(&stream);
    assert_int_equal(fw_sql_exec(&f->sql, "SELECT 2"), FW_OK);
}

static void advances_a_job_to_its_end(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_sql_job *job;
    double fraction = -2;
    int n_calls = 0;
    fw_status status;

    assert_int_equal(f->sql.api->begin(f->sql.session,
                                       "CREATE TABLE t AS SELECT i, hash(i) h FROM "
                                       "range(3000000) r(i) ORDER BY h",
                                       &job),
                     FW_OK);
    while ((status = f->sql.api->advance(job, 20, &fraction)) == FW_MORE) {
        assert_true(fraction < 0 || (fraction >= 0 && fraction <= 1));
        n_calls++;
    }
    assert_int_equal(status, FW_OK);
    assert_true(fraction == 1.0);
    assert_true(n_calls > 1);
    f->sql.api->finish(job);
    assert_int_equal(fw_sql_rows_changed(&f->sql), 3000000);
}

static int64_t threads_alive(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long long n = -1;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL && sscanf(line, "Threads: %lld", &n) != 1) {
    }
    fclose(file);
    assert_true(n > 0);
    return n;
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* To the engine these 10 chunks are one piece of work, which takes about a second. */
static void advance_returns_in_time_on_one_thread(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_sql_job *job;
    double fraction, longest = 0, begun;
    fw_status status;

    fw_sql_handle_close(&f->sql);
    fake_task_limits(f->task)->threads = 1;
    sql_fixture_connect(f);
    assert_int_equal(f->sql.api->begin(f->sql.session,
                                       "CREATE TABLE t AS SELECT max(md5(repeat('x', 10000) || "
                                       "i)) AS m FROM range(20480) r(i)",
                                       &job),
                     FW_OK);
    begun = now_s();
    do {
        double start = now_s();
        status = f->sql.api->advance(job, 20, &fraction);
        longest = now_s() - start > longest ? now_s() - start : longest;
    } while (status == FW_MORE);
    assert_int_equal(status, FW_OK);
    f->sql.api->finish(job);
    print_message("# longest of the 20 ms slices: %.0f ms of %.0f\n", longest * 1000,
                  (now_s() - begun) * 1000);
    assert_true(longest * 4 < now_s() - begun);
}

/* A leaked database would keep its threads. */
static void a_job_ended_early_leaves_nothing(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const statements[] = {
        "SELECT 1", "CREATE TABLE t AS FROM range(3000000) r(i) ORDER BY hash(i)"};
    int64_t n_before = threads_alive();

    for (int i = 0; i < 20; i++) {
        struct fw_sql_handle sql;
        struct fw_sql_job *job;
        double fraction;
        assert_int_equal(fw_sql_handle_open(&sql, fake_task_host(f->task)), FW_OK);
        assert_int_equal(sql.api->begin(sql.session, statements[i % 2], &job), FW_OK);
        if (i % 4 > 1) {
            assert_true(sql.api->advance(job, 1, &fraction) >= FW_OK);
        }
        sql.api->finish(job);
        fw_sql_handle_close(&sql);
    }
    assert_int_equal(threads_alive(), n_before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(runs_several_statements),
        TEST(counts_rows_of_create_table_as),
        TEST(has_the_fixed_settings),
        TEST(streams_a_result),
        TEST(refuses_work_while_a_stream_lives),
        TEST(advances_a_job_to_its_end),
        TEST(advance_returns_in_time_on_one_thread),
        TEST(a_job_ended_early_leaves_nothing),
    };
#undef TEST

    return cmocka_run_group_tests_name("duckdb session", tests, sql_fixture_load,
                                       sql_fixture_unload);
}
