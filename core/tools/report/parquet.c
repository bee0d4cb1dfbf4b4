/* SPDX-License-Identifier: MIT */
#include "parquet.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "fw/macros.h"
#include "thrift.h"

/* parquet-format's parquet.thrift; a footer is a FileMetaData, its length and the magic. */

enum { MAX_DEPTH = 32, TAIL = 8, MAX_FOOTER = 64 << 20 };

enum { FILE_SCHEMA = 2, FILE_ROWS = 3 };

enum {
    ELEMENT_TYPE = 1,
    ELEMENT_LENGTH = 2,
    ELEMENT_REPETITION = 3,
    ELEMENT_NAME = 4,
    ELEMENT_CHILDREN = 5,
    ELEMENT_CONVERTED = 6,
    ELEMENT_SCALE = 7,
    ELEMENT_PRECISION = 8,
    ELEMENT_LOGICAL = 10
};

enum { REPEATED = 2 };

/* The union LogicalType. */
enum {
    LOGICAL_MAP = 2,
    LOGICAL_LIST = 3,
    LOGICAL_DECIMAL = 5,
    LOGICAL_TIME = 7,
    LOGICAL_TIMESTAMP = 8,
    LOGICAL_INTEGER = 10
};

struct element {
    const char *name; /* in the footer, not terminated */
    size_t name_len;
    int64_t type, length, repetition, n_children, converted, scale, precision;
    int logical; /* 0: none */
    int unit;    /* of a time: 1 ms, 2 us, 3 ns */
    int bits;    /* of an integer */
    bool utc, is_signed;
};

struct elements {
    struct element *items;
    size_t len, cap;
};

static void read_logical(struct thrift *in, struct element *element)
{
    int16_t kind = 0, id = 0, unit = 0;
    for (int type; (type = thrift_field(in, &kind)) != THRIFT_STOP;) {
        element->logical = kind;
        if (type != THRIFT_STRUCT) {
            thrift_skip(in, type);
            continue;
        }
        id = 0;
        for (int inner; (inner = thrift_field(in, &id)) != THRIFT_STOP;) {
            if (kind == LOGICAL_INTEGER && id == 1) {
                element->bits = thrift_byte(in);
            } else if (inner == THRIFT_TRUE) {
                element->utc = element->is_signed = true;
            } else if (kind == LOGICAL_DECIMAL && inner == THRIFT_I32) {
                *(id == 1 ? &element->scale : &element->precision) = thrift_int(in);
            } else if ((kind == LOGICAL_TIME || kind == LOGICAL_TIMESTAMP) &&
                       inner == THRIFT_STRUCT) {
                unit = 0;
                for (int of; (of = thrift_field(in, &unit)) != THRIFT_STOP;) {
                    element->unit = unit;
                    thrift_skip(in, of);
                }
            } else {
                thrift_skip(in, inner);
            }
        }
    }
}

static void read_element(struct thrift *in, struct element *element)
{
    int64_t *const numbers[] = {[ELEMENT_TYPE] = &element->type,
                                [ELEMENT_LENGTH] = &element->length,
                                [ELEMENT_REPETITION] = &element->repetition,
                                [ELEMENT_CHILDREN] = &element->n_children,
                                [ELEMENT_CONVERTED] = &element->converted,
                                [ELEMENT_SCALE] = &element->scale,
                                [ELEMENT_PRECISION] = &element->precision};
    int16_t id = 0;
    *element = (struct element){.type = -1, .converted = -1};
    for (int type; (type = thrift_field(in, &id)) != THRIFT_STOP;) {
        if (id == ELEMENT_NAME && type == THRIFT_BINARY) {
            element->name = thrift_binary(in, &element->name_len);
        } else if (id == ELEMENT_LOGICAL && type == THRIFT_STRUCT) {
            read_logical(in, element);
        } else if (type == THRIFT_I32 && id > 0 && (size_t)id < FW_COUNT(numbers) && numbers[id]) {
            *numbers[id] = thrift_int(in);
        } else {
            thrift_skip(in, type);
        }
    }
}

