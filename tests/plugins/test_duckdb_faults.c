/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sql/stream.h"
#include "sql_fixture.h"

static void expect_fault(struct sql_fixture *f, const char *statement, fw_status status,
                         const char *part)
{
    assert_int_equal(fw_sql_exec(&f->sql, statement), status);
    const char *fault = fake_task_take_fault(f->task);
    if (strstr(fault, part) == NULL) {
        fail_msg("no \"%s\" in: %s", part, fault);
    }
}

static void connect_with(struct sql_fixture *f, uint64_t engine_bytes, uint64_t temp_bytes)
{
    fake_task_limits(f->task)->engine_bytes = engine_bytes;
    fake_task_limits(f->task)->temp_bytes = temp_bytes;
    sql_fixture_connect(f);
}

static void classifies_errors(void **state)
{
    struct sql_fixture *f = *state;

    expect_fault(f, "SELEC 1", FW_E_CONFIG, "Parser Error");
    expect_fault(f, "SELECT nosuch", FW_E_CONFIG, "Binder Error");
    expect_fault(f, "FROM nosuch", FW_E_CONFIG, "Catalog Error");
    expect_fault(f, "SET nosuch = 1", FW_E_CONFIG, "Catalog Error");
    expect_fault(f, " ; ", FW_E_CONFIG, "no statement");
    expect_fault(f, "SELECT 'x'::INT", FW_E_DATA, "Conversion Error");
    expect_fault(f, "SELECT sqrt(-1)", FW_E_DATA, "Out of Range Error");
    expect_fault(f, "SELECT error('boo')", FW_E_DATA, "boo");
    expect_fault(f, "FROM '/nosuch/*.parquet'", FW_E_MISSING, "/nosuch/*.parquet");
    expect_fault(f, "COPY (SELECT 1) TO '/nosuch/x.csv'", FW_E_IO, "/nosuch/x.csv");
    expect_fault(f, "FROM 'https://localhost/x.parquet'", FW_E_UNSUPPORTED, "httpfs");
}

static void loads_no_extensions(void **state)
{
    expect_fault(*state, "INSTALL httpfs", FW_E_UNSUPPORTED, "extensions");
    expect_fault(*state, "LOAD '/tmp/nosuch.duckdb_extension'", FW_E_UNSUPPORTED, "extensions");
}

/* Throws a C++ exception of a type that a loaded library has, where nobody catches it; of int for
 * any other, because the runtime looks into what is of a class. */
static void *throw_uncaught(void *type_name)
{
    void *(*allocate)(size_t);
    void (*throw)(void *, void *, void *);
    void *runtime = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_NOLOAD);
    void *duckdb = dlopen("libduckdb.so", RTLD_NOW | RTLD_NOLOAD);
    void *symbols[] = {dlsym(runtime, "__cxa_allocate_exception"), dlsym(runtime, "__cxa_throw"),
                       dlsym(duckdb, type_name)};
    if (symbols[0] == NULL || symbols[1] == NULL || symbols[2] == NULL) {
        _exit(99);
    }
    memcpy(&allocate, &symbols[0], sizeof allocate);
    memcpy(&throw, &symbols[1], sizeof throw);
    throw(allocate(256), symbols[2], NULL);
    _exit(98);
}

