/* SPDX-License-Identifier: MIT */
#ifndef SNAPSHOT_FIXTURE_H
#define SNAPSHOT_FIXTURE_H

/* What the tests of the stage snapshot have beside what all tests of stages have. */

#include "stage_fixture.h"

/* For cmocka_run_group_tests, instead of stage_load. */
int snapshot_load(void **state);

/* A task that reads `raw` (NULL: the test plugs it) and writes FOLDER/RUN/core, RUN/extras and
 * RUN/static.parquet. */
struct fake_task *snapshot_task(struct sql_fixture *f, const char *run, const char *raw);

struct fake_task *snapshot_task_without_extras(struct sql_fixture *f, const char *run,
                                               const char *raw);

/* To RUN/core.parquet and RUN/extras.parquet when the extension is ".parquet". */
struct fake_task *snapshot_task_to(struct sql_fixture *f, const char *run, const char *raw,
                                   const char *extension);

/* Runs it with default parameters. */
void snapshot_run(struct sql_fixture *f, const char *run, const char *raw);

/* A cell of FOLDER/RUN/TABLE; `select` is what stands before FROM, `rest` what follows. */
const char *snapshot_cell(struct sql_fixture *f, const char *run_table, const char *select,
                          const char *rest);

#endif
