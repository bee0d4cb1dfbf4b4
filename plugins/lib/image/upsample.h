/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_IMAGE_UPSAMPLE_H
#define FW_LIB_IMAGE_UPSAMPLE_H

#include <stddef.h>

#include <complex.h>

enum { UPSAMPLE_MAX = 1000 };

/**
 * Moves `shift` to the peak of the correlation that has the spectrum `r` (that of a real image of
 * `shape`), looked for on a grid of 1/factor pixel, 0.75 pixel around (Guizar-Sicairos 2008).
 * 0 or -ENOMEM.
 */
int upsample_peak(const float complex *r, const size_t shape[2], unsigned factor,
                  unsigned n_threads, double shift[2]);

#endif
