/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reconstruction.h"

size_t recon_pick(const struct recon_view *view, const double *from, double *to)
{
    size_t n = 0;
    for (size_t i = 0; i < view->height * view->width; i++) {
        if (view->covered == NULL || view->covered[i]) {
            to[n++] = from[i];
        }
    }
    return n;
}

void recon_cut_window(const struct recon_view *view, const double *from, double *to)
{
    const struct fw_box *window = &view->window;
    const size_t width = window->right - window->left;
    for (size_t row = window->top; row < window->bottom; row++) {
        memcpy(to + (row - window->top) * width, from + row * view->width + window->left,
               width * sizeof *to);
    }
}

/* The study's: mean of the truth by mean of the arm. `scratch` holds two images. */
static int find_gauge(const struct recon_view *view, struct recon_pixels *pixels, double *scratch)
{
    const size_t n = recon_pick(view, pixels->amplitude[0], scratch);
    (void)recon_pick(view, pixels->amplitude[1], scratch + n);
    pixels->gauge =
        fw_image_gauge(&(struct fw_image){scratch, 1, n}, &(struct fw_image){scratch + n, 1, n});
    return isfinite(pixels->gauge) ? 0 : -EDOM;
}

static int level(const struct recon_measures *how, const struct recon_view *view, double *phase)
{
    struct fw_phase_plane plane;
    double mean;
    return how->by_mean
               ? fw_phase_remove_mean(phase, view->covered, view->height, view->width, &mean)
               : fw_phase_remove_plane(phase, view->covered, view->height, view->width, &plane);
}

static int fill(const struct recon_measures *how, const struct recon_view *view,
                const double complex *arm, struct recon_pixels *pixels)
{
    const size_t n = view->height * view->width;
    const double complex *const from[] = {view->truth, arm};
    int rc = 0;
    for (int k = 0; k < 2; k++) {
        pixels->amplitude[k] = pixels->work + (size_t)(3 * k) * n;
        pixels->phase[k] = pixels->amplitude[k] + n;
        pixels->scaled[k] = pixels->phase[k] + n;
        for (size_t i = 0; i < n; i++) {
            pixels->amplitude[k][i] = cabs(from[k][i]);
            pixels->phase[k][i] = carg(from[k][i]);
        }
    }
    rc = find_gauge(view, pixels, pixels->work + 6 * n);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        pixels->amplitude[1][i] *= pixels->gauge;
    }
    for (int k = 0; rc == 0 && k < 2; k++) {
        rc = level(how, view, pixels->phase[k]);
        for (size_t i = 0; i < n; i++) {
            pixels->scaled[k][i] = (pixels->phase[k][i] + M_PI) / (2 * M_PI);
        }
    }
    return rc;
}

int recon_pixels_init(const struct recon_measures *how, const struct recon_view *view,
                      const double complex *arm, struct recon_pixels *pixels)
{
    *pixels = (struct recon_pixels){0};
    pixels->work = malloc(8 * view->height * view->width * sizeof *pixels->work);
    return pixels->work == NULL ? -ENOMEM : fill(how, view, arm, pixels);
}

void recon_pixels_finish(struct recon_pixels *pixels)
{
    free(pixels->work);
    *pixels = (struct recon_pixels){0};
}
