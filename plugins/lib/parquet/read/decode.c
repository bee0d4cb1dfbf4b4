/* SPDX-License-Identifier: MIT */
#include "decode.h"

#include <string.h>

#include "parquet/format.h"
#include "runs.h"

const char parquet_no_memory[] = "memory for it";

static const char *decode_indexes(const struct parquet_values *values, const uint32_t *places,
                                  size_t n, struct parquet_bytes *ret_cells)
{
    const struct parquet_bytes bytes = values->bytes;
    struct parquet_runs runs = {.at = bytes.data + 1, .end = bytes.data + bytes.size};
    uint32_t *entries = parquet_room_of(values->numbers, n, sizeof *entries);

    if (entries == NULL) {
        return parquet_no_memory;
    }
    if (bytes.size == 0 || bytes.data[0] > 32) {
        return "indexes of at most 32 bits";
    }
    runs.width = bytes.data[0];
    if (!parquet_runs_pick(&runs, places, n, entries)) {
        return "as many indexes as its levels say";
    }
    for (size_t i = 0; i < n; i++) {
        if (entries[i] >= values->n_entries) {
            return "indexes of entries that its dictionary has";
        }
        ret_cells[i] = values->dictionary[entries[i]];
    }
    return NULL;
}

/* Booleans as runs, their size before them. */
static const char *decode_truths(const struct parquet_values *values, const uint32_t *places,
                                 size_t n, struct parquet_bytes *ret_cells)
{
    static const uint8_t truths[] = {0, 1};
    const struct parquet_bytes bytes = values->bytes;
    uint32_t *numbers = parquet_room_of(values->numbers, n, sizeof *numbers);
    uint32_t size;

    if (numbers == NULL) {
        return parquet_no_memory;
    }
    if (bytes.size < sizeof size) {
        return "the size of its runs";
    }
    memcpy(&size, bytes.data, sizeof size);
    if (size > bytes.size - sizeof size) {
        return "runs that end within it";
    }
    const uint8_t *at = bytes.data + sizeof size;
    struct parquet_runs runs = {.at = at, .end = at + size, .width = 1};
    if (!parquet_runs_pick(&runs, places, n, numbers)) {
        return "as many values as its levels say";
    }
    for (size_t i = 0; i < n; i++) {
        ret_cells[i] = (struct parquet_bytes){&truths[numbers[i] & 1], 1};
    }
    return NULL;
}

static bool is_integer(const struct parquet_node *leaf)
{
    return leaf->physical == PARQUET_INT32 || leaf->physical == PARQUET_INT64;
}

static bool is_bytes(const struct parquet_node *leaf)
{
    return leaf->physical == PARQUET_BYTE_ARRAY || leaf->physical == PARQUET_FIXED;
}

const char *parquet_decode(const struct parquet_values *values, const uint32_t *places, size_t n,
                           struct parquet_bytes *ret_cells)
{
    const struct parquet_node *leaf = values->leaf;

    switch (values->encoding) {
    case PARQUET_PLAIN:
        return parquet_decode_plain(values, places, n, ret_cells);
    case PARQUET_PLAIN_DICTIONARY:
    case PARQUET_RLE_DICTIONARY:
        return decode_indexes(values, places, n, ret_cells);
    case PARQUET_RLE:
        return leaf->physical == PARQUET_BOOLEAN ? decode_truths(values, places, n, ret_cells)
                                                 : "no runs of anything but booleans";
    case PARQUET_DELTA_BINARY_PACKED:
        return is_integer(leaf) ? parquet_decode_delta(values, places, n, ret_cells)
                                : "no differences of anything but integers";
    case PARQUET_DELTA_LENGTH_BYTE_ARRAY:
        return leaf->physical == PARQUET_BYTE_ARRAY
                   ? parquet_decode_lengths(values, places, n, ret_cells)
                   : "no lengths of anything but byte arrays";
    case PARQUET_DELTA_BYTE_ARRAY:
        return is_bytes(leaf) ? parquet_decode_prefixes(values, places, n, ret_cells)
                              : "no prefixes of anything but byte arrays";
    case PARQUET_BYTE_STREAM_SPLIT:
        return leaf->size > 0 ? parquet_decode_split(values, places, n, ret_cells)
                              : "no split streams of values without a fixed size";
    default:
        return "an encoding that is known";
    }
}
