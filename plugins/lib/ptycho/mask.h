/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PTYCHO_MASK_H
#define FW_LIB_PTYCHO_MASK_H

#include <stddef.h>

#include <stdbool.h>

#include "image/image.h"
#include "stitch.h"

/* Which pixels of an image something is known of: [height][width]. */

size_t fw_mask_count(const bool *mask, size_t n);

/**
 * Takes out what lies less than these margins behind a pixel that is not covered: top is below one,
 * left right of one. The image's own edges are none. -ENOMEM.
 */
int fw_mask_shrink(bool *mask, size_t height, size_t width, const struct fw_image_margins *margins);

/** The largest rectangle of covered pixels, of equal ones the one that ends first; empty where
 * there is none. -ENOMEM. */
int fw_mask_largest(const bool *mask, size_t height, size_t width, struct fw_box *ret_box);

#endif
