/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "fourier.h"
#include "image.h"
#include "large.h"

static double frequency(size_t at, size_t n)
{
    return ((double)at - (2 * at >= n ? (double)n : 0)) / (double)n;
}

/*
 * exp(-2πi·shift·f). Of a real image's result the real part is taken: at the highest frequency of
 * an even length, which stands for itself and its negative, that leaves the cosine.
 */
static double complex factor(double shift, size_t at, size_t n, bool is_real)
{
    double angle = -2 * M_PI * shift * frequency(at, n);

    return is_real && 2 * at == n ? cos(angle) : cos(angle) + I * sin(angle);
}

static void turn(double complex *spectrum, const size_t shape[2], size_t columns,
                 const double shift[2], bool is_real, double complex *along)
{
    size_t last = shape[0] / 2 * columns + columns - 1;
    double complex highest = spectrum[last]; /* in both directions, where both are even */

    for (size_t i = 0; i < columns; i++) {
        along[i] = factor(shift[1], i, shape[1], is_real);
    }
    for (size_t row = 0; row < shape[0]; row++) {
        double complex down = factor(shift[0], row, shape[0], is_real);
        for (size_t i = 0; i < columns; i++) {
            spectrum[row * columns + i] *= down * along[i];
        }
    }
    if (is_real && shape[0] % 2 == 0 && shape[1] % 2 == 0) {
        spectrum[last] = highest * cos(M_PI * (shift[0] + shift[1]));
    }
}

int fw_image_shift(double *pixels, size_t height, size_t width, const double shift[2],
                   unsigned n_threads)
{
    size_t columns = fw_spectrum_width(width);
    double complex *spectrum = fw_large_alloc(height * columns, sizeof *spectrum);
    double complex *along = malloc(columns * sizeof *along);
    int rc = spectrum == NULL || along == NULL ? -ENOMEM : 0;

    if (rc == 0) {
        rc = fw_fourier_real(pixels, height, width, n_threads, spectrum);
    }
    if (rc == 0) {
        turn(spectrum, (const size_t[]){height, width}, columns, shift, true, along);
        rc = fw_fourier_real_inverse(spectrum, height, width, n_threads, pixels);
    }
    free(along);
    free(spectrum);
    return rc;
}

int fw_image_shift_complex(double complex *pixels, size_t height, size_t width,
                           const double shift[2], unsigned n_threads)
{
    double complex *along = malloc(width * sizeof *along);
    double scale = 1 / ((double)height * (double)width);
    int rc = along == NULL ? -ENOMEM : fw_fourier_complex(pixels, height, width, -1, n_threads);

    if (rc == 0) {
        turn(pixels, (const size_t[]){height, width}, width, shift, false, along);
        rc = fw_fourier_complex(pixels, height, width, 1, n_threads);
    }
    for (size_t i = 0; rc == 0 && i < height * width; i++) {
        pixels[i] *= scale;
    }
    free(along);
    return rc;
}
