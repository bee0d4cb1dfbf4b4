/* SPDX-License-Identifier: MIT */
#include "thrift.h"

#include <string.h>

void thrift_varint(uint64_t value, uint8_t *bytes, size_t *ret_size)
{
    size_t n = 0;

    for (; value > 0x7f; value >>= 7) {
        bytes[n++] = (uint8_t)(value | 0x80);
    }
    bytes[n++] = (uint8_t)value;
    *ret_size = n;
}

static void put_varint(struct thrift *thrift, uint64_t value)
{
    uint8_t bytes[10];
    size_t n;

    thrift_varint(value, bytes, &n);
    fw_text_append_len(thrift->out, (const char *)bytes, n);
}

/* Small numbers of either sign become small unsigned ones. */
static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static void put_byte(struct thrift *thrift, uint8_t byte)
{
    fw_text_append_len(thrift->out, (const char *)&byte, 1);
}

/* Fields come in the order of their ids, at most fifteen apart in what Parquet has. */
static void put_field(struct thrift *thrift, int id, enum thrift_type type)
{
    int *last = &thrift->last_id[thrift->depth - 1];

    put_byte(thrift, (uint8_t)((id - *last) << 4 | (int)type));
    *last = id;
}

void thrift_begin(struct thrift *thrift)
{
    thrift->last_id[thrift->depth++] = 0;
}

void thrift_end(struct thrift *thrift)
{
    put_byte(thrift, 0);
    thrift->depth--;
}

void thrift_bool(struct thrift *thrift, int id, bool value)
{
    put_field(thrift, id, value ? THRIFT_TRUE : THRIFT_FALSE);
}

void thrift_i32(struct thrift *thrift, int id, int32_t value)
{
    put_field(thrift, id, THRIFT_I32);
    put_varint(thrift, zigzag(value));
}

void thrift_i64(struct thrift *thrift, int id, int64_t value)
{
    put_field(thrift, id, THRIFT_I64);
    put_varint(thrift, zigzag(value));
}

void thrift_bytes(struct thrift *thrift, int id, const char *bytes, size_t size)
{
    put_field(thrift, id, THRIFT_BINARY);
    put_varint(thrift, size);
    fw_text_append_len(thrift->out, bytes, size);
}

void thrift_struct(struct thrift *thrift, int id)
{
    put_field(thrift, id, THRIFT_STRUCT);
    thrift_begin(thrift);
}

void thrift_empty(struct thrift *thrift, int id)
{
    thrift_struct(thrift, id);
    thrift_end(thrift);
}

void thrift_list(struct thrift *thrift, int id, enum thrift_type type, size_t n)
{
    put_field(thrift, id, THRIFT_LIST);
    put_byte(thrift, (uint8_t)((n < 15 ? n << 4 : 0xf0) | (size_t)type));
    if (n >= 15) {
        put_varint(thrift, n);
    }
}

void thrift_element(struct thrift *thrift, int32_t value)
{
    put_varint(thrift, zigzag(value));
}

void thrift_element_bytes(struct thrift *thrift, const char *bytes)
{
    put_varint(thrift, strlen(bytes));
    fw_text_append(thrift->out, bytes);
}
