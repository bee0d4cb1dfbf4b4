/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "internal.h"

enum { ZSTD_LEVEL = 1 };

/* What an entry is in a column. Pages are the same where these are, booleans' values included. */
enum { KIND_NULL, KIND_VALUE, KIND_FALSE = KIND_VALUE, KIND_TRUE };

/* A data page, header and all, that later columns may repeat. */
struct page {
    size_t at, size, size_unpacked; /* in the encoder's store */
    int64_t n_nulls;
};

/* A page before it is packed. */
struct body {
    const void *bytes;
    size_t size, n_values;
    int type, encoding;
};

struct encoder {
    const struct fw_parquet_column *columns;
    const struct fw_parquet_values *values;
    size_t n_columns, n_rows;
    struct fw_parquet_block *block;
    uint8_t **kinds; /* of each column's entries */
    struct page *pages;
    struct fw_text store;
    struct fw_text dictionary;
    uint8_t *body; /* of a data page */
    size_t body_size;
    ZSTD_CCtx *zstd;
    char *packed;
    size_t packed_capacity;
};

static uint8_t kind_of(enum fw_parquet_type type, const void *values, size_t entry)
{
    switch (type) {
    case FW_PARQUET_BOOLEAN:
        return ((const uint8_t *)values)[entry] == 1   ? KIND_TRUE
               : ((const uint8_t *)values)[entry] == 0 ? KIND_FALSE
                                                       : KIND_NULL;
    case FW_PARQUET_DATE:
        return ((const int32_t *)values)[entry] != INT32_MIN;
    case FW_PARQUET_TIMESTAMP:
    case FW_PARQUET_BIGINT:
        return ((const int64_t *)values)[entry] != INT64_MIN;
    case FW_PARQUET_DOUBLE:
        return ((const double *)values)[entry] == ((const double *)values)[entry];
    case FW_PARQUET_TEXT:
        break;
    }
    return ((const struct fw_parquet_text *)values)[entry].bytes != NULL;
}

static size_t entry_of(const uint16_t *entries, size_t row)
{
    return entries != NULL ? entries[row] : row;
}

static bool find_kinds(struct encoder *encoder, size_t column)
{
    const struct fw_parquet_values *values = &encoder->values[column];
    size_t n = values->picks->n_entries;
    uint8_t *kinds = malloc(n);

    encoder->kinds[column] = kinds;
    for (size_t i = 0; kinds != NULL && i < n; i++) {
        kinds[i] = kind_of(encoder->columns[column].type, values->values, i);
    }
    return kinds != NULL;
}

static void put_varint(struct encoder *encoder, uint64_t value)
{
    size_t n;

    thrift_varint(value, encoder->body + encoder->body_size, &n);
    encoder->body_size += n;
}

/* A run of bits, one for each row or for each row that has a value. */
static void put_bits(struct encoder *encoder, size_t column, bool levels)
{
    const uint16_t *entries = encoder->values[column].picks->entries;
    const uint8_t *kinds = encoder->kinds[column];
    const uint8_t least = levels ? KIND_VALUE : KIND_TRUE;
    unsigned bits = 0;
    size_t n = 0;

    for (size_t row = 0; row < encoder->n_rows; row++) {
        uint8_t kind = kinds[entry_of(entries, row)];
        if (levels || kind != KIND_NULL) {
            bits |= (unsigned)(kind >= least) << n++ % 8;
            if (n % 8 == 0) {
                encoder->body[encoder->body_size++] = (uint8_t)bits;
                bits = 0;
            }
        }
    }
    if (n % 8 != 0) {
        encoder->body[encoder->body_size++] = (uint8_t)bits;
    }
}

static size_t count_nulls(const struct encoder *encoder, size_t column)
{
    const uint16_t *entries = encoder->values[column].picks->entries;
    const uint8_t *kinds = encoder->kinds[column];
    size_t n = 0;

    if (memchr(kinds, KIND_NULL, encoder->values[column].picks->n_entries) != NULL) {
        for (size_t row = 0; row < encoder->n_rows; row++) {
            n += kinds[entry_of(entries, row)] == KIND_NULL;
        }
    }
    return n;
}

