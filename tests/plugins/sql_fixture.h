/* SPDX-License-Identifier: MIT */
#ifndef SQL_FIXTURE_H
#define SQL_FIXTURE_H

/* What the tests of fw.sql/1 and fw.table/1 start from: the plugin, a host, a session. */

#include "fw/testkit.h"
#include "sql/sql.h"

struct sql_fixture {
    struct fake_task *task;
    struct fw_sql_handle sql;
    char dir[64]; /* a folder of the test's own, removed with it */
};

/* For cmocka_run_group_tests: load and unload the plugins duckdb and sql. */
int sql_fixture_load(void **state);
int sql_fixture_unload(void **state);
struct fake_kit *sql_fixture_kit(void);

/* For a test: *state is a struct sql_fixture with a session, or with the host alone. */
int sql_fixture_open(void **state);
int sql_fixture_open_host(void **state);
int sql_fixture_close(void **state);

/* Opens the session of a fixture that has the host alone. */
void sql_fixture_connect(struct sql_fixture *f);

/* Runs statements that must succeed; the fault is printed when they do not. */
__attribute__((format(printf, 2, 3))) void sql_must(struct sql_fixture *f, const char *format, ...);

/* The only cell of a query that must succeed, "NULL" for none. Valid until the next call. */
__attribute__((format(printf, 2, 3))) const char *sql_cell(struct sql_fixture *f,
                                                           const char *format, ...);

#endif
