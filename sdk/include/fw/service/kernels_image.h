/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_KERNELS_IMAGE_H
#define FW_SERVICE_KERNELS_IMAGE_H

#include "fw/service/kernels_operand.h"

FW_BEGIN_DECLS

enum {
    FW_FFT_FORWARD = 0, /**< complex -> complex, exp(-2 pi i ...) */
    FW_FFT_INVERSE = 1, /**< complex -> complex, exp(+2 pi i ...) */
    FW_FFT_REAL = 2,    /**< real [rows][cols] -> complex [rows][cols / 2 + 1] */
    FW_FFT_TO_REAL = 3  /**< the inverse of that; the upper half is taken to be its conjugate */
};

/**
 * Fourier transforms of `batch` images of any size, in two dimensions; of rows = 1 in one. A
 * complex number is two of `dtype`. The result is multiplied by `scale`: 1 / (rows * cols) makes an
 * inverse. `out` may be `in` for complex -> complex; otherwise `in` is left as it is.
 */
struct fw_fft {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64 */
    uint32_t kind;
    uint32_t reserved;
    uint64_t batch;
    uint64_t rows;
    uint64_t cols;
    double scale;
    struct fw_operand in;
    struct fw_operand out;
};
FW_ASSERT_NO_TAIL(struct fw_fft, out);

/**
 * out[r][q] = sum of a * b over the window rows r ... r + window - 1, columns likewise, in float64;
 * [batch][rows][cols] -> [batch][rows - window + 1][cols - window + 1]. A window never sees a
 * running sum of the whole image, so that its error does not grow with the image.
 */
struct fw_box_sum {
    uint32_t struct_size;
    uint32_t dtype;    /**< FW_F32, FW_F64: of a and b */
    uint32_t out_type; /**< FW_F32, FW_F64 */
    uint32_t window;
    uint64_t batch;
    uint64_t rows;
    uint64_t cols;
    struct fw_operand a;
    struct fw_operand b; /**< optional: 1 */
    struct fw_operand out;
};
FW_ASSERT_NO_TAIL(struct fw_box_sum, out);

enum {
    FW_PATCHES_GATHER = 0, /**< patch = image at its place */
    FW_PATCHES_STITCH = 1  /**< image += patches, weight += their cover */
};

/**
 * Patches [n][side][side][parts] and an image [rows][cols][parts]; parts is 2 for complex numbers.
 * Pixel (r, q) of patch p lies at row r + at[p][0], column q + at[p][1] of the image, real
 * numbers, and is sampled or spread bilinearly; corners outside the image are left out (gather: 0).
 * STITCH takes the patches' middle crop x crop pixels ((side - crop) / 2 rounded down in front) and
 * adds to each pixel of the image in order of p, so that chunks one after the other
 * give the same bits as all at once. Where `weight` is 0 no patch has been.
 */
struct fw_patches {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64: of the patches, and of the image for GATHER */
    uint32_t kind;
    uint32_t parts; /**< 1 or 2 */
    uint64_t n;
    uint64_t side;
    uint64_t crop; /**< STITCH; 0 is taken for side */
    uint64_t rows;
    uint64_t cols;
    struct fw_operand patches;
    struct fw_operand at;     /**< FW_F64 [n][2] */
    struct fw_operand image;  /**< STITCH: FW_F64 */
    struct fw_operand weight; /**< STITCH: FW_F64 [rows][cols] */
};
FW_ASSERT_NO_TAIL(struct fw_patches, weight);

/**
 * Ranks 1 ... n of each row's values in ascending order, ties at their average: AUC is
 * (sum of the positives' ranks - P (P + 1) / 2) / (P N). NaN ranks above all, -0 equals 0.
 */
struct fw_ranks {
    uint32_t struct_size;
    uint32_t dtype; /**< FW_F32, FW_F64: of x */
    uint64_t rows;
    uint64_t n; /**< below 2^31 */
    struct fw_operand x;
    struct fw_operand out; /**< FW_F64 */
};
FW_ASSERT_NO_TAIL(struct fw_ranks, out);

/**
 * AUC of `models` rows of scores on the same resamples of n samples: out[r][m] for resamples
 * first ... first + resamples - 1, NaN where a resample has one class only. With block 1 draw j of
 * resample r is FW_RANDOM_INDEX output r * n + j below n. With longer blocks, draw j * block + t
 * is (output r * ceil(n / block) + j below n, + t) mod n: circular blocks, cut at n draws.
 */
struct fw_bootstrap {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t models;
    uint64_t n; /**< below 2^31 */
    uint64_t block;
    uint64_t first;
    uint64_t resamples;
    uint64_t seed;
    struct fw_operand score; /**< FW_F64 [models][n] */
    struct fw_operand label; /**< FW_I32 [n], 0 or 1; other than 0 counts as 1 */
    struct fw_operand out;   /**< FW_F64 [resamples][models] */
};
FW_ASSERT_NO_TAIL(struct fw_bootstrap, out);

FW_END_DECLS

#endif
