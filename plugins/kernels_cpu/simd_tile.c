/* SPDX-License-Identifier: MIT */
#include "simd_parts.h"

/* Here alone multiplication and addition are fused, where the processor can: everywhere else a
 * product is rounded, so that results do not depend on the instruction set. */
#if defined(__clang__)
#    pragma clang fp contract(fast)
#else
#    pragma GCC optimize("fp-contract=fast")
#endif

void SIMD_FN(tile)(const struct simd_walk *walk, const void *a_, const void *b_, void *ret_tile)
{
    const real *a = a_;
    vec sum[SIMD_MR][SIMD_NV] = {0};

    for (uint64_t run = 0; run < walk->n_runs; run++) {
        const real *b = (const real *)b_ + walk->offset[run];
        for (uint64_t k = 0; k < walk->length; k++) {
            vec row[SIMD_NV];
#pragma GCC unroll 4
            for (int v = 0; v < SIMD_NV; v++) {
                row[v] = *(const vec *)(b + v * SIMD_LANES);
            }
#pragma GCC unroll 16
            for (int m = 0; m < SIMD_MR; m++) {
#pragma GCC unroll 4
                for (int v = 0; v < SIMD_NV; v++) {
                    sum[m][v] += a[m] * row[v];
                }
            }
            a += walk->a_step;
            b += walk->b_step;
        }
    }
    for (int m = 0; m < SIMD_MR; m++) {
        for (int v = 0; v < SIMD_NV; v++) {
            *(vec *)((real *)ret_tile + m * SIMD_NR + v * SIMD_LANES) = sum[m][v];
        }
    }
}
