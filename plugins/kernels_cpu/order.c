/* SPDX-License-Identifier: MIT */
#include "order.h"

#include <math.h>
#include <string.h>

uint64_t order_key(double value)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;

    if (isnan(value)) {
        return UINT64_MAX;
    }
    value += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}

/* By bytes, the lowest first; each pass keeps the order of the one before. */
void order_sort(struct order_item *items, struct order_item *spare, uint64_t n)
{
    for (unsigned shift = 0; shift < 64; shift += 8) {
        uint64_t start[257] = {0};
        for (uint64_t i = 0; i < n; i++) {
            start[(items[i].key >> shift & 255) + 1]++;
        }
        for (int b = 0; b < 256; b++) {
            start[b + 1] += start[b];
        }
        for (uint64_t i = 0; i < n; i++) {
            spare[start[items[i].key >> shift & 255]++] = items[i];
        }
        /* Eight passes: after the last one the result is back in `items`. */
        struct order_item *old = items;
        items = spare;
        spare = old;
    }
}
