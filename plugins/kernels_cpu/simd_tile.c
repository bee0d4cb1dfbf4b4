/* SPDX-License-Identifier: MIT */
#include "simd_parts.h"

/* Here alone multiplication and addition are fused, where the processor can: everywhere else a
 * product is rounded, so that results do not depend on the instruction set. */
#if defined(__clang__)
#    pragma clang fp contract(fast)
#else
#    pragma GCC optimize("fp-contract=fast")
#endif

/* For a constant number of vectors the sums stay in registers. */
static inline __attribute__((always_inline)) void
tile_of(const int vectors, const struct simd_walk *walk, const real *a, const real *b_, real *to)
{
    vec sum[SIMD_MR][SIMD_NV] = {0};

    for (uint64_t run = 0; run < walk->n_runs; run++) {
        const real *b = b_ + walk->offset[run];
        for (uint64_t k = 0; k < walk->length; k++) {
            vec row[SIMD_NV];
#pragma GCC unroll 4
            for (int v = 0; v < vectors; v++) {
                row[v] = *(const vec *)(b + v * SIMD_LANES);
            }
#pragma GCC unroll 16
            for (int m = 0; m < SIMD_MR; m++) {
#pragma GCC unroll 4
                for (int v = 0; v < vectors; v++) {
                    sum[m][v] += a[m] * row[v];
                }
            }
            a += walk->a_step;
            b += walk->b_step;
        }
    }
#pragma GCC unroll 16
    for (int m = 0; m < SIMD_MR; m++) {
#pragma GCC unroll 4
        for (int v = 0; v < vectors; v++) {
            *(vec *)(to + m * SIMD_NR + v * SIMD_LANES) = sum[m][v];
        }
    }
}

void SIMD_FN(tile)(const struct simd_walk *walk, const void *a, const void *b, void *ret_tile)
{
    if (walk->vectors == 1) {
        tile_of(1, walk, a, b, ret_tile);
    } else if (walk->vectors == 2) {
        tile_of(2, walk, a, b, ret_tile);
    } else {
        tile_of(SIMD_NV, walk, a, b, ret_tile);
    }
}
