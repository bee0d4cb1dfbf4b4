/* SPDX-License-Identifier: MIT */
#include "page.h"

#include <string.h>

#include "decode.h"
#include "parquet/format.h"
#include "parquet/thrift.h"

/* Of a page, which is a few megabytes at the most: more levels than that are a trap. */
enum { MAX_VALUES = 1 << 26 };

/* PageHeader's fields of the three kinds. */
enum { DATA_HEADER = 5, DICTIONARY_HEADER = 7, DATA_HEADER_V2 = 8 };

/* In the order of their numbers in DataPageHeader, DictionaryPageHeader and DataPageHeaderV2. */
static void read_header(struct thrift_reader *reader, int64_t kind, struct parquet_page *page)
{
    struct thrift_field field = {0};
    int64_t n_nulls;
    int64_t *const of_data[] = {NULL, &page->n_values, &page->encoding, &page->def_encoding,
                                &page->rep_encoding};
    int64_t *const of_v2[] = {NULL,           &page->n_values, &n_nulls,
                              &page->n_rows,  &page->encoding, &page->def_size,
                              &page->rep_size};
    const bool v2 = kind == DATA_HEADER_V2;
    const int64_t n = v2 ? 7 : kind == DATA_HEADER ? 5 : 3;

    while (thrift_read_field(reader, &field)) {
        if (field.id > 0 && field.id < n && field.type == THRIFT_I32) {
            *(v2 ? of_v2 : of_data)[field.id] = thrift_read_int(reader);
        } else {
            if (v2 && field.id == 7) {
                page->packed = field.type == THRIFT_TRUE;
            }
            thrift_skip_value(reader, field.type);
        }
    }
}

static bool is_plausible(const struct parquet_page *page, int64_t packed_size)
{
    return packed_size >= 0 && packed_size <= INT32_MAX && page->size >= 0 &&
           page->size <= INT32_MAX && page->n_values >= 0 && page->n_values <= MAX_VALUES &&
           page->def_size >= 0 && page->rep_size >= 0 && page->def_size <= packed_size &&
           page->rep_size <= packed_size - page->def_size &&
           page->def_size + page->rep_size <= page->size;
}

const char *parquet_page_read(struct parquet_bytes *bytes, struct parquet_page *ret_page)
{
    struct thrift_reader reader = {bytes->data, bytes->data + bytes->size, false};
    struct thrift_field field = {0};
    struct parquet_page page = {.type = -1,
                                .encoding = -1,
                                .def_encoding = PARQUET_RLE,
                                .rep_encoding = PARQUET_RLE,
                                .n_rows = -1,
                                .size = -1,
                                .packed = true};
    int64_t packed_size = -1;

    while (thrift_read_field(&reader, &field)) {
        if (field.id == 1 && field.type == THRIFT_I32) {
            page.type = thrift_read_int(&reader);
        } else if (field.id == 2 && field.type == THRIFT_I32) {
            page.size = thrift_read_int(&reader);
        } else if (field.id == 3 && field.type == THRIFT_I32) {
            packed_size = thrift_read_int(&reader);
        } else if ((field.id == DATA_HEADER || field.id == DICTIONARY_HEADER ||
                    field.id == DATA_HEADER_V2) &&
                   field.type == THRIFT_STRUCT) {
            read_header(&reader, field.id, &page);
        } else {
            thrift_skip_value(&reader, field.type);
        }
    }
    if (reader.failed || !is_plausible(&page, packed_size)) {
        return "the header of a page";
    }
    if (packed_size > reader.end - reader.at) {
        return "a page that ends within its column chunk";
    }
    page.body = (struct parquet_bytes){reader.at, (size_t)packed_size};
    bytes->data = reader.at + packed_size;
    bytes->size = (size_t)(reader.end - bytes->data);
    *ret_page = page;
    return NULL;
}

const char *parquet_page_unpack(const struct parquet_page *page, int codec,
                                struct parquet_unpacker *unpacker, struct parquet_room *room,
                                struct parquet_bytes *ret_bytes)
{
    const size_t size = (size_t)page->size;
    const size_t levels = (size_t)(page->def_size + page->rep_size);
    struct parquet_bytes packed = {page->body.data + levels, page->body.size - levels};

    if (!page->packed || codec == PARQUET_UNCOMPRESSED) {
        *ret_bytes = page->body;
        return page->body.size == size ? NULL : "a page of the size that its header says";
    }
    if (size > levels && !parquet_codec_can_give(codec, packed, size - levels)) {
        return "a page that unpacks to what its header says";
    }
    uint8_t *to = parquet_room_of(room, size, 1);
    if (to == NULL) {
        return parquet_no_memory;
    }
    memcpy(to, page->body.data, levels);
    *ret_bytes = (struct parquet_bytes){to, size};
    /* A page of NULLs alone: some writers pack nothing, others pack it. */
    return size > levels ? parquet_unpack(unpacker, codec, packed, to + levels, size - levels)
                         : NULL;
}

static const char *take_sized(struct parquet_bytes *bytes, int64_t encoding,
                              struct parquet_bytes *ret_levels)
{
    uint32_t size;

    if (encoding != PARQUET_RLE) {
        return "levels as runs";
    }
    if (bytes->size < sizeof size) {
        return "the size of its levels";
    }
    memcpy(&size, bytes->data, sizeof size);
    bytes->data += sizeof size;
    bytes->size -= sizeof size;
    if (size > bytes->size) {
        return "levels that end within it";
    }
    *ret_levels = (struct parquet_bytes){bytes->data, size};
    bytes->data += size;
    bytes->size -= size;
    return NULL;
}

const char *parquet_page_cut(const struct parquet_page *page, struct parquet_bytes bytes,
                             bool has_reps, bool has_defs, struct parquet_parts *ret_parts)
{
    const char *why = NULL;

    if (page->type == PARQUET_PAGE_DATA_V2) {
        const size_t reps = (size_t)page->rep_size, defs = (size_t)page->def_size;
        ret_parts->reps = (struct parquet_bytes){bytes.data, reps};
        ret_parts->defs = (struct parquet_bytes){bytes.data + reps, defs};
        ret_parts->values =
            (struct parquet_bytes){bytes.data + reps + defs, bytes.size - reps - defs};
        return NULL;
    }
    if (has_reps) {
        why = take_sized(&bytes, page->rep_encoding, &ret_parts->reps);
    }
    if (why == NULL && has_defs) {
        why = take_sized(&bytes, page->def_encoding, &ret_parts->defs);
    }
    ret_parts->values = bytes;
    return why;
}
