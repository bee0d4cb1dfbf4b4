/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_IMAGE_IMAGE_H
#define FW_LIB_IMAGE_IMAGE_H

#include <stddef.h>

#include <complex.h>
#include <stdbool.h>

/*
 * Images and what is measured of two of them. Row-major doubles without gaps; T is the target, P
 * the prediction, of the same shape. Functions that need memory return 0, -ENOMEM, or -EINVAL for
 * shapes that they cannot take, and write their result only on success. Results are the same bits
 * for any number of threads, 1 or more. Any thread may call.
 */

struct fw_image {
    const double *pixels; /**< borrowed */
    size_t height, width;
};

/* --- errors.c: pixel by pixel --- */

/** Sum of n numbers in a fixed order that loses little. */
double fw_sum(const double *values, size_t n);

/** mean(T) / mean(P): what P is multiplied by to lose its gauge. NaN or infinite where mean(P)
 * is 0. */
double fw_image_gauge(const struct fw_image *t, const struct fw_image *p);

/** max - min; NaN of no pixels. */
double fw_image_range(const struct fw_image *image);

double fw_image_mae(const struct fw_image *t, const struct fw_image *p);
double fw_image_mse(const struct fw_image *t, const struct fw_image *p);

/** 20 log10(peak / (sqrt(mse) + 2^-52)): 361.2 dB of identical images at the peak 255. */
double fw_psnr(double mse, double peak);

/* --- ssim.c --- */

/**
 * Mean structural similarity over a 7×7 uniform window with sample statistics, K1 = 0.01,
 * K2 = 0.03, its border of 3 pixels left out. `range` is the data's; NaN where it is 0 and the
 * images are constant. -EINVAL below 7×7.
 */
int fw_ssim(const struct fw_image *t, const struct fw_image *p, double range, unsigned n_threads,
            double *ret_ssim);

enum { FW_SSIM_WINDOW = 7, FW_MS_SSIM_LEVELS = 5 };

struct fw_ms_ssim {
    double value;
    unsigned n_levels; /**< that ran: fewer where a side falls below 7 */
    double levels[FW_MS_SSIM_LEVELS];
};

/**
 * As the reference study has it, not as published: both images blurred with `sigma` (0: not), the
 * full SSIM at every level, each level every second pixel of the one before, weights not
 * rescaled when levels are missing. A negative level counts as 1e-4; NaN anywhere gives 0.
 */
int fw_ms_ssim(const struct fw_image *t, const struct fw_image *p, double sigma, unsigned n_threads,
               struct fw_ms_ssim *ret_result);

/**
 * As published (Wang 2003) but for the window, which is the uniform one: contrast and structure
 * at all levels, luminance at the last alone, each level the means of 2×2 pixels of the one
 * before. Weights are rescaled to sum to 1 when levels are missing.
 */
int fw_ms_ssim_std(const struct fw_image *t, const struct fw_image *p, unsigned n_threads,
                   struct fw_ms_ssim *ret_result);

/* --- blur.c: Gaussian, radius trunc(4σ + 0.5), edges mirrored (d c b a | a b c d) --- */

int fw_blur(const struct fw_image *image, double sigma, unsigned n_threads, double *ret_pixels);
int fw_blur_curve(const double *curve, size_t n, double sigma, double *ret_curve);

/* --- frc.c: Fourier ring correlation --- */

/** Of what is centre-cropped to a square of `side`; ring k has radius k cycles per side. */
struct fw_frc {
    size_t side, n_rings;
    double *curve;        /**< NaN where a ring has no energy */
    unsigned long *count; /**< samples of each ring */
};

/**
 * No window, no padding, no mean removed; rings up to the corners. A ring with less than `floor`
 * of either image's energy is NaN (0: only a ring with none). Not smoothed: fw_blur_curve.
 */
int fw_frc(const struct fw_image *t, const struct fw_image *p, double floor, unsigned n_threads,
           struct fw_frc *ret_frc);
void fw_frc_finish(struct fw_frc *frc);

/**
 * Where the curve first falls below `threshold`, between two rings by interpolation; `n` when it
 * never does, 0 when the first is below, NaN when all are NaN. In rings: higher is better.
 */
double fw_frc_crossing(const double *curve, size_t n, double threshold);

/* --- phase.c --- */

struct fw_phase_plane {
    double a, b, c; /**< a·column + b·row + c */
};

/**
 * Subtracts the least-squares plane over the pixels that are `valid` (NULL: all). -EINVAL where
 * these determine no plane.
 */
int fw_phase_remove_plane(double *phase, const bool *valid, size_t height, size_t width,
                          struct fw_phase_plane *ret_plane);

/** Subtracts the mean over the valid pixels. -EINVAL where there are none. */
int fw_phase_remove_mean(double *phase, const bool *valid, size_t height, size_t width,
                         double *ret_mean);

/* --- register.c: where one image lies on another --- */

/**
 * The shift (dy, dx) to apply to `moving` so that it lies on `reference`, by normalised phase
 * correlation in float32, to 1/upsample pixel (1: whole pixels). -EINVAL where shapes differ or
 * an image has no pixels.
 */
int fw_image_register(const struct fw_image *reference, const struct fw_image *moving,
                      unsigned upsample, unsigned n_threads, double ret_shift[2]);

/** Moves the content by dy down and dx right, through its spectrum: it wraps around. */
int fw_image_shift(double *pixels, size_t height, size_t width, const double shift[2],
                   unsigned n_threads);
int fw_image_shift_complex(double complex *pixels, size_t height, size_t width,
                           const double shift[2], unsigned n_threads);

/** Pixels to cut from each side. */
struct fw_image_margins {
    size_t top, bottom, left, right;
};

/**
 * What a shifted image and its reference lose: 2 pixels on every side, and where content wrapped
 * around that too. -ERANGE when a component is beyond `limit` (a part of the side, 0.1) and
 * -EINVAL when nothing would be left.
 */
int fw_image_margins(size_t height, size_t width, const double shift[2], double limit,
                     struct fw_image_margins *ret_margins);

#endif
