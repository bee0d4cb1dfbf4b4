/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_CONVOLUTION_H
#define FW_KERNELS_CUDA_CONVOLUTION_H

#include "session.h"

/*
 * Convolutions by cuDNN. For each shape and direction its descriptors are made once, and the first
 * algorithm that it proposes is taken which is reproducible and sums the products themselves: no
 * transforms, whose errors are of another kind, and no reduced precision.
 */
struct convolution_plan;

/* NULL in `ret_plan`: cuDNN has nothing for it, or is not there. */
fw_status convolution_plan(struct fw_kernels_session *session, const struct fw_conv2d *op,
                           const struct fw_conv2d_at *at, struct convolution_plan **ret_plan);

/* alpha * convolution + beta * what is there. `ret_done` is false when cuDNN will not, after all.
 */
fw_status convolution_run(struct fw_kernels_session *session, const struct convolution_plan *plan,
                          const struct fw_conv2d *op, const struct fw_conv2d_at *at,
                          bool *ret_done);

/* Destroys the plans of a session. */
void convolutions_forget(struct fw_kernels_session *session);

#endif
