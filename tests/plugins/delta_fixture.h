/* SPDX-License-Identifier: MIT */
#ifndef DELTA_FIXTURE_H
#define DELTA_FIXTURE_H

/* How tests write Delta tables into the folder of a struct sql_fixture. */

#include "source/source.h"
#include "sql_fixture.h"

#define PROTOCOL "{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n"
#define METADATA(fields, partitions)                                                               \
    "{\"metaData\":{\"id\":\"t\",\"format\":{\"provider\":\"parquet\",\"options\":{}},"            \
    "\"schemaString\":\"{\\\"type\\\":\\\"struct\\\",\\\"fields\\\":[" fields                      \
    "]}\",\"partitionColumns\":[" partitions "],\"configuration\":{}}}\n"
#define FIELD(name, type)                                                                          \
    "{\\\"name\\\":\\\"" name "\\\",\\\"type\\\":\\\"" type                                        \
    "\\\",\\\"nullable\\\":true,\\\"metadata\\\":{}}"
#define ADD(path) ADD_VALUES(path, "")
#define ADD_VALUES(path, values)                                                                   \
    "{\"add\":{\"path\":\"" path "\",\"partitionValues\":{" values                                 \
    "},\"size\":1,\"modificationTime\":1,\"dataChange\":true}}\n"
#define REMOVE(path) "{\"remove\":{\"path\":\"" path "\",\"dataChange\":true}}\n"
#define START        PROTOCOL METADATA(FIELD("a", "long"), "")

/* Writes the lines of a commit; deletes one. */
void delta_commit(const struct sql_fixture *f, int version, const char *lines);
void delta_delete_commit(const struct sql_fixture *f, int version);

/* Writes JSON lines as a Parquet file below _delta_log: a checkpoint, a part or a sidecar. */
void delta_checkpoint(const struct sql_fixture *f, const char *name, const char *lines);

/* Opens the table and gives an expression over all rows, or over a slice, as text. */
const char *delta_ask(struct sql_fixture *f, const char *what);
const char *delta_ask_slice(struct sql_fixture *f, const struct fw_source_slice *slice,
                            const char *what);

/* Opening the table must fail so, with words in the fault. */
void delta_expect_refusal(const struct sql_fixture *f, fw_status status, const char *words);

/* How the rows of a container of 65,536 are written. */
enum bitmap_form { AS_ARRAY, AS_BITMAP, AS_RUNS };

/*
 * Serialises ascending rows as the protocol wants it, all containers in the same form; the bytes
 * are the caller's to free. AS_ARRAY and AS_BITMAP: each container must have so many rows that the
 * format says so.
 */
unsigned char *delta_bitmap(const uint32_t *rows, size_t n, enum bitmap_form form,
                            size_t *ret_size);

/* Z85 of the bytes, padded with zeros to whole groups; the caller's to free. */
char *delta_z85(const unsigned char *bytes, size_t size);

/* Appends a bitmap with its size and checksum to a file of deletion vectors and says where. */
long delta_vector_file(const struct sql_fixture *f, const char *name, const unsigned char *bitmap,
                       size_t size);

#endif
