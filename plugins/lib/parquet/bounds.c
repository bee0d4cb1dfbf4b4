/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "internal.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are written as they lie");

static const size_t sizes[] = {
    [FW_PARQUET_BOOLEAN] = sizeof(uint8_t),   [FW_PARQUET_DATE] = sizeof(int32_t),
    [FW_PARQUET_TIMESTAMP] = sizeof(int64_t), [FW_PARQUET_BIGINT] = sizeof(int64_t),
    [FW_PARQUET_DOUBLE] = sizeof(double),     [FW_PARQUET_TEXT] = sizeof(struct fw_parquet_text),
};

size_t parquet_value_size(enum fw_parquet_type type)
{
    return sizes[type];
}

void parquet_append_value(struct fw_text *text, enum fw_parquet_type type, const void *values,
                          size_t entry)
{
    if (type == FW_PARQUET_TEXT) {
        const struct fw_parquet_text *string = (const struct fw_parquet_text *)values + entry;
        fw_text_append_len(text, string->bytes, string->size);
    } else {
        fw_text_append_len(text, (const char *)values + entry * sizes[type], sizes[type]);
    }
}

static bool is_less_text(const struct fw_parquet_text *a, const struct fw_parquet_text *b)
{
    int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);

    return order != 0 ? order < 0 : a->size < b->size;
}

static bool is_less(enum fw_parquet_type type, const void *values, size_t a, size_t b)
{
    switch (type) {
    case FW_PARQUET_BOOLEAN:
        return ((const uint8_t *)values)[a] < ((const uint8_t *)values)[b];
    case FW_PARQUET_DATE:
        return ((const int32_t *)values)[a] < ((const int32_t *)values)[b];
    case FW_PARQUET_TIMESTAMP:
    case FW_PARQUET_BIGINT:
        return ((const int64_t *)values)[a] < ((const int64_t *)values)[b];
    case FW_PARQUET_DOUBLE:
        return ((const double *)values)[a] < ((const double *)values)[b];
    case FW_PARQUET_TEXT:
        break;
    }
    return is_less_text((const struct fw_parquet_text *)values + a,
                        (const struct fw_parquet_text *)values + b);
}

/* Of the two zeros the one that is in order with both. */
static void append_bound(struct fw_text *bound, enum fw_parquet_type type, const void *values,
                         size_t entry, double zero)
{
    if (type == FW_PARQUET_DOUBLE && ((const double *)values)[entry] == 0) {
        fw_text_append_len(bound, (const char *)&zero, sizeof zero);
    } else {
        parquet_append_value(bound, type, values, entry);
    }
}

void parquet_append_bounds(struct fw_parquet_facts *facts, enum fw_parquet_type type,
                           const void *values, const uint8_t *kinds, size_t n_entries)
{
    size_t min = n_entries, max = n_entries;

    for (size_t i = 0; i < n_entries; i++) {
        if (kinds[i] != 0) {
            min = min == n_entries || is_less(type, values, i, min) ? i : min;
            max = max == n_entries || is_less(type, values, max, i) ? i : max;
        }
    }
    if (min < n_entries) {
        append_bound(&facts->min, type, values, min, -0.0);
        append_bound(&facts->max, type, values, max, 0.0);
    }
}
