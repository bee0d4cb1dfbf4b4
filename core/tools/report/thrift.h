/* SPDX-License-Identifier: MIT */
#ifndef FW_TOOLS_REPORT_THRIFT_H
#define FW_TOOLS_REPORT_THRIFT_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

/*
 * Reading Thrift's compact protocol. What does not fit sets `wrong`, after which everything reads
 * as zero and every struct as ended, so that one look at the end is enough.
 */
struct thrift {
    const uint8_t *at, *end;
    bool wrong;
};

enum {
    THRIFT_STOP = 0,
    THRIFT_TRUE = 1, /* the two need no value of their own */
    THRIFT_FALSE = 2,
    THRIFT_BYTE = 3,
    THRIFT_I16 = 4,
    THRIFT_I32 = 5,
    THRIFT_I64 = 6,
    THRIFT_DOUBLE = 7,
    THRIFT_BINARY = 8,
    THRIFT_LIST = 9,
    THRIFT_SET = 10,
    THRIFT_MAP = 11,
    THRIFT_STRUCT = 12
};

/* The next field's type; `id` is the last field's on entry and this one's after. */
int thrift_field(struct thrift *in, int16_t *id);

uint8_t thrift_byte(struct thrift *in);
int64_t thrift_int(struct thrift *in); /* I16, I32, I64 */

/* Points into the input. */
const char *thrift_binary(struct thrift *in, size_t *ret_len);

/* The number of elements, which are at least a byte each, and their type. */
uint64_t thrift_list(struct thrift *in, int *ret_type);

void thrift_skip(struct thrift *in, int type);

#endif
