/* SPDX-License-Identifier: MIT */
#include "thrift.h"

/* Statistics within column metadata within a column within a row group, and a few to spare. */
enum { MAX_DEPTH = 16 };

uint8_t thrift_read_byte(struct thrift_reader *reader)
{
    if (reader->failed || reader->at == reader->end) {
        reader->failed = true;
        return 0;
    }
    return *reader->at++;
}

uint64_t thrift_read_varint(struct thrift_reader *reader)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = thrift_read_byte(reader);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
    reader->failed = true;
    return 0;
}

int64_t thrift_read_int(struct thrift_reader *reader)
{
    uint64_t value = thrift_read_varint(reader);

    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

bool thrift_read_field(struct thrift_reader *reader, struct thrift_field *field)
{
    field->header = thrift_read_byte(reader);
    field->type = reader->failed ? THRIFT_STOP : field->header & 15;
    if (field->type != THRIFT_STOP) {
        field->id =
            field->header >> 4 != 0 ? field->id + (field->header >> 4) : thrift_read_int(reader);
        reader->failed = reader->failed || field->id < 0 || field->id > INT16_MAX;
    }
    return !reader->failed && field->type != THRIFT_STOP;
}

uint64_t thrift_read_list(struct thrift_reader *reader, int *ret_type)
{
    uint8_t header = thrift_read_byte(reader);

    *ret_type = header & 15;
    return header >> 4 == 15 ? thrift_read_varint(reader) : header >> 4;
}

static void skip_bytes(struct thrift_reader *reader, uint64_t n)
{
    reader->failed = reader->failed || n > (uint64_t)(reader->end - reader->at);
    reader->at += reader->failed ? 0 : n;
}

static void skip_value(struct thrift_reader *reader, int type, int depth);

static void skip_struct(struct thrift_reader *reader, int depth)
{
    struct thrift_field field = {0};

    while (thrift_read_field(reader, &field)) {
        skip_value(reader, field.type, depth);
    }
}

static void skip_list(struct thrift_reader *reader, int depth)
{
    int type;
    uint64_t n = thrift_read_list(reader, &type);

    for (uint64_t i = 0; i < n && !reader->failed; i++) {
        if (type == THRIFT_TRUE || type == THRIFT_FALSE) {
            skip_bytes(reader, 1);
        } else {
            skip_value(reader, type, depth);
        }
    }
}

static void skip_value(struct thrift_reader *reader, int type, int depth)
{
    reader->failed = reader->failed || depth == MAX_DEPTH;
    if (reader->failed) {
        return;
    }
    switch (type) {
    case THRIFT_TRUE:
    case THRIFT_FALSE:
        break;
    case THRIFT_BYTE:
        skip_bytes(reader, 1);
        break;
    case THRIFT_I16:
    case THRIFT_I32:
    case THRIFT_I64:
        thrift_read_varint(reader);
        break;
    case THRIFT_DOUBLE:
        skip_bytes(reader, 8);
        break;
    case THRIFT_BINARY:
        skip_bytes(reader, thrift_read_varint(reader));
        break;
    case THRIFT_LIST:
    case THRIFT_SET:
        skip_list(reader, depth + 1);
        break;
    case THRIFT_STRUCT:
        skip_struct(reader, depth + 1);
        break;
    default: /* there is no map in Parquet's metadata */
        reader->failed = true;
    }
}

void thrift_skip_struct(struct thrift_reader *reader)
{
    skip_struct(reader, 0);
}

void thrift_skip_value(struct thrift_reader *reader, int type)
{
    skip_value(reader, type, 0);
}
