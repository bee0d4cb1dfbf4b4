/* SPDX-License-Identifier: MIT */
#include "arrow_fixture.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t arrow_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return *seed >> 33;
}

static size_t count(const struct arrow_field *fields)
{
    size_t n = 0;

    while (fields != NULL && fields[n].format != NULL) {
        n++;
    }
    return n;
}

static void release_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        schema->children[i]->release(schema->children[i]);
        free(schema->children[i]);
    }
    free(schema->children);
    schema->release = NULL;
}

static void make_field(const char *name, const char *format, const struct arrow_field *children,
                       struct ArrowSchema *ret_schema)
{
    size_t n = count(children);

    *ret_schema = (struct ArrowSchema){.format = format,
                                       .name = name,
                                       .flags = ARROW_FLAG_NULLABLE,
                                       .n_children = (int64_t)n,
                                       .children = calloc(n + 1, sizeof(struct ArrowSchema *)),
                                       .release = release_schema};
    for (size_t i = 0; i < n; i++) {
        ret_schema->children[i] = calloc(1, sizeof(struct ArrowSchema));
        make_field(children[i].name, children[i].format, children[i].children,
                   ret_schema->children[i]);
    }
}

void arrow_make_schema(const struct arrow_field *fields, struct ArrowSchema *ret_schema)
{
    make_field("", "+s", fields, ret_schema);
}

static void release_array(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        array->children[i]->release(array->children[i]);
        free(array->children[i]);
    }
    for (int64_t i = 0; i < array->n_buffers; i++) {
        free((void *)(uintptr_t)array->buffers[i]);
    }
    free(array->buffers);
    free(array->children);
    array->release = NULL;
}

static void *random_bytes(size_t size, uint64_t *seed)
{
    uint8_t *bytes = malloc(size + 1);

    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)arrow_random(seed);
    }
    return bytes;
}

/* n + 1 offsets into what they end at; lists of at most `most`, often none. */
static int32_t *random_offsets(size_t n, uint64_t most, uint64_t *seed)
{
    int32_t *offsets = malloc((n + 1) * sizeof *offsets);

    offsets[0] = (int32_t)(arrow_random(seed) % 3);
    for (size_t i = 0; i < n; i++) {
        bool none = arrow_random(seed) % 4 == 0;
        offsets[i + 1] = offsets[i] + (none ? 0 : (int32_t)(arrow_random(seed) % (most + 1)));
    }
    return offsets;
}

/* Few letters and often short, so that texts repeat. */
static char *random_texts(size_t size, uint64_t *seed)
{
    char *bytes = malloc(size + 1);

    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)('a' + arrow_random(seed) % 2);
    }
    return bytes;
}

static size_t fixed_width(const char *format)
{
    switch (format[0]) {
    case 'c':
        return 1;
    case 's':
        return 2;
    case 'i':
        return 4;
    case 'd':
        return 16;
    case 'w':
        return strtoull(format + 2, NULL, 10);
    default:
        return strcmp(format, "tdD") == 0 ? 4 : 8;
    }
}

static void make_array(const struct arrow_field *field, size_t n, uint64_t *seed,
                       struct ArrowArray *array);

static void add_child(struct ArrowArray *array, const struct arrow_field *field, size_t n,
                      uint64_t *seed)
{
    struct ArrowArray *child = calloc(1, sizeof *child);

    make_array(field, n, seed, child);
    array->children[array->n_children++] = child;
}

static void fill_nested(const struct arrow_field *field, size_t n, uint64_t *seed,
                        struct ArrowArray *array)
{
    array->n_buffers = 1;
    array->children = calloc(count(field->children) + 1, sizeof *array->children);
    if (field->format[1] == 'l' || field->format[1] == 'm') {
        int32_t *offsets = random_offsets(n, 3, seed);
        array->n_buffers = 2;
        array->buffers[1] = offsets;
        add_child(array, field->children, (size_t)offsets[n], seed);
    } else if (field->format[1] == 'w') {
        add_child(array, field->children, n * strtoull(field->format + 3, NULL, 10), seed);
    } else {
        for (size_t i = 0; i < count(field->children); i++) {
            add_child(array, &field->children[i], n, seed);
        }
    }
}

static void fill(const struct arrow_field *field, size_t n, uint64_t *seed,
                 struct ArrowArray *array)
{
    if (field->format[0] == '+') {
        fill_nested(field, n, seed, array);
    } else if (field->format[0] == 'u' || field->format[0] == 'z') {
        int32_t *offsets = random_offsets(n, arrow_random(seed) % 2 == 0 ? 4 : 40, seed);
        array->n_buffers = 3;
        array->buffers[1] = offsets;
        array->buffers[2] = random_texts((size_t)offsets[n], seed);
    } else {
        array->n_buffers = 2;
        array->buffers[1] = random_bytes(
            field->format[0] == 'b' ? n / 8 + 1 : n * fixed_width(field->format), seed);
    }
}

