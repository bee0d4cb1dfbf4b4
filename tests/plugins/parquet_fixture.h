/* SPDX-License-Identifier: MIT */
#ifndef PARQUET_FIXTURE_H
#define PARQUET_FIXTURE_H

#include "parquet/read.h"
#include "sql_fixture.h"

/* Parquet files read by plugins/lib/parquet and by the engine, value by value. */

/* A stream of one batch, which moves into it. */
void parquet_stream(struct ArrowSchema *schema, struct ArrowArray *array,
                    struct ArrowArrayStream *ret_stream);

/*
 * Fails unless the columns of the file that are not refused, in one row of `one_in` (1: all of
 * them), are of the types and values that the engine reads. Gives how many were compared. Where
 * the file cannot be opened, or a page of it is refused, `ret_fault` says so, and -1.
 */
int parquet_compare(struct sql_fixture *f, const char *path, unsigned one_in, char **ret_fault);

/* The same of a file that must be read whole, every row and one in 2, 7 and 50. */
void parquet_must_equal(struct sql_fixture *f, const char *path);

#endif
