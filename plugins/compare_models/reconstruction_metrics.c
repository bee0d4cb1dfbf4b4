/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reconstruction.h"
#include "sql/fault.h"

/* Rings with less of an image's energy than this are noise. */
static const double frc_floor = 1e-12;

/* What is compared: the truth, the arm; the same for similarities, which is the same but for the
 * scale of phases. */
struct pair {
    const double *pixels[2], *similar[2];
    double peak;  /* of psnr_range; 0: the truth's range */
    double range; /* of SSIM; 0: the truth's range */
    double sigma; /* of MS-SSIM's blur */
};

static int measure_frc(const struct recon_measures *how, const struct fw_image *t,
                       const struct fw_image *p, struct recon_values *values)
{
    struct fw_frc frc;
    int rc = fw_frc(t, p, frc_floor, how->n_threads, &frc);
    if (rc != 0) {
        return rc;
    }
    values->curve = malloc(frc.n_rings * sizeof *values->curve);
    values->n_rings = frc.n_rings;
    rc = values->curve == NULL
             ? -ENOMEM
             : fw_blur_curve(frc.curve, frc.n_rings, how->frc_sigma, values->curve);
    if (rc == 0) {
        values->frc50 = fw_frc_crossing(values->curve, frc.n_rings, 0.5);
        values->frc1over7 = fw_frc_crossing(values->curve, frc.n_rings, 1.0 / 7);
        values->frc50_px = (double)frc.side / fmin(values->frc50, (double)frc.side / 2);
    }
    fw_frc_finish(&frc);
    return rc;
}

/* Pixel by pixel: those that are covered. `scratch` holds two images. */
static void measure_errors(const struct recon_view *view, const struct pair *pair, double *scratch,
                           struct recon_values *values)
{
    const size_t n = recon_pick(view, pair->pixels[0], scratch);
    (void)recon_pick(view, pair->pixels[1], scratch + n);
    const struct fw_image t = {scratch, 1, n}, p = {scratch + n, 1, n};
    values->mae = fw_image_mae(&t, &p);
    values->mse = fw_image_mse(&t, &p);
    values->psnr = fw_psnr(values->mse, 255);
    values->psnr_range = fw_psnr(values->mse, pair->peak > 0 ? pair->peak : fw_image_range(&t));
}

/* What needs neighbours: in the window. `scratch` holds four images. */
static int measure_similarity(const struct recon_measures *how, const struct recon_view *view,
                              const struct pair *pair, double *scratch, struct recon_values *values)
{
    const size_t height = view->window.bottom - view->window.top;
    const size_t width = view->window.right - view->window.left;
    struct fw_image images[4];
    struct fw_ms_ssim multi, standard;
    for (int k = 0; k < 4; k++) {
        double *to = scratch + (size_t)k * height * width;
        recon_cut_window(view, k < 2 ? pair->pixels[k] : pair->similar[k - 2], to);
        images[k] = (struct fw_image){to, height, width};
    }
    const struct fw_image *t = &images[2], *p = &images[3];
    const double range = pair->range > 0 ? pair->range : fw_image_range(t);
    int rc = fw_ssim(t, p, range, how->n_threads, &values->ssim);
    if (rc == 0) {
        rc = fw_ms_ssim(t, p, pair->sigma, how->n_threads, &multi);
    }
    if (rc == 0) {
        rc = fw_ms_ssim_std(t, p, how->n_threads, &standard);
    }
    if (rc == 0) {
        values->ms_ssim = multi.value;
        values->ms_ssim_levels = multi.n_levels;
        values->ms_ssim_std = standard.value;
        rc = measure_frc(how, &images[0], &images[1], values);
    }
    return rc;
}

static int measure(const struct recon_measures *how, const struct recon_view *view,
                   const struct pair *pair, struct recon_values *values)
{
    double *scratch = malloc(4 * view->height * view->width * sizeof *scratch);
    if (scratch == NULL) {
        return -ENOMEM;
    }
    measure_errors(view, pair, scratch, values);
    int rc = measure_similarity(how, view, pair, scratch, values);
    free(scratch);
    return rc;
}

static int measure_both(const struct recon_measures *how, const struct recon_view *view,
                        const struct recon_pixels *pixels, struct recon_metrics *metrics)
{
    const struct pair amplitude = {.pixels = {pixels->amplitude[0], pixels->amplitude[1]},
                                   .similar = {pixels->amplitude[0], pixels->amplitude[1]},
                                   .sigma = how->ms_ssim_sigma};
    const struct pair phase = {.pixels = {pixels->phase[0], pixels->phase[1]},
                               .similar = {pixels->scaled[0], pixels->scaled[1]},
                               .peak = 2 * M_PI,
                               .range = 1};
    int rc = measure(how, view, &amplitude, &metrics->amplitude);
    metrics->gauge = pixels->gauge;
    return rc == 0 ? measure(how, view, &phase, &metrics->phase) : rc;
}

fw_status recon_measure(const struct recon_measures *how, const struct recon_view *view,
                        const double complex *arm, struct recon_metrics *ret_metrics)
{
    struct recon_metrics metrics = {0};
    struct recon_pixels pixels;
    int rc = recon_pixels_init(how, view, arm, &pixels);
    if (rc == 0) {
        rc = measure_both(how, view, &pixels, &metrics);
    }
    recon_pixels_finish(&pixels);
    if (rc != 0) {
        recon_metrics_finish(&metrics);
        return rc == -ENOMEM
                   ? fw_fault_nomem(how->host)
                   : fw_faultf(how->host, FW_E_DATA, NULL, NULL,
                               "an arm of %zu by %zu pixels cannot be measured: %s", view->height,
                               view->width, rc == -EDOM ? "its amplitude is zero" : strerror(-rc));
    }
    *ret_metrics = metrics;
    return FW_OK;
}

void recon_metrics_finish(struct recon_metrics *metrics)
{
    free(metrics->amplitude.curve);
    free(metrics->phase.curve);
    *metrics = (struct recon_metrics){0};
}