/* How a process ends in which one of the library's threads does that. */
static int end_of_process(struct sql_fixture *f, char *type_name)
{
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t thread;
        signal(SIGABRT, SIG_DFL); /* cmocka catches it */
        alarm(20);
        if (f != NULL) {
            sql_fixture_connect(f);
        }
        pthread_create(&thread, NULL, throw_uncaught, type_name);
        pthread_join(thread, NULL);
        _exit(97);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void tells_memory_from_a_crash_when_the_library_ends_the_process(void **state)
{
    char out_of_memory[] = "_ZTIN6duckdb20OutOfMemoryExceptionE";
    char defect[] = "_ZTIi", no_memory[] = "_ZTISt9bad_alloc";
    if (getenv("FWRUN_VALGRIND") != NULL) {
        print_message("skipped: valgrind gives a process that it finds leaks in an exit code\n");
        skip();
    }
    assert_int_equal(end_of_process(*state, out_of_memory), FW_BUDGET_EXIT_CODE);
    assert_int_equal(end_of_process(*state, no_memory), FW_BUDGET_EXIT_CODE);
    assert_int_equal(end_of_process(*state, defect), -SIGABRT);
    /* No session is open: not the plugin's to tell. */
    assert_int_not_equal(end_of_process(NULL, out_of_memory), FW_BUDGET_EXIT_CODE);
}

static void quotes_the_beginning_of_the_statement(void **state)
{
    struct sql_fixture *f = *state;
    char statement[700] = "SELECT nosuch, '";

    for (size_t i = strlen(statement); i < 600; i += 2) {
        memcpy(statement + i, "\xC3\xA9", 3);
    }
    strcat(statement, "'");
    assert_int_equal(fw_sql_exec(&f->sql, statement), FW_E_CONFIG);
    const char *fault = fake_task_take_fault(f->task);
    const char *quoted = strstr(fault, "in the statement: SELECT nosuch, '");
    assert_non_null(quoted);
    assert_non_null(strstr(quoted, "\xC3\xA9..."));
    assert_true(strlen(quoted) < 260);
}

static void a_fault_leaves_the_session_usable(void **state)
{
    expect_fault(*state, "CREATE TABLE t AS SELECT 'x'::INT", FW_E_DATA, "Conversion");
    assert_string_equal(sql_cell(*state, "SELECT 41 + 1"), "42");
}

/* An aggregate's state cannot spill. */
static void tells_out_of_memory(void **state)
{
    struct sql_fixture *f = *state;

    connect_with(f, 20000000, 0);
    expect_fault(f, "SELECT string_agg(repeat('x', 1000), '') FROM range(200000)", FW_E_NOMEM,
                 "Out of Memory Error: failed to allocate");
}

static void tells_out_of_temporary_space(void **state)
{
    struct sql_fixture *f = *state;

    connect_with(f, 20000000, 1000000);
    expect_fault(f, "CREATE TABLE t AS SELECT repeat('x', 100) || i AS x FROM range(3000000) r(i)",
                 FW_E_NOSPACE, "Out of Memory Error: failed to offload");
}

static void tells_a_full_disk(void **state)
{
    struct sql_fixture *f = *state;

    expect_fault(f, "COPY (FROM range(1000000)) TO '/dev/full' (FORMAT csv)", FW_E_NOSPACE,
                 "No space left on device");
}

static void spills_below_the_hosts_folder_and_cleans_up(void **state)
{
    struct sql_fixture *f = *state;
    const struct fw_host *host = fake_task_host(f->task);
    const struct fw_tmp *tmp = host->service(host, FW_TMP_ID);
    char command[256];

    connect_with(f, 20000000, 0);
    sql_must(f, "CREATE TABLE t AS SELECT repeat('x', 100) || i AS x FROM range(500000) r(i)");
    snprintf(command, sizeof command, "test -n \"$(find '%s' -name '*.tmp')\"", tmp->dir(host));
    assert_int_equal(system(command), 0);
    fw_sql_handle_close(&f->sql);
    snprintf(command, sizeof command, "test -z \"$(find '%s' -mindepth 1)\"", tmp->dir(host));
    assert_int_equal(system(command), 0);
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Minutes of work; nothing but an interrupt ends it within the test. */
static const char endless[] =
    "CREATE TABLE t AS SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE "
    "hash(a.range, b.range) % 3 = 1";

static void *cancel_soon(void *arg)
{
    usleep(100000);
    fake_task_cancel(arg);
    return NULL;
}

static void a_cancel_request_ends_a_statement(void **state)
{
    struct sql_fixture *f = *state;
    double start = now_s();
    pthread_t thread;

    pthread_create(&thread, NULL, cancel_soon, f->task);
    assert_int_equal(fw_sql_exec(&f->sql, endless), FW_E_CANCELLED);
    pthread_join(thread, NULL);
    assert_true(now_s() - start < 5);
    fake_task_take_fault(f->task);
    assert_int_equal(fw_sql_exec(&f->sql, "SELECT 1"), FW_E_CANCELLED);
}

static void a_cancel_request_ends_a_job(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_sql_job *job;
    double start = now_s(), fraction;
    fw_status status;
    pthread_t thread;

    assert_int_equal(f->sql.api->begin(f->sql.session, endless, &job), FW_OK);
    pthread_create(&thread, NULL, cancel_soon, f->task);
    do {
        status = f->sql.api->advance(job, 50, &fraction);
    } while (status == FW_MORE);
    assert_int_equal(status, FW_E_CANCELLED);
    assert_int_equal(f->sql.api->advance(job, 50, &fraction), FW_E_CANCELLED);
    f->sql.api->finish(job);
    pthread_join(thread, NULL);
    assert_true(now_s() - start < 5);
}

static void a_cancel_request_ends_a_stream(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int code;

    assert_int_equal(f->sql.api->query(f->sql.session, "FROM range(10000000000)", &stream), FW_OK);
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    batch.release(&batch);
    fake_task_cancel(f->task);
    while ((code = stream.get_next(&stream, &batch)) == 0) {
        assert_non_null(batch.release);
        batch.release(&batch);
    }
    assert_int_equal(fw_status_from_errno(code), FW_E_CANCELLED);
    assert_non_null(stream.get_last_error(&stream));
    stream.release(&stream);
}

static void *interrupt_soon(void *arg)
{
    struct sql_fixture *f = arg;

    usleep(100000);
    f->sql.api->interrupt(f->sql.session);
    return NULL;
}

static void an_interrupt_ends_one_statement(void **state)
{
    struct sql_fixture *f = *state;
    pthread_t thread;

    pthread_create(&thread, NULL, interrupt_soon, f);
    assert_int_equal(fw_sql_exec(&f->sql, endless), FW_E_CANCELLED);
    pthread_join(thread, NULL);
    fake_task_take_fault(f->task);
    assert_int_equal(fw_sql_exec(&f->sql, "SELECT 1"), FW_OK);
}

static void closing_under_a_live_stream_is_loud_and_safe(void **state)
{
    struct sql_fixture *f = *state;
    struct ArrowArrayStream stream;
    struct ArrowArray batch;

    assert_int_equal(f->sql.api->query(f->sql.session, "FROM range(100000)", &stream), FW_OK);
    fw_sql_handle_close(&f->sql);
    assert_non_null(strstr(fake_task_log(f->task), "closed while a stream of it is alive"));
    assert_int_equal(stream.get_next(&stream, &batch), 0);
    assert_int_equal(batch.length, 2048);
    stream.release(&stream);
    batch.release(&batch);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)
#define HOST_TEST(name)                                                                            \
    cmocka_unit_test_setup_teardown(name, sql_fixture_open_host, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        TEST(classifies_errors),
        TEST(loads_no_extensions),
        TEST(quotes_the_beginning_of_the_statement),
        TEST(a_fault_leaves_the_session_usable),
        HOST_TEST(tells_out_of_memory),
        HOST_TEST(tells_memory_from_a_crash_when_the_library_ends_the_process),
        HOST_TEST(tells_out_of_temporary_space),
        TEST(tells_a_full_disk),
        HOST_TEST(spills_below_the_hosts_folder_and_cleans_up),
        TEST(a_cancel_request_ends_a_statement),
        TEST(a_cancel_request_ends_a_job),
        TEST(a_cancel_request_ends_a_stream),
        TEST(an_interrupt_ends_one_statement),
        TEST(closing_under_a_live_stream_is_loud_and_safe),
    };
#undef HOST_TEST
#undef TEST

    return cmocka_run_group_tests_name("duckdb faults", tests, sql_fixture_load,
                                       sql_fixture_unload);
}
