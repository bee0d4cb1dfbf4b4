/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "schema.h"

/* ConvertedType's numbers. */
enum {
    NONE = -1,
    UTF8 = 0,
    ENUM = 4,
    DECIMAL = 5,
    DATE = 6,
    TIME_MILLIS = 7,
    TIME_MICROS = 8,
    TIMESTAMP_MILLIS = 9,
    TIMESTAMP_MICROS = 10,
    UINT_8 = 11,
    UINT_16 = 12,
    UINT_32 = 13,
    UINT_64 = 14,
    INT_8 = 15,
    INT_16 = 16,
    INT_32 = 17,
    INT_64 = 18
};

/* LogicalType's numbers. */
enum {
    LOGICAL_NONE = 0,
    LOGICAL_TIME = 7,
    LOGICAL_TIMESTAMP = 8,
    LOGICAL_UNKNOWN = 11,
    LOGICAL_FLOAT16 = 15
};

enum { MILLIS = 1, MICROS, NANOS };
enum { MAX_PRECISION = 38, MAX_DECIMAL_BYTES = 16, MAX_FIXED_BYTES = 1 << 20 };

static const struct plain {
    int converted;
    enum parquet_physical physical;
    const char *format;
    enum parquet_cell cell;
    uint32_t width;
} plain_types[] = {
    {NONE, PARQUET_BOOLEAN, "b", PARQUET_CELL_BIT, 0},
    {NONE, PARQUET_INT32, "i", PARQUET_CELL_COPY, 4},
    {NONE, PARQUET_INT64, "l", PARQUET_CELL_COPY, 8},
    {NONE, PARQUET_FLOAT, "f", PARQUET_CELL_COPY, 4},
    {NONE, PARQUET_DOUBLE, "g", PARQUET_CELL_COPY, 8},
    {NONE, PARQUET_BYTE_ARRAY, "Z", PARQUET_CELL_BYTES, 0},
    {NONE, PARQUET_FIXED, "Z", PARQUET_CELL_BYTES, 0},
    {UTF8, PARQUET_BYTE_ARRAY, "U", PARQUET_CELL_TEXT, 0},
    {ENUM, PARQUET_BYTE_ARRAY, "U", PARQUET_CELL_TEXT, 0},
    {DATE, PARQUET_INT32, "tdD", PARQUET_CELL_COPY, 4},
    {TIME_MILLIS, PARQUET_INT32, "ttu", PARQUET_CELL_THOUSANDS, 8},
    {TIME_MICROS, PARQUET_INT64, "ttu", PARQUET_CELL_COPY, 8},
    {TIMESTAMP_MILLIS, PARQUET_INT64, "tsu:", PARQUET_CELL_THOUSANDS, 8},
    {TIMESTAMP_MICROS, PARQUET_INT64, "tsu:", PARQUET_CELL_COPY, 8},
    {UINT_8, PARQUET_INT32, "C", PARQUET_CELL_COPY, 1},
    {UINT_16, PARQUET_INT32, "S", PARQUET_CELL_COPY, 2},
    {UINT_32, PARQUET_INT32, "I", PARQUET_CELL_COPY, 4},
    {UINT_64, PARQUET_INT64, "L", PARQUET_CELL_COPY, 8},
    {INT_8, PARQUET_INT32, "c", PARQUET_CELL_COPY, 1},
    {INT_16, PARQUET_INT32, "s", PARQUET_CELL_COPY, 2},
    {INT_32, PARQUET_INT32, "i", PARQUET_CELL_COPY, 4},
    {INT_64, PARQUET_INT64, "l", PARQUET_CELL_COPY, 8},
};

static const char *set(struct parquet_node *leaf, const char *format, enum parquet_cell cell,
                       uint32_t width)
{
    snprintf(leaf->format, sizeof leaf->format, "%s", format);
    leaf->cell = cell;
    leaf->width = width;
    return NULL;
}

static const char *set_timestamp(const struct parquet_element *element, struct parquet_node *leaf)
{
    const char *format = element->utc ? "tsu:UTC" : element->unit == NANOS ? "tsn:" : "tsu:";

    if (leaf->physical != PARQUET_INT64 || element->unit < MILLIS || element->unit > NANOS) {
        return "a timestamp that is no INT64 of a known unit";
    }
    if (element->utc && element->unit == NANOS) {
        return "nanoseconds with a time zone";
    }
    return set(leaf, format, element->unit == MILLIS ? PARQUET_CELL_THOUSANDS : PARQUET_CELL_COPY,
               8);
}

static const char *set_time(const struct parquet_element *element, struct parquet_node *leaf)
{
    if (element->utc || element->unit == NANOS) {
        return "a time of day with a time zone or in nanoseconds";
    }
    if (leaf->physical == PARQUET_INT32 && element->unit == MILLIS) {
        return set(leaf, "ttu", PARQUET_CELL_THOUSANDS, 8);
    }
    if (leaf->physical == PARQUET_INT64 && element->unit == MICROS) {
        return set(leaf, "ttu", PARQUET_CELL_COPY, 8);
    }
    return "a time of day of an unknown unit";
}

