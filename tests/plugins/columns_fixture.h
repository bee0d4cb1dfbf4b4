/* SPDX-License-Identifier: MIT */
#ifndef COLUMNS_FIXTURE_H
#define COLUMNS_FIXTURE_H

/* Gate A on filings that are made by hand: the tables
 * filings, idx, store, core, extras, txt and raw of the fixture's session. */

#include <cjson/cJSON.h>

#include "fw/testkit.h"
#include "sql_fixture.h"

/* For cmocka_run_group_tests, and for each test, with sql_fixture_close: *state is a struct
 * sql_fixture. */
int columns_load(void **state);
int columns_unload(void **state);
int columns_setup(void **state);

/* A task over the tables of the session as they are now. */
struct fake_task *columns_task(struct sql_fixture *f);

/* Runs it, expects the verdict, and gives the report, the caller's to delete. */
cJSON *columns_run(struct fake_task *t, int32_t verdict);

/* A number of the report's edgar_recompute. */
int columns_recomputed(const cJSON *report, const char *name);

/* Runs the gate, expects its verdict, and that its reason holds the text. */
void columns_expect(struct sql_fixture *f, int32_t verdict, int n_different, const char *reason);

#endif
