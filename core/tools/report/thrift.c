/* SPDX-License-Identifier: MIT */
#include "thrift.h"

enum { MAX_DEPTH = 32 };

static uint8_t next(struct thrift *in)
{
    if (in->wrong || in->at >= in->end) {
        in->wrong = true;
        return 0;
    }
    return *in->at++;
}

static uint64_t varint(struct thrift *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = next(in);
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    in->wrong = true;
    return 0;
}

static uint64_t left(const struct thrift *in)
{
    return (uint64_t)(in->end - in->at);
}

static void leave_out(struct thrift *in, uint64_t n)
{
    if (n > left(in)) {
        in->wrong = true;
    } else if (!in->wrong) {
        in->at += n;
    }
}

int thrift_field(struct thrift *in, int16_t *id)
{
    uint8_t head = next(in);
    if (in->wrong || head == THRIFT_STOP) {
        return THRIFT_STOP;
    }
    int64_t wanted = head >> 4 ? *id + (head >> 4) : thrift_int(in);
    if (wanted < 0 || wanted > INT16_MAX || (head & 0xF) == THRIFT_STOP ||
        (head & 0xF) > THRIFT_STRUCT) {
        in->wrong = true;
    }
    *id = (int16_t)wanted;
    return in->wrong ? THRIFT_STOP : head & 0xF;
}

uint8_t thrift_byte(struct thrift *in)
{
    return next(in);
}

int64_t thrift_int(struct thrift *in)
{
    uint64_t value = varint(in);
    return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

const char *thrift_binary(struct thrift *in, size_t *ret_len)
{
    uint64_t len = varint(in);
    const char *bytes = (const char *)in->at;
    leave_out(in, len);
    *ret_len = in->wrong ? 0 : (size_t)len;
    return in->wrong ? "" : bytes;
}

uint64_t thrift_list(struct thrift *in, int *ret_type)
{
    uint8_t head = next(in);
    uint64_t n = head >> 4 == 15 ? varint(in) : head >> 4;
    *ret_type = head & 0xF;
    if (n > left(in)) {
        in->wrong = true;
    }
    return in->wrong ? 0 : n;
}

static void skip(struct thrift *in, int type, int depth);

static void skip_elements(struct thrift *in, uint64_t n, const int types[2], int depth)
{
    for (uint64_t i = 0; i < n && !in->wrong; i++) {
        /* A truth value in a list is a byte. */
        skip(in, types[i % 2] <= THRIFT_FALSE ? THRIFT_BYTE : types[i % 2], depth + 1);
    }
}

static void skip_map(struct thrift *in, int depth)
{
    uint64_t n = varint(in);
    uint8_t types = n > 0 ? next(in) : 0;
    if (n > left(in)) {
        in->wrong = true;
    } else {
        skip_elements(in, 2 * n, (const int[]){types >> 4, types & 0xF}, depth);
    }
}

static void skip_struct(struct thrift *in, int depth)
{
    int16_t id = 0;
    for (int type; (type = thrift_field(in, &id)) != THRIFT_STOP;) {
        skip(in, type, depth + 1);
    }
}

static void skip(struct thrift *in, int type, int depth)
{
    size_t len;
    int of;
    uint64_t n;
    if (depth > MAX_DEPTH) {
        in->wrong = true;
        return;
    }
    switch (type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE:
        return;
    case THRIFT_BYTE:
        next(in);
        return;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64:
        varint(in);
        return;
    case THRIFT_DOUBLE:
        leave_out(in, 8);
        return;
    case THRIFT_BINARY:
        thrift_binary(in, &len);
        return;
    case THRIFT_LIST:
    case THRIFT_SET:
        n = thrift_list(in, &of);
        skip_elements(in, n, (const int[]){of, of}, depth);
        return;
    case THRIFT_MAP:
        skip_map(in, depth);
        return;
    case THRIFT_STRUCT:
        skip_struct(in, depth);
        return;
    default:
        in->wrong = true;
    }
}

void thrift_skip(struct thrift *in, int type)
{
    skip(in, type, 0);
}
