/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/* After so many texts it is known whether they repeat; if nine of ten do not, all are written. */
enum { TRIAL_ROWS = 512, TRIAL_DISTINCT = 460 };

enum { AHEAD = 12 };

void scatter_packer_finish(struct scatter_packer *packer)
{
    free(packer->out.data);
    free(packer->table);
    free(packer->entries);
    free(packer->index);
    *packer = (struct scatter_packer){0};
}

static bool make_room(struct scatter_packer *packer, size_t n)
{
    if (packer->n_rows < n) {
        size_t n_table = 64;
        while (n_table < 2 * n) {
            n_table *= 2;
        }
        free(packer->table);
        free(packer->entries);
        free(packer->index);
        packer->table = malloc(n_table * sizeof *packer->table);
        packer->entries = malloc(n * sizeof *packer->entries);
        packer->index = malloc(n * sizeof *packer->index);
        packer->n_table = n_table;
        packer->n_rows = n;
    }
    bool complete =
        n == 0 || (packer->table != NULL && packer->entries != NULL && packer->index != NULL);
    if (!complete) {
        packer->n_rows = 0;
    }
    return complete;
}

static struct scatter_entry text_of(const struct scatter_rows *rows, size_t i)
{
    uint64_t row = scatter_ref_row(rows->refs[i]);
    const struct scatter_cells *cells = rows->sources[scatter_ref_source(rows->refs[i])];

    if (scatter_is_null(cells, row)) {
        return (struct scatter_entry){"", 0, 0};
    }
    const int32_t *offsets = &cells->offsets[scatter_entry_of(cells, row)];
    return (struct scatter_entry){cells->bytes + offsets[0], (uint32_t)(offsets[1] - offsets[0]),
                                  0};
}

static bool equal(const struct scatter_entry *a, const struct scatter_entry *b)
{
    return a->hash == b->hash && a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* The entry of a text, a new one if there is none; `mask` is of a table at most half full. */
static uint32_t find_entry(struct scatter_packer *packer, size_t mask,
                           const struct scatter_entry *text, size_t *n_entries)
{
    size_t at = text->hash & mask;

    while (packer->table[at] != 0 && !equal(&packer->entries[packer->table[at] - 1], text)) {
        at = (at + 1) & mask;
    }
    if (packer->table[at] == 0) {
        packer->entries[(*n_entries)++] = *text;
        packer->table[at] = (uint32_t)*n_entries;
    }
    return packer->table[at] - 1;
}

/* The rows of a part lie far apart in their batches: they are asked for some rows ahead. */
static void prefetch(const struct scatter_rows *rows, size_t i)
{
    if (i < rows->n) {
        __builtin_prefetch(text_of(rows, i).bytes);
    }
}

static size_t find_entries(struct scatter_packer *packer, const struct scatter_rows *rows)
{
    size_t n_entries = 0, n_table = 64;

    while (n_table < 2 * rows->n) {
        n_table *= 2;
    }
    memset(packer->table, 0, n_table * sizeof *packer->table);
    for (size_t i = 0; i < rows->n; i++) {
        struct scatter_entry text = text_of(rows, i);
        prefetch(rows, i + AHEAD);
        text.hash = (uint32_t)(scatter_hash(text.bytes, text.size) >> 16);
        packer->index[i] = find_entry(packer, n_table - 1, &text, &n_entries);
        if (i == TRIAL_ROWS && n_entries > TRIAL_DISTINCT) {
            return rows->n;
        }
    }
    return n_entries;
}

static int write_texts(struct scatter_bytes *out, const struct scatter_entry *entries, size_t n)
{
    int32_t *offsets = (int32_t *)(void *)scatter_bytes_append(out, (n + 1) * sizeof *offsets);
    uint64_t at = 0;

    if (offsets == NULL) {
        return ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        offsets[i] = (int32_t)at;
        at += entries[i].size;
        if (at > INT32_MAX) {
            return EOVERFLOW;
        }
    }
    offsets[n] = (int32_t)at;
    char *bytes = (char *)scatter_bytes_append(out, at);
    if (bytes == NULL) {
        return ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(bytes, entries[i].bytes, entries[i].size);
        bytes += entries[i].size;
    }
    return 0;
}

static bool write_number(struct scatter_bytes *out, uint64_t number)
{
    uint8_t *at = scatter_bytes_append(out, sizeof number);

    if (at != NULL) {
        memcpy(at, &number, sizeof number);
    }
    return at != NULL;
}

/* The low bytes of each number, as this machine has them first. */
static bool write_index(struct scatter_bytes *out, const uint32_t *index, size_t n, size_t width)
{
    uint8_t *at = scatter_bytes_append(out, n * width);

    if (at == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++, at += width) {
        memcpy(at, &index[i], width);
    }
    return true;
}

static uint64_t text_bytes(const struct scatter_entry *entries, size_t n)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < n; i++) {
        bytes += entries[i].size;
    }
    return bytes;
}

