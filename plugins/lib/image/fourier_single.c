/* SPDX-License-Identifier: MIT */
#define REAL       float
#define FFTW(name) fftwf_##name
#define LIBRARY    "libfftw3f_threads.so.3"
#include "fourier_body.h"

int fw_fourier_real_single(const double *pixels, size_t height, size_t width, unsigned n_threads,
                           float complex *ret_spectrum)
{
    return forward(pixels, (const size_t[]){height, width}, n_threads, ret_spectrum);
}

int fw_fourier_real_inverse_single(float complex *spectrum, size_t height, size_t width,
                                   unsigned n_threads, float *ret_pixels)
{
    return back(spectrum, (const size_t[]){height, width}, n_threads, ret_pixels);
}
