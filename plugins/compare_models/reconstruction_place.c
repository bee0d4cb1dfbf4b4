/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "ptycho/mask.h"
#include "reconstruction.h"
#include "sql/fault.h"

/* Less than this is no part of a pixel. */
static const double no_rest = 1e-9;

/* What a part of a pixel spoils at the edges of an image that goes on beyond them. */
enum { EDGE = 2 };

void recon_cut(const double complex *pixels, const size_t shape[2], const bool *covered,
               const struct recon_part *part, double complex *ret_pixels, bool *ret_covered)
{
    for (size_t i = 0; i < part->size[0] * part->size[1]; i++) {
        const ptrdiff_t row = part->first[0] + (ptrdiff_t)(i / part->size[1]);
        const ptrdiff_t column = part->first[1] + (ptrdiff_t)(i % part->size[1]);
        const bool is_there =
            row >= 0 && column >= 0 && row < (ptrdiff_t)shape[0] && column < (ptrdiff_t)shape[1];
        const size_t at = is_there ? (size_t)row * shape[1] + (size_t)column : 0;
        ret_pixels[i] = is_there ? pixels[at] : 0;
        if (ret_covered != NULL) {
            ret_covered[i] = is_there && (covered == NULL || covered[at]);
        }
    }
}

/* Where an arm lies by its middle, the box must not be larger than it. */
static void shrink_box(const struct recon_arm *arm, bool about_middles, size_t size[2])
{
    const size_t side = arm->is_given ? 0 : arm->stitch.canvas.side;
    const size_t own[] = {arm->is_given ? arm->height : side, arm->is_given ? arm->width : side};
    const bool is_placed = !about_middles && (!arm->is_given || arm->has_origin);
    for (int axis = 0; axis < 2 && !is_placed; axis++) {
        size[axis] = own[axis] < size[axis] ? own[axis] : size[axis];
    }
}

fw_status recon_box_find(const struct recon_plan *plan, const struct recon_alignment *how,
                         const struct recon_arm *arms, size_t n, struct fw_box *box)
{
    const struct recon_scan *scan = plan->scan;
    const struct recon_places *places = &scan->places;
    const size_t shape[] = {scan->height, scan->width};
    const double corners[] = {places->low[0], places->low[1], places->high[0], places->high[1]};
    const int rc = how->fixed_canvas
                       ? fw_scan_box(corners, 2, plan->crop, shape, box)
                       : fw_scan_box(scan->groups.offsets, scan->groups.n, plan->crop, shape, box);
    if (rc != 0) {
        return fw_faultf(plan->host, FW_E_DATA, scan->path, NULL,
                         "the positions lie outside of the object of %zu by %zu pixels", shape[0],
                         shape[1]);
    }
    size_t size[] = {box->bottom - box->top, box->right - box->left};
    for (size_t i = 0; i < n && !how->fixed_canvas; i++) {
        shrink_box(&arms[i], how->about_middles, size);
    }
    box->top += (box->bottom - box->top - size[0]) / 2;
    box->left += (box->right - box->left - size[1]) / 2;
    box->bottom = box->top + size[0];
    box->right = box->left + size[1];
    return FW_OK;
}

/* An arm by itself, and how it lies on the box. */
struct lay {
    const struct recon_alignment *how;
    const struct fw_box *box;
    double complex *pixels; /* may be changed */
    bool *covered;
    size_t shape[2];
};

/* Its middle on the box's; where it is smaller the odd row or column of zeros is below, right. */
static void lay_about_middle(const struct lay *lay, struct recon_part *part)
{
    for (int axis = 0; axis < 2; axis++) {
        part->first[axis] = ((ptrdiff_t)lay->shape[axis] - (ptrdiff_t)part->size[axis]) / 2;
    }
}

static int move(const struct lay *lay, const double rest[2])
{
    const double shift[] = {-rest[0], -rest[1]};
    return fmax(fabs(rest[0]), fabs(rest[1])) > no_rest
               ? fw_image_shift_complex(lay->pixels, lay->shape[0], lay->shape[1], shift,
                                        lay->how->n_threads)
               : 0;
}

