/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "sql_fixture.h"

enum { SESSIONS = 6 };

static _Thread_local bool is_unwinding;

/* std::uncaught_exception(): this program's comes before that of the C++ runtime. */
bool uncaught_exception(void) __asm__("_ZSt18uncaught_exceptionv")
    __attribute__((visibility("default")));

bool uncaught_exception(void)
{
    return is_unwinding;
}

/* A stage in C++ that throws in create() closes its table in a destructor. */
static void closes_while_an_exception_unwinds(void **state)
{
    for (int i = 0; i < SESSIONS; i++) {
        struct ArrowArrayStream rows;
        sql_fixture_open(state);
        struct sql_fixture *f = *state;
        /* Rows enough to fill the stream, while the engine's other thread looks through others. */
        sql_must(f, "CREATE TABLE t AS SELECT range AS i FROM range(1000000)");
        assert_int_equal(
            f->sql.api->query(
                f->sql.session,
                "SELECT i, repeat('x', 1000) FROM t WHERE i < 50000 OR md5(i::VARCHAR) = ''",
                &rows),
            FW_OK);
        is_unwinding = true;
        rows.release(&rows);
        fw_sql_handle_close(&f->sql);
        is_unwinding = false;
        sql_fixture_close(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(closes_while_an_exception_unwinds)};

    return cmocka_run_group_tests(tests, sql_fixture_load, sql_fixture_unload);
}
