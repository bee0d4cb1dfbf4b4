/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CONV_FILTER_H
#define FW_KERNELS_CONV_FILTER_H

#include "kernels/check.h"
#include "session.h"

/* The gradient of a filter. */
fw_status conv_filter(struct fw_kernels_session *session, const struct fw_conv2d *op,
                      const struct fw_conv2d_at *at);

#endif
