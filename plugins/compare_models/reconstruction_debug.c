/* SPDX-License-Identifier: MIT */
/* The pictures that MS-SSIM and FRC are computed of, pixel by pixel as they see them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "grey/grey.h"
#include "reconstruction_outcome.h"
#include "sql/fault.h"
#include "sql/text.h"

struct debug {
    const struct recon_outcome *outcome;
    const char *folder, *arm;
    size_t height, width; /* of the window */
    double *target, *pred;
};

static fw_status write_one(const struct debug *debug, const char *suffix, const size_t shape[2],
                           const double *pixels, const struct fw_grey_limits *limits)
{
    const struct fw_host *host = debug->outcome->recon->host;
    const uint32_t size[] = {(uint32_t)shape[0], (uint32_t)shape[1]}, corner[] = {0, 0};
    struct fw_grey grey;
    struct fw_text path = {0};
    fw_status status = fw_grey_init(&grey, host, size[0], size[1]);
    if (status != FW_OK) {
        return status;
    }
    fw_text_appendf(&path, "%s/%s_%s.png", debug->folder, debug->arm, suffix);
    fw_grey_draw(&grey, corner, size, pixels, limits);
    status = path.failed ? fw_fault_nomem(host) : fw_grey_write(&grey, host, fw_text_get(&path));
    fw_text_finish(&path);
    fw_grey_finish(&grey);
    return status;
}

/* Black and white are the target's least and greatest value, in both. */
static fw_status write_pair(const struct debug *debug, const char *kind, const char *metric,
                            const size_t shape[2])
{
    static const double all[] = {0, 100};
    char pred[64], target[64];
    struct fw_grey_limits limits;
    snprintf(pred, sizeof pred, "%s_pred_for_%s", kind, metric);
    snprintf(target, sizeof target, "%s_target_for_%s", kind, metric);
    fw_status status = fw_grey_percentiles(debug->outcome->recon->host, debug->target,
                                           shape[0] * shape[1], all, &limits);
    if (status == FW_OK) {
        status = write_one(debug, pred, shape, debug->pred, &limits);
    }
    return status == FW_OK ? write_one(debug, target, shape, debug->target, &limits) : status;
}

static int blur(const struct debug *debug, double sigma, double *pixels)
{
    const size_t n = debug->height * debug->width;
    double *copy = malloc(n * sizeof *copy);
    if (copy == NULL) {
        return -ENOMEM;
    }
    memcpy(copy, pixels, n * sizeof *copy);
    const struct fw_image image = {copy, debug->height, debug->width};
    int rc = fw_blur(&image, sigma, debug->outcome->recon->plan.n_threads, pixels);
    free(copy);
    return rc;
}

static fw_status write_ms_ssim(const struct debug *debug, const struct recon_pixels *pixels,
                               double sigma)
{
    const struct recon_view *view = &debug->outcome->view;
    const size_t shape[] = {debug->height, debug->width};
    recon_cut_window(view, pixels->scaled[0], debug->target);
    recon_cut_window(view, pixels->scaled[1], debug->pred);
    fw_status status = write_pair(debug, "phase", "ms-ssim", shape);
    if (status != FW_OK) {
        return status;
    }
    recon_cut_window(view, pixels->amplitude[0], debug->target);
    recon_cut_window(view, pixels->amplitude[1], debug->pred);
    if (sigma > 0 &&
        (blur(debug, sigma, debug->target) != 0 || blur(debug, sigma, debug->pred) != 0)) {
        return fw_fault_nomem(debug->outcome->recon->host);
    }
    return write_pair(debug, "amp", "ms-ssim", shape);
}

/* In place: the middle square. */
static void cut_square(const struct debug *debug, size_t side, double *pixels)
{
    const size_t top = (debug->height - side) / 2, left = (debug->width - side) / 2;
    for (size_t row = 0; row < side; row++) {
        memmove(pixels + row * side, pixels + (top + row) * debug->width + left,
                side * sizeof *pixels);
    }
}

static fw_status write_frc(const struct debug *debug, const char *kind, double *const images[2])
{
    const size_t side = debug->height < debug->width ? debug->height : debug->width;
    const size_t shape[] = {side, side};
    recon_cut_window(&debug->outcome->view, images[0], debug->target);
    recon_cut_window(&debug->outcome->view, images[1], debug->pred);
    cut_square(debug, side, debug->target);
    cut_square(debug, side, debug->pred);
    return write_pair(debug, kind, "frc", shape);
}

static fw_status write_arm(struct debug *debug, size_t arm, const struct recon_measures *how)
{
    const struct recon_view *view = &debug->outcome->view;
    struct recon_pixels pixels;
    int rc = recon_pixels_init(how, view, view->arms[arm].pixels, &pixels);
    fw_status status = rc == 0 ? FW_OK : fw_fault_nomem(how->host); /* it was measured before */
    debug->arm = debug->outcome->recon->named.items[arm].name;
    if (status == FW_OK) {
        status = write_ms_ssim(debug, &pixels, how->ms_ssim_sigma);
    }
    if (status == FW_OK) {
        status = write_frc(debug, "amp", pixels.amplitude);
    }
    if (status == FW_OK) {
        status = write_frc(debug, "phi", pixels.phase);
    }
    recon_pixels_finish(&pixels);
    return status;
}

fw_status recon_debug_write(const struct recon_outcome *outcome, const struct recon_measures *how)
{
    const struct recon *recon = outcome->recon;
    const struct fw_box *window = &outcome->view.window;
    struct debug debug = {.outcome = outcome,
                          .folder = recon_output_path(recon, "debug_images"),
                          .height = window->bottom - window->top,
                          .width = window->right - window->left};
    if (debug.folder == NULL || fw_task_value(recon->task, "save_debug_images")->integer == 0) {
        return FW_OK;
    }
    if (mkdir(debug.folder, 0777) != 0 && errno != EEXIST) {
        return fw_faultf(recon->host, FW_E_IO, debug.folder, NULL, "the folder cannot be made: %s",
                         strerror(errno));
    }
    debug.target = malloc(2 * debug.height * debug.width * sizeof *debug.target);
    debug.pred = debug.target == NULL ? NULL : debug.target + debug.height * debug.width;
    fw_status status = debug.target == NULL ? fw_fault_nomem(recon->host) : FW_OK;
    for (size_t i = 0; status == FW_OK && i < outcome->view.n; i++) {
        status = recon_has_metrics(outcome, i) ? write_arm(&debug, i, how) : FW_OK;
    }
    free(debug.target);
    return status;
}
