/* SPDX-License-Identifier: MIT */
#include "grey/grey.h"

#include <math.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "file/file.h"
#include "sql/fault.h"

fw_status fw_grey_init(struct fw_grey *ret_grey, const struct fw_host *host, uint32_t rows,
                       uint32_t cols)
{
    uint8_t *pixels = calloc((size_t)rows * cols + 1, 1);

    if (pixels == NULL) {
        return fw_fault_nomem(host);
    }
    *ret_grey = (struct fw_grey){.rows = rows, .cols = cols, .pixels = pixels};
    return FW_OK;
}

void fw_grey_finish(struct fw_grey *grey)
{
    free(grey->pixels);
    *grey = (struct fw_grey){0};
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of ascending values. */
static double at_percent(const double *values, size_t n, double percent)
{
    const double place = percent / 100 * (double)(n - 1);
    const size_t below = (size_t)place;
    const size_t above = below + 1 < n ? below + 1 : below;

    return values[below] + (place - (double)below) * (values[above] - values[below]);
}

fw_status fw_grey_percentiles(const struct fw_host *host, const double *values, size_t n,
                              const double percent[2], struct fw_grey_limits *ret_limits)
{
    double *finite = malloc((n + 1) * sizeof *finite);
    size_t n_finite = 0;

    if (finite == NULL) {
        return fw_fault_nomem(host);
    }
    for (size_t i = 0; i < n; i++) {
        finite[n_finite] = values[i];
        n_finite += isfinite(values[i]) ? 1 : 0;
    }
    qsort(finite, n_finite, sizeof *finite, by_value);
    *ret_limits = n_finite == 0 ? (struct fw_grey_limits){NAN, NAN}
                                : (struct fw_grey_limits){at_percent(finite, n_finite, percent[0]),
                                                          at_percent(finite, n_finite, percent[1])};
    free(finite);
    return FW_OK;
}

static uint8_t level(double value, const struct fw_grey_limits *limits)
{
    const double width = limits->upper - limits->lower;
    const double part = width > 0 ? (value - limits->lower) / width : value > limits->lower;

    return part > 0 ? (uint8_t)lround(255 * fmin(part, 1)) : 0;
}

void fw_grey_draw(struct fw_grey *grey, const uint32_t at[2], const uint32_t shape[2],
                  const double *values, const struct fw_grey_limits *limits)
{
    for (uint32_t row = 0; row < shape[0]; row++) {
        uint8_t *to = grey->pixels + (size_t)(at[0] + row) * grey->cols + at[1];
        const double *from = values + (size_t)row * shape[1];
        for (uint32_t col = 0; col < shape[1]; col++) {
            to[col] = isfinite(from[col]) ? level(from[col], limits) : 0;
        }
    }
}

fw_status fw_grey_write(const struct fw_grey *grey, const struct fw_host *host, const char *path)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = grey->cols,
                       .height = grey->rows,
                       .format = PNG_FORMAT_GRAY};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    char *bytes = malloc(size);

    if (bytes == NULL) {
        return fw_fault_nomem(host);
    }
    const int written = png_image_write_to_memory(&image, bytes, &size, 0, grey->pixels,
                                                  (png_int_32)grey->cols, NULL);
    fw_status status =
        written ? fw_file_write(host, path, bytes, size)
                : fw_faultf(host, FW_E_INTERNAL, path, NULL, "cannot make a PNG of %u x %u: %s",
                            grey->rows, grey->cols, image.message);
    png_image_free(&image);
    free(bytes);
    return status;
}
