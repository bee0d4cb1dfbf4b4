/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ptycho/mask.h"
#include "reconstruction.h"
#include "sql/fault.h"

/* Magnitudes of a window of the truth, then of the arm. */
static void magnitudes(const struct recon_view *view, const struct fw_box *window,
                       const struct recon_aligned *arm, double *both)
{
    const size_t width = window->right - window->left, n = (window->bottom - window->top) * width;
    for (size_t i = 0; i < n; i++) {
        const size_t at = (window->top + i / width) * view->width + window->left + i % width;
        both[i] = cabs(view->truth[at]);
        both[n + i] = cabs(arm->pixels[at]);
    }
}

/* By what the arm has an answer for: the edges of what it has none for are no content. */
static int find_shift(const struct recon_alignment *how, const struct recon_view *view,
                      struct recon_aligned *arm)
{
    struct fw_box window;
    int rc = fw_mask_largest(arm->covered, view->height, view->width, &window);
    const size_t height = window.bottom - window.top, width = window.right - window.left;
    double *both = rc == 0 ? malloc((2 * height * width + 1) * sizeof *both) : NULL;
    if (both == NULL) {
        return -ENOMEM;
    }
    magnitudes(view, &window, arm, both);
    const struct fw_image reference = {both, height, width};
    const struct fw_image moving = {both + height * width, height, width};
    rc = fw_image_register(&reference, &moving, how->upsample, how->n_threads, arm->shift);
    free(both);
    return rc;
}

static void grow(struct fw_image_margins *margins, const struct fw_image_margins *own)
{
    margins->top = own->top > margins->top ? own->top : margins->top;
    margins->bottom = own->bottom > margins->bottom ? own->bottom : margins->bottom;
    margins->left = own->left > margins->left ? own->left : margins->left;
    margins->right = own->right > margins->right ? own->right : margins->right;
}

/* Finds the arm's shift and applies it; margins grow to what all arms lose. */
static int register_arm(const struct recon_alignment *how, const struct recon_view *view,
                        struct recon_aligned *arm, struct fw_image_margins *margins)
{
    struct fw_image_margins own;
    int rc = find_shift(how, view, arm);
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
    }
    if (rc == 0) {
        rc = fw_mask_shrink(arm->covered, view->height, view->width, &own);
        grow(margins, &own);
    }
    return rc;
}

/* In place: an item is written where no later one is read. */
static void shrink(void *items, size_t item, const size_t shape[2],
                   const struct fw_image_margins *margins)
{
    const size_t height = shape[0] - margins->top - margins->bottom;
    const size_t width = shape[1] - margins->left - margins->right;
    for (size_t row = 0; row < height; row++) {
        memmove((char *)items + row * width * item,
                (const char *)items + ((row + margins->top) * shape[1] + margins->left) * item,
                width * item);
    }
}

static fw_status too_few(const struct recon_plan *plan, const struct recon_view *view,
                         const char *after)
{
    return fw_faultf(plan->host, FW_E_DATA, plan->scan->path, NULL,
                     "of %zu by %zu pixels too few are left to compare after %s: %d by %d are "
                     "needed",
                     view->height, view->width, after, FW_SSIM_WINDOW, FW_SSIM_WINDOW);
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
        return too_few(plan, view, "registration and trimming");
    }
    shrink(view->truth, sizeof *view->truth, shape, margins);
    for (size_t i = 0; i < view->n; i++) {
        shrink(view->arms[i].pixels, sizeof *view->arms[i].pixels, shape, margins);
        shrink(view->arms[i].covered, sizeof *view->arms[i].covered, shape, margins);
    }
    view->height -= margins->top + margins->bottom;
    view->width -= margins->left + margins->right;
    return FW_OK;
}

/* What all arms that are measured have an answer for. */
static fw_status find_common(const struct recon_plan *plan, struct recon_view *view)
{
    const size_t n = view->height * view->width;
    view->covered = malloc(n);
    if (view->covered == NULL) {
        return fw_fault_nomem(plan->host);
    }
    memset(view->covered, true, n);
    for (size_t i = 0; i < view->n; i++) {
        for (size_t k = 0; k < n && !view->arms[i].is_rejected; k++) {
            view->covered[k] = view->covered[k] && view->arms[i].covered[k];
        }
    }
    view->n_covered = fw_mask_count(view->covered, n);
    if (fw_mask_largest(view->covered, view->height, view->width, &view->window) != 0) {
        return fw_fault_nomem(plan->host);
    }
    if (view->n_covered == n) {
        free(view->covered);
        view->covered = NULL;
    }
    return view->window.bottom - view->window.top < FW_SSIM_WINDOW ||
                   view->window.right - view->window.left < FW_SSIM_WINDOW
               ? too_few(plan, view, "leaving out what some arm has no answer for")
               : FW_OK;
}

static int place_all(const struct recon_plan *plan, const struct recon_alignment *how,
                     const struct recon_arm *arms, const struct fw_box *box,
                     struct recon_view *view)
{
    const struct recon_scan *scan = plan->scan;
    const size_t shape[] = {scan->height, scan->width};
    const struct recon_part part = {{(ptrdiff_t)box->top, (ptrdiff_t)box->left},
                                    {view->height, view->width}};
    const bool is_known = scan->object != NULL;
    view->truth = is_known ? malloc(view->height * view->width * sizeof *view->truth) : NULL;
    view->arms = calloc(view->n + 1, sizeof *view->arms);
    if ((is_known && view->truth == NULL) || view->arms == NULL) {
        return -ENOMEM;
    }
    if (is_known) { /* the box lies inside */
        recon_cut(scan->object, shape, NULL, &part, view->truth, NULL);
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < view->n; i++) {
        rc = recon_place(&arms[i], how, box, &view->arms[i]);
    }
    return rc;
}

fw_status recon_align(const struct recon_plan *plan, const struct recon_alignment *how,
                      const struct recon_arm *arms, size_t n, struct recon_view *view)
{
    struct fw_image_margins margins = {0};
    struct fw_box box;
    fw_status status = recon_box_find(plan, how, arms, n, &box);
    if (status != FW_OK) {
        return status;
    }
    *view =
        (struct recon_view){.height = box.bottom - box.top, .width = box.right - box.left, .n = n};
    int rc = place_all(plan, how, arms, &box, view);
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
    status = view->truth == NULL ? FW_OK : trim(plan, how, &margins, view);
    return status == FW_OK && view->truth != NULL ? find_common(plan, view) : status;
}

void recon_view_finish(struct recon_view *view)
{
    for (size_t i = 0; view->arms != NULL && i < view->n; i++) {
        free(view->arms[i].pixels);
        free(view->arms[i].covered);
    }
    free(view->arms);
    free(view->truth);
    free(view->covered);
    *view = (struct recon_view){0};
}
