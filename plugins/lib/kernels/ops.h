/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_KERNELS_OPS_H
#define FW_LIB_KERNELS_OPS_H

#include <fw/service/kernels.h>

/* The operations of fw.kernels/1 in its order. Each provider defines them all, for itself. */
fw_status op_gemm(struct fw_kernels_session *session, const struct fw_gemm *op);
fw_status op_conv2d(struct fw_kernels_session *session, const struct fw_conv2d *op);
fw_status op_norm(struct fw_kernels_session *session, const struct fw_norm *op);
fw_status op_pool(struct fw_kernels_session *session, const struct fw_pool *op);
fw_status op_softmax(struct fw_kernels_session *session, const struct fw_softmax *op);
fw_status op_update(struct fw_kernels_session *session, const struct fw_update *op);
fw_status op_map(struct fw_kernels_session *session, const struct fw_map *op);
fw_status op_affine(struct fw_kernels_session *session, const struct fw_affine *op);
fw_status op_reduce(struct fw_kernels_session *session, const struct fw_reduce *op);
fw_status op_copy(struct fw_kernels_session *session, const struct fw_copy *op);
fw_status op_random(struct fw_kernels_session *session, const struct fw_random *op);
fw_status op_fft(struct fw_kernels_session *session, const struct fw_fft *op);
fw_status op_box_sum(struct fw_kernels_session *session, const struct fw_box_sum *op);
fw_status op_patches(struct fw_kernels_session *session, const struct fw_patches *op);
fw_status op_ranks(struct fw_kernels_session *session, const struct fw_ranks *op);
fw_status op_bootstrap(struct fw_kernels_session *session, const struct fw_bootstrap *op);

#endif
