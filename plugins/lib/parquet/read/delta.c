/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "decode.h"

static const char damaged[] = "whole blocks of differences";

enum { MAX_BLOCK = 1 << 16 };

/* What is being read: blocks of miniblocks, each of numbers of one width. */
struct blocks {
    struct thrift_reader reader; /* varints are Thrift's */
    size_t mini_size, n_minis;   /* numbers of a miniblock, miniblocks of a block */
    uint64_t total, last;
};

static bool read_head(struct blocks *blocks)
{
    struct thrift_reader *reader = &blocks->reader;
    uint64_t block = thrift_read_varint(reader), n_minis = thrift_read_varint(reader);

    blocks->total = thrift_read_varint(reader);
    blocks->last = (uint64_t)thrift_read_int(reader);
    if (reader->failed || block == 0 || block > MAX_BLOCK || n_minis == 0 || n_minis > block ||
        block % n_minis != 0 || block / n_minis % 8 != 0) {
        return false;
    }
    blocks->mini_size = (size_t)(block / n_minis);
    blocks->n_minis = (size_t)n_minis;
    return true;
}

static uint64_t number(const uint8_t *bytes, size_t size, unsigned width, size_t at)
{
    const size_t bit = at * width, first = bit / 8, left = size - first;
    uint64_t low = 0, high = 0;

    memcpy(&low, bytes + first, left < sizeof low ? left : sizeof low);
    low >>= bit % 8;
    if (bit % 8 + width > 64) {
        high = bytes[first + 8];
        low |= high << (64 - bit % 8);
    }
    return width == 64 ? low : low & ((UINT64_C(1) << width) - 1);
}

/* The last miniblock may be cut off behind its last number. */
static bool read_mini(struct blocks *blocks, unsigned width, uint64_t least, int64_t *to, size_t n)
{
    struct thrift_reader *reader = &blocks->reader;
    const size_t left = (size_t)(reader->end - reader->at);
    const size_t size = blocks->mini_size * width / 8;
    const size_t there = size < left ? size : left;

    if (width > 64 || n * width > there * 8) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        blocks->last += least + (width > 0 ? number(reader->at, there, width, i) : 0);
        to[i] = (int64_t)blocks->last;
    }
    reader->at += there;
    return true;
}

static bool read_block(struct blocks *blocks, int64_t *to, size_t n)
{
    struct thrift_reader *reader = &blocks->reader;
    const uint64_t least = (uint64_t)thrift_read_int(reader);
    const uint8_t *widths = reader->at;

    if (reader->failed || (size_t)(reader->end - reader->at) < blocks->n_minis) {
        return false;
    }
    reader->at += blocks->n_minis;
    for (size_t i = 0; i < blocks->n_minis && n > 0; i++) {
        const size_t size = n < blocks->mini_size ? n : blocks->mini_size;
        if (!read_mini(blocks, widths[i], least, to, size)) {
            return false;
        }
        to += size;
        n -= size;
    }
    return true;
}

const char *parquet_delta_numbers(struct parquet_bytes *bytes, size_t n, int64_t *ret_numbers,
                                  size_t *ret_n)
{
    struct blocks blocks = {.reader = {bytes->data, bytes->data + bytes->size, false}};

    if (!read_head(&blocks)) {
        return damaged;
    }
    n = blocks.total < n ? (size_t)blocks.total : n;
    if (n > 0) {
        ret_numbers[0] = (int64_t)blocks.last;
    }
    const size_t block = blocks.mini_size * blocks.n_minis;
    for (size_t done = 1; done < n;) {
        const size_t size = n - done < block ? n - done : block;
        if (!read_block(&blocks, ret_numbers + done, size)) {
            return damaged;
        }
        done += size;
    }
    bytes->size = (size_t)(blocks.reader.end - blocks.reader.at);
    bytes->data = blocks.reader.at;
    *ret_n = n;
    return NULL;
}

const char *parquet_decode_delta(const struct parquet_values *values, const uint32_t *places,
                                 size_t n, struct parquet_bytes *ret_cells)
{
    struct parquet_bytes bytes = values->bytes;
    const size_t n_wanted = (size_t)places[n - 1] + 1;
    int64_t *numbers = parquet_room_of(values->made, n_wanted, sizeof *numbers);
    size_t n_numbers;

    if (numbers == NULL) {
        return parquet_no_memory;
    }
    const char *why = parquet_delta_numbers(&bytes, n_wanted, numbers, &n_numbers);
    if (why == NULL && n_numbers < n_wanted) {
        why = "as many values as its levels say";
    }
    /* Lowest byte first: a number of four bytes is the first half of its eight. */
    for (size_t i = 0; i < n && why == NULL; i++) {
        ret_cells[i] =
            (struct parquet_bytes){(const uint8_t *)&numbers[places[i]], values->leaf->size};
    }
    return why;
}
