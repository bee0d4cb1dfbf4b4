/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_KERNELS_DENSE_H
#define FW_SERVICE_KERNELS_DENSE_H

#include "fw/service/kernels_operand.h"

FW_BEGIN_DECLS

/** What is done to each element of an output before it is stored. */
enum { FW_POST_NONE = 0, FW_POST_RELU = 1 };

/**
 * C = post(alpha * op(A) * op(B) + beta * C + bias) for outer * inner triples of matrices; op(A)
 * is m x k, op(B) is k x n, C is m x n. Element (i, j) of a matrix as it is stored is at
 * i * ld + j. The triple (o, i) begins o * stride_*_outer + i * stride_*_inner elements after the
 * operand; a stride of 0 uses one A or B for all. With beta 0 the old C is not read, with alpha 0
 * or k 0 neither are A and B.
 */
struct fw_gemm {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64 */
    uint32_t transpose_a;
    uint32_t transpose_b;
    uint32_t post;
    uint32_t reserved;
    uint64_t m;
    uint64_t n;
    uint64_t k;
    uint64_t lda;
    uint64_t ldb;
    uint64_t ldc;
    uint64_t outer; /**< 0 is taken for 1 */
    uint64_t inner; /**< 0 is taken for 1 */
    uint64_t stride_a_outer;
    uint64_t stride_a_inner;
    uint64_t stride_b_outer;
    uint64_t stride_b_inner;
    uint64_t stride_c_outer;
    uint64_t stride_c_inner;
    double alpha;
    double beta;
    struct fw_operand a;
    struct fw_operand b;
    struct fw_operand bias; /**< optional: n elements, added to every row */
    struct fw_operand c;
};
FW_ASSERT_NO_TAIL(struct fw_gemm, c);

enum {
    FW_CONV_FORWARD = 0, /**< output = post(alpha * (input * filter) + beta * output + bias) */
    FW_CONV_BACKWARD_DATA = 1,  /**< input = alpha * (output * filter transposed) + beta * input */
    FW_CONV_BACKWARD_FILTER = 2 /**< filter = alpha * (input * output) + beta * filter */
};

/**
 * Two-dimensional convolution as neural networks mean it (correlation):
 *
 *     output[b][o][r][q] = sum over c, i, j of
 *         filter[o][c][i][j] * input[b][c][r * stride_rows + i - pad_rows][...]
 *
 * with zeros outside the image. input [batch][in_channels][in_rows][in_cols], filter
 * [out_channels][in_channels][kernel_rows][kernel_cols], output [batch][out_channels][rows][cols],
 * rows = (in_rows + 2 * pad_rows - kernel_rows) / stride_rows + 1, rounded down. In the backward
 * directions `output` and the operand that is written hold gradients. The gradient of the bias is
 * a FW_REDUCE_SUM over channels.
 */
struct fw_conv2d {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64 */
    uint32_t direction;
    uint32_t post; /**< forward only */
    uint32_t batch;
    uint32_t in_channels;
    uint32_t in_rows;
    uint32_t in_cols;
    uint32_t out_channels;
    uint32_t kernel_rows;
    uint32_t kernel_cols;
    uint32_t stride_rows;
    uint32_t stride_cols;
    uint32_t pad_rows;
    uint32_t pad_cols;
    uint32_t reserved;
    double alpha;
    double beta;
    struct fw_operand input;
    struct fw_operand filter;
    struct fw_operand bias; /**< optional, forward only: out_channels elements */
    struct fw_operand output;
};
FW_ASSERT_NO_TAIL(struct fw_conv2d, output);

FW_END_DECLS

#endif
