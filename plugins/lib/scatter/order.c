/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "sql/fault.h"

/* One distinct entity of one piece. */
struct name {
    const char *bytes;
    size_t size;
    uint32_t *rank; /* where the rank among all goes */
};

struct key {
    uint64_t rank;
    int64_t orders[3];
    uint64_t ref;
};

static int compare_texts(const struct name *a, const struct name *b)
{
    int order = memcmp(a->bytes, b->bytes, a->size < b->size ? a->size : b->size);

    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static int compare_names(const void *a, const void *b)
{
    return compare_texts(a, b);
}

static int compare_keys(const void *left, const void *right)
{
    const struct key *a = left, *b = right;

    if (a->rank != b->rank) {
        return a->rank < b->rank ? -1 : 1;
    }
    for (size_t i = 0; i < FW_COUNT(a->orders); i++) {
        if (a->orders[i] != b->orders[i]) {
            return a->orders[i] < b->orders[i] ? -1 : 1;
        }
    }
    return (a->ref > b->ref) - (a->ref < b->ref);
}

static size_t count_entries(const struct scatter_column *column, size_t n_pieces)
{
    size_t n = 0;

    for (size_t i = 0; i < n_pieces; i++) {
        n += column->cells[i].n_entries;
    }
    return n;
}

/* Numbers the entities in binary order; the ranks of each piece's entries follow each other. */
static bool rank_entities(const struct scatter_column *column, size_t n_pieces, uint32_t *ranks)
{
    size_t n_names = count_entries(column, n_pieces), n = 0;
    struct name *names = malloc((n_names + 1) * sizeof *names);

    for (size_t i = 0; names != NULL && i < n_pieces; i++) {
        const struct scatter_cells *cells = &column->cells[i];
        for (size_t entry = 0; entry < cells->n_entries; entry++, n++) {
            int32_t at = cells->offsets[entry];
            names[n] = (struct name){cells->bytes + at, (size_t)(cells->offsets[entry + 1] - at),
                                     &ranks[n]};
        }
    }
    if (names != NULL) {
        qsort(names, n, sizeof *names, compare_names);
    }
    uint32_t rank = 0;
    for (size_t i = 0; names != NULL && i < n; i++) {
        rank += i > 0 && compare_texts(&names[i - 1], &names[i]) != 0;
        *names[i].rank = rank;
    }
    free(names);
    return names != NULL;
}

static int64_t integer(const struct scatter_cells *cells, size_t width, uint64_t row)
{
    int64_t wide;
    int32_t narrow;

    if (scatter_is_null(cells, row)) {
        return INT64_MAX;
    }
    if (width == sizeof narrow) {
        memcpy(&narrow, cells->values + row * sizeof narrow, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, cells->values + row * sizeof wide, sizeof wide);
    return wide;
}

static void fill_entities(const struct scatter_column *column, size_t n_pieces,
                          const uint32_t *ranks, struct key *keys)
{
    for (size_t i = 0; i < n_pieces; i++) {
        const struct scatter_cells *cells = &column->cells[i];
        for (uint64_t row = 0; row < cells->n_rows; row++, keys++) {
            keys->rank = ranks[scatter_entry_of(cells, row)];
            keys->ref = scatter_ref(i, row);
        }
        ranks += cells->n_entries;
    }
}

static fw_status fill_orders(const struct fw_scatter_part *part, size_t order, struct key *keys)
{
    const struct fw_scatter *scatter = part->scatter;
    size_t index = scatter->orders[order];
    struct scatter_arena *arena = scatter_arena_create();
    struct scatter_column column = {0};
    fw_status status = arena != NULL ? scatter_column_read(&column, part, index, arena)
                                     : fw_fault_nomem(scatter->host);

    for (size_t i = 0; i < part->n_pieces && status == FW_OK; i++) {
        for (uint64_t row = 0; row < column.cells[i].n_rows; row++, keys++) {
            keys->orders[order] = integer(&column.cells[i], scatter->shapes[index].width, row);
        }
    }
    scatter_column_finish(&column, part, index);
    if (arena != NULL) {
        scatter_arena_drop(arena);
    }
    return status;
}

static struct key *make_keys(const struct scatter_column *column, size_t n_pieces, size_t *ret_n)
{
    uint32_t *ranks = malloc((count_entries(column, n_pieces) + 1) * sizeof *ranks);
    size_t n = 0;

    for (size_t i = 0; i < n_pieces; i++) {
        n += column->cells[i].n_rows;
    }
    struct key *keys = calloc(n + 1, sizeof *keys);
    bool complete = ranks != NULL && keys != NULL && rank_entities(column, n_pieces, ranks);
    if (complete) {
        fill_entities(column, n_pieces, ranks, keys);
    }
    free(ranks);
    if (!complete) {
        free(keys);
        return NULL;
    }
    *ret_n = n;
    return keys;
}

static fw_status sort_keys(const struct fw_scatter_part *part, struct key *keys, size_t n)
{
    fw_status status = FW_OK;

    for (size_t i = 0; i < part->scatter->n_orders && status == FW_OK; i++) {
        status = fill_orders(part, i, keys);
    }
    if (status == FW_OK) {
        qsort(keys, n, sizeof *keys, compare_keys);
    }
    return status;
}

fw_status scatter_order(struct fw_scatter_part *part, uint64_t **ret_refs, size_t *ret_n)
{
    const struct fw_scatter *scatter = part->scatter;
    struct scatter_arena *arena = scatter_arena_create();
    struct scatter_column column = {0};
    struct key *keys = NULL;
    size_t n = 0;
    fw_status status = arena != NULL ? scatter_column_read(&column, part, scatter->entity, arena)
                                     : fw_fault_nomem(scatter->host);

    if (status == FW_OK) {
        keys = make_keys(&column, part->n_pieces, &n);
        status = keys != NULL ? sort_keys(part, keys, n) : fw_fault_nomem(scatter->host);
    }
    uint64_t *refs = status == FW_OK ? malloc((n + 1) * sizeof *refs) : NULL;
    for (size_t i = 0; refs != NULL && i < n; i++) {
        refs[i] = keys[i].ref;
    }
    free(keys);
    scatter_column_finish(&column, part, scatter->entity);
    if (arena != NULL) {
        scatter_arena_drop(arena);
    }
    if (status == FW_OK && refs == NULL) {
        status = fw_fault_nomem(scatter->host);
    }
    *ret_refs = refs;
    *ret_n = n;
    return status;
}
