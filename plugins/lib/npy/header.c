/* SPDX-License-Identifier: MIT */
/* The header of a .npy: a Python dictionary as text (NEP 1), of which three keys count. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/element.h>

#include "internal.h"

const unsigned char npy_magic[NPY_MAGIC_BYTES] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

static const struct kind {
    enum fw_npy_type type;
    const char *code, *name;
    size_t bytes;
    uint32_t element;
} kinds[] = {
    {FW_NPY_BOOL, "|b1", "bool", 1, FW_BOOL},
    {FW_NPY_I1, "|i1", "int8", 1, FW_I8},
    {FW_NPY_I2, "<i2", "int16", 2, FW_I16},
    {FW_NPY_I4, "<i4", "int32", 4, FW_I32},
    {FW_NPY_I8, "<i8", "int64", 8, FW_I64},
    {FW_NPY_U1, "|u1", "uint8", 1, FW_U8},
    {FW_NPY_U2, "<u2", "uint16", 2, FW_U16},
    {FW_NPY_U4, "<u4", "uint32", 4, 0},
    {FW_NPY_U8, "<u8", "uint64", 8, 0},
    {FW_NPY_F4, "<f4", "float32", 4, FW_F32},
    {FW_NPY_F8, "<f8", "float64", 8, FW_F64},
    {FW_NPY_C8, "<c8", "complex64", 8, FW_C64},
    {FW_NPY_C16, "<c16", "complex128", 16, FW_C128},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds, TEXT_BYTES_MAX = 1 << 24 };

/* Of what is no number: no bytes, no element. */
static const struct kind *kind_of(enum fw_npy_type type)
{
    static const struct kind text = {.code = "", .name = "text"};
    static const struct kind other = {.code = "", .name = "other"};
    for (size_t i = 0; i < N_KINDS; i++) {
        if (kinds[i].type == type) {
            return &kinds[i];
        }
    }
    return type == FW_NPY_TEXT ? &text : &other;
}

size_t fw_npy_type_bytes(enum fw_npy_type type)
{
    return kind_of(type)->bytes;
}

const char *fw_npy_type_name(enum fw_npy_type type)
{
    return kind_of(type)->name;
}

uint32_t fw_npy_element(enum fw_npy_type type)
{
    return kind_of(type)->element;
}

/* The text still to be read. */
struct cursor {
    const char *at, *end;
};

static char peek(struct cursor *cursor)
{
    while (cursor->at < cursor->end && isspace((unsigned char)*cursor->at)) {
        cursor->at++;
    }
    return cursor->at < cursor->end ? *cursor->at : '\0';
}

static bool take(struct cursor *cursor, char c)
{
    bool is_there = c != '\0' && peek(cursor) == c;

    cursor->at += is_there ? 1 : 0;
    return is_there;
}

/* 'text' or "text" without escapes: no key and no type that is read has any. */
static bool take_string(struct cursor *cursor, const char **ret_text, size_t *ret_size)
{
    char quote = peek(cursor);

    if (quote != '\'' && quote != '"') {
        return false;
    }
    const char *start = ++cursor->at;
    const char *stop = memchr(start, quote, (size_t)(cursor->end - start));
    if (stop == NULL || memchr(start, '\\', (size_t)(stop - start)) != NULL) {
        return false;
    }
    *ret_text = start;
    *ret_size = (size_t)(stop - start);
    cursor->at = stop + 1;
    return true;
}

/* A list of fields, (nested) in brackets, strings and commas: skipped. */
static bool skip_fields(struct cursor *cursor)
{
    const char *text;
    size_t size, depth = 0;

    do {
        char c = peek(cursor);
        if (c == '\'' || c == '"') {
            if (!take_string(cursor, &text, &size)) {
                return false;
            }
            continue;
        }
        if (c == '\0') {
            return false;
        }
        depth += c == '[' || c == '(' || c == '{' ? 1 : 0;
        depth -= c == ']' || c == ')' || c == '}' ? 1 : 0;
        cursor->at++;
    } while (depth > 0);
    return true;
}

static void set_type(struct fw_npy_header *header, const char *text, size_t size)
{
    bool native = size > 1 && (text[0] == '|' || text[0] == '<' || text[0] == '=');

    snprintf(header->descr, sizeof header->descr, "%.*s", (int)(size < 31 ? size : 31), text);
    for (size_t i = 0; native && i < N_KINDS; i++) {
        bool one_byte = kinds[i].bytes == 1;
        if (strlen(kinds[i].code) == size && memcmp(kinds[i].code + 1, text + 1, size - 1) == 0 &&
            (one_byte || text[0] != '|')) {
            header->type = kinds[i].type;
            header->item_bytes = kinds[i].bytes;
        }
    }
    unsigned long n =
        size > 2 && size < 12 && text[1] == 'U' ? strtoul(header->descr + 2, NULL, 10) : 0;
    if (native && n > 0 && n < TEXT_BYTES_MAX) {
        header->type = FW_NPY_TEXT;
        header->item_bytes = 4 * n;
    }
}

static bool take_descr(struct cursor *cursor, struct fw_npy_header *header)
{
    const char *text;
    size_t size;

    if (peek(cursor) == '[') {
        snprintf(header->descr, sizeof header->descr, "records");
        return skip_fields(cursor);
    }
    if (!take_string(cursor, &text, &size)) {
        return false;
    }
    set_type(header, text, size);
    return true;
}

static bool take_word(struct cursor *cursor, const char *word)
{
    size_t size = strlen(word);
    char first = peek(cursor);

    if (first != word[0] || (size_t)(cursor->end - cursor->at) < size ||
        memcmp(cursor->at, word, size) != 0) {
        return false;
    }
    cursor->at += size;
    return true;
}

