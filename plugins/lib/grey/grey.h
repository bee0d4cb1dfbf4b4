/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_GREY_GREY_H
#define FW_LIB_GREY_GREY_H

#include <stddef.h>
#include <stdint.h>

#include <fw/host.h>

/** An image of 8-bit grey values, [rows][cols]; 0 is black. Zero-initialise; finish frees. */
struct fw_grey {
    uint32_t rows, cols;
    uint8_t *pixels;
};

/** Black, or FW_E_NOMEM with a fault. */
fw_status fw_grey_init(struct fw_grey *ret_grey, const struct fw_host *host, uint32_t rows,
                       uint32_t cols);
void fw_grey_finish(struct fw_grey *grey);

/** Where the values of an image begin and end, and what black and white stand for. */
struct fw_grey_limits {
    double lower, upper;
};

/**
 * The lower and upper percentile, 0 to 100, of n values, between two of them linearly; those that
 * are not finite count for nothing. NaN both when none is. FW_E_NOMEM with a fault.
 */
fw_status fw_grey_percentiles(const struct fw_host *host, const double *values, size_t n,
                              const double percent[2], struct fw_grey_limits *ret_limits);

/** Values into the rectangle of their shape at (row, col): lower and below black, upper and above
    white, not finite black. The rectangle lies within the image. */
void fw_grey_draw(struct fw_grey *grey, const uint32_t at[2], const uint32_t shape[2],
                  const double *values, const struct fw_grey_limits *limits);

/** Writes it as PNG: the same pixels are the same bytes. [stage thread] */
fw_status fw_grey_write(const struct fw_grey *grey, const struct fw_host *host, const char *path);

#endif
