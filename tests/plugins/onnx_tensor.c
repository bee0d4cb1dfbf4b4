/* SPDX-License-Identifier: MIT */
#include "onnx_tensor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_files.h"

/* Protobuf: a message is a run of fields, each a varint key (number << 3 | wire type) and a value.
 */
struct reader {
    const unsigned char *at, *end;
};

struct field {
    unsigned number, wire;
    uint64_t varint;
    struct reader bytes; /* wire type 2 */
};

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };
enum { DIMS = 1, DATA_TYPE = 2, FLOATS = 4, INT32S = 5, INT64S = 7, RAW = 9, DOUBLES = 10 };

static void bad(const char *what)
{
    fprintf(stderr, "no TensorProto: %s\n", what);
    abort();
}

static uint64_t varint(struct reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (reader->at == reader->end) {
            bad("a number is cut off");
        }
        unsigned char byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            break;
        }
    }
    return value;
}

static bool next(struct reader *reader, struct field *field)
{
    if (reader->at == reader->end) {
        return false;
    }
    uint64_t key = varint(reader);
    *field = (struct field){.number = (unsigned)(key >> 3), .wire = (unsigned)(key & 7)};
    uint64_t size = field->wire == WIRE_32 ? 4 : field->wire == WIRE_64 ? 8 : 0;
    if (field->wire == WIRE_VARINT) {
        field->varint = varint(reader);
    } else if (field->wire == WIRE_BYTES) {
        size = varint(reader);
    }
    if (size > (uint64_t)(reader->end - reader->at)) {
        bad("a field is cut off");
    }
    field->bytes = (struct reader){reader->at, reader->at + size};
    reader->at += size;
    return true;
}

static void add_dims(struct onnx_tensor *tensor, struct field *field)
{
    if (field->wire == WIRE_VARINT) {
        tensor->shape[tensor->rank++] = (int64_t)field->varint;
    }
    while (field->bytes.at < field->bytes.end) {
        tensor->shape[tensor->rank++] = (int64_t)varint(&field->bytes);
    }
}

static void add_bytes(struct onnx_tensor *tensor, const void *bytes, size_t size, size_t *used)
{
    tensor->data = realloc(tensor->data, *used + size + 1);
    if (tensor->data == NULL) {
        bad("no memory");
    }
    memcpy(tensor->data + *used, bytes, size);
    *used += size;
}

/* Numbers as varints, as many bytes of each as the type has. */
static void add_varints(struct onnx_tensor *tensor, struct field *field, size_t *used)
{
    size_t size = fw_element_size(tensor->element);
    if (field->wire == WIRE_VARINT) {
        add_bytes(tensor, &field->varint, size, used);
    }
    while (field->bytes.at < field->bytes.end) {
        uint64_t value = varint(&field->bytes);
        add_bytes(tensor, &value, size, used);
    }
}

static uint32_t element_of(uint64_t type)
{
    static const uint32_t elements[] = {0,      FW_F32, FW_U8, FW_I8,   FW_U16, FW_I16,
                                        FW_I32, FW_I64, 0,     FW_BOOL, 0,      FW_F64};
    return type < sizeof elements / sizeof *elements ? elements[type] : 0;
}

void onnx_tensor_read(const char *path, struct onnx_tensor *ret_tensor)
{
    size_t size, used = 0;
    char *text = test_file_read(path, &size);
    struct reader reader = {(unsigned char *)text, (unsigned char *)text + size};
    struct reader again = reader;
    struct field field;
    *ret_tensor = (struct onnx_tensor){0};
    while (next(&reader, &field)) {
        if (field.number == DATA_TYPE) {
            ret_tensor->element = element_of(field.varint);
        }
    }
    while (next(&again, &field)) {
        if (field.number == DIMS) {
            add_dims(ret_tensor, &field);
        } else if (field.number == RAW || field.number == FLOATS || field.number == DOUBLES) {
            add_bytes(ret_tensor, field.bytes.at, (size_t)(field.bytes.end - field.bytes.at),
                      &used);
        } else if (field.number == INT32S || field.number == INT64S) {
            add_varints(ret_tensor, &field, &used);
        }
    }
    size_t item = fw_element_size(ret_tensor->element);
    ret_tensor->n = item == 0 ? 0 : used / item;
    free(text);
}

double onnx_number(uint32_t element, const void *data, uint64_t i)
{
    switch (element) {
    case FW_F32:
        return ((const float *)data)[i];
    case FW_F64:
        return ((const double *)data)[i];
    case FW_I32:
        return ((const int32_t *)data)[i];
    case FW_I64:
        return (double)((const int64_t *)data)[i];
    case FW_I16:
        return ((const int16_t *)data)[i];
    case FW_U16:
        return ((const uint16_t *)data)[i];
    case FW_I8:
        return ((const int8_t *)data)[i];
    default:
        return ((const unsigned char *)data)[i];
    }
}
