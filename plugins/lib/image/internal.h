/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_IMAGE_INTERNAL_H
#define FW_LIB_IMAGE_INTERNAL_H

#include "image.h"

/* ssim.c */
struct ssim_means {
    double full, contrast; /**< the second without luminance */
};
int ssim_means(const struct fw_image *t, const struct fw_image *p, double range, unsigned n_threads,
               struct ssim_means *ret_means);

#endif
