/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static bool set_sources(const struct scatter_rows *rows, size_t child,
                        struct scatter_rows *ret_rows)
{
    const struct scatter_cells **sources = calloc(rows->n_sources + 1, sizeof *sources);

    *ret_rows = (struct scatter_rows){.sources = sources, .n_sources = rows->n_sources};
    for (size_t i = 0; sources != NULL && i < rows->n_sources; i++) {
        sources[i] = &rows->sources[i]->children[child];
    }
    return sources != NULL;
}

bool scatter_rows_of_child(const struct scatter_rows *rows, size_t child,
                           struct scatter_rows *ret_rows)
{
    bool complete = set_sources(rows, child, ret_rows);

    ret_rows->refs = rows->refs;
    ret_rows->n = rows->n;
    return complete;
}

/* Where a list's elements begin in the child, and how many they are; none in a NULL. */
static uint64_t elements(const struct scatter_cells *cells, uint64_t row, size_t width,
                         uint64_t *ret_first)
{
    uint64_t at = cells->offset + row;

    if (width > 0) {
        *ret_first = at * width;
        return width;
    }
    if (scatter_is_null(cells, row)) {
        return 0;
    }
    *ret_first = (uint64_t)cells->offsets[at];
    return (uint64_t)(cells->offsets[at + 1] - cells->offsets[at]);
}

bool scatter_rows_of_elements(const struct scatter_rows *rows, size_t width,
                              struct scatter_rows *ret_rows)
{
    uint64_t first = 0, n = 0;

    if (!set_sources(rows, 0, ret_rows)) {
        return false;
    }
    for (size_t i = 0; i < rows->n; i++) {
        n += elements(rows->sources[scatter_ref_source(rows->refs[i])],
                      scatter_ref_row(rows->refs[i]), width, &first);
    }
    uint64_t *refs = malloc((n + 1) * sizeof *refs);
    ret_rows->refs = refs;
    ret_rows->n = n;
    for (size_t i = 0; refs != NULL && i < rows->n; i++) {
        size_t source = scatter_ref_source(rows->refs[i]);
        uint64_t left =
            elements(rows->sources[source], scatter_ref_row(rows->refs[i]), width, &first);
        for (uint64_t k = 0; k < left; k++) {
            *refs++ = scatter_ref(source, first + k);
        }
    }
    return ret_rows->refs != NULL;
}

void scatter_rows_finish(struct scatter_rows *rows, const struct scatter_rows *parent)
{
    free((void *)(uintptr_t)rows->sources);
    if (rows->refs != parent->refs) {
        free((void *)(uintptr_t)rows->refs);
    }
}

bool scatter_rows_have_null(const struct scatter_rows *rows)
{
    bool found = false;

    for (size_t i = 0; i < rows->n_sources && !found; i++) {
        found = rows->sources[i]->validity != NULL;
    }
    return found;
}

void scatter_rows_validity(const struct scatter_rows *rows, uint8_t *zeroed_bits)
{
    for (size_t i = 0; i < rows->n; i++) {
        uint64_t ref = rows->refs[i];
        bool null = scatter_is_null(rows->sources[scatter_ref_source(ref)], scatter_ref_row(ref));
        zeroed_bits[i / 8] |= (uint8_t)(!null << i % 8);
    }
}

void scatter_rows_bits(const struct scatter_rows *rows, uint8_t *zeroed_bits)
{
    for (size_t i = 0; i < rows->n; i++) {
        uint64_t ref = rows->refs[i];
        const struct scatter_cells *cells = rows->sources[scatter_ref_source(ref)];
        bool set = scatter_bit(cells->values, cells->offset + scatter_ref_row(ref));
        zeroed_bits[i / 8] |= (uint8_t)(set << i % 8);
    }
}

/* With a width that the compiler knows a copy is one instruction. */
static inline void copy_fixed(const struct scatter_rows *rows, size_t width, uint8_t *values)
{
    for (size_t i = 0; i < rows->n; i++) {
        uint64_t ref = rows->refs[i];
        const struct scatter_cells *cells = rows->sources[scatter_ref_source(ref)];
        memcpy(values + i * width, cells->values + (cells->offset + scatter_ref_row(ref)) * width,
               width);
    }
}

void scatter_rows_fixed(const struct scatter_rows *rows, size_t width, uint8_t *values)
{
    switch (width) {
    case 1:
        copy_fixed(rows, 1, values);
        break;
    case 4:
        copy_fixed(rows, 4, values);
        break;
    case 8:
        copy_fixed(rows, 8, values);
        break;
    case 16:
        copy_fixed(rows, 16, values);
        break;
    default:
        copy_fixed(rows, width, values);
        break;
    }
}

bool scatter_rows_offsets(const struct scatter_rows *rows, int32_t *offsets)
{
    uint64_t at = 0, first;

    for (size_t i = 0; i < rows->n; i++) {
        offsets[i] = (int32_t)at;
        at += elements(rows->sources[scatter_ref_source(rows->refs[i])],
                       scatter_ref_row(rows->refs[i]), 0, &first);
        if (at > INT32_MAX) {
            return false;
        }
    }
    offsets[rows->n] = (int32_t)at;
    return true;
}
