/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_REDUCTION_H
#define FW_KERNELS_CUDA_REDUCTION_H

#include "session.h"

/* Two sums per channel (SUMS_ in device/args.h), or its extreme: outer, channels, inner, kind and
 * the addresses must be set; how it is cut follows from the shape. `slopes` is set, and holds until
 * the next call that takes scratch memory. */
fw_status reduction_sums(struct fw_kernels_session *session, uint32_t dtype,
                         struct reduce_args *args);
fw_status reduction_extremes(struct fw_kernels_session *session, uint32_t dtype,
                             struct reduce_args *args);

#endif
