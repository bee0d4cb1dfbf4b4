/* SPDX-License-Identifier: MIT */
#include "schema.h"

/* LogicalType's numbers of what has more to say. */
enum { TIME = 7, TIMESTAMP = 8 };

/* TimeUnit: a union of structures without fields. */
static int read_unit(struct thrift_reader *reader)
{
    struct thrift_field field = {0};
    int unit = 0;

    while (thrift_read_field(reader, &field)) {
        unit = (int)field.id;
        thrift_skip_value(reader, field.type);
    }
    return unit;
}

static void read_time(struct thrift_reader *reader, struct parquet_element *element)
{
    struct thrift_field field = {0};

    while (thrift_read_field(reader, &field)) {
        if (field.id == 1) {
            element->utc = field.type == THRIFT_TRUE;
        } else if (field.id == 2 && field.type == THRIFT_STRUCT) {
            element->unit = read_unit(reader);
        } else {
            thrift_skip_value(reader, field.type);
        }
    }
}

static void read_logical(struct thrift_reader *reader, struct parquet_element *element)
{
    struct thrift_field field = {0};

    while (thrift_read_field(reader, &field)) {
        element->logical = field.id;
        if ((field.id == TIME || field.id == TIMESTAMP) && field.type == THRIFT_STRUCT) {
            read_time(reader, element);
        } else {
            thrift_skip_value(reader, field.type);
        }
    }
}

static void read_name(struct thrift_reader *reader, struct parquet_element *element)
{
    uint64_t size = thrift_read_varint(reader);

    reader->failed = reader->failed || size > (uint64_t)(reader->end - reader->at);
    if (!reader->failed) {
        element->name = (const char *)reader->at;
        element->name_size = (size_t)size;
        reader->at += size;
    }
}

void parquet_element_read(struct thrift_reader *reader, struct parquet_element *ret_element)
{
    struct thrift_field field = {0};
    struct parquet_element element = {"", 0, -1, -1, -1, -1, -1, -1, -1, 0, false, 0};
    int64_t *const numbers[] = {NULL,
                                &element.type,
                                &element.size,
                                &element.repetition,
                                NULL,
                                &element.n_children,
                                &element.converted,
                                &element.scale,
                                &element.precision};

    while (thrift_read_field(reader, &field)) {
        if (field.id == 4 && field.type == THRIFT_BINARY) {
            read_name(reader, &element);
        } else if (field.id == 10 && field.type == THRIFT_STRUCT) {
            read_logical(reader, &element);
        } else if (field.id < 9 && numbers[field.id] != NULL && field.type == THRIFT_I32) {
            *numbers[field.id] = thrift_read_int(reader);
        } else {
            thrift_skip_value(reader, field.type);
        }
    }
    *ret_element = element;
}
