/* SPDX-License-Identifier: MIT */
#ifndef STAGE_FIXTURE_H
#define STAGE_FIXTURE_H

/*
 * What the tests of a stage start from: its plugin and duckdb, and a session of the test's own
 * that writes inputs and looks at outputs. Everything lies below the fixture's folder.
 */

#include "sql_fixture.h"

/* The plugins beside duckdb, ending with NULL; before stage_load. */
__attribute__((sentinel)) void stage_use(const char *so, ...);

/* For cmocka_run_group_tests, and for each test: *state is a struct sql_fixture. */
int stage_load(void **state);
int stage_unload(void **state);
int stage_setup(void **state);
int stage_teardown(void **state);

/* FOLDER/formatted; valid until the 64th next call. */
__attribute__((format(printf, 2, 3))) const char *stage_path(struct sql_fixture *f,
                                                             const char *format, ...);

/* Makes the folder FOLDER/NAME and gives its path. */
const char *stage_folder(struct sql_fixture *f, const char *name);

/* Copies the query's rows into FOLDER/NAME.parquet and gives its path. */
__attribute__((format(printf, 3, 4))) const char *
stage_table(struct sql_fixture *f, const char *name, const char *format, ...);

/* A task of the stage, nothing plugged in; for others than the only one of the plugin too. */
struct fake_task *stage_task(const char *stage);

/* Runs the task, which must succeed. The result is the task's. */
const struct fake_result *stage_run(struct fake_task *t);

/* The same, and destroys the task. */
void stage_must(struct fake_task *t);

/* Runs the task, which must fail so with a fault that contains `text`, and destroys it. */
void stage_must_fail(struct fake_task *t, fw_status status, const char *text);

/*
 * One expression over the rows of FOLDER/PLACE, a Parquet file or a folder with such files at any
 * depth, as they are stored; "-" for NULL, blanks between. Valid until the next look.
 */
const char *stage_list(struct sql_fixture *f, const char *place, const char *expression);

/* Names and types of its columns: "entity_id VARCHAR, ...". */
const char *stage_columns(struct sql_fixture *f, const char *place);

/* Fails unless two folders below FOLDER have files of the same names and bytes. */
void stage_same(struct sql_fixture *f, const char *run, const char *other);

#endif
