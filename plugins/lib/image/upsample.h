/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_IMAGE_UPSAMPLE_H
#define FW_LIB_IMAGE_UPSAMPLE_H

#include <complex.h>

#include "fourier.h"

enum { UPSAMPLE_MAX = 1000 };

/**
 * Moves `shift` to the peak of the correlation that has the spectrum `r`, looked for on a grid of
 * 1/factor pixel, 0.75 pixel around (Guizar-Sicairos 2008). 0 or -ENOMEM.
 */
int upsample_peak(const struct fw_fourier *fourier, const float complex *r, unsigned factor,
                  unsigned n_threads, double shift[2]);

#endif
