/* SPDX-License-Identifier: MIT */
#ifndef DAILY_FIXTURE_H
#define DAILY_FIXTURE_H

/*
 * What the tests of the stage daily start from: both plugins, and a session of its own with which
 * a test writes snapshots and looks at outputs. Everything lies below the fixture's folder.
 */

#include "sql_fixture.h"

/* For cmocka_run_group_tests, and for each test: *state is a struct sql_fixture. */
int daily_load(void **state);
int daily_unload(void **state);
int daily_setup(void **state);
int daily_teardown(void **state);

/* FOLDER/formatted; valid until the 64th next call. */
__attribute__((format(printf, 2, 3))) const char *daily_path(struct sql_fixture *f,
                                                             const char *format, ...);

/* Copies the query's rows, in its order, into FOLDER/NAME.parquet and gives its path. */
__attribute__((format(printf, 3, 4))) const char *
daily_table(struct sql_fixture *f, const char *name, const char *format, ...);

/*
 * A task that reads `core` (NULL: the test plugs it) and writes FOLDER/RUN/core and
 * RUN/static.parquet.
 */
struct fake_task *daily_task(struct sql_fixture *f, const char *run, const char *core);

/* The same with `extras` and RUN/extras. */
struct fake_task *daily_task_with_extras(struct sql_fixture *f, const char *run, const char *core,
                                         const char *extras);

/* To RUN/core.parquet and, with `extras`, RUN/extras.parquet. */
struct fake_task *daily_task_to_files(struct sql_fixture *f, const char *run, const char *core,
                                      const char *extras);

/* Runs the task, which must succeed, and destroys it. */
void daily_must(struct fake_task *t);

/* Runs the task, which must fail so with a fault that contains `text`, and destroys it. */
void daily_must_fail(struct fake_task *t, fw_status status, const char *text);

/* One expression over the rows of FOLDER/RUN_TABLE as they are stored, "-" for NULL, spaces
 * between. Valid until the next look. */
const char *daily_list(struct sql_fixture *f, const char *run_table, const char *expression);

/* Names and types of its columns: "entity_id VARCHAR, ...". */
const char *daily_columns(struct sql_fixture *f, const char *run_table);

/* Fails unless all files of two runs have the same names and bytes. */
void daily_same(struct sql_fixture *f, const char *run, const char *other);

#endif
