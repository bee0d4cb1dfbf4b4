/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_BINARY_H
#define FW_KERNELS_CUDA_BINARY_H

/* The kernels as nvcc has compiled them, for several architectures: binary.S. */
extern const unsigned char fw_kernels_binary[];

#endif