static bool take_bool(struct cursor *cursor, bool *ret_value)
{
    *ret_value = take_word(cursor, "True");
    return *ret_value || take_word(cursor, "False");
}

static bool take_number(struct cursor *cursor, uint64_t *ret_number)
{
    uint64_t number = 0;
    char c = peek(cursor);

    if (!isdigit((unsigned char)c)) {
        return false;
    }
    for (; cursor->at < cursor->end && isdigit((unsigned char)*cursor->at); cursor->at++) {
        if (number > INT64_MAX / 16) {
            return false;
        }
        number = number * 10 + (uint64_t)(*cursor->at - '0');
    }
    *ret_number = number;
    (void)take(cursor, 'L'); /* a long of Python 2 */
    return true;
}

static bool take_shape(struct cursor *cursor, struct fw_npy_header *header)
{
    bool comma = true;

    if (!take(cursor, '(')) {
        return false;
    }
    while (!take(cursor, ')')) {
        if (!comma || header->n_dims == FW_NPY_MAX_DIMS ||
            !take_number(cursor, &header->shape[header->n_dims])) {
            return false;
        }
        header->n_dims++;
        comma = take(cursor, ',');
    }
    return true;
}

bool npy_header_count(struct fw_npy_header *header)
{
    uint64_t bytes = header->item_bytes > 0 ? header->item_bytes : 1;
    bool none = false;

    header->n_items = 1;
    for (unsigned i = 0; i < header->n_dims; i++) {
        /* A product with a zero in it is zero, and must not hide that the rest overflows. */
        uint64_t length = header->shape[i] > 0 ? header->shape[i] : 1;
        none = none || header->shape[i] == 0;
        if (bytes > INT64_MAX / length) {
            return false;
        }
        bytes *= length;
        header->n_items *= length;
    }
    header->n_items = none ? 0 : header->n_items;
    return true;
}

/* One `key: value`; NULL or what is wrong with it. */
static const char *take_entry(struct cursor *cursor, struct fw_npy_header *header, unsigned *seen)
{
    static const char *const keys[] = {"descr", "fortran_order", "shape"};
    const char *key;
    size_t size;
    unsigned at = 0;

    if (!take_string(cursor, &key, &size) || !take(cursor, ':')) {
        return "its header is no dictionary";
    }
    while (at < 3 && (strlen(keys[at]) != size || memcmp(keys[at], key, size) != 0)) {
        at++;
    }
    if (at == 3 || (*seen & 1u << at) != 0) {
        return "its header has another key than descr, fortran_order and shape once each";
    }
    *seen |= 1u << at;
    bool right = at == 0   ? take_descr(cursor, header)
                 : at == 1 ? take_bool(cursor, &header->fortran)
                           : take_shape(cursor, header);
    return right ? NULL : "a value in its header is not what its key needs";
}

const char *npy_header_parse(const char *text, size_t size, struct fw_npy_header *ret_header)
{
    struct cursor cursor = {text, text + size};
    struct fw_npy_header header = {0};
    unsigned seen = 0;
    bool comma = true;

    if (!take(&cursor, '{')) {
        return "its header is no dictionary";
    }
    while (!take(&cursor, '}')) {
        const char *wrong =
            comma ? take_entry(&cursor, &header, &seen) : "its header is no dictionary";
        if (wrong != NULL) {
            return wrong;
        }
        comma = take(&cursor, ',');
    }
    if (seen != 7 || peek(&cursor) != '\0') {
        return "its header lacks a key, or goes on after the dictionary";
    }
    if (!npy_header_count(&header)) {
        return "its shape has more items than there can be";
    }
    *ret_header = header;
    return NULL;
}

bool npy_header_of(struct fw_npy_header *ret_header, enum fw_npy_type type, const uint64_t *shape,
                   unsigned n_dims)
{
    *ret_header = (struct fw_npy_header){
        .type = type, .item_bytes = fw_npy_type_bytes(type), .n_dims = n_dims};
    snprintf(ret_header->descr, sizeof ret_header->descr, "%s", kind_of(type)->code);
    for (unsigned i = 0; i < n_dims; i++) {
        ret_header->shape[i] = shape[i];
    }
    return npy_header_count(ret_header);
}

size_t npy_header_print(const struct fw_npy_header *header, unsigned char *bytes)
{
    enum { PREFIX = NPY_MAGIC_BYTES + 4 };
    char *text = (char *)bytes + PREFIX;
    size_t room = NPY_HEADER_MAX - PREFIX;
    size_t size = (size_t)snprintf(text, room, "{'descr': '%s', 'fortran_order': False, 'shape': (",
                                   header->descr);

    for (unsigned i = 0; i < header->n_dims; i++) {
        size += (size_t)snprintf(text + size, room - size, i == 0 ? "%llu," : " %llu,",
                                 (unsigned long long)header->shape[i]);
    }
    size -= header->n_dims > 1 ? 1 : 0; /* only a tuple of one ends with a comma */
    size += (size_t)snprintf(text + size, room - size, "), }");
    while ((PREFIX + size + 1) % NPY_ALIGN != 0) {
        text[size++] = ' ';
    }
    text[size++] = '\n';
    memcpy(bytes, npy_magic, NPY_MAGIC_BYTES);
    bytes[NPY_MAGIC_BYTES] = 1;
    bytes[NPY_MAGIC_BYTES + 1] = 0;
    bytes[NPY_MAGIC_BYTES + 2] = (unsigned char)(size & 0xff);
    bytes[NPY_MAGIC_BYTES + 3] = (unsigned char)(size >> 8);
    return PREFIX + size;
}
