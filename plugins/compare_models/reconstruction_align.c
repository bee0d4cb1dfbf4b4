/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reconstruction.h"
#include "sql/fault.h"

/* A part of an image, zeros where it reaches beyond; how much of it does not. */
static double crop(const double complex *pixels, const size_t shape[2], const bool *covered,
                   const ptrdiff_t first[2], const size_t size[2], double complex *to)
{
    size_t inside = 0;
    for (size_t i = 0; i < size[0] * size[1]; i++) {
        const ptrdiff_t row = first[0] + (ptrdiff_t)(i / size[1]);
        const ptrdiff_t column = first[1] + (ptrdiff_t)(i % size[1]);
        const bool is_there =
            row >= 0 && column >= 0 && row < (ptrdiff_t)shape[0] && column < (ptrdiff_t)shape[1];
        const size_t at = is_there ? (size_t)row * shape[1] + (size_t)column : 0;
        to[i] = is_there ? pixels[at] : 0;
        inside += is_there && (covered == NULL || covered[at]) ? 1 : 0;
    }
    return (double)inside / (double)(size[0] * size[1]);
}

/* The box of the scan, made smaller around its middle where an arm that is given is smaller. */
static fw_status find_box(const struct recon_plan *plan, const struct recon_arm *arms, size_t n,
                          struct fw_box *box)
{
    const struct recon_scan *scan = plan->scan;
    const size_t shape[] = {scan->height, scan->width};
    if (fw_scan_box(scan->groups.offsets, scan->groups.n, plan->crop, shape, box) != 0) {
        return fw_faultf(plan->host, FW_E_DATA, scan->path, NULL,
                         "the positions lie outside of the object of %zu by %zu pixels", shape[0],
                         shape[1]);
    }
    size_t height = box->bottom - box->top, width = box->right - box->left;
    for (size_t i = 0; i < n; i++) {
        if (arms[i].is_given) {
            height = arms[i].height < height ? arms[i].height : height;
            width = arms[i].width < width ? arms[i].width : width;
        }
    }
    box->top += (box->bottom - box->top - height) / 2;
    box->left += (box->right - box->left - width) / 2;
    box->bottom = box->top + height;
    box->right = box->left + width;
    return FW_OK;
}

/* The canvas is moved by the rest of a pixel and cut; around it there is nothing to wrap. */
static int place_stitched(const struct recon_arm *arm, const struct fw_box *box, unsigned n_threads,
                          struct recon_aligned *aligned)
{
    const size_t side = arm->stitch.canvas.side, shape[] = {side, side};
    const size_t size[] = {box->bottom - box->top, box->right - box->left};
    float complex *object = malloc(side * side * sizeof *object);
    double complex *canvas = malloc(side * side * sizeof *canvas);
    bool *covered = malloc(side * side * sizeof *covered);
    ptrdiff_t first[2];
    double rest[2];
    int rc = object == NULL || canvas == NULL || covered == NULL ? -ENOMEM : 0;
    fw_canvas_place(&arm->stitch.canvas, box, first, rest);
    if (rc == 0) {
        fw_stitch_result(&arm->stitch, object, covered);
        for (size_t i = 0; i < side * side; i++) {
            canvas[i] = object[i];
        }
    }
    if (rc == 0 && fmax(fabs(rest[0]), fabs(rest[1])) > 1e-9) {
        const double shift[] = {-rest[0], -rest[1]};
        rc = fw_image_shift_complex(canvas, side, side, shift, n_threads);
    }
    if (rc == 0) {
        aligned->coverage = crop(canvas, shape, covered, first, size, aligned->pixels);
    }
    free(object);
    free(canvas);
    free(covered);
    return rc;
}

static int place(const struct recon_arm *arm, const struct fw_box *box, unsigned n_threads,
                 struct recon_aligned *aligned)
{
    const size_t size[] = {box->bottom - box->top, box->right - box->left};
    *aligned = (struct recon_aligned){.shift = {NAN, NAN}};
    aligned->pixels = malloc(size[0] * size[1] * sizeof *aligned->pixels);
    if (aligned->pixels == NULL) {
        return -ENOMEM;
    }
    if (!arm->is_given) {
        return place_stitched(arm, box, n_threads, aligned);
    }
    const size_t shape[] = {arm->height, arm->width};
    const ptrdiff_t first[] = {(ptrdiff_t)((arm->height - size[0]) / 2),
                               (ptrdiff_t)((arm->width - size[1]) / 2)};
    aligned->coverage = crop(arm->object, shape, NULL, first, size, aligned->pixels);
    return 0;
}

static void magnitudes(const double complex *pixels, size_t n, double *to)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = cabs(pixels[i]);
    }
}