/* Which rows have a value: a repeated bit, or a bit for each row. */
static void put_levels(struct encoder *encoder, size_t column, size_t n_nulls)
{
    uint8_t *size = encoder->body;

    encoder->body_size = sizeof(uint32_t);
    if (n_nulls == 0 || n_nulls == encoder->n_rows) {
        put_varint(encoder, (uint64_t)encoder->n_rows << 1);
        encoder->body[encoder->body_size++] = n_nulls == 0;
    } else {
        put_varint(encoder, (uint64_t)(encoder->n_rows + 7) / 8 << 1 | 1);
        put_bits(encoder, column, true);
    }
    uint32_t n = (uint32_t)(encoder->body_size - sizeof n);
    memcpy(size, &n, sizeof n);
}

/*
 * The entries' numbers. Sixteen bits each, although fewer would do: numbers that lie on bytes
 * take no time, and what repeats from day to day is found by the compression.
 */
static void put_picks(struct encoder *encoder, size_t column, size_t n_nulls)
{
    const uint16_t *entries = encoder->values[column].picks->entries;
    const uint8_t *kinds = encoder->kinds[column];
    const size_t n = encoder->n_rows - n_nulls;

    encoder->body[encoder->body_size++] = 16;
    put_varint(encoder, (uint64_t)(n + 7) / 8 << 1 | 1);
    uint8_t *to = encoder->body + encoder->body_size;
    if (n_nulls == 0) {
        memcpy(to, entries, n * sizeof *entries);
        to += n * sizeof *entries;
    } else {
        for (size_t row = 0; row < encoder->n_rows; row++) {
            memcpy(to, &entries[row], sizeof *entries);
            to += kinds[entries[row]] != KIND_NULL ? sizeof *entries : 0;
        }
    }
    memset(to, 0, (8 - n % 8) % 8 * sizeof *entries);
    encoder->body_size += (n + 7) / 8 * 8 * sizeof *entries;
}

static size_t pack(struct encoder *encoder, const void *bytes, size_t size)
{
    size_t bound = ZSTD_compressBound(size);

    if (bound > encoder->packed_capacity) {
        char *packed = realloc(encoder->packed, bound);
        if (packed == NULL) {
            return 0;
        }
        encoder->packed = packed;
        encoder->packed_capacity = bound;
    }
    size = ZSTD_compressCCtx(encoder->zstd, encoder->packed, encoder->packed_capacity, bytes, size,
                             ZSTD_LEVEL);
    return ZSTD_isError(size) ? 0 : size;
}

/* Header and packed bytes. *ret_unpacked: what they would be unpacked. */
static bool append_page(struct encoder *encoder, struct fw_text *to, const struct body *body,
                        size_t *ret_unpacked)
{
    struct thrift thrift = {.out = to};
    size_t before = to->size, packed = pack(encoder, body->bytes, body->size);

    thrift_begin(&thrift);
    thrift_i32(&thrift, 1, body->type);
    thrift_i32(&thrift, 2, (int32_t)body->size);
    thrift_i32(&thrift, 3, (int32_t)packed);
    thrift_struct(&thrift, body->type == PARQUET_PAGE_DATA ? 5 : 7);
    thrift_i32(&thrift, 1, (int32_t)body->n_values);
    thrift_i32(&thrift, 2, body->encoding);
    if (body->type == PARQUET_PAGE_DATA) {
        thrift_i32(&thrift, 3, PARQUET_RLE);
        thrift_i32(&thrift, 4, PARQUET_RLE);
    }
    thrift_end(&thrift);
    thrift_end(&thrift);
    *ret_unpacked = to->size - before + body->size;
    if (packed == 0) {
        return false;
    }
    fw_text_append_len(to, encoder->packed, packed);
    return !to->failed;
}

