/* SPDX-License-Identifier: MIT */
#include "footer.h"

/* Types of the compact protocol. */
enum { STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT };

/* Fields of FileMetaData, which are written in this order. */
enum { NUM_ROWS = 3, ROW_GROUPS = 4 };

/* Statistics within column metadata within a column within a row group, and a few to spare. */
enum { MAX_DEPTH = 16 };

struct reader {
    const uint8_t *at, *end;
    bool failed;
};

/* A structure's field as it is met; `id` is that of the field before at first. */
struct field {
    int64_t id;
    int type; /* STOP at the end */
    uint8_t header;
};

static uint8_t read_byte(struct reader *reader)
{
    if (reader->failed || reader->at == reader->end) {
        reader->failed = true;
        return 0;
    }
    return *reader->at++;
}

static uint64_t read_varint(struct reader *reader)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = read_byte(reader);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return value;
        }
    }
    reader->failed = true;
    return 0;
}

static int64_t read_int(struct reader *reader)
{
    uint64_t value = read_varint(reader);

    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

static void read_field(struct reader *reader, struct field *field)
{
    field->header = read_byte(reader);
    field->type = reader->failed ? STOP : field->header & 15;
    if (field->type != STOP) {
        field->id = field->header >> 4 != 0 ? field->id + (field->header >> 4) : read_int(reader);
    }
}

static uint64_t read_list(struct reader *reader, int *ret_type)
{
    uint8_t header = read_byte(reader);

    *ret_type = header & 15;
    return header >> 4 == 15 ? read_varint(reader) : header >> 4;
}

static void skip_bytes(struct reader *reader, uint64_t n)
{
    reader->failed = reader->failed || n > (uint64_t)(reader->end - reader->at);
    reader->at += reader->failed ? 0 : n;
}

static void skip_value(struct reader *reader, int type, int depth);

static void skip_struct(struct reader *reader, int depth)
{
    struct field field = {0};

    for (read_field(reader, &field); field.type != STOP; read_field(reader, &field)) {
        skip_value(reader, field.type, depth);
    }
}

static void skip_list(struct reader *reader, int depth)
{
    int type;
    uint64_t n = read_list(reader, &type);

    for (uint64_t i = 0; i < n && !reader->failed; i++) {
        if (type == TRUE || type == FALSE) {
            skip_bytes(reader, 1);
        } else {
            skip_value(reader, type, depth);
        }
    }
}

/* A field of truth is in its header alone. */
static void skip_value(struct reader *reader, int type, int depth)
{
    reader->failed = reader->failed || depth == MAX_DEPTH;
    if (reader->failed) {
        return;
    }
    switch (type) {
    case TRUE:
    case FALSE:
        break;
    case BYTE:
        skip_bytes(reader, 1);
        break;
    case I16:
    case I32:
    case I64:
        read_varint(reader);
        break;
    case DOUBLE:
        skip_bytes(reader, 8);
        break;
    case BINARY:
        skip_bytes(reader, read_varint(reader));
        break;
    case LIST:
    case SET:
        skip_list(reader, depth + 1);
        break;
    case STRUCT:
        skip_struct(reader, depth + 1);
        break;
    default: /* there is no map in Parquet's metadata */
        reader->failed = true;
    }
}

static struct parquet_bytes since(const struct reader *reader, const uint8_t *start)
{
    return (struct parquet_bytes){start, (size_t)(reader->at - start)};
}

bool parquet_footer_read(struct parquet_bytes bytes, struct parquet_footer *ret_footer)
{
    struct reader reader = {bytes.data, bytes.data + bytes.size, false};
    struct field field = {0};
    int type;

    for (read_field(&reader, &field); field.id < NUM_ROWS && field.type != STOP;
         read_field(&reader, &field)) {
        skip_value(&reader, field.type, 0);
    }
    ret_footer->head = since(&reader, bytes.data);
    ret_footer->n_rows = field.id == NUM_ROWS && field.type == I64 ? read_int(&reader) : -1;
    read_field(&reader, &field);
    if (reader.failed || ret_footer->n_rows < 0 || field.id != ROW_GROUPS || field.type != LIST) {
        return false;
    }
    ret_footer->list = field.header;
    ret_footer->n_row_groups = read_list(&reader, &type);
    const uint8_t *start = reader.at;
    for (uint64_t i = 0; i < ret_footer->n_row_groups && type == STRUCT && !reader.failed; i++) {
        skip_struct(&reader, 0);
    }
    ret_footer->row_groups = since(&reader, start);
    start = reader.at;
    skip_struct(&reader, 0);
    ret_footer->tail = since(&reader, start);
    return !reader.failed && reader.at == reader.end &&
           (type == STRUCT || ret_footer->n_row_groups == 0);
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

static void move_struct(struct reader *reader, enum holder holder, int64_t shift,
                        struct fw_text *text);

static void move_inside(struct reader *reader, int type, enum holder inside, int64_t shift,
                        struct fw_text *text)
{
    uint64_t n = 1;

    if (type == LIST) {
        const uint8_t *start = reader->at;
        n = read_list(reader, &type);
        append_bytes(text, since(reader, start));
    }
    reader->failed = reader->failed || type != STRUCT;
    for (uint64_t i = 0; i < n && !reader->failed; i++) {
        move_struct(reader, inside, shift, text);
    }
}

/* An offset of 0 is none: there lies the magic. */
static void move_field(struct reader *reader, enum holder holder, const struct field *field,
                       int64_t shift, struct fw_text *text)
{
    const struct place *place = find_place(holder, field->id);
    const uint8_t *start = reader->at;

    if (place == NULL) {
        skip_value(reader, field->type, 0);
        append_bytes(text, since(reader, start));
    } else if (place->change == INSIDE) {
        move_inside(reader, field->type, place->inside, shift, text);
    } else {
        int64_t offset = read_int(reader);
        reader->failed = reader->failed || place->change == REFUSED || field->type != I64;
        append_int(text, offset != 0 ? offset + shift : 0);
    }
}

static void move_struct(struct reader *reader, enum holder holder, int64_t shift,
                        struct fw_text *text)
{
    struct field field = {0};

    do {
        const uint8_t *start = reader->at;
        read_field(reader, &field);
        append_bytes(text, since(reader, start));
        if (field.type != STOP) {
            move_field(reader, holder, &field, shift, text);
        }
    } while (field.type != STOP && !reader->failed);
}

bool parquet_footer_move(const struct parquet_footer *footer, int64_t shift, struct fw_text *text)
{
    struct parquet_bytes groups = footer->row_groups;
    struct reader reader = {groups.data, groups.data + groups.size, false};

    for (uint64_t i = 0; i < footer->n_row_groups && !reader.failed; i++) {
        move_struct(&reader, ROW_GROUP, shift, text);
    }
    return !reader.failed;
}

void parquet_footer_write(const struct parquet_footer *first, int64_t n_rows, uint64_t n_row_groups,
                          const struct fw_text *row_groups, struct fw_text *text)
{
    char list[2] = {(char)first->list,
                    (char)((n_row_groups < 15 ? n_row_groups : 15) << 4 | STRUCT)};

    append_bytes(text, first->head);
    append_int(text, n_rows);
    fw_text_append_len(text, list, sizeof list);
    if (n_row_groups >= 15) {
        append_varint(text, n_row_groups);
    }
    fw_text_append_len(text, fw_text_get(row_groups), row_groups->size);
    append_bytes(text, first->tail);
}
