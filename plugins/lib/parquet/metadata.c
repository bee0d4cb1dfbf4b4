/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "internal.h"

/* Type and ConvertedType of parquet.thrift; -1: none. */
static const struct {
    int type, converted;
} types[] = {
    [FW_PARQUET_BOOLEAN] = {0, -1}, [FW_PARQUET_DATE] = {1, 6},    [FW_PARQUET_TIMESTAMP] = {2, 10},
    [FW_PARQUET_BIGINT] = {2, -1},  [FW_PARQUET_DOUBLE] = {5, -1}, [FW_PARQUET_TEXT] = {6, 0},
};

static void put_logical_type(struct thrift *thrift, enum fw_parquet_type type)
{
    thrift_struct(thrift, 10);
    if (type == FW_PARQUET_TEXT) {
        thrift_empty(thrift, 1);
    } else if (type == FW_PARQUET_DATE) {
        thrift_empty(thrift, 6);
    } else {
        thrift_struct(thrift, 8); /* TIMESTAMP */
        thrift_bool(thrift, 1, false);
        thrift_struct(thrift, 2);
        thrift_empty(thrift, 2); /* microseconds */
        thrift_end(thrift);
        thrift_end(thrift);
    }
    thrift_end(thrift);
}

static void put_schema(struct thrift *thrift, const struct fw_parquet_file *file)
{
    thrift_list(thrift, 2, THRIFT_STRUCT, file->n_columns + 1);
    thrift_begin(thrift);
    thrift_bytes(thrift, 4, "schema", strlen("schema"));
    thrift_i32(thrift, 5, (int32_t)file->n_columns);
    thrift_end(thrift);
    for (size_t i = 0; i < file->n_columns; i++) {
        const struct fw_parquet_column *column = &file->columns[i];
        thrift_begin(thrift);
        thrift_i32(thrift, 1, types[column->type].type);
        thrift_i32(thrift, 3, 1); /* OPTIONAL */
        thrift_bytes(thrift, 4, column->name, strlen(column->name));
        if (types[column->type].converted >= 0) {
            thrift_i32(thrift, 6, types[column->type].converted);
            put_logical_type(thrift, column->type);
        }
        thrift_end(thrift);
    }
}

static void put_statistics(struct thrift *thrift, const struct fw_parquet_facts *facts)
{
    thrift_struct(thrift, 12);
    thrift_i64(thrift, 3, facts->n_nulls);
    if (facts->max.size > 0 && facts->min.size > 0) {
        thrift_bytes(thrift, 5, facts->max.data, facts->max.size);
        thrift_bytes(thrift, 6, facts->min.data, facts->min.size);
    }
    thrift_end(thrift);
}

static void put_chunk(struct thrift *thrift, const struct fw_parquet_column *column,
                      const struct fw_parquet_facts *facts, size_t n_rows, uint64_t offset)
{
    thrift_begin(thrift);
    thrift_i64(thrift, 2, (int64_t)(offset + facts->offset));
    thrift_struct(thrift, 3);
    thrift_i32(thrift, 1, types[column->type].type);
    thrift_list(thrift, 2, THRIFT_I32, facts->has_dictionary ? 3 : 2);
    thrift_element(thrift, PARQUET_PLAIN);
    thrift_element(thrift, PARQUET_RLE);
    if (facts->has_dictionary) {
        thrift_element(thrift, PARQUET_RLE_DICTIONARY);
    }
    thrift_list(thrift, 3, THRIFT_BINARY, 1);
    thrift_element_bytes(thrift, column->name);
    thrift_i32(thrift, 4, PARQUET_ZSTD);
    thrift_i64(thrift, 5, (int64_t)n_rows);
    thrift_i64(thrift, 6, (int64_t)facts->size_unpacked);
    thrift_i64(thrift, 7, (int64_t)facts->size);
    thrift_i64(thrift, 9, (int64_t)(offset + facts->data_offset));
    if (facts->has_dictionary) {
        thrift_i64(thrift, 11, (int64_t)(offset + facts->offset));
    }
    put_statistics(thrift, facts);
    thrift_end(thrift);
    thrift_end(thrift);
}

void parquet_append_group(struct fw_text *text, const struct fw_parquet_column *columns,
                          const struct fw_parquet_block *block, uint64_t offset)
{
    struct thrift thrift = {.out = text};
    uint64_t unpacked = 0;

    thrift_begin(&thrift);
    thrift_list(&thrift, 1, THRIFT_STRUCT, block->n_columns);
    for (size_t i = 0; i < block->n_columns; i++) {
        put_chunk(&thrift, &columns[i], &block->facts[i], block->n_rows, offset);
        unpacked += block->facts[i].size_unpacked;
    }
    thrift_i64(&thrift, 2, (int64_t)unpacked);
    thrift_i64(&thrift, 3, (int64_t)block->n_rows);
    thrift_i64(&thrift, 5, (int64_t)offset);
    thrift_i64(&thrift, 6, (int64_t)block->pages.size);
    thrift_end(&thrift);
}

void parquet_append_footer(struct fw_text *text, const struct fw_parquet_file *file)
{
    struct thrift thrift = {.out = text};

    thrift_begin(&thrift);
    thrift_i32(&thrift, 1, 1); /* the format's version */
    put_schema(&thrift, file);
    thrift_i64(&thrift, 3, file->n_rows);
    thrift_list(&thrift, 4, THRIFT_STRUCT, file->n_groups);
    fw_text_append_len(text, fw_text_get(&file->groups), file->groups.size);
    thrift_bytes(&thrift, 6, "fwrun", strlen("fwrun"));
    /* Without it readers must not believe minima and maxima. */
    thrift_list(&thrift, 7, THRIFT_STRUCT, file->n_columns);
    for (size_t i = 0; i < file->n_columns; i++) {
        thrift_begin(&thrift);
        thrift_empty(&thrift, 1);
        thrift_end(&thrift);
    }
    thrift_end(&thrift);
}