/* What wrapped around, where an image ends while its object goes on. */
static void uncover_edges(const struct lay *lay, const double rest[2])
{
    for (size_t i = 0; i < lay->shape[0] * lay->shape[1]; i++) {
        const size_t row = i / lay->shape[1], column = i % lay->shape[1];
        const bool is_inside =
            (fabs(rest[0]) <= no_rest || (row >= EDGE && row + EDGE < lay->shape[0])) &&
            (fabs(rest[1]) <= no_rest || (column >= EDGE && column + EDGE < lay->shape[1]));
        lay->covered[i] = lay->covered[i] && is_inside;
    }
}

static int lay_out(const struct recon_arm *arm, const struct lay *lay,
                   struct recon_aligned *aligned)
{
    const struct fw_box *box = lay->box;
    struct recon_part part = {.size = {box->bottom - box->top, box->right - box->left}};
    const size_t n = part.size[0] * part.size[1];
    double rest[2] = {0};
    if (lay->how->about_middles || (arm->is_given && !arm->has_origin)) {
        lay_about_middle(lay, &part);
    } else if (arm->is_given) {
        const double corner[] = {(double)box->top - arm->origin[0],
                                 (double)box->left - arm->origin[1]};
        for (int axis = 0; axis < 2; axis++) {
            part.first[axis] = (ptrdiff_t)rint(corner[axis]);
            rest[axis] = corner[axis] - rint(corner[axis]);
        }
        uncover_edges(lay, rest);
    } else {
        fw_canvas_place(&arm->stitch.canvas, box, part.first, rest);
    }
    int rc = move(lay, rest);
    if (rc == 0) {
        recon_cut(lay->pixels, lay->shape, lay->covered, &part, aligned->pixels, aligned->covered);
        aligned->coverage = (double)fw_mask_count(aligned->covered, n) / (double)n;
    }
    for (size_t i = 0; rc == 0 && lay->how->about_middles && i < n; i++) {
        aligned->covered[i] = true; /* the study had no mask */
    }
    return rc;
}

static int read_pixels(const struct recon_arm *arm, const struct lay *lay)
{
    const size_t n = lay->shape[0] * lay->shape[1];
    float complex *single = arm->is_given ? NULL : malloc(n * sizeof *single);
    if (single == NULL && !arm->is_given) {
        return -ENOMEM;
    }
    if (!arm->is_given) {
        fw_stitch_result(&arm->stitch, single, lay->covered);
    }
    for (size_t i = 0; i < n; i++) {
        lay->pixels[i] = arm->is_given ? arm->object[i] : single[i];
        lay->covered[i] = arm->is_given || lay->covered[i];
    }
    free(single);
    return 0;
}

int recon_place(const struct recon_arm *arm, const struct recon_alignment *how,
                const struct fw_box *box, struct recon_aligned *aligned)
{
    const size_t size = (box->bottom - box->top) * (box->right - box->left);
    const size_t side = arm->is_given ? 0 : arm->stitch.canvas.side;
    struct lay lay = {
        .how = how,
        .box = box,
        .shape = {arm->is_given ? arm->height : side, arm->is_given ? arm->width : side}};
    *aligned = (struct recon_aligned){.shift = {NAN, NAN},
                                      .pixels = malloc(size * sizeof *aligned->pixels),
                                      .covered = malloc(size)};
    lay.pixels = malloc(lay.shape[0] * lay.shape[1] * sizeof *lay.pixels);
    lay.covered = malloc(lay.shape[0] * lay.shape[1]);
    int rc = aligned->pixels == NULL || aligned->covered == NULL || lay.pixels == NULL ||
                     lay.covered == NULL
                 ? -ENOMEM
                 : read_pixels(arm, &lay);
    if (rc == 0) {
        rc = lay_out(arm, &lay, aligned);
    }
    free(lay.pixels);
    free(lay.covered);
    return rc;
}
