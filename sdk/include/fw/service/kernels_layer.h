/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_KERNELS_LAYER_H
#define FW_SERVICE_KERNELS_LAYER_H

#include "fw/service/kernels_operand.h"

FW_BEGIN_DECLS

enum {
    FW_NORM_BATCH = 0,  /**< statistics per channel over outer x inner; gamma, beta [channels] */
    FW_NORM_FROZEN = 1, /**< the same with mean and variance given, and constant in backward */
    FW_NORM_LAYER = 2   /**< statistics per outer over inner, channels = 1; gamma, beta [inner] */
};

/**
 * y = (x - mean) / sqrt(variance + epsilon) * gamma + beta over x [outer][channels][inner];
 * variance with divisor n. Forward writes y, and mean and variance ([channels], for LAYER [outer]);
 * backward reads x, dy, gamma, mean and variance, and writes dx, dgamma and dbeta. dx may be dy.
 * What second derivatives need on top is made of `reduce` and `affine`.
 */
struct fw_norm {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64 */
    uint32_t kind;
    uint32_t backward;
    uint64_t outer;
    uint64_t channels;
    uint64_t inner;
    double epsilon;
    struct fw_operand x;
    struct fw_operand gamma; /**< optional: 1 */
    struct fw_operand beta;  /**< optional: 0 */
    struct fw_operand mean;
    struct fw_operand variance;
    struct fw_operand y;      /**< forward */
    struct fw_operand dy;     /**< backward */
    struct fw_operand dx;     /**< backward, optional */
    struct fw_operand dgamma; /**< backward, optional */
    struct fw_operand dbeta;  /**< backward, optional */
};
FW_ASSERT_NO_TAIL(struct fw_norm, dbeta);

enum {
    FW_POOL_MAX = 0,
    FW_POOL_AVERAGE = 1, /**< over the cells that lie inside the image */
    FW_POOL_SUM = 2      /**< its backward repeats: upsampling to the nearest */
};

enum {
    FW_POOL_FORWARD = 0,
    FW_POOL_BACKWARD = 1, /**< x = the gradient of y, spread; MAX: to `index` */
    FW_POOL_PICK = 2      /**< MAX only: y = x at `index`, as found by an earlier forward */
};

/**
 * x [planes][in_rows][in_cols] -> y [planes][rows][cols], rows = (in_rows + 2 * pad_rows -
 * kernel_rows) / stride_rows + 1, rounded down; padding is less than the kernel. `index` holds
 * for each y the place in its plane, row * in_cols + column, of the first largest x (FW_I32).
 */
struct fw_pool {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64 */
    uint32_t kind;
    uint32_t direction;
    uint64_t planes;
    uint32_t in_rows;
    uint32_t in_cols;
    uint32_t kernel_rows;
    uint32_t kernel_cols;
    uint32_t stride_rows;
    uint32_t stride_cols;
    uint32_t pad_rows;
    uint32_t pad_cols;
    struct fw_operand x;
    struct fw_operand y;
    struct fw_operand index; /**< MAX; optional in forward */
};
FW_ASSERT_NO_TAIL(struct fw_pool, index);

enum {
    FW_SOFTMAX_FORWARD = 0,       /**< y = softmax(scale * x) */
    FW_SOFTMAX_BACKWARD = 1,      /**< x = scale * y * (dy - sum of dy * y); x may be dy */
    FW_CROSS_ENTROPY = 2,         /**< loss = -log softmax(scale * x)[label], and y if present */
    FW_CROSS_ENTROPY_BACKWARD = 3 /**< x = scale * (y - 1 at label), y from the forward call */
};

/**
 * Over each of `rows` rows of `cols`. Labels are FW_I32; a negative one leaves its row out: loss
 * and gradient 0. One of `cols` or more gives NaN.
 */
struct fw_softmax {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64 */
    uint32_t kind;
    uint32_t reserved;
    uint64_t rows;
    uint64_t cols;
    double scale;
    struct fw_operand x;
    struct fw_operand y;
    struct fw_operand dy;
    struct fw_operand label; /**< [rows] */
    struct fw_operand loss;  /**< [rows] */
};
FW_ASSERT_NO_TAIL(struct fw_softmax, loss);

enum {
    FW_UPDATE_SGD = 0,  /**< g += decay * w; m = beta1 * m + g (step 1: m = g); w -= rate * m */
    FW_UPDATE_ADAM = 1, /**< g += decay * w; m, v; w -= rate * m' / (sqrt(v') + epsilon) */
    FW_UPDATE_ADAMW = 2 /**< w -= rate * decay * w; then as ADAM without decay */
};

/** One step of an optimiser on n weights; m' = m / (1 - beta1^step), v' likewise. */
struct fw_update {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64 */
    uint32_t kind;
    uint32_t reserved;
    uint64_t n;
    uint64_t step; /**< 1 is the first */
    double rate;
    double beta1;
    double beta2;
    double epsilon;
    double decay;
    double gradient_scale; /**< multiplies g first: clipping, or 1 */
    struct fw_operand w;
    struct fw_operand g;
    struct fw_operand m; /**< SGD: optional, and then w -= rate * g */
    struct fw_operand v; /**< ADAM, ADAMW */
};
FW_ASSERT_NO_TAIL(struct fw_update, v);

FW_END_DECLS

#endif