/* Finds the arm's shift and applies it; margins grow to what all arms lose. */
static int register_arm(const struct recon_alignment *how, const struct recon_view *view,
                        struct recon_aligned *arm, struct fw_image_margins *margins)
{
    const size_t n = view->height * view->width;
    struct fw_image_margins own;
    double *both = malloc(2 * n * sizeof *both);
    if (both == NULL) {
        return -ENOMEM;
    }
    magnitudes(view->truth, n, both);
    magnitudes(arm->pixels, n, both + n);
    const struct fw_image reference = {both, view->height, view->width};
    const struct fw_image moving = {both + n, view->height, view->width};
    int rc = fw_image_register(&reference, &moving, how->upsample, how->n_threads, arm->shift);
    free(both);
    if (rc == 0) {
        rc = fw_image_margins(view->height, view->width, arm->shift, how->max_shift, &own);
    }
    if (rc == -ERANGE) {
        arm->is_rejected = true;
        return 0;
    }
    if (rc == 0) {
        rc = fw_image_shift_complex(arm->pixels, view->height, view->width, arm->shift,
                                    how->n_threads);
        margins->top = own.top > margins->top ? own.top : margins->top;
        margins->bottom = own.bottom > margins->bottom ? own.bottom : margins->bottom;
        margins->left = own.left > margins->left ? own.left : margins->left;
        margins->right = own.right > margins->right ? own.right : margins->right;
    }
    return rc;
}

/* In place: a pixel is written where no later one is read. */
static void shrink(double complex *pixels, const size_t shape[2],
                   const struct fw_image_margins *margins)
{
    const size_t height = shape[0] - margins->top - margins->bottom;
    const size_t width = shape[1] - margins->left - margins->right;
    for (size_t row = 0; row < height; row++) {
        memmove(pixels + row * width, pixels + (row + margins->top) * shape[1] + margins->left,
                width * sizeof *pixels);
    }
}

static fw_status trim(const struct recon_plan *plan, const struct recon_alignment *how,
                      struct fw_image_margins *margins, struct recon_view *view)
{
    const size_t shape[] = {view->height, view->width};
    margins->top += how->trim;
    margins->bottom += how->trim;
    margins->left += how->trim;
    margins->right += how->trim;
    if (margins->top + margins->bottom + FW_SSIM_WINDOW > shape[0] ||
        margins->left + margins->right + FW_SSIM_WINDOW > shape[1]) {
        return fw_faultf(plan->host, FW_E_DATA, plan->scan->path, NULL,
                         "of %zu by %zu pixels too few are left to compare after registration and "
                         "trimming: %d by %d are needed",
                         shape[0], shape[1], FW_SSIM_WINDOW, FW_SSIM_WINDOW);
    }
    shrink(view->truth, shape, margins);
    for (size_t i = 0; i < view->n; i++) {
        shrink(view->arms[i].pixels, shape, margins);
    }
    view->height -= margins->top + margins->bottom;
    view->width -= margins->left + margins->right;
    return FW_OK;
}

static int place_all(const struct recon_plan *plan, const struct recon_arm *arms,
                     const struct fw_box *box, struct recon_view *view)
{
    const struct recon_scan *scan = plan->scan;
    const size_t shape[] = {scan->height, scan->width}, size[] = {view->height, view->width};
    const ptrdiff_t first[] = {(ptrdiff_t)box->top, (ptrdiff_t)box->left};
    size_t n = view->n;
    const bool is_known = scan->object != NULL;
    view->truth = is_known ? malloc(view->height * view->width * sizeof *view->truth) : NULL;
    view->arms = calloc(n + 1, sizeof *view->arms);
    if ((is_known && view->truth == NULL) || view->arms == NULL) {
        return -ENOMEM;
    }
    if (is_known) {
        (void)crop(scan->object, shape, NULL, first, size, view->truth); /* the box lies inside */
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        rc = place(&arms[i], box, plan->n_threads, &view->arms[i]);
    }
    return rc;
}

fw_status recon_align(const struct recon_plan *plan, const struct recon_alignment *how,
                      const struct recon_arm *arms, size_t n, struct recon_view *view)
{
    struct fw_image_margins margins = {0};
    struct fw_box box;
    fw_status status = find_box(plan, arms, n, &box);
    if (status != FW_OK) {
        return status;
    }
    *view =
        (struct recon_view){.height = box.bottom - box.top, .width = box.right - box.left, .n = n};
    int rc = place_all(plan, arms, &box, view);
    for (size_t i = 0; rc == 0 && view->truth != NULL && i < n; i++) {
        if (how->registration == RECON_ALL ||
            (how->registration == RECON_GIVEN_ONLY && arms[i].is_given)) {
            rc = register_arm(how, view, &view->arms[i], &margins);
        }
    }
    if (rc != 0) {
        return rc == -ENOMEM ? fw_fault_nomem(plan->host)
                             : fw_faultf(plan->host, FW_E_DATA, plan->scan->path, NULL,
                                         "nothing of %zu by %zu pixels is left after registration",
                                         view->height, view->width);
    }
    return view->truth == NULL ? FW_OK : trim(plan, how, &margins, view);
}

void recon_view_finish(struct recon_view *view)
{
    for (size_t i = 0; view->arms != NULL && i < view->n; i++) {
        free(view->arms[i].pixels);
    }
    free(view->arms);
    free(view->truth);
    *view = (struct recon_view){0};
}
