/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "decode.h"

static const char too_few[] = "as many values as its levels say";

static const char *decode_bits(const struct parquet_values *values, const uint32_t *places,
                               size_t n, struct parquet_bytes *ret_cells)
{
    static const uint8_t truths[] = {0, 1};

    if (places[n - 1] / 8 >= values->bytes.size) {
        return too_few;
    }
    for (size_t i = 0; i < n; i++) {
        bool bit = (values->bytes.data[places[i] / 8] >> places[i] % 8 & 1) != 0;
        ret_cells[i] = (struct parquet_bytes){&truths[bit], 1};
    }
    return NULL;
}

static const char *decode_fixed(const struct parquet_values *values, const uint32_t *places,
                                size_t n, struct parquet_bytes *ret_cells)
{
    const size_t size = values->leaf->size;

    if (places[n - 1] >= values->bytes.size / size) {
        return too_few;
    }
    for (size_t i = 0; i < n; i++) {
        ret_cells[i] = (struct parquet_bytes){values->bytes.data + places[i] * size, size};
    }
    return NULL;
}

/* Each value has its size before it, so that those between chosen ones are walked over. */
static const char *decode_sized(const struct parquet_values *values, const uint32_t *places,
                                size_t n, struct parquet_bytes *ret_cells)
{
    const uint8_t *at = values->bytes.data, *end = at + values->bytes.size;
    uint32_t place = 0, size;

    for (size_t i = 0; i < n; place++) {
        if ((size_t)(end - at) < sizeof size) {
            return too_few;
        }
        memcpy(&size, at, sizeof size);
        at += sizeof size;
        if (size > (size_t)(end - at)) {
            return "a text that ends within it";
        }
        if (place == places[i]) {
            ret_cells[i++] = (struct parquet_bytes){at, size};
        }
        at += size;
    }
    return NULL;
}

const char *parquet_decode_plain(const struct parquet_values *values, const uint32_t *places,
                                 size_t n, struct parquet_bytes *ret_cells)
{
    if (values->leaf->physical == PARQUET_BOOLEAN) {
        return decode_bits(values, places, n, ret_cells);
    }
    if (values->leaf->physical == PARQUET_BYTE_ARRAY) {
        return decode_sized(values, places, n, ret_cells);
    }
    return decode_fixed(values, places, n, ret_cells);
}

/* First the first bytes of all values, then the second ones. */
const char *parquet_decode_split(const struct parquet_values *values, const uint32_t *places,
                                 size_t n, struct parquet_bytes *ret_cells)
{
    const size_t size = values->leaf->size;
    const size_t n_values = size > 0 ? values->bytes.size / size : 0;

    if (places[n - 1] >= n_values) {
        return too_few;
    }
    uint8_t *made = parquet_room_of(values->made, n, size);
    if (made == NULL) {
        return parquet_no_memory;
    }
    for (size_t i = 0; i < n; i++, made += size) {
        for (size_t k = 0; k < size; k++) {
            made[k] = values->bytes.data[k * n_values + places[i]];
        }
        ret_cells[i] = (struct parquet_bytes){made, size};
    }
    return NULL;
}
