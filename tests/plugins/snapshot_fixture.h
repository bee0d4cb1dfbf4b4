/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_FIXTURE_H
#define SNAPSHOT_FIXTURE_H

/*
 * What the tests of the stage snapshot start from: both plugins, and a session of its own with
 * which a test writes raw tables and looks at outputs. Everything lies below the fixture's folder.
 */

#include "sql_fixture.h"

/* For cmocka_run_group_tests, and for each test: *state is a struct sql_fixture. */
int snapshot_load(void **state);
int snapshot_unload(void **state);
int snapshot_setup(void **state);
int snapshot_teardown(void **state);

/* FOLDER/formatted; valid until the 64th next call. */
__attribute__((format(printf, 2, 3))) const char *snapshot_path(struct sql_fixture *f,
                                                                const char *format, ...);

/* Copies the query's rows into FOLDER/NAME.parquet and gives its path. */
__attribute__((format(printf, 3, 4))) const char *
snapshot_raw(struct sql_fixture *f, const char *name, const char *format, ...);

/* A task that reads `raw` (NULL: the test plugs it) and writes FOLDER/RUN/core, RUN/extras and
 * RUN/static.parquet. */
struct fake_task *snapshot_task(struct sql_fixture *f, const char *run, const char *raw);

struct fake_task *snapshot_task_without_extras(struct sql_fixture *f, const char *run,
                                               const char *raw);

/* To RUN/core.parquet and RUN/extras.parquet when the extension is ".parquet". */
struct fake_task *snapshot_task_to(struct sql_fixture *f, const char *run, const char *raw,
                                   const char *extension);

/* Runs the task, which must succeed, and destroys it. */
void snapshot_must(struct fake_task *t);

/* The same with default parameters. */
void snapshot_run(struct sql_fixture *f, const char *run, const char *raw);

/* Runs the task, which must fail so with a fault that contains `text`, and destroys it. */
void snapshot_must_fail(struct fake_task *t, fw_status status, const char *text);

/* A cell of FOLDER/RUN/TABLE; `select` is what stands before FROM, `rest` what follows. */
const char *snapshot_cell(struct sql_fixture *f, const char *run_table, const char *select,
                          const char *rest);

/* Fails unless all files of two runs have the same names and bytes. */
void snapshot_same(struct sql_fixture *f, const char *run, const char *other);

#endif