/* Fails only for want of memory. */
static int read_footer(struct thrift *in, struct elements *elements, int64_t *ret_rows,
                       struct fw_error *err)
{
    int16_t id = 0;
    for (int type; (type = thrift_field(in, &id)) != THRIFT_STOP;) {
        if (id == FILE_ROWS && type == THRIFT_I64) {
            *ret_rows = thrift_int(in);
            continue;
        }
        if (id != FILE_SCHEMA || type != THRIFT_LIST) {
            thrift_skip(in, type);
            continue;
        }
        int of;
        uint64_t n = thrift_list(in, &of);
        in->wrong |= of != THRIFT_STRUCT;
        for (; n > 0 && !in->wrong; n--) {
            struct element *element = fw_vec_add(elements);
            FW_TRY(element ? 0 : fw_error_oom(err));
            read_element(in, element);
        }
    }
    return 0;
}

static const char *unit_name(int unit)
{
    return unit == 1 ? "ms" : unit == 2 ? "us" : "ns";
}

/* What older writers give instead of a logical type, and what the name alone says. */
static const char *converted_name(int64_t converted)
{
    static const char *const names[] = {"string",
                                        NULL,
                                        NULL,
                                        NULL,
                                        "enum",
                                        NULL,
                                        "date",
                                        "time(ms)",
                                        "time(us)",
                                        "timestamp(ms, UTC)",
                                        "timestamp(us, UTC)",
                                        "uint8",
                                        "uint16",
                                        "uint32",
                                        "uint64",
                                        "int8",
                                        "int16",
                                        "int32",
                                        "int64",
                                        "json",
                                        "bson",
                                        "interval"};
    return converted >= 0 && (size_t)converted < FW_COUNT(names) ? names[converted] : NULL;
}

static const char *physical_name(int64_t type)
{
    static const char *const names[] = {"boolean", "int32",  "int64",  "int96",
                                        "float",   "double", "binary", "fixed"};
    return type >= 0 && (size_t)type < FW_COUNT(names) ? names[type] : "unknown";
}

static void add_leaf(const struct element *element, struct fw_str *text)
{
    static const char *const logical[] = {
        [1] = "string", [4] = "enum",  [6] = "date",  [11] = "null",
        [12] = "json",  [13] = "bson", [14] = "uuid", [15] = "half"};
    const char *name =
        (size_t)element->logical < FW_COUNT(logical) ? logical[element->logical] : NULL;
    if (element->logical == LOGICAL_DECIMAL || element->converted == 5) {
        fw_str_printf(text, "decimal(%" PRId64 ", %" PRId64 ")", element->precision,
                      element->scale);
    } else if (element->logical == LOGICAL_TIME || element->logical == LOGICAL_TIMESTAMP) {
        fw_str_printf(text, "%s(%s%s)", element->logical == LOGICAL_TIME ? "time" : "timestamp",
                      unit_name(element->unit), element->utc ? ", UTC" : "");
    } else if (element->logical == LOGICAL_INTEGER) {
        fw_str_printf(text, "%sint%d", element->is_signed ? "" : "u", element->bits);
    } else if (name || converted_name(element->converted)) {
        fw_str_add(text, name ? name : converted_name(element->converted));
    } else if (element->type == 7) {
        fw_str_printf(text, "fixed(%" PRId64 ")", element->length);
    } else {
        fw_str_add(text, physical_name(element->type));
    }
}

/* The type of the element at `*at`, which then stands behind it and all below it. False when there
 * are fewer elements than are said to be, or they go too deep. */
