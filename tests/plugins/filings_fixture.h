/* SPDX-License-Identifier: MIT */
#ifndef FILINGS_FIXTURE_H
#define FILINGS_FIXTURE_H

/*
 * What the tests of the stages edgar_features and multiscale start from: the plugins, and a
 * session of its own with which a test writes inputs and looks at outputs. Everything lies below
 * the fixture's folder.
 */

#include "sql_fixture.h"

/* For cmocka_run_group_tests, and for each test: *state is a struct sql_fixture. */
int filings_load(void **state);
int filings_unload(void **state);
int filings_setup(void **state);
int filings_teardown(void **state);

/* FOLDER/formatted; valid until the 64th next call. */
__attribute__((format(printf, 2, 3))) const char *filings_path(struct sql_fixture *f,
                                                               const char *format, ...);

/* Copies the query's rows, in its order, into FOLDER/NAME.parquet and gives its path. */
__attribute__((format(printf, 3, 4))) const char *
filings_table(struct sql_fixture *f, const char *name, const char *format, ...);

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

/* Runs the task, which must succeed, and destroys it. */
void filings_must(struct fake_task *t);

/* Runs it and keeps it, for a look at what it said. */
const struct fake_result *filings_run(struct fake_task *t);

/* Runs the task, which must fail so with a fault that contains `text`, and destroys it. */
void filings_must_fail(struct fake_task *t, fw_status status, const char *text);

/*
 * One expression over the rows of FOLDER/PLACE (a file, or a folder with files at any depth) as
 * they are stored, "-" for NULL, spaces between. Valid until the next look.
 */
const char *filings_list(struct sql_fixture *f, const char *place, const char *expression);

/* Names and types of its columns: "cik VARCHAR, ...". */
const char *filings_columns(struct sql_fixture *f, const char *place);

/* Fails unless all files of two runs have the same names and bytes. */
void filings_same(struct sql_fixture *f, const char *run, const char *other);

#endif
