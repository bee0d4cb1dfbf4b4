/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_WINOGRAD_H
#define FW_KERNELS_WINOGRAD_H

#include "kernels/check.h"
#include "slide.h"

/*
 * Winograd's F(2 x 2, 3 x 3): a filter of 3 x 3 that moves by one pixel, as 16 matrix products over
 * tiles of 2 x 2 pixels, with 4 multiplications for a pixel instead of 9. Which shapes take it
 * depends on channels and image alone, never on the batch, and each tile is computed by itself.
 */

/* Whether it takes less time than products over all taps. */
bool winograd_suits(uint64_t rows, uint64_t cols, uint64_t in_channels, uint64_t out_channels);

/* `slide` has 3 x 3 taps and steps of 1. */
fw_status winograd_slide(struct fw_kernels_session *session, const struct slide *slide);

/* The gradient of such a filter. */
fw_status winograd_filter(struct fw_kernels_session *session, const struct fw_conv2d *op,
                          const struct fw_conv2d_at *at);

#endif
