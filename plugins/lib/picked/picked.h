/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PICKED_PICKED_H
#define FW_LIB_PICKED_PICKED_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "source/source.h"
#include "sql/sql.h"

/**
 * Rows of a source by their numbers. The engine decodes every value of the row groups that they
 * lie in; plugins/lib/parquet decodes these rows alone, where it reads the file. Which files it
 * does not read is found out file by file, from what they hold, and said in the log, once for each
 * reason; the engine reads those. The values are the same either way.
 *
 * One thread at a time, except that tables are read by the engine's. [stage thread]
 */
struct fw_picked;

/**
 * For these columns of the source, n > 0, and as many tables at a time. The strings must outlive
 * it; `sql` and the source, too. No file is opened yet.
 */
fw_status fw_picked_open(const struct fw_sql_handle *sql, const struct fw_source *source,
                         const char *const *columns, size_t n_columns, size_t n_tables,
                         struct fw_picked **ret_picked);

/** Before the session is. Accepts NULL. */
void fw_picked_close(struct fw_picked *picked);

/**
 * The rows at these places, strictly ascending, become table `at`, in place of those that were.
 * FW_E_DATA for a file that is not Parquet; one whose footer is not understood is left to the
 * engine, which reads it or says what is wrong.
 */
fw_status fw_picked_set(struct fw_picked *picked, size_t at, const struct fw_source_place *places,
                        size_t n);

/**
 * Appends a parenthesised SELECT of the columns, fw_file and fw_row of table `at`, to be joined
 * with the places: of files that the engine reads it has other rows between them, too.
 */
void fw_picked_scan(const struct fw_picked *picked, size_t at, struct fw_text *text);

/** Rows of one file that hold something in one of the columns. */
struct fw_picked_present {
    int64_t first_row, n_rows;
    uint8_t *bits; /**< row r is bit 7 - i % 8 of byte i / 8, where i = r - first_row */
};

/**
 * Finds the rows of a file, `n_rows` from `first_row` on or, if that is 0, all of them, deleted
 * ones too, in which one of the columns, all nested, holds something: a list an element, a map or
 * struct is not NULL. Nothing of the values is decoded. The bits are the caller's to free. FW_MORE:
 * the engine has to find out.
 */
fw_status fw_picked_find_present(struct fw_picked *picked, size_t file, int64_t first_row,
                                 int64_t n_rows, struct fw_picked_present *ret_present);

/** Whether a fault has named the file that could not be read. [any thread] */
bool fw_picked_has_failed(const struct fw_picked *picked);

#endif
