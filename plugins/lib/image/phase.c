/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>

#include "image.h"

static bool counts(const bool *valid, size_t at)
{
    return valid == NULL || valid[at];
}

/* Sums over the valid pixels; coordinates from the middle, so that squares stay small. */
struct moments {
    double n, x, y, z, xx, xy, yy, xz, yz;
};

static struct moments moments_of(const double *phase, const bool *valid, size_t height,
                                 size_t width)
{
    double x0 = ((double)width - 1) / 2, y0 = ((double)height - 1) / 2;
    struct moments m = {0};

    for (size_t row = 0; row < height; row++) {
        struct moments line = {0}; /* a row's own sums: less is lost than in one long sum */
        for (size_t column = 0; column < width; column++) {
            size_t at = row * width + column;
            double x = (double)column - x0, z = phase[at];
            if (counts(valid, at)) {
                line.n += 1;
                line.x += x;
                line.z += z;
                line.xx += x * x;
                line.xz += x * z;
            }
        }
        double y = (double)row - y0;
        m.n += line.n;
        m.x += line.x;
        m.y += y * line.n;
        m.z += line.z;
        m.xx += line.xx;
        m.xy += y * line.x;
        m.yy += y * y * line.n;
        m.xz += line.xz;
        m.yz += y * line.z;
    }
    return m;
}

int fw_phase_remove_plane(double *phase, const bool *valid, size_t height, size_t width,
                          struct fw_phase_plane *ret_plane)
{
    struct moments m = moments_of(phase, valid, height, width);
    /* Centred moments; without a mask xy is 0 and each slope stands alone. */
    double xx = m.xx - m.x * m.x / m.n, yy = m.yy - m.y * m.y / m.n, xy = m.xy - m.x * m.y / m.n;
    double xz = m.xz - m.x * m.z / m.n, yz = m.yz - m.y * m.z / m.n;
    double determinant = xx * yy - xy * xy;

    if (!(m.n > 0) || !(determinant > 1e-12 * xx * yy)) {
        return -EINVAL;
    }
    struct fw_phase_plane plane = {.a = (xz * yy - yz * xy) / determinant,
                                   .b = (yz * xx - xz * xy) / determinant};
    double x0 = ((double)width - 1) / 2, y0 = ((double)height - 1) / 2;
    plane.c = (m.z - plane.a * m.x - plane.b * m.y) / m.n - plane.a * x0 - plane.b * y0;
    for (size_t row = 0; row < height; row++) {
        for (size_t column = 0; column < width; column++) {
            phase[row * width + column] -=
                plane.a * (double)column + plane.b * (double)row + plane.c;
        }
    }
    *ret_plane = plane;
    return 0;
}

int fw_phase_remove_mean(double *phase, const bool *valid, size_t height, size_t width,
                         double *ret_mean)
{
    struct moments m = moments_of(phase, valid, height, width);

    if (!(m.n > 0)) {
        return -EINVAL;
    }
    double mean = m.z / m.n;
    for (size_t i = 0; i < height * width; i++) {
        phase[i] -= mean;
    }
    *ret_mean = mean;
    return 0;
}
