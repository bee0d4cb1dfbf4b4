/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_ORDER_H
#define FW_KERNELS_ORDER_H

#include <stdint.h>

/* A number and where it stood. */
struct order_item {
    uint64_t key; /* ascending like the number; NaN last, -0 as 0 */
    uint32_t index;
    uint32_t reserved;
};

uint64_t order_key(double value);

/* Sorts by key, equal keys by index. `spare` is of n too. */
void order_sort(struct order_item *items, struct order_item *spare, uint64_t n);

#endif
