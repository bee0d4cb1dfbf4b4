/* SPDX-License-Identifier: MIT */
#include "delta/rows.h"

#include <stdlib.h>
#include <string.h>

/* Numbers of the Roaring format specification. */
#define MAGIC             UINT32_C(1681511377) /* Delta's own, before the bitmap */
#define COOKIE_PLAIN      12346                /* no container is written as runs */
#define COOKIE_RUNS       12347                /* a flag for each container says whether it is */
#define OFFSETS_FROM      4                    /* with runs, fewer containers have no offsets */
#define ARRAY_CARDINALITY 4096                 /* containers of more values are bitmaps */
#define BITMAP_BYTES      8192

/* Bytes still to be decoded, and what they gave so far. */
struct decoder {
    const unsigned char *at, *end;
    int64_t limit;
    size_t capacity;
    struct fw_delta_rows rows;
    enum fw_delta_rows_result result;
};

/* A container: 2^16 rows from `base` on. */
struct container {
    uint64_t base;
    uint32_t cardinality;
    bool runs;
};

void fw_delta_rows_finish(struct fw_delta_rows *rows)
{
    free(rows->bits);
    *rows = (struct fw_delta_rows){0};
}

/* The next n bytes; NULL when there are fewer, which also ends the decoding. */
static const unsigned char *take(struct decoder *d, size_t n)
{
    if (d->result != FW_DELTA_ROWS_OK || (size_t)(d->end - d->at) < n) {
        d->result = d->result != FW_DELTA_ROWS_OK ? d->result : FW_DELTA_ROWS_BAD;
        return NULL;
    }
    d->at += n;
    return d->at - n;
}

static uint32_t get16(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t take32(struct decoder *d)
{
    const unsigned char *bytes = take(d, 4);
    return bytes != NULL ? get16(bytes) | get16(bytes + 2) << 16 : 0;
}

static bool reserve(struct decoder *d, size_t n_bytes)
{
    if (n_bytes > d->capacity) {
        size_t capacity = n_bytes > d->capacity * 2 ? n_bytes : d->capacity * 2;
        unsigned char *bits = realloc(d->rows.bits, capacity);
        if (bits == NULL) {
            d->result = FW_DELTA_ROWS_NOMEM;
            return false;
        }
        memset(bits + d->capacity, 0, capacity - d->capacity);
        d->rows.bits = bits;
        d->capacity = capacity;
    }
    d->rows.n_bytes = n_bytes > d->rows.n_bytes ? n_bytes : d->rows.n_bytes;
    return true;
}

/* The engine numbers the bits of a byte from its highest one. */
static void mark(struct decoder *d, uint64_t row)
{
    if (row >= (uint64_t)d->limit) {
        d->result = FW_DELTA_ROWS_BEYOND;
    } else if (reserve(d, (size_t)(row / 8 + 1))) {
        unsigned char bit = (unsigned char)(0x80 >> row % 8);
        d->rows.n += (d->rows.bits[row / 8] & bit) == 0;
        d->rows.bits[row / 8] |= bit;
    }
}

static void decode_runs(struct decoder *d, uint64_t base)
{
    const unsigned char *head = take(d, 2);
    uint32_t n_runs = head != NULL ? get16(head) : 0;
    for (uint32_t i = 0; i < n_runs && d->result == FW_DELTA_ROWS_OK; i++) {
        const unsigned char *run = take(d, 4);
        uint32_t start = run != NULL ? get16(run) : 0;
        uint32_t more = run != NULL ? get16(run + 2) : 0;
        if (start + more > UINT16_MAX) {
            d->result = FW_DELTA_ROWS_BAD;
        }
        for (uint32_t k = 0; k <= more && d->result == FW_DELTA_ROWS_OK; k++) {
            mark(d, base + start + k);
        }
    }
}

static void decode_array(struct decoder *d, const struct container *container)
{
    const unsigned char *values = take(d, (size_t)container->cardinality * 2);
    for (uint32_t i = 0; values != NULL && i < container->cardinality; i++) {
        if (d->result == FW_DELTA_ROWS_OK) {
            mark(d, container->base + get16(values + (size_t)i * 2));
        }
    }
}

static void decode_bitmap(struct decoder *d, uint64_t base)
{
    const unsigned char *bytes = take(d, BITMAP_BYTES);
    for (uint32_t i = 0; bytes != NULL && i < BITMAP_BYTES * 8; i++) {
        if ((bytes[i / 8] >> i % 8 & 1) != 0 && d->result == FW_DELTA_ROWS_OK) {
            mark(d, base + i);
        }
    }
}

static void decode_container(struct decoder *d, const struct container *container)
{
    int64_t before = d->rows.n;
    if (container->runs) {
        decode_runs(d, container->base);
    } else if (container->cardinality <= ARRAY_CARDINALITY) {
        decode_array(d, container);
    } else {
        decode_bitmap(d, container->base);
    }
    if (d->result == FW_DELTA_ROWS_OK && d->rows.n - before != container->cardinality) {
        d->result = FW_DELTA_ROWS_BAD;
    }
}

/* A 32-bit bitmap, whose values stand for the rows from `base` on. */
static void decode_bucket(struct decoder *d, uint64_t base)
{
    uint32_t cookie = take32(d);
    bool has_runs = (cookie & UINT16_MAX) == COOKIE_RUNS;
    uint32_t n = has_runs ? (cookie >> 16) + 1 : take32(d);
    if ((!has_runs && cookie != COOKIE_PLAIN) || n > UINT16_MAX + 1) {
        d->result = FW_DELTA_ROWS_BAD;
        return;
    }
    const unsigned char *flags = has_runs ? take(d, (n + 7) / 8) : NULL;
    const unsigned char *heads = take(d, (size_t)n * 4);
    if (!has_runs || n >= OFFSETS_FROM) {
        take(d, (size_t)n * 4); /* where each container begins; they are read one by one */
    }
    for (uint32_t i = 0; heads != NULL && i < n && d->result == FW_DELTA_ROWS_OK; i++) {
        const unsigned char *head = heads + (size_t)i * 4;
        const struct container container = {
            .base = base + ((uint64_t)get16(head) << 16),
            .cardinality = get16(head + 2) + 1,
            .runs = flags != NULL && (flags[i / 8] >> i % 8 & 1) != 0,
        };
        decode_container(d, &container);
    }
}

enum fw_delta_rows_result fw_delta_rows_decode(const unsigned char *bytes, size_t size,
                                               int64_t limit, struct fw_delta_rows *ret_rows)
{
    struct decoder d = {.at = bytes, .end = bytes + size, .limit = limit};
    if (take32(&d) != MAGIC) {
        return d.result != FW_DELTA_ROWS_OK ? d.result : FW_DELTA_ROWS_FORMAT;
    }
    uint64_t n_buckets = take32(&d);
    n_buckets |= (uint64_t)take32(&d) << 32;
    for (uint64_t i = 0; i < n_buckets && d.result == FW_DELTA_ROWS_OK; i++) {
        uint64_t key = take32(&d);
        decode_bucket(&d, key << 32);
    }
    if (d.result == FW_DELTA_ROWS_OK && d.at != d.end) {
        d.result = FW_DELTA_ROWS_BAD;
    }
    if (d.result != FW_DELTA_ROWS_OK) {
        fw_delta_rows_finish(&d.rows);
        return d.result;
    }
    *ret_rows = d.rows;
    return FW_DELTA_ROWS_OK;
}
