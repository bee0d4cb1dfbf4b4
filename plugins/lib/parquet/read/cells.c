/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "out.h"
#include "utf8.h"

/* Inlined for each width: a copy of a size that is known is one instruction. */
static inline void copy_cells(uint8_t *to, const uint8_t *slots, size_t n,
                              const struct parquet_bytes *cells, const size_t width)
{
    for (size_t i = 0; i < n; i++, to += width) {
        if (slots[i]) {
            memcpy(to, cells->data, width);
            cells++;
        } else {
            memset(to, 0, width);
        }
    }
}

static const char *append_copies(const struct parquet_out *out, uint8_t *to, size_t n,
                                 const struct parquet_bytes *cells)
{
    const uint8_t *slots = out->slots.data;

    switch (out->leaf->width) {
    case 1:
        copy_cells(to, slots, n, cells, 1);
        break;
    case 2:
        copy_cells(to, slots, n, cells, 2);
        break;
    case 4:
        copy_cells(to, slots, n, cells, 4);
        break;
    default:
        copy_cells(to, slots, n, cells, 8);
        break;
    }
    return NULL;
}

/* The number of a narrower type; those of 32 bits in the file may stand for fewer. */
static int64_t load_narrow(const struct parquet_node *leaf, struct parquet_bytes cell)
{
    int32_t number;

    memcpy(&number, cell.data, sizeof number);
    switch (leaf->format[0]) {
    case 'c':
        return (int8_t)number;
    case 's':
        return (int16_t)number;
    case 'C':
        return (uint8_t)number;
    case 'S':
        return (uint16_t)number;
    case 'I':
        return (uint32_t)number;
    default:
        return number;
    }
}

static const char *append_wider(const struct parquet_out *out, const struct parquet_node *leaf,
                                uint8_t *to, size_t n, const struct parquet_bytes *cells)
{
    const size_t width = out->leaf->width;

    memset(to, 0, n * width);
    for (size_t i = 0; i < n; i++, to += width) {
        if (!out->slots.data[i]) {
            continue;
        }
        if (leaf->format[0] == 'f') {
            float narrow;
            memcpy(&narrow, cells->data, sizeof narrow);
            const double wide = narrow;
            memcpy(to, &wide, sizeof wide);
        } else {
            const int64_t number = load_narrow(leaf, *cells);
            memcpy(to, &number, width);
        }
        cells++;
    }
    return NULL;
}

