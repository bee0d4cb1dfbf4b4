/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reconstruction.h"
#include "sql/fault.h"

/* Rings with less of an image's energy than this are noise. */
static const double frc_floor = 1e-12;

/* What a pair of images is measured with. */
struct pair {
    struct fw_image t, p;
    double peak;  /* of psnr_range */
    double range; /* of SSIM */
    double sigma; /* of MS-SSIM's blur */
};

static int measure_frc(const struct recon_measures *how, const struct pair *pair,
                       struct recon_values *values)
{
    struct fw_frc frc;
    int rc = fw_frc(&pair->t, &pair->p, frc_floor, how->n_threads, &frc);
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

/* Similarities of the second pair, which is the first but for the scale of phases. */
static int measure(const struct recon_measures *how, const struct pair *pair,
                   const struct pair *scaled, struct recon_values *values)
{
    struct fw_ms_ssim multi, standard;
    values->mae = fw_image_mae(&pair->t, &pair->p);
    values->mse = fw_image_mse(&pair->t, &pair->p);
    values->psnr = fw_psnr(values->mse, 255);
    values->psnr_range = fw_psnr(values->mse, pair->peak);
    int rc = fw_ssim(&scaled->t, &scaled->p, scaled->range, how->n_threads, &values->ssim);
    if (rc == 0) {
        rc = fw_ms_ssim(&scaled->t, &scaled->p, scaled->sigma, how->n_threads, &multi);
    }
    if (rc == 0) {
        rc = fw_ms_ssim_std(&scaled->t, &scaled->p, how->n_threads, &standard);
    }
    if (rc == 0) {
        values->ms_ssim = multi.value;
        values->ms_ssim_levels = multi.n_levels;
        values->ms_ssim_std = standard.value;
        rc = measure_frc(how, pair, values);
    }
    return rc;
}

static int measure_amplitude(const struct recon_measures *how, const struct recon_view *view,
                             const double complex *pixels, double *work,
                             struct recon_metrics *metrics)
{
    const size_t n = view->height * view->width;
    struct pair pair = {.t = {work, view->height, view->width},
                        .p = {work + n, view->height, view->width},
                        .sigma = how->ms_ssim_sigma};
    for (size_t i = 0; i < n; i++) {
        work[i] = cabs(view->truth[i]);
        work[n + i] = cabs(pixels[i]);
    }
    metrics->gauge = fw_image_gauge(&pair.t, &pair.p);
    for (size_t i = 0; i < n; i++) {
        work[n + i] *= metrics->gauge;
    }
    pair.range = pair.peak = fw_image_range(&pair.t);
    return isfinite(metrics->gauge) ? measure(how, &pair, &pair, &metrics->amplitude) : -EDOM;
}

static int level(const struct recon_measures *how, const struct recon_view *view, double *phase)
{
    struct fw_phase_plane plane;
    double mean;
    return how->by_mean ? fw_phase_remove_mean(phase, NULL, view->height, view->width, &mean)
                        : fw_phase_remove_plane(phase, NULL, view->height, view->width, &plane);
}

static int measure_phase(const struct recon_measures *how, const struct recon_view *view,
                         const double complex *pixels, double *work, struct recon_metrics *metrics)
{
    const size_t n = view->height * view->width;
    const struct pair pair = {.t = {work, view->height, view->width},
                              .p = {work + n, view->height, view->width},
                              .peak = 2 * M_PI};
    const struct pair scaled = {.t = {work + 2 * n, view->height, view->width},
                                .p = {work + 3 * n, view->height, view->width},
                                .range = 1};
    for (size_t i = 0; i < n; i++) {
        work[i] = carg(view->truth[i]);
        work[n + i] = carg(pixels[i]);
    }
    int rc = level(how, view, work);
    if (rc == 0) {
        rc = level(how, view, work + n);
    }
    for (size_t i = 0; i < 2 * n; i++) {
        work[2 * n + i] = (work[i] + M_PI) / (2 * M_PI);
    }
    return rc == 0 ? measure(how, &pair, &scaled, &metrics->phase) : rc;
}

fw_status recon_measure(const struct recon_measures *how, const struct recon_view *view,
                        const double complex *pixels, struct recon_metrics *ret_metrics)
{
    struct recon_metrics metrics = {0};
    double *work = malloc(4 * view->height * view->width * sizeof *work);
    int rc = work == NULL ? -ENOMEM : measure_amplitude(how, view, pixels, work, &metrics);
    if (rc == 0) {
        rc = measure_phase(how, view, pixels, work, &metrics);
    }
    free(work);
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
