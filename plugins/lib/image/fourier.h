/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_IMAGE_FOURIER_H
#define FW_LIB_IMAGE_FOURIER_H

#include <stddef.h>

#include <complex.h>

/*
 * Transforms of two dimensions and any size, row by row and column by column on several threads:
 * one plan for all rows and one for all columns, made without measuring, so that the same image
 * has the same bits in its spectrum in every run. The spectrum of a real image has the columns
 * 0 to width/2, frequencies along a column are in FFTW's order. 0 or -ENOMEM.
 */

static inline size_t fw_spectrum_width(size_t width)
{
    return width / 2 + 1;
}

int fw_fourier_real(const double *pixels, size_t height, size_t width, unsigned n_threads,
                    double complex *ret_spectrum);

/** Scaled by 1 / (height · width); the spectrum is destroyed. */
int fw_fourier_real_inverse(double complex *spectrum, size_t height, size_t width,
                            unsigned n_threads, double *ret_pixels);

/** In place; sign -1 forward, +1 back. Neither is scaled. */
int fw_fourier_complex(double complex *pixels, size_t height, size_t width, int sign,
                       unsigned n_threads);

/** The same in single precision. */
int fw_fourier_real_single(const double *pixels, size_t height, size_t width, unsigned n_threads,
                           float complex *ret_spectrum);
int fw_fourier_real_inverse_single(float complex *spectrum, size_t height, size_t width,
                                   unsigned n_threads, float *ret_pixels);

#endif
