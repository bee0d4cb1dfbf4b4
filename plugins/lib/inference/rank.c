/* SPDX-License-Identifier: MIT */
#include "rank.h"

#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 6, VALUES = 1 << DIGIT_BITS };

struct item {
    uint64_t key;
    uint32_t row;
};

/* Bits that rise with the number: all flipped below 0, the sign alone above. */
static uint64_t rising_bits(double score)
{
    double value = score + 0.0; /* -0 becomes 0 */
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static unsigned digit_of(uint64_t key, unsigned digit)
{
    return (unsigned)(key >> (digit * DIGIT_BITS)) & (VALUES - 1);
}

static void count_digits(const struct item *items, size_t n, size_t (*counts)[VALUES])
{
    for (size_t i = 0; i < n; i++) {
        for (unsigned digit = 0; digit < DIGITS; digit++) {
            counts[digit][digit_of(items[i].key, digit)]++;
        }
    }
}

/* One pass of the sort; false where all have the same digit and nothing would move. */
static bool spread(const struct item *from, size_t n, struct item *to, size_t *counts,
                   unsigned digit)
{
    size_t place = 0;

    if (counts[digit_of(from[0].key, digit)] == n) {
        return false;
    }
    for (size_t value = 0; value < VALUES; value++) {
        size_t count = counts[value];
        counts[value] = place;
        place += count;
    }
    for (size_t i = 0; i < n; i++) {
        to[counts[digit_of(from[i].key, digit)]++] = from[i];
    }
    return true;
}

bool fw_rank(const double *scores, size_t n, uint32_t *ret_rows)
{
    struct item *items = malloc(2 * (n > 0 ? n : 1) * sizeof *items);
    size_t(*counts)[VALUES] = calloc(DIGITS, sizeof *counts);
    bool done = items != NULL && counts != NULL;

    if (done && n > 0) {
        struct item *from = items, *to = items + n;
        for (size_t i = 0; i < n; i++) {
            from[i] = (struct item){.key = rising_bits(scores[i]), .row = (uint32_t)i};
        }
        count_digits(from, n, counts);
        for (unsigned digit = 0; digit < DIGITS; digit++) {
            if (spread(from, n, to, counts[digit], digit)) {
                struct item *other = from;
                from = to;
                to = other;
            }
        }
        for (size_t i = 0; i < n; i++) {
            ret_rows[i] = from[i].row;
        }
    }
    free(counts);
    free(items);
    return done;
}
