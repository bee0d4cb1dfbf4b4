/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_THRIFT_H
#define FW_LIB_PARQUET_THRIFT_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "sql/text.h"

/* Thrift's compact protocol, as much of it as the headers and the footer of Parquet need. */

enum thrift_type {
    THRIFT_STOP,
    THRIFT_TRUE,
    THRIFT_FALSE,
    THRIFT_BYTE,
    THRIFT_I16,
    THRIFT_I32,
    THRIFT_I64,
    THRIFT_DOUBLE,
    THRIFT_BINARY,
    THRIFT_LIST,
    THRIFT_SET,
    THRIFT_MAP,
    THRIFT_STRUCT
};

/** What is being written. Zero-initialise but for `out`. */
struct thrift {
    struct fw_text *out;
    int last_id[8]; /**< of the structs that are open */
    int depth;
};

/** A struct that is an element of a list, or the whole. thrift_end for each. */
void thrift_begin(struct thrift *thrift);
void thrift_end(struct thrift *thrift);

void thrift_bool(struct thrift *thrift, int id, bool value);
void thrift_i32(struct thrift *thrift, int id, int32_t value);
void thrift_i64(struct thrift *thrift, int id, int64_t value);
void thrift_bytes(struct thrift *thrift, int id, const char *bytes, size_t size);
void thrift_struct(struct thrift *thrift, int id);
void thrift_empty(struct thrift *thrift, int id);
void thrift_list(struct thrift *thrift, int id, enum thrift_type type, size_t n);

/** Elements of a list. */
void thrift_element(struct thrift *thrift, int32_t value);
void thrift_element_bytes(struct thrift *thrift, const char *bytes);

/** An unsigned number, seven bits to a byte; *ret_size of at most 10. */
void thrift_varint(uint64_t value, uint8_t *bytes, size_t *ret_size);

/** What is being read: bytes of any origin. Once it has failed all that is read is 0. */
struct thrift_reader {
    const uint8_t *at, *end;
    bool failed;
};

/** A structure's field as it is met; `id` is that of the field before at first. */
struct thrift_field {
    int64_t id;
    int type; /**< THRIFT_STOP at the end */
    uint8_t header;
};

uint8_t thrift_read_byte(struct thrift_reader *reader);
uint64_t thrift_read_varint(struct thrift_reader *reader);
int64_t thrift_read_int(struct thrift_reader *reader);

/** False at the structure's end and after a failure. */
bool thrift_read_field(struct thrift_reader *reader, struct thrift_field *field);

/** The size; the elements follow. */
uint64_t thrift_read_list(struct thrift_reader *reader, int *ret_type);

/** The rest of a structure, or of a value; a field of truth is in its header alone. */
void thrift_skip_struct(struct thrift_reader *reader);
void thrift_skip_value(struct thrift_reader *reader, int type);

#endif