static bool add_type(const struct elements *elements, size_t *at, int depth, struct fw_str *text)
{
    if (*at >= elements->len || depth > MAX_DEPTH) {
        return false;
    }
    const struct element *element = &elements->items[(*at)++];
    if (element->n_children <= 0) {
        if (element->repetition == REPEATED) {
            fw_str_add(text, "list<");
        }
        add_leaf(element, text);
        fw_str_add(text, element->repetition == REPEATED ? ">" : "");
        return true;
    }
    bool map = element->logical == LOGICAL_MAP || element->converted == 1;
    bool list = element->logical == LOGICAL_LIST || element->converted == 3;
    /* Both are a group of one repeated group, which is of no interest. */
    bool wrapped = (map || list) && element->n_children == 1 && *at < elements->len &&
                   elements->items[*at].n_children > 0;
    int64_t n = wrapped ? elements->items[(*at)++].n_children : element->n_children;
    fw_str_add(text, map ? "map<" : list ? "list<" : "struct<");
    for (int64_t i = 0; i < n; i++) {
        fw_str_add(text, i > 0 ? ", " : "");
        if (!map && !list && *at < elements->len) {
            const struct element *child = &elements->items[*at];
            fw_str_add_bytes(text, child->name ? child->name : "", child->name_len);
            fw_str_add(text, " ");
        }
        if (!add_type(elements, at, depth + 1, text)) {
            return false;
        }
    }
    fw_str_add(text, ">");
    return true;
}

/* 1 when the elements do not make a schema. */
static int make_columns(const struct elements *elements, struct parquet_schema *schema,
                        struct fw_error *err)
{
    size_t at = 1; /* behind the root */
    for (int64_t i = 0; elements->len > 0 && i < elements->items[0].n_children; i++) {
        fw_auto(str) struct fw_str type = {0};
        size_t first = at;
        if (!add_type(elements, &at, 0, &type)) {
            return 1;
        }
        const struct element *element = &elements->items[first];
        struct parquet_column *column = fw_vec_add(schema);
        FW_TRY(column ? 0 : fw_error_oom(err));
        column->name = strndup(element->name ? element->name : "", element->name_len);
        column->type = fw_str_take(&type);
        FW_TRY(column->name && column->type ? 0 : fw_error_oom(err));
    }
    return elements->len == 0;
}

int parquet_parse(const uint8_t *footer, size_t size, const char *name,
                  struct parquet_schema *ret_schema, struct fw_error *err)
{
    struct thrift in = {.at = footer, .end = footer + size};
    struct elements elements = {0};
    struct parquet_schema schema = {.rows = -1};
    int rc = read_footer(&in, &elements, &schema.rows, err);
    if (rc == 0) {
        rc = in.wrong || schema.rows < 0 ? 1 : make_columns(&elements, &schema, err);
    }
    if (rc == 1) {
        fw_error_set(err, FW_EXIT_FAILED, "%s: its Parquet footer is damaged (byte %zu of %zu)",
                     name, (size_t)(in.at - footer), size);
    }
    free(elements.items);
    if (rc != 0) {
        parquet_finish(&schema);
        return -1;
    }
    *ret_schema = schema;
    return 0;
}

static uint32_t little_endian(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

int parquet_read(const char *path, struct parquet_schema *ret_schema, struct fw_error *err)
{
    uint8_t tail[TAIL];
    fw_auto(fclose) FILE *file = fopen(path, "re");
    if (!file) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot read %s", path);
    }
    if (fseeko(file, -TAIL, SEEK_END) < 0 || fread(tail, 1, TAIL, file) != TAIL ||
        memcmp(tail + 4, "PAR1", 4) != 0) {
        return fw_error_set(err, FW_EXIT_FAILED, "%s is no Parquet file: it does not end in PAR1",
                            path);
    }
    uint32_t size = little_endian(tail);
    if (size > MAX_FOOTER || fseeko(file, -(off_t)size - TAIL, SEEK_END) < 0) {
        return fw_error_set(err, FW_EXIT_FAILED,
                            "%s: its Parquet footer is said to have %" PRIu32
                            " bytes, which is more than the file or than 64 MiB",
                            path, size);
    }
    fw_auto(free) uint8_t *footer = malloc(size + 1);
    if (!footer) {
        return fw_error_oom(err);
    }
    if (fread(footer, 1, size, file) != size) {
        return fw_error_set(err, FW_EXIT_FAILED, "cannot read the Parquet footer of %s", path);
    }
    return parquet_parse(footer, size, path, ret_schema, err);
}

void parquet_finish(struct parquet_schema *schema)
{
    for (size_t i = 0; i < schema->len; i++) {
        free(schema->items[i].name);
        free(schema->items[i].type);
    }
    free(schema->items);
    *schema = (struct parquet_schema){0};
}
