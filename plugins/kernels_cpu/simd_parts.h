/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_SIMD_PARTS_H
#define FW_KERNELS_SIMD_PARTS_H

#include "simd_real.h"

/* What each compilation defines, under names of its own; simd_table.c collects them. */
/* clang-format off */
#define SIMD_PARTS(X)                                                                              \
    X(tile) X(pack) X(store) X(gather) X(pad) X(lift) X(settle)                                    \
    X(wino_input) X(wino_filter) X(wino_output)                                                    \
    X(wino_lifted_input) X(wino_lifted_output) X(wino_settle)                                      \
    X(map) X(affine) X(update) X(uniform)                                                          \
    X(sum) X(dot) X(moments) X(extreme) X(nonfinite) X(add_products)                               \
    X(normalise) X(denormalise) X(exponentials)                                               \
    X(pool) X(box_row)
/* clang-format on */

#define SIMD_DECLARE(part) extern __typeof__(*((struct simd *)0)->part) SIMD_FN(part);
SIMD_PARTS(SIMD_DECLARE)

#endif