static bool has_dictionary(const struct encoder *encoder, size_t column, size_t n_nulls)
{
    return encoder->columns[column].type != FW_PARQUET_BOOLEAN && n_nulls < encoder->n_rows &&
           encoder->values[column].picks->entries != NULL;
}

/* NULLs have a place in a dictionary, which no row picks, and none elsewhere. */
static void append_values(const struct encoder *encoder, size_t column, bool with_nulls,
                          struct fw_text *text)
{
    static const struct fw_parquet_text empty = {"", 0};
    static const char zeros[sizeof(int64_t)] = {0};
    const struct fw_parquet_values *values = &encoder->values[column];
    const enum fw_parquet_type type = encoder->columns[column].type;
    const size_t n = values->picks->n_entries;

    if (type != FW_PARQUET_TEXT && memchr(encoder->kinds[column], KIND_NULL, n) == NULL) {
        fw_text_append_len(text, values->values, n * parquet_value_size(type));
        return;
    }
    for (size_t i = 0; i < n; i++) {
        bool is_null = encoder->kinds[column][i] == KIND_NULL;
        const void *from = !is_null                  ? values->values
                           : type == FW_PARQUET_TEXT ? (const void *)&empty
                                                     : zeros;
        size_t entry = is_null ? 0 : i;
        if (is_null && !with_nulls) {
            continue;
        }
        if (type == FW_PARQUET_TEXT) {
            uint32_t size = (uint32_t)((const struct fw_parquet_text *)from)[entry].size;
            fw_text_append_len(text, (const char *)&size, sizeof size);
        }
        parquet_append_value(text, type, from, entry);
    }
}

/* Levels and what follows them. Plain values can be more than `body` has room for. */
static bool make_body(struct encoder *encoder, size_t column, size_t n_nulls, struct body *body)
{
    bool picks = has_dictionary(encoder, column, n_nulls);
    struct fw_text *text = &encoder->dictionary;

    *body = (struct body){.n_values = encoder->n_rows,
                          .type = PARQUET_PAGE_DATA,
                          .encoding = picks ? PARQUET_RLE_DICTIONARY : PARQUET_PLAIN};
    put_levels(encoder, column, n_nulls);
    if (picks) {
        put_picks(encoder, column, n_nulls);
    } else if (encoder->columns[column].type == FW_PARQUET_BOOLEAN) {
        put_bits(encoder, column, false);
    } else {
        fw_text_clear(text);
        fw_text_append_len(text, (const char *)encoder->body, encoder->body_size);
        append_values(encoder, column, false, text);
        body->bytes = text->data;
        body->size = text->size;
        return !text->failed;
    }
    body->bytes = encoder->body;
    body->size = encoder->body_size;
    return true;
}

static bool make_page(struct encoder *encoder, size_t column)
{
    struct page *page = &encoder->pages[column];
    size_t n_nulls = count_nulls(encoder, column);
    struct body body;

    page->at = encoder->store.size;
    page->n_nulls = (int64_t)n_nulls;
    bool good = make_body(encoder, column, n_nulls, &body) &&
                append_page(encoder, &encoder->store, &body, &page->size_unpacked);
    page->size = encoder->store.size - page->at;
    return good;
}

/* An earlier column whose data page is this one's, too. */
static bool find_page(struct encoder *encoder, size_t column)
{
    const struct fw_parquet_picks *picks = encoder->values[column].picks;
    bool is_boolean = encoder->columns[column].type == FW_PARQUET_BOOLEAN;

    for (size_t i = 0; i < column; i++) {
        if (encoder->values[i].picks == picks && (picks->entries != NULL || is_boolean) &&
            (encoder->columns[i].type == FW_PARQUET_BOOLEAN) == is_boolean &&
            memcmp(encoder->kinds[i], encoder->kinds[column], picks->n_entries) == 0) {
            encoder->pages[column] = encoder->pages[i];
            return true;
        }
    }
    return false;
}

