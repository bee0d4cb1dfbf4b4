/* SPDX-License-Identifier: MIT */
#ifndef FILINGS_FIXTURE_H
#define FILINGS_FIXTURE_H

/* What the tests of edgar_features, multiscale and synth_filings have beside what all tests of
 * stages have. */

#include "stage_fixture.h"

/* For cmocka_run_group_tests, instead of stage_load. */
int filings_load(void **state);

/* A file of the source's tests/reference. */
const char *filings_reference(const char *name);

/* edgar_features of those tables into FOLDER/RUN/features; NULL: the test plugs the port. */
struct fake_task *filings_features(struct sql_fixture *f, const char *run, const char *filings,
                                   const char *index);

/* multiscale of those tables into FOLDER/RUN/NAME.parquet. */
struct fake_task *filings_multiscale(struct sql_fixture *f, const char *run, const char *daily,
                                     const char *edgar);

/* synth_filings for the companies of a table into FOLDER/RUN/raw. */
struct fake_task *filings_synth(struct sql_fixture *f, const char *run, const char *offers);

#endif
