/* SPDX-License-Identifier: MIT */
#include "footer.h"

#include "thrift.h"

/* Fields of FileMetaData, which are written in this order. */
enum { NUM_ROWS = 3, ROW_GROUPS = 4 };

static struct parquet_bytes since(const struct thrift_reader *reader, const uint8_t *start)
{
    return (struct parquet_bytes){start, (size_t)(reader->at - start)};
}

bool parquet_footer_read(struct parquet_bytes bytes, struct parquet_footer *ret_footer)
{
    struct thrift_reader reader = {bytes.data, bytes.data + bytes.size, false};
    struct thrift_field field = {0};
    int type;

    for (thrift_read_field(&reader, &field); field.id < NUM_ROWS && field.type != THRIFT_STOP;
         thrift_read_field(&reader, &field)) {
        thrift_skip_value(&reader, field.type);
    }
    ret_footer->head = since(&reader, bytes.data);
    ret_footer->n_rows =
        field.id == NUM_ROWS && field.type == THRIFT_I64 ? thrift_read_int(&reader) : -1;
    thrift_read_field(&reader, &field);
    if (reader.failed || ret_footer->n_rows < 0 || field.id != ROW_GROUPS ||
        field.type != THRIFT_LIST) {
        return false;
    }
    ret_footer->list = field.header;
    ret_footer->n_row_groups = thrift_read_list(&reader, &type);
    const uint8_t *start = reader.at;
    for (uint64_t i = 0; i < ret_footer->n_row_groups && type == THRIFT_STRUCT && !reader.failed;
         i++) {
        thrift_skip_struct(&reader);
    }
    ret_footer->row_groups = since(&reader, start);
    start = reader.at;
    thrift_skip_struct(&reader);
    ret_footer->tail = since(&reader, start);
    return !reader.failed && reader.at == reader.end &&
           (type == THRIFT_STRUCT || ret_footer->n_row_groups == 0);
}

/* What a row group holds that must change when it moves, or what holds that. */
enum holder { NOTHING, ROW_GROUP, COLUMN, COLUMN_METADATA };
enum change { OFFSET, INSIDE, REFUSED };

static const struct place {
    enum holder holder;
    int64_t field;
    enum change change;
    enum holder inside;
} places[] = {
    {ROW_GROUP, 1, INSIDE, COLUMN},        /* columns */
    {ROW_GROUP, 5, OFFSET, NOTHING},       /* file_offset */
    {ROW_GROUP, 7, REFUSED, NOTHING},      /* ordinal */
    {COLUMN, 1, REFUSED, NOTHING},         /* file_path: of another file */
    {COLUMN, 2, OFFSET, NOTHING},          /* file_offset */
    {COLUMN, 3, INSIDE, COLUMN_METADATA},  /* meta_data */
    {COLUMN, 4, OFFSET, NOTHING},          /* offset_index_offset */
    {COLUMN, 6, OFFSET, NOTHING},          /* column_index_offset */
    {COLUMN, 8, REFUSED, NOTHING},         /* crypto_metadata */
    {COLUMN_METADATA, 9, OFFSET, NOTHING}, /* data_page_offset */
    {COLUMN_METADATA, 10, OFFSET, NOTHING},
    {COLUMN_METADATA, 11, OFFSET, NOTHING}, /* dictionary_page_offset */
    {COLUMN_METADATA, 14, OFFSET, NOTHING}, /* bloom_filter_offset */
};

static const struct place *find_place(enum holder holder, int64_t field)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i].holder == holder && places[i].field == field) {
            return &places[i];
        }
    }
    return NULL;
}

static void append_bytes(struct fw_text *text, struct parquet_bytes bytes)
{
    fw_text_append_len(text, (const char *)bytes.data, bytes.size);
}

static void append_varint(struct fw_text *text, uint64_t value)
{
    char bytes[10];
    size_t n = 0;

    for (; value >= 0x80; value >>= 7) {
        bytes[n++] = (char)(value | 0x80);
    }
    bytes[n++] = (char)value;
    fw_text_append_len(text, bytes, n);
}

static void append_int(struct fw_text *text, int64_t value)
{
    append_varint(text, (uint64_t)value << 1 ^ (0 - ((uint64_t)value >> 63)));
}

static void move_struct(struct thrift_reader *reader, enum holder holder, int64_t shift,
                        struct fw_text *text);

static void move_inside(struct thrift_reader *reader, int type, enum holder inside, int64_t shift,
                        struct fw_text *text)
{
    uint64_t n = 1;

    if (type == THRIFT_LIST) {
        const uint8_t *start = reader->at;
        n = thrift_read_list(reader, &type);
        append_bytes(text, since(reader, start));
    }
    reader->failed = reader->failed || type != THRIFT_STRUCT;
    for (uint64_t i = 0; i < n && !reader->failed; i++) {
        move_struct(reader, inside, shift, text);
    }
}

/* An offset of 0 is none: there lies the magic. */
static void move_field(struct thrift_reader *reader, enum holder holder,
                       const struct thrift_field *field, int64_t shift, struct fw_text *text)
{
    const struct place *place = find_place(holder, field->id);
    const uint8_t *start = reader->at;

    if (place == NULL) {
        thrift_skip_value(reader, field->type);
        append_bytes(text, since(reader, start));
    } else if (place->change == INSIDE) {
        move_inside(reader, field->type, place->inside, shift, text);
    } else {
        int64_t offset = thrift_read_int(reader);
        reader->failed = reader->failed || place->change == REFUSED || field->type != THRIFT_I64;
        append_int(text, offset != 0 ? offset + shift : 0);
    }
}

static void move_struct(struct thrift_reader *reader, enum holder holder, int64_t shift,
                        struct fw_text *text)
{
    struct thrift_field field = {0};

    do {
        const uint8_t *start = reader->at;
        thrift_read_field(reader, &field);
        append_bytes(text, since(reader, start));
        if (field.type != THRIFT_STOP) {
            move_field(reader, holder, &field, shift, text);
        }
    } while (field.type != THRIFT_STOP && !reader->failed);
}

bool parquet_footer_move(const struct parquet_footer *footer, int64_t shift, struct fw_text *text)
{
    struct parquet_bytes groups = footer->row_groups;
    struct thrift_reader reader = {groups.data, groups.data + groups.size, false};

    for (uint64_t i = 0; i < footer->n_row_groups && !reader.failed; i++) {
        move_struct(&reader, ROW_GROUP, shift, text);
    }
    return !reader.failed;
}

void parquet_footer_write(const struct parquet_footer *first, int64_t n_rows, uint64_t n_row_groups,
                          const struct fw_text *row_groups, struct fw_text *text)
{
    char list[2] = {(char)first->list,
                    (char)((n_row_groups < 15 ? n_row_groups : 15) << 4 | THRIFT_STRUCT)};

    append_bytes(text, first->head);
    append_int(text, n_rows);
    fw_text_append_len(text, list, sizeof list);
    if (n_row_groups >= 15) {
        append_varint(text, n_row_groups);
    }
    fw_text_append_len(text, fw_text_get(row_groups), row_groups->size);
    append_bytes(text, first->tail);
}