static bool append_dictionary(struct encoder *encoder, size_t column, size_t *ret_unpacked)
{
    struct fw_text *text = &encoder->dictionary;

    fw_text_clear(text);
    append_values(encoder, column, true, text);
    const struct body body = {.bytes = text->data,
                              .size = text->size,
                              .n_values = encoder->values[column].picks->n_entries,
                              .type = PARQUET_PAGE_DICTIONARY,
                              .encoding = PARQUET_PLAIN};
    return !text->failed && append_page(encoder, &encoder->block->pages, &body, ret_unpacked);
}

static bool encode_column(struct encoder *encoder, size_t column)
{
    struct fw_text *pages = &encoder->block->pages;
    struct fw_parquet_facts *facts = &encoder->block->facts[column];
    struct page *page = &encoder->pages[column];

    if (!find_kinds(encoder, column) ||
        (!find_page(encoder, column) && !make_page(encoder, column))) {
        return false;
    }
    facts->offset = pages->size;
    facts->n_nulls = page->n_nulls;
    facts->has_dictionary = has_dictionary(encoder, column, (size_t)page->n_nulls);
    if (facts->has_dictionary && !append_dictionary(encoder, column, &facts->size_unpacked)) {
        return false;
    }
    facts->data_offset = pages->size;
    fw_text_append_len(pages, encoder->store.data + page->at, page->size);
    facts->size = pages->size - facts->offset;
    facts->size_unpacked += page->size_unpacked;
    parquet_append_bounds(facts, encoder->columns[column].type, encoder->values[column].values,
                          encoder->kinds[column], encoder->values[column].picks->n_entries);
    return !pages->failed && !facts->min.failed && !facts->max.failed;
}

/* Levels, then the numbers, or the bits of a boolean: as large as a data page can be. */
static size_t body_capacity(size_t n_rows)
{
    return sizeof(uint32_t) + 2 * 10 + 2 * (n_rows / 8 + 1) + (n_rows + 8) * sizeof(uint16_t);
}

static bool encode(struct encoder *encoder)
{
    encoder->kinds = calloc(encoder->n_columns + 1, sizeof *encoder->kinds);
    encoder->pages = calloc(encoder->n_columns + 1, sizeof *encoder->pages);
    encoder->body = malloc(body_capacity(encoder->n_rows));
    encoder->zstd = ZSTD_createCCtx();
    bool good = encoder->kinds != NULL && encoder->pages != NULL && encoder->body != NULL &&
                encoder->zstd != NULL;

    for (size_t i = 0; i < encoder->n_columns && good; i++) {
        good = encode_column(encoder, i);
    }
    for (size_t i = 0; encoder->kinds != NULL && i < encoder->n_columns; i++) {
        free(encoder->kinds[i]);
    }
    free(encoder->kinds);
    free(encoder->pages);
    free(encoder->body);
    free(encoder->packed);
    ZSTD_freeCCtx(encoder->zstd);
    fw_text_finish(&encoder->store);
    fw_text_finish(&encoder->dictionary);
    return good;
}

struct fw_parquet_block *fw_parquet_encode(const struct fw_parquet_column *columns, size_t n,
                                           const struct fw_parquet_values *values, size_t n_rows)
{
    struct fw_parquet_block *block = calloc(1, sizeof *block + n * sizeof *block->facts);

    if (block == NULL) {
        return NULL;
    }
    block->n_rows = n_rows;
    block->n_columns = n;
    struct encoder encoder = {
        .columns = columns, .values = values, .n_columns = n, .n_rows = n_rows, .block = block};
    if (!encode(&encoder)) {
        fw_parquet_block_free(block);
        return NULL;
    }
    return block;
}

void fw_parquet_block_free(struct fw_parquet_block *block)
{
    for (size_t i = 0; block != NULL && i < block->n_columns; i++) {
        fw_text_finish(&block->facts[i].min);
        fw_text_finish(&block->facts[i].max);
    }
    if (block != NULL) {
        fw_text_finish(&block->pages);
    }
    free(block);
}
