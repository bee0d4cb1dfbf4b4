/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_TRANSFORM_H
#define FW_KERNELS_CUDA_TRANSFORM_H

#include "session.h"

/* Destroys the plans of Fourier transforms that a session has made. */
void transforms_forget(struct fw_kernels_session *session);

#endif
