/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "decode.h"

static const char too_few[] = "as many values as its levels say";

/* What a page of texts that share prefixes may become: more is no page but a trap. */
enum { MAX_MADE = 1 << 30 };

/* All numbers up to the page's end are read: the bytes begin behind them. */
static const char *read_lengths(const struct parquet_values *values, struct parquet_bytes *bytes,
                                int64_t *lengths, size_t n_wanted)
{
    size_t n_lengths;
    const char *why = parquet_delta_numbers(bytes, values->n_most, lengths, &n_lengths);

    if (why == NULL && n_lengths < n_wanted) {
        return too_few;
    }
    for (size_t i = 0; i < n_lengths && why == NULL; i++) {
        why = lengths[i] < 0 || lengths[i] > INT32_MAX ? "lengths of less than 2 GB" : NULL;
    }
    return why;
}

const char *parquet_decode_lengths(const struct parquet_values *values, const uint32_t *places,
                                   size_t n, struct parquet_bytes *ret_cells)
{
    struct parquet_bytes bytes = values->bytes;
    int64_t *lengths = parquet_room_of(values->numbers, values->n_most, sizeof *lengths);
    size_t at = 0, place = 0;

    if (lengths == NULL) {
        return parquet_no_memory;
    }
    const char *why = read_lengths(values, &bytes, lengths, (size_t)places[n - 1] + 1);
    for (size_t i = 0; i < n && why == NULL; i++) {
        for (; place < places[i]; place++) {
            at += (size_t)lengths[place];
        }
        const size_t size = (size_t)lengths[place];
        if (at > bytes.size || size > bytes.size - at) {
            return too_few;
        }
        ret_cells[i] = (struct parquet_bytes){bytes.data + at, size};
    }
    return why;
}

struct texts {
    int64_t *prefixes, *sizes; /* bytes of the text before, bytes behind them */
    struct parquet_bytes suffixes;
    size_t *starts; /* of the chosen ones in `made`, and where the last one ends */
};

/*
 * Each text begins as the one before it: all up to the last chosen one are made, one over the
 * other at the end of `made`, and the chosen ones are kept.
 */
static const char *make_texts(const struct parquet_values *values, const struct texts *texts,
                              const uint32_t *places, size_t n)
{
    struct parquet_bytes bytes = texts->suffixes;
    struct parquet_room *made = values->made;
    size_t start = 0, length = 0, place = 0;

    made->size = 0;
    for (size_t i = 0; i < n; place++) {
        const size_t prefix = (size_t)texts->prefixes[place];
        const size_t suffix = (size_t)texts->sizes[place];
        if (prefix > length || suffix > bytes.size || start + prefix + suffix > MAX_MADE) {
            return "prefixes of the text before and bytes behind them";
        }
        made->size = start + prefix;
        if (!parquet_room_reserve(made, suffix + prefix)) {
            return parquet_no_memory;
        }
        memcpy(made->data + start + prefix, bytes.data, suffix);
        bytes.data += suffix;
        bytes.size -= suffix;
        length = prefix + suffix;
        if (place == places[i]) {
            texts->starts[i++] = start;
            texts->starts[i] = start + length;
            made->size = start + length;
            if (!parquet_room_reserve(made, length)) {
                return parquet_no_memory;
            }
            memcpy(made->data + start + length, made->data + start, length);
            start += length;
        }
    }
    return NULL;
}

const char *parquet_decode_prefixes(const struct parquet_values *values, const uint32_t *places,
                                    size_t n, struct parquet_bytes *ret_cells)
{
    const size_t n_most = values->n_most, n_wanted = (size_t)places[n - 1] + 1;
    int64_t *lengths = parquet_room_of(values->numbers, 2 * n_most + n + 1, sizeof *lengths);
    struct texts texts = {.suffixes = values->bytes, .prefixes = lengths};

    if (lengths == NULL) {
        return parquet_no_memory;
    }
    texts.sizes = lengths + n_most;
    texts.starts = (size_t *)(lengths + 2 * n_most);
    const char *why = read_lengths(values, &texts.suffixes, texts.prefixes, n_wanted);
    if (why == NULL) {
        why = read_lengths(values, &texts.suffixes, texts.sizes, n_wanted);
    }
    if (why == NULL) {
        why = make_texts(values, &texts, places, n);
    }
    for (size_t i = 0; i < n && why == NULL; i++) {
        ret_cells[i] = (struct parquet_bytes){values->made->data + texts.starts[i],
                                              texts.starts[i + 1] - texts.starts[i]};
    }
    return why;
}
