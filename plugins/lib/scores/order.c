/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "scores/scores.h"

struct row {
    uint64_t bits; /* of p */
    uint32_t row;
};

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, KEY_BITS = 62 };

/* One stable pass by the digit at `shift`; false when all rows have the same one. */
static bool pass(const struct row *from, struct row *to, size_t n, unsigned shift)
{
    uint32_t starts[DIGITS] = {0}, sum = 0;

    for (size_t i = 0; i < n; i++) {
        starts[from[i].bits >> shift & (DIGITS - 1)]++;
    }
    if (starts[from[0].bits >> shift & (DIGITS - 1)] == n) {
        return false;
    }
    for (size_t i = 0; i < DIGITS; i++) {
        uint32_t count = starts[i];
        starts[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++) {
        to[starts[from[i].bits >> shift & (DIGITS - 1)]++] = from[i];
    }
    return true;
}

bool fw_scores_order(const double *p, size_t n, uint32_t *ret_order)
{
    struct row *rows = reallocarray(NULL, n + 1, 2 * sizeof *rows);

    if (rows == NULL) {
        return false;
    }
    struct row *from = rows, *to = rows + n;
    for (size_t i = 0; i < n; i++) {
        double value = p[i] + 0.0;
        memcpy(&from[i].bits, &value, sizeof value);
        from[i].row = (uint32_t)i;
    }
    for (unsigned shift = 0; shift < KEY_BITS && n > 0; shift += DIGIT_BITS) {
        if (pass(from, to, n, shift)) {
            struct row *other = from;
            from = to;
            to = other;
        }
    }
    for (size_t i = 0; i < n; i++) {
        ret_order[i] = from[i].row;
    }
    free(rows);
    return true;
}