static void make_array(const struct arrow_field *field, size_t n, uint64_t *seed,
                       struct ArrowArray *array)
{
    size_t offset = arrow_random(seed) % 11;

    *array = (struct ArrowArray){.length = (int64_t)n,
                                 .offset = (int64_t)offset,
                                 .buffers = calloc(3, sizeof *array->buffers),
                                 .release = release_array};
    if (field->format[0] == 'n') {
        array->null_count = (int64_t)n;
        return;
    }
    fill(field, offset + n, seed, array);
    switch (arrow_random(seed) % 3) {
    case 0:
        array->null_count = -1;
        array->buffers[0] = random_bytes((offset + n) / 8 + 1, seed);
        break;
    case 1:
        array->buffers[0] = calloc(1, (offset + n) / 8 + 1); /* says NULL; null_count says no */
        break;
    default:
        array->null_count = -1; /* unknown, and none */
        break;
    }
}

void arrow_make_batch(const struct arrow_field *fields, size_t n_rows, uint64_t *seed,
                      struct ArrowArray *ret_batch)
{
    const struct arrow_field all = {"", "+s", fields};

    make_array(&all, n_rows, seed, ret_batch);
    free((void *)(uintptr_t)ret_batch->buffers[0]);
    ret_batch->buffers[0] = NULL;
    ret_batch->null_count = 0;
}

static bool is_null(const struct ArrowSchema *schema, const struct ArrowArray *array, int64_t at)
{
    const uint8_t *bits =
        schema->format[0] != 'n' && array->null_count != 0 ? array->buffers[0] : NULL;

    return schema->format[0] == 'n' || (bits != NULL && (bits[at / 8] >> at % 8 & 1) == 0);
}

static void print_bytes(FILE *out, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;

    for (size_t i = 0; i < size; i++) {
        fprintf(out, "%02x", at[i]);
    }
}

struct view {
    int32_t size;
    char prefix[4];
    int32_t buffer, offset;
};

static void print_view(FILE *out, const struct ArrowArray *array, int64_t at)
{
    const char *views = array->buffers[1];
    struct view view;

    memcpy(&view, views + at * (int64_t)sizeof view, sizeof view);
    if (view.size <= 12) {
        print_bytes(out, views + at * (int64_t)sizeof view + 4, (size_t)view.size);
    } else {
        const char *buffer = array->buffers[2 + view.buffer];
        if (memcmp(buffer + view.offset, view.prefix, sizeof view.prefix) != 0) {
            fprintf(out, "the prefix is wrong");
        }
        print_bytes(out, buffer + view.offset, (size_t)view.size);
    }
}

static void print_cell(FILE *out, const struct ArrowSchema *schema, const struct ArrowArray *array,
                       int64_t row);

static void print_elements(FILE *out, const struct ArrowSchema *schema,
                           const struct ArrowArray *array, int64_t first, int64_t end)
{
    fputc('[', out);
    for (int64_t i = first; i < end; i++) {
        print_cell(out, schema->children[0], array->children[0], i);
    }
    fputc(']', out);
}

static void print_nested(FILE *out, const struct ArrowSchema *schema,
                         const struct ArrowArray *array, int64_t at)
{
    if (schema->format[1] == 's') {
        fputc('{', out);
        for (int64_t i = 0; i < schema->n_children; i++) {
            print_cell(out, schema->children[i], array->children[i], at);
        }
        fputc('}', out);
    } else if (schema->format[1] == 'w') {
        int64_t width = strtoll(schema->format + 3, NULL, 10);
        print_elements(out, schema, array, at * width, (at + 1) * width);
    } else {
        const int32_t *offsets = array->buffers[1];
        print_elements(out, schema, array, offsets[at], offsets[at + 1]);
    }
}

static void print_cell(FILE *out, const struct ArrowSchema *schema, const struct ArrowArray *array,
                       int64_t row)
{
    int64_t at = array->offset + row;

    if (is_null(schema, array, at)) {
        fputs("-", out);
    } else if (schema->format[0] == '+') {
        print_nested(out, schema, array, at);
    } else if (schema->format[0] == 'v') {
        print_view(out, array, at);
    } else if (schema->format[0] == 'u' || schema->format[0] == 'z') {
        const int32_t *offsets = array->buffers[1];
        print_bytes(out, (const char *)array->buffers[2] + offsets[at],
                    (size_t)(offsets[at + 1] - offsets[at]));
    } else if (schema->format[0] == 'b') {
        const uint8_t *bits = array->buffers[1];
        fputc('0' + (bits[at / 8] >> at % 8 & 1), out);
    } else {
        size_t width = fixed_width(schema->format);
        print_bytes(out, (const char *)array->buffers[1] + (size_t)at * width, width);
    }
    fputc(';', out);
}

char *arrow_row(const struct ArrowSchema *schema, const struct ArrowArray *batch, int64_t row)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    for (int64_t i = 0; i < schema->n_children; i++) {
        print_cell(out, schema->children[i], batch->children[i], batch->offset + row);
    }
    fclose(out);
    return text;
}
