/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_KERNELS_CHECK_H
#define FW_LIB_KERNELS_CHECK_H

#include "kernels/call.h"

/*
 * The arguments of every operation of fw.kernels/1, checked the same for every provider: each
 * function refuses what the header does not allow, and gives the addresses of the operands and the
 * sizes that follow from the shape. An absent operand is NULL. What is returned holds only
 * where call->status is FW_OK.
 */

struct fw_gemm_at {
    void *a; /* NULL, like b, where they are not read */
    void *b;
    void *bias;
    void *c;
    bool reads;     /* k and alpha are not 0 */
    uint64_t outer; /* at least 1 */
    uint64_t inner;
};
struct fw_gemm_at fw_check_gemm(struct fw_call *call, const struct fw_gemm *op);

struct fw_conv2d_at {
    void *input;
    void *filter;
    void *bias;
    void *output;
    uint64_t rows; /* of the output */
    uint64_t cols;
};
struct fw_conv2d_at fw_check_conv2d(struct fw_call *call, const struct fw_conv2d *op);

struct fw_norm_at {
    void *x;
    void *gamma;
    void *beta;
    void *mean;
    void *variance;
    void *y;
    void *dy;
    void *dx;
    void *dgamma;
    void *dbeta;
};
struct fw_norm_at fw_check_norm(struct fw_call *call, const struct fw_norm *op);

struct fw_pool_at {
    void *x;
    void *y;
    void *index;
    uint64_t rows; /* of y */
    uint64_t cols;
};
struct fw_pool_at fw_check_pool(struct fw_call *call, const struct fw_pool *op);

struct fw_softmax_at {
    void *x;
    void *y;
    void *dy;
    void *label;
    void *loss;
};
struct fw_softmax_at fw_check_softmax(struct fw_call *call, const struct fw_softmax *op);

struct fw_update_at {
    void *w;
    void *g;
    void *m;
    void *v;
};
struct fw_update_at fw_check_update(struct fw_call *call, const struct fw_update *op);

struct fw_map_at {
    void *a;
    void *b;
    void *c;
    void *out;
};
struct fw_map_at fw_check_map(struct fw_call *call, const struct fw_map *op);

struct fw_affine_at {
    void *terms[3];
    void *factors[3];
    void *constant;
    void *out;
    uint64_t n; /* elements */
};
struct fw_affine_at fw_check_affine(struct fw_call *call, const struct fw_affine *op);

struct fw_reduce_at {
    void *a;
    void *b;
    void *out;
};
struct fw_reduce_at fw_check_reduce(struct fw_call *call, const struct fw_reduce *op);

struct fw_copy_at {
    void *in;
    void *out;
    uint64_t in_element; /* bytes */
    uint64_t out_element;
};
struct fw_copy_at fw_check_copy(struct fw_call *call, const struct fw_copy *op);

/* The address of `out`. */
void *fw_check_random(struct fw_call *call, const struct fw_random *op);

struct fw_fft_at {
    void *in;
    void *out;
    uint64_t half; /* complex columns */
    uint64_t real; /* real elements of a real image: 0 where there is nothing to do */
};
struct fw_fft_at fw_check_fft(struct fw_call *call, const struct fw_fft *op);

struct fw_box_sum_at {
    void *a;
    void *b;
    void *out;
    uint64_t rows; /* of out */
    uint64_t cols;
};
struct fw_box_sum_at fw_check_box_sum(struct fw_call *call, const struct fw_box_sum *op);

struct fw_patches_at {
    void *patches;
    void *at;
    void *image;
    void *weight;
    uint64_t crop;
    uint64_t front; /* what is cut off in front */
};
struct fw_patches_at fw_check_patches(struct fw_call *call, const struct fw_patches *op);

struct fw_ranks_at {
    void *x;
    void *out;
};
struct fw_ranks_at fw_check_ranks(struct fw_call *call, const struct fw_ranks *op);

struct fw_bootstrap_at {
    void *score;
    void *label;
    void *out;
};
struct fw_bootstrap_at fw_check_bootstrap(struct fw_call *call, const struct fw_bootstrap *op);

#endif
