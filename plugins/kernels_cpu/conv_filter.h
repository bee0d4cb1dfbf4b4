/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CONV_FILTER_H
#define FW_KERNELS_CONV_FILTER_H

#include "call.h"

/* The gradient of a filter; rows and cols are the output's. */
fw_status conv_filter(struct call *call, const struct fw_conv2d *op, uint64_t rows, uint64_t cols);

#endif
