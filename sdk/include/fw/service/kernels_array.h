/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_KERNELS_ARRAY_H
#define FW_SERVICE_KERNELS_ARRAY_H

#include "fw/service/kernels_operand.h"

FW_BEGIN_DECLS

/** Element by element; f' and f'' are derivatives. New ones are appended. */
enum {
    FW_MAP_FILL = 0,           /**< alpha */
    FW_MAP_LINEAR = 1,         /**< alpha * a + beta * b; b optional */
    FW_MAP_MULTIPLY = 2,       /**< alpha * a * b + beta * c; c optional */
    FW_MAP_DIVIDE = 3,         /**< alpha * a / (b + beta) */
    FW_MAP_EXP = 4,            /**< exp(alpha * a) */
    FW_MAP_LOG = 5,            /**< log(a + alpha) */
    FW_MAP_SQRT = 6,           /**< sqrt(a + alpha) */
    FW_MAP_RSQRT = 7,          /**< 1 / sqrt(a + alpha) */
    FW_MAP_ABS = 8,            /**< |a| */
    FW_MAP_CLAMP = 9,          /**< min(max(a, alpha), beta) */
    FW_MAP_RELU = 10,          /**< max(a, 0) */
    FW_MAP_RELU_GATE = 11,     /**< b where a > 0, else 0: ReLU's backward, a its input or output */
    FW_MAP_GELU = 12,          /**< a * (1 + erf(a / sqrt(2))) / 2 */
    FW_MAP_GELU_SLOPE = 13,    /**< alpha * b * gelu'(a); b optional: 1 */
    FW_MAP_GELU_BEND = 14,     /**< alpha * b * gelu''(a); b optional: 1 */
    FW_MAP_SIGMOID = 15,       /**< 1 / (1 + exp(-a)) */
    FW_MAP_TANH = 16,          /**< tanh(a) */
    FW_MAP_SWISH = 17,         /**< a / (1 + exp(-a)) */
    FW_MAP_BINARY_ENTROPY = 18 /**< log(1 + exp(a)) - a * b: the loss of logit a, label b */
};

/** out[i] = f(a[i], b[i], c[i]); out may be any of its operands. */
struct fw_map {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64 */
    uint32_t kind;
    uint32_t reserved;
    uint64_t n;
    double alpha;
    double beta;
    struct fw_operand a;
    struct fw_operand b;
    struct fw_operand c;
    struct fw_operand out;
};
FW_ASSERT_NO_TAIL(struct fw_map, out);

/**
 * out = pa[c] * a + pb[c] * b + pd[c] * d + p0[c] over [outer][channels][inner]; a term whose
 * array is absent is left out, an absent coefficient of one that is present is 1. `out` may be a, b
 * or d.
 */
struct fw_affine {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64; of the coefficients too */
    uint64_t outer;
    uint64_t channels;
    uint64_t inner;
    struct fw_operand a;
    struct fw_operand b;
    struct fw_operand d;
    struct fw_operand pa;
    struct fw_operand pb;
    struct fw_operand pd;
    struct fw_operand p0;
    struct fw_operand out;
};
FW_ASSERT_NO_TAIL(struct fw_affine, out);

enum {
    FW_REDUCE_SUM = 0,
    FW_REDUCE_DOT = 1,    /**< sum of a * b */
    FW_REDUCE_MAX = 2,    /**< NaN if there is one; of nothing: -infinity */
    FW_REDUCE_MIN = 3,    /**< NaN if there is one; of nothing: infinity */
    FW_REDUCE_ARGMAX = 4, /**< the first, as outer * inner index; out_type FW_I32; of nothing: -1 */
    FW_REDUCE_NONFINITE = 5 /**< how many are NaN or infinite */
};

/**
 * Over outer and inner of [outer][channels][inner]: a number per channel, times alpha (not
 * ARGMAX, NONFINITE). In float64 and in an order that depends on the shape alone.
 */
struct fw_reduce {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64 */
    uint32_t kind;
    uint32_t out_type; /**< FW_F32, FW_F64, or FW_I32 for ARGMAX */
    uint64_t outer;
    uint64_t channels;
    uint64_t inner;
    double alpha;
    struct fw_operand a;
    struct fw_operand b; /**< DOT */
    struct fw_operand out;
};
FW_ASSERT_NO_TAIL(struct fw_reduce, out);

/**
 * out[i0][i1][i2][i3] = in[i0][i1][i2][i3] with strides of its own on each side, in elements:
 * transposing, slicing, padding, repeating (stride 0 of `in`), conversion of types. Towards FW_U8
 * and FW_I32 values are rounded to even and clamped; NaN becomes 0.
 */
struct fw_copy {
    uint32_t struct_size;
    uint32_t in_type;
    uint32_t out_type;
    uint32_t reserved;
    uint64_t shape[4];
    uint64_t in_stride[4];
    uint64_t out_stride[4];
    struct fw_operand in;
    struct fw_operand out;
};
FW_ASSERT_NO_TAIL(struct fw_copy, out);

enum {
    FW_RANDOM_SIGN = 0,    /**< +1 or -1: bit i mod 64 of output i / 64 is 1 or 0 */
    FW_RANDOM_UNIFORM = 1, /**< [0, 1): F32 from the upper 24 bits of output i, F64 from 53 */
    FW_RANDOM_KEEP = 2,    /**< dropout: 0 where UNIFORM < p, else 1 / (1 - p) */
    FW_RANDOM_INDEX = 3    /**< FW_I32 in [0, limit): (output i * limit) / 2^64 */
};

/**
 * Elements first ... first + n - 1 of a stream without a state: output i of SplitMix64 with
 * `seed` mixes seed + (i + 1) * 0x9E3779B97F4A7C15. The same bits on every device.
 */
struct fw_random {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64; FW_I32 for INDEX */
    uint32_t kind;
    uint32_t reserved;
    uint64_t seed;
    uint64_t first;
    uint64_t n;
    uint64_t limit;
    double p;
    struct fw_operand out;
};
FW_ASSERT_NO_TAIL(struct fw_random, out);

FW_END_DECLS

#endif
