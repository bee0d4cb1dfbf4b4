/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_SLIDE_H
#define FW_KERNELS_SLIDE_H

#include "session.h"

/*
 * A filter that slides over images: what forward convolution is, and, for each phase of the
 * stride, the gradient of its input. A matrix product whose right side is never written out:
 * panels of neighbouring pixels are gathered from a padded copy of a few images.
 */
struct slide_tap {
    uint64_t row; /* where the tap looks, from the padded place of the pixel */
    uint64_t col;
    uint64_t filter; /* its offset in the filter */
};

struct slide {
    const struct simd *simd;
    const char *input;  /* [batch][channels][in_rows][in_cols] */
    const char *filter; /* row m, channel c, tap t at m * filter_row + c * filter_channel + t */
    uint64_t batch;
    uint64_t channels;
    uint64_t in_rows;
    uint64_t in_cols;
    int64_t first_row; /* of the input that the first pixel's first tap sees; may be negative */
    int64_t first_col;
    uint64_t row_step;
    uint64_t col_step;
    uint64_t rows; /* of the result */
    uint64_t cols;
    const struct slide_tap *taps;
    uint64_t n_taps;
    uint64_t span_rows; /* one more than the largest row of a tap */
    uint64_t span_cols;
    uint64_t filter_row;
    uint64_t filter_channel;

    /* The result: rows are channels; pixel (image, r, q) is at image * out_image + r * out_row +
     * q * out_col. store.row_stride is the distance of channels. */
    uint64_t out_image;
    uint64_t out_row;
    uint64_t out_col;
    struct simd_store store;
};

fw_status slide_run(struct fw_kernels_session *session, const struct slide *slide);

#endif