static const char *set_decimal(const struct parquet_element *element, struct parquet_node *leaf)
{
    int64_t scale = element->scale < 0 ? 0 : element->scale;
    bool number = leaf->physical == PARQUET_INT32 || leaf->physical == PARQUET_INT64;

    if (element->precision < 1 || element->precision > MAX_PRECISION ||
        scale > element->precision) {
        return "a decimal of no or more than 38 digits";
    }
    if (!number && leaf->physical != PARQUET_BYTE_ARRAY &&
        (leaf->physical != PARQUET_FIXED || leaf->size > MAX_DECIMAL_BYTES)) {
        return "a decimal that is no integer of at most 16 bytes";
    }
    set(leaf, "", number ? PARQUET_CELL_DECIMAL : PARQUET_CELL_BIG_DECIMAL, 16);
    snprintf(leaf->format, sizeof leaf->format, "d:%u,%u", (uint8_t)element->precision,
             (uint8_t)scale);
    return NULL;
}

static const char *set_physical(const struct parquet_element *element, struct parquet_node *leaf)
{
    static const uint32_t sizes[] = {
        [PARQUET_INT32] = 4, [PARQUET_INT64] = 8,  [PARQUET_INT96] = 12,
        [PARQUET_FLOAT] = 4, [PARQUET_DOUBLE] = 8, [PARQUET_FIXED] = 0,
    };

    if (element->type < PARQUET_BOOLEAN || element->type > PARQUET_FIXED) {
        return "a physical type that is not known";
    }
    leaf->physical = (enum parquet_physical)element->type;
    leaf->size = sizes[leaf->physical];
    if (leaf->physical == PARQUET_FIXED) {
        if (element->size < 1 || element->size > MAX_FIXED_BYTES) {
            return "fixed values of no bytes or of more than a megabyte";
        }
        leaf->size = (uint32_t)element->size;
    }
    return leaf->physical == PARQUET_INT96 ? "an INT96" : NULL;
}

/* Logical types that say no more than the converted type beside them; the engine goes by that. */
static bool is_explained(const struct parquet_element *element)
{
    return element->logical == LOGICAL_NONE ||
           (element->logical < LOGICAL_UNKNOWN && element->converted != NONE);
}

const char *parquet_type_of(const struct parquet_element *element, struct parquet_node *leaf)
{
    const char *refusal = set_physical(element, leaf);

    if (refusal != NULL) {
        return refusal;
    }
    if (element->logical == LOGICAL_TIMESTAMP) {
        return set_timestamp(element, leaf);
    }
    if (element->logical == LOGICAL_TIME) {
        return set_time(element, leaf);
    }
    if (element->logical == LOGICAL_FLOAT16 && leaf->physical == PARQUET_FIXED && leaf->size == 2) {
        return set(leaf, "f", PARQUET_CELL_HALF, 4);
    }
    if (!is_explained(element)) {
        return "a logical type that is not known (UUID, JSON, BSON, VARIANT, geometry, ...)";
    }
    if (element->converted == DECIMAL) {
        return set_decimal(element, leaf);
    }
    for (size_t i = 0; i < sizeof plain_types / sizeof plain_types[0]; i++) {
        const struct plain *plain = &plain_types[i];
        if (plain->converted == element->converted && plain->physical == leaf->physical) {
            return set(leaf, plain->format, plain->cell, plain->width);
        }
    }
    return "a converted type that is not known (JSON, BSON, INTERVAL, ...)";
}

bool parquet_type_of_format(const char *format, struct parquet_node *leaf)
{
    unsigned precision, scale;
    const char *wanted = strcmp(format, "u") == 0 ? "U" : strcmp(format, "z") == 0 ? "Z" : format;

    if (sscanf(format, "d:%u,%u", &precision, &scale) == 2) {
        set(leaf, "", PARQUET_CELL_DECIMAL, 16);
        snprintf(leaf->format, sizeof leaf->format, "d:%u,%u", (uint8_t)precision, (uint8_t)scale);
        return precision <= MAX_PRECISION && scale <= precision;
    }
    if (strcmp(format, "tsu:UTC") == 0 || strcmp(format, "tsn:") == 0) {
        set(leaf, format, PARQUET_CELL_COPY, 8);
        return true;
    }
    for (size_t i = 0; i < sizeof plain_types / sizeof plain_types[0]; i++) {
        if (strcmp(plain_types[i].format, wanted) == 0) {
            set(leaf, wanted, plain_types[i].cell, plain_types[i].width);
            return true;
        }
    }
    return false;
}
