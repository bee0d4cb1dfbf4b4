/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_SIMD_MATH_H
#define FW_KERNELS_SIMD_MATH_H

#include <math.h>
#include <string.h>

#include "simd_real.h"

/*
 * exp and erf as expressions without branches, so that loops over them are vectorised. exp: to 2
 * units in the last place, 0 below the smallest normal number. erf in float: absolute error 5e-7;
 * in double the C library's.
 */
#ifdef SIMD_DOUBLE
typedef uint64_t simd_bits;
typedef int64_t simd_signed;
#    define SIMD_MAGIC     6755399441055744.0 /* 1.5 * 2^52: adding it rounds to an integer */
#    define SIMD_MANTISSA  52
#    define SIMD_EXP_LOW   (-708.3)
#    define SIMD_EXP_HIGH  709.78
#    define SIMD_LN2_HIGH  6.93147180369123816490e-01
#    define SIMD_LN2_LOW   1.90821492927058770002e-10
#    define SIMD_EXP_TERMS 13
#else
typedef uint32_t simd_bits;
typedef int32_t simd_signed;
#    define SIMD_MAGIC     12582912.0F
#    define SIMD_MANTISSA  23
#    define SIMD_EXP_LOW   (-87.3F)
#    define SIMD_EXP_HIGH  88.72F
#    define SIMD_LN2_HIGH  0.693359375F
#    define SIMD_LN2_LOW   (-2.12194440e-4F)
#    define SIMD_EXP_TERMS 7
#endif

static inline real simd_exp(real x)
{
    static const real inverse[] = {1,
                                   1,
                                   SIMD_REAL(0.5),
                                   SIMD_REAL(1.6666666666666666e-1),
                                   SIMD_REAL(4.1666666666666664e-2),
                                   SIMD_REAL(8.333333333333333e-3),
                                   SIMD_REAL(1.388888888888889e-3),
                                   SIMD_REAL(1.984126984126984e-4),
                                   SIMD_REAL(2.48015873015873e-5),
                                   SIMD_REAL(2.7557319223985893e-6),
                                   SIMD_REAL(2.755731922398589e-7),
                                   SIMD_REAL(2.505210838544172e-8),
                                   SIMD_REAL(2.08767569878681e-9),
                                   SIMD_REAL(1.6059043836821613e-10)};
    real clipped = x < SIMD_EXP_LOW ? SIMD_EXP_LOW : x > SIMD_EXP_HIGH ? SIMD_EXP_HIGH : x;
    real shifted = clipped * SIMD_REAL(1.4426950408889634) + SIMD_MAGIC;
    real n = shifted - SIMD_MAGIC;
    real r = (clipped - n * SIMD_LN2_HIGH) - n * SIMD_LN2_LOW;
    real sum = inverse[SIMD_EXP_TERMS];
    real magic = SIMD_MAGIC, half = 1;
    simd_bits bits, zero, low;

#pragma GCC unroll 16
    for (int i = SIMD_EXP_TERMS - 1; i >= 0; i--) {
        sum = sum * r + inverse[i];
    }
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&zero, &magic, sizeof zero);
    /* 2^n as two factors: n may be one more than the largest exponent. */
    low = (simd_bits)((simd_signed)(bits - zero) >> 1);
    bits = (bits - zero) - low;
    memcpy(&magic, &half, sizeof magic);
    memcpy(&zero, &half, sizeof zero);
    low = zero + (low << SIMD_MANTISSA);
    bits = zero + (bits << SIMD_MANTISSA);
    memcpy(&half, &low, sizeof half);
    memcpy(&magic, &bits, sizeof magic);
    sum = sum * half * magic;
    sum = x > SIMD_EXP_HIGH ? (real)INFINITY : sum;
    return x < SIMD_EXP_LOW ? 0 : sum;
}

static inline real simd_erf(real x)
{
#ifdef SIMD_DOUBLE
    return erf(x);
#else
    real c = x < -3.95F ? -3.95F : x > 3.95F ? 3.95F : x;
    real u = c * c;
    real top = -1.347698351e-08F, bottom = 6.366895063e-05F;

    top = top * u + 4.744400566e-06F;
    top = top * u + 3.813566543e-04F;
    top = top * u + 3.835584188e-03F;
    top = top * u + 5.430189411e-02F;
    top = top * u + 1.847096838e-01F;
    top = top * u + 1.128379181e+00F;
    bottom = bottom * u + 1.306993759e-03F;
    bottom = bottom * u + 1.544087504e-02F;
    bottom = bottom * u + 1.137989422e-01F;
    bottom = bottom * u + 4.970282305e-01F;
    bottom = bottom * u + 1;
    return c * top / bottom;
#endif
}

#endif
