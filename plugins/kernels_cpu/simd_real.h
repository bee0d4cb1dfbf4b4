/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_SIMD_REAL_H
#define FW_KERNELS_SIMD_REAL_H

/*
 * The simd_*.c files are compiled once per instruction set and element type, by flags of the
 * compiler (-march=x86-64-v4, -DSIMD_DOUBLE, -DSIMD_NAME=v4_f64): this header is what they differ
 * in. Everything else is plain C for the compiler to vectorise; vectors by name only
 * where its own choice would be a bad one.
 */

#include <stdint.h>

#include "simd.h"

#ifdef SIMD_DOUBLE
typedef double real;
#    define SIMD_REAL(x) x
#else
typedef float real;
#    define SIMD_REAL(x) x##F
#endif

#if defined(__AVX512F__)
#    define SIMD_BYTES 64
#    define SIMD_MR    8
#elif defined(__AVX__)
#    define SIMD_BYTES 32
#    define SIMD_MR    4
#else
#    define SIMD_BYTES 16
#    define SIMD_MR    4
#endif

/* A tile is SIMD_MR rows of SIMD_NV vectors: with the vectors of B and one broadcast it fills the
 * registers. Rows are powers of two since channels are. */
#define SIMD_NV    3
#define SIMD_LANES (SIMD_BYTES / (int)sizeof(real))
#define SIMD_NR    (SIMD_NV * SIMD_LANES)

typedef real vec __attribute__((vector_size(SIMD_BYTES), aligned(sizeof(real)), may_alias));

/* The even and the odd lanes of two vectors side by side. */
#if SIMD_BYTES == 64 && !defined(SIMD_DOUBLE)
#    define SIMD_EVEN(a, b)                                                                        \
        __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#    define SIMD_ODD(a, b)                                                                         \
        __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)
#elif SIMD_BYTES == 64 || (SIMD_BYTES == 32 && !defined(SIMD_DOUBLE))
#    define SIMD_EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#    define SIMD_ODD(a, b)  __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#elif SIMD_BYTES == 32 || !defined(SIMD_DOUBLE)
#    define SIMD_EVEN(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6)
#    define SIMD_ODD(a, b)  __builtin_shufflevector(a, b, 1, 3, 5, 7)
#else
#    define SIMD_EVEN(a, b) __builtin_shufflevector(a, b, 0, 2)
#    define SIMD_ODD(a, b)  __builtin_shufflevector(a, b, 1, 3)
#endif

#define SIMD_PASTE_(a, b) a##b
#define SIMD_PASTE(a, b)  SIMD_PASTE_(a, b)
/* The name of a part in this compilation: simd_tile_v4_f64. */
#define SIMD_FN(part) SIMD_PASTE(simd_##part##_, SIMD_NAME)

#endif
