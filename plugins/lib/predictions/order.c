/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "predictions/internal.h"

/* A row on its way. Sorting whole rows moves 24 bytes instead of chasing an index. */
struct row {
    uint64_t key; /* with the sign's bit turned, so that it compares like the signed number */
    double p;
    uint8_t y;
};

enum { DIGIT_BITS = 8, DIGITS = 256 };

/* One pass of a radix sort by the digit at `shift`; false when all rows have the same one. */
static bool pass(const struct row *from, struct row *to, size_t n, unsigned shift)
{
    size_t starts[DIGITS] = {0}, sum = 0;

    for (size_t i = 0; i < n; i++) {
        starts[from[i].key >> shift & (DIGITS - 1)]++;
    }
    if (starts[from[0].key >> shift & (DIGITS - 1)] == n) {
        return false;
    }
    for (size_t i = 0; i < DIGITS; i++) {
        size_t count = starts[i];
        starts[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++) {
        to[starts[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
    }
    return true;
}

static const uint64_t sign = UINT64_C(1) << 63;

static void take_out(const struct fw_predictions_cell *cell, struct row *rows)
{
    for (size_t i = 0; i < cell->n; i++) {
        rows[i] = (struct row){(uint64_t)cell->keys[i] ^ sign, cell->p[i], cell->y[i]};
    }
}

static void put_back(struct fw_predictions_cell *cell, const struct row *rows)
{
    for (size_t i = 0; i < cell->n; i++) {
        cell->keys[i] = (int64_t)(rows[i].key ^ sign);
        cell->p[i] = rows[i].p;
        cell->y[i] = rows[i].y;
    }
}

static fw_status sort(struct fw_predictions_cell *cell)
{
    struct row *rows = reallocarray(NULL, cell->n, 2 * sizeof *rows);

    if (rows == NULL) {
        return FW_E_NOMEM;
    }
    struct row *from = rows, *to = rows + cell->n;
    take_out(cell, from);
    for (unsigned shift = 0; shift < 64; shift += DIGIT_BITS) {
        if (pass(from, to, cell->n, shift)) {
            struct row *other = from;
            from = to;
            to = other;
        }
    }
    put_back(cell, from);
    free(rows);
    return FW_OK;
}

fw_status fw_predictions_order(struct fw_predictions_cell *cell, size_t *ret_twice)
{
    bool ascends = true;
    fw_status status = FW_OK;

    for (size_t i = 1; i < cell->n && ascends; i++) {
        ascends = cell->keys[i - 1] < cell->keys[i];
    }
    if (!ascends) {
        status = sort(cell);
    }
    if (status != FW_OK) {
        return status;
    }
    *ret_twice = SIZE_MAX;
    for (size_t i = 1; i < cell->n && *ret_twice == SIZE_MAX; i++) {
        *ret_twice = cell->keys[i - 1] == cell->keys[i] ? i : SIZE_MAX;
    }
    return FW_OK;
}
