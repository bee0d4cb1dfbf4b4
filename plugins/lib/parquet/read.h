/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_H
#define FW_LIB_PARQUET_READ_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include <fw/arrow.h>
#include <fw/host.h>

#include "sql/text.h"

/**
 * Reads chosen rows of chosen columns of Parquet files into Arrow arrays, and decodes nothing
 * else: pages without a chosen row stay packed, of the others only the chosen values are looked
 * at. Types are those that the SQL engine gives the same columns.
 *
 * What it does not read it says beforehand, in words, for each column: fw_parquet_reader_refusal,
 * or for the whole file. The caller leaves such a column to the engine, which may know better, and
 * says so. A page that is not as the footer says, of an encoding that is not listed there for one,
 * is damage: FW_E_DATA from the batch.
 *
 * Failures have recorded a fault that names the file, the row group, the column and the byte:
 * FW_E_IO, FW_E_NOMEM, FW_E_UNSUPPORTED, FW_E_DATA for a file that is damaged or not Parquet.
 */

/** An open file: its footer, about 50 bytes for each column of each row group. */
struct fw_parquet_reader;

/** [any thread] */
fw_status fw_parquet_reader_open(const struct fw_host *host, const char *path,
                                 struct fw_parquet_reader **ret_reader);

/** Accepts NULL. Batches that were read stay. */
void fw_parquet_reader_close(struct fw_parquet_reader *reader);

/* Facts about an open file, which do not change. [any thread, as all that reads a reader] */
int64_t fw_parquet_reader_rows(const struct fw_parquet_reader *reader);
size_t fw_parquet_reader_groups(const struct fw_parquet_reader *reader);
int64_t fw_parquet_reader_group_rows(const struct fw_parquet_reader *reader, size_t group);
size_t fw_parquet_reader_columns(const struct fw_parquet_reader *reader);
const char *fw_parquet_reader_name(const struct fw_parquet_reader *reader, size_t column);

/** The number of the column called `name`, in letters of either case as SQL has it; the number of
    columns: none. */
size_t fw_parquet_reader_find(const struct fw_parquet_reader *reader, const char *name);

/**
 * Why a column cannot be read ("column 'a': compressed with brotli, ..."), NULL: it can. Of the
 * whole file: why nothing of it can, because its footer is not understood; it has no columns and
 * no rows then. Valid until the reader is closed.
 */
const char *fw_parquet_reader_refusal(const struct fw_parquet_reader *reader, size_t column);
const char *fw_parquet_reader_refusal_of_file(const struct fw_parquet_reader *reader);

/**
 * The type of a column that can be read, in Arrow's formats: "l", "U", "d:9,2", "+L(U)",
 * "+s(a:l,b:+L(g))". Columns of several files can be read into one batch where these are equal.
 */
const char *fw_parquet_reader_type(const struct fw_parquet_reader *reader, size_t column);

/** A schema of these columns, none of which may have a refusal; the caller's to release. */
fw_status fw_parquet_reader_schema(const struct fw_parquet_reader *reader, const char *const *names,
                                   size_t n_names, struct ArrowSchema *ret_schema);

/**
 * Sets present[row] = 1 for the rows of a group whose list has an element, or whose map, struct or
 * value is not NULL, and leaves the others. It is seen from the levels of the smallest of the
 * column's leaves; no value is decoded.
 */
fw_status fw_parquet_reader_present(const struct fw_parquet_reader *reader, size_t column,
                                    size_t group, uint8_t *present);

/** Rows that are gathered, of one file or of several. One thread at a time. */
struct fw_parquet_batch;

/**
 * For the columns of this struct. Its texts may be "u" or "U" and so on: what is gathered is "U",
 * "Z" and "+L". FW_E_UNSUPPORTED for a column of a type that no file gives. The host must outlive
 * the batch.
 */
fw_status fw_parquet_batch_create(const struct fw_host *host, const struct ArrowSchema *schema,
                                  struct fw_parquet_batch **ret_batch);

/**
 * Whether rows of the file can be added: its columns of these names, as far as it has them, are of
 * these types, or of narrower integers and floats, and have no refusal. False: the sentence why not
 * is appended to `why`.
 */
bool fw_parquet_batch_fits(const struct fw_parquet_batch *batch,
                           const struct fw_parquet_reader *reader, struct fw_text *why);

/** Accepts NULL. Arrays that were taken stay. */
void fw_parquet_batch_destroy(struct fw_parquet_batch *batch);

/**
 * Appends rows of a file: `rows` are row numbers of the file, from 0, strictly ascending. A column
 * that the file does not have is NULL; one that does not fit is FW_E_UNSUPPORTED. After a failure
 * the batch can only be destroyed.
 */
fw_status fw_parquet_batch_add(struct fw_parquet_batch *batch,
                               const struct fw_parquet_reader *reader, const int64_t *rows,
                               size_t n_rows);

/** Appends all rows of a row group. */
fw_status fw_parquet_batch_add_group(struct fw_parquet_batch *batch,
                                     const struct fw_parquet_reader *reader, size_t group);

/** Bytes of the arrays so far. */
size_t fw_parquet_batch_bytes(const struct fw_parquet_batch *batch);

/** A struct of the columns; the caller's to release. Texts are "U", lists "+L", maps "+m". */
fw_status fw_parquet_batch_schema(const struct fw_parquet_batch *batch,
                                  struct ArrowSchema *ret_schema);

/** The rows in the order in which they were added, the caller's to release. The batch is empty
    afterwards and can be filled again. */
fw_status fw_parquet_batch_take(struct fw_parquet_batch *batch, struct ArrowArray *ret_array);

#endif