/* How many distinct texts, how many bytes of them; where they are fewer than rows, which it is. */
static int pack_texts(struct scatter_packer *packer, const struct scatter_rows *rows)
{
    struct scatter_bytes *out = &packer->out;

    if (!make_room(packer, rows->n)) {
        return ENOMEM;
    }
    size_t n = find_entries(packer, rows);
    for (size_t i = 0; n == rows->n && i < n; i++) {
        packer->entries[i] = text_of(rows, i);
    }
    if (!write_number(out, n) || !write_number(out, text_bytes(packer->entries, n))) {
        return ENOMEM;
    }
    if (n < rows->n && !write_index(out, packer->index, rows->n, scatter_index_width(n))) {
        return ENOMEM;
    }
    return write_texts(out, packer->entries, n);
}

static int pack_offsets(struct scatter_bytes *out, const struct scatter_rows *rows)
{
    int32_t *offsets =
        (int32_t *)(void *)scatter_bytes_append(out, (rows->n + 1) * sizeof *offsets);

    if (offsets == NULL) {
        return ENOMEM;
    }
    return scatter_rows_offsets(rows, offsets) ? 0 : EOVERFLOW;
}

static uint8_t *append_bits(struct scatter_bytes *out, size_t n)
{
    uint8_t *bits = scatter_bytes_append(out, (n + 7) / 8);

    if (bits != NULL) {
        memset(bits, 0, (n + 7) / 8);
    }
    return bits;
}

static int pack_own(struct scatter_packer *packer, const struct scatter_shape *shape,
                    const struct scatter_rows *rows)
{
    struct scatter_bytes *out = &packer->out;
    uint8_t *at;

    switch (shape->kind) {
    case SCATTER_BITS:
        at = append_bits(out, rows->n);
        if (at != NULL) {
            scatter_rows_bits(rows, at);
        }
        return at != NULL ? 0 : ENOMEM;
    case SCATTER_FIXED:
        at = scatter_bytes_append(out, rows->n * shape->width);
        if (at != NULL) {
            scatter_rows_fixed(rows, shape->width, at);
        }
        return at != NULL ? 0 : ENOMEM;
    case SCATTER_BYTES:
        return pack_texts(packer, rows);
    case SCATTER_LIST:
        return pack_offsets(out, rows);
    default:
        return 0;
    }
}

static int pack_child(struct scatter_packer *packer, const struct scatter_shape *shape, size_t i,
                      const struct scatter_rows *rows)
{
    struct scatter_rows child = {0};
    bool complete = shape->kind == SCATTER_STRUCT
                        ? scatter_rows_of_child(rows, i, &child)
                        : scatter_rows_of_elements(rows, shape->width, &child);
    int code = complete ? scatter_pack(packer, &shape->children[i], &child) : ENOMEM;

    scatter_rows_finish(&child, rows);
    return code;
}

/* How many rows, and whether there are NULLs; the validity; the cells; the children. */
int scatter_pack(struct scatter_packer *packer, const struct scatter_shape *shape,
                 const struct scatter_rows *rows)
{
    bool has_null = scatter_rows_have_null(rows);

    if (!write_number(&packer->out, rows->n << 1 | has_null)) {
        return ENOMEM;
    }
    if (has_null) {
        uint8_t *bits = append_bits(&packer->out, rows->n);
        if (bits == NULL) {
            return ENOMEM;
        }
        scatter_rows_validity(rows, bits);
    }
    int code = pack_own(packer, shape, rows);
    for (size_t i = 0; i < shape->n_children && code == 0; i++) {
        code = pack_child(packer, shape, i, rows);
    }
    return code;
}
