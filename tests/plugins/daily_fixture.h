/* SPDX-License-Identifier: MIT */
#ifndef DAILY_FIXTURE_H
#define DAILY_FIXTURE_H

/* What the tests of the stage daily have beside what all tests of stages have. */

#include "stage_fixture.h"

/* For cmocka_run_group_tests, instead of stage_load. */
int daily_load(void **state);

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

#endif