static int64_t load_integer(struct parquet_bytes cell)
{
    int32_t narrow;
    int64_t wide;

    if (cell.size == sizeof narrow) {
        memcpy(&narrow, cell.data, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, cell.data, sizeof wide);
    return wide;
}

static const char *append_thousands(const struct parquet_out *out, uint8_t *to, size_t n,
                                    const struct parquet_bytes *cells)
{
    for (size_t i = 0; i < n; i++, to += sizeof(int64_t)) {
        int64_t value = out->slots.data[i] ? load_integer(*cells++) : 0;
        if (__builtin_mul_overflow(value, 1000, &value)) {
            return "milliseconds that fit as microseconds into 64 bits";
        }
        memcpy(to, &value, sizeof value);
    }
    return NULL;
}

static const char *append_decimals(const struct parquet_out *out, uint8_t *to, size_t n,
                                   const struct parquet_bytes *cells)
{
    for (size_t i = 0; i < n; i++, to += 16) {
        const int64_t words[2] = {out->slots.data[i] ? load_integer(*cells++) : 0, 0};
        memcpy(to, words, sizeof words);
        memset(to + 8, words[0] < 0 ? 0xff : 0, 8);
    }
    return NULL;
}

static const char *append_big_decimals(const struct parquet_out *out, uint8_t *to, size_t n,
                                       const struct parquet_bytes *cells)
{
    for (size_t i = 0; i < n; i++, to += 16) {
        const struct parquet_bytes cell =
            out->slots.data[i] ? *cells++ : (struct parquet_bytes){NULL, 0};
        if (cell.size > 16) {
            return "decimals of at most 16 bytes";
        }
        memset(to, cell.size > 0 && (cell.data[0] & 0x80) != 0 ? 0xff : 0, 16);
        for (size_t k = 0; k < cell.size; k++) {
            to[k] = cell.data[cell.size - 1 - k];
        }
    }
    return NULL;
}

/* A number below 2^-14 has no leading 1 in its fraction. */
static float half_to_float(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, fraction = half & 0x3ff;
    uint32_t exponent = half >> 10 & 0x1f, bits;
    float value;

    if (exponent == 0) {
        value = (float)fraction / 16777216.0f;
        memcpy(&bits, &value, sizeof bits);
        bits |= sign;
    } else {
        exponent = exponent == 0x1f ? 0xff : exponent + 112;
        bits = sign | exponent << 23 | fraction << 13;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

static const char *append_halves(const struct parquet_out *out, uint8_t *to, size_t n,
                                 const struct parquet_bytes *cells)
{
    for (size_t i = 0; i < n; i++, to += sizeof(float)) {
        uint16_t half = 0;
        if (out->slots.data[i]) {
            memcpy(&half, cells->data, sizeof half);
            cells++;
        }
        const float value = half_to_float(half);
        memcpy(to, &value, sizeof value);
    }
    return NULL;
}

static const char *append_fixed(struct parquet_out *out, const struct parquet_node *leaf, size_t n,
                                const struct parquet_bytes *cells)
{
    const size_t width = out->leaf->width;

    if (n > SIZE_MAX / width || !parquet_room_reserve(&out->values, n * width)) {
        return parquet_no_memory;
    }
    uint8_t *to = out->values.data + out->values.size;
    out->values.size += n * width;
    if (leaf->cell == PARQUET_CELL_COPY && leaf->width < width) {
        return append_wider(out, leaf, to, n, cells);
    }
    switch (leaf->cell) {
    case PARQUET_CELL_THOUSANDS:
        return append_thousands(out, to, n, cells);
    case PARQUET_CELL_DECIMAL:
        return append_decimals(out, to, n, cells);
    case PARQUET_CELL_BIG_DECIMAL:
        return append_big_decimals(out, to, n, cells);
    case PARQUET_CELL_HALF:
        return append_halves(out, to, n, cells);
    default:
        return append_copies(out, to, n, cells);
    }
}

static const char *append_bits(struct parquet_out *out, size_t n, const struct parquet_bytes *cells)
{
    if (!parquet_room_grow_bits(&out->values, out->n_slots + n)) {
        return parquet_no_memory;
    }
    for (size_t i = 0; i < n; i++) {
        const size_t at = out->n_slots + i;
        if (out->slots.data[i]) {
            out->values.data[at / 8] |= (uint8_t)((cells->data[0] & 1) << at % 8);
            cells++;
        }
    }
    return NULL;
}

static const char *append_texts(struct parquet_out *out, size_t n,
                                const struct parquet_bytes *cells)
{
    const bool is_text = out->leaf->cell == PARQUET_CELL_TEXT;

    if (!parquet_out_begin_texts(out) || n > SIZE_MAX / sizeof(int64_t) ||
        !parquet_room_reserve(&out->offsets, n * sizeof(int64_t))) {
        return parquet_no_memory;
    }
    for (size_t i = 0; i < n; i++) {
        if (out->slots.data[i]) {
            if (is_text && !parquet_is_utf8(cells->data, cells->size)) {
                return "texts in UTF-8";
            }
            if (!parquet_room_reserve(&out->values, cells->size)) {
                return parquet_no_memory;
            }
            memcpy(out->values.data + out->values.size, cells->data, cells->size);
            out->values.size += cells->size;
            cells++;
        }
        const int64_t end = (int64_t)out->values.size;
        memcpy(out->offsets.data + out->offsets.size, &end, sizeof end);
        out->offsets.size += sizeof end;
    }
    return NULL;
}

const char *parquet_cells_append(struct parquet_out *out, const struct parquet_node *leaf, size_t n,
                                 const struct parquet_bytes *cells)
{
    switch (leaf->cell) {
    case PARQUET_CELL_BIT:
        return append_bits(out, n, cells);
    case PARQUET_CELL_BYTES:
    case PARQUET_CELL_TEXT:
        return append_texts(out, n, cells);
    default:
        return append_fixed(out, leaf, n, cells);
    }
}
