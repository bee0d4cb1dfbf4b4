/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PTYCHO_STITCH_H
#define FW_LIB_PTYCHO_STITCH_H

#include <stddef.h>

#include <complex.h>
#include <stdbool.h>

/*
 * Patches laid on a canvas by their positions and averaged where they overlap. Each patch
 * touches its own (M + 1)² pixels; pixels take patches in the order in which these are added, so
 * that the canvas has the same bits however they are divided into calls and threads. Functions
 * return 0, -ENOMEM or -EINVAL.
 */

/** Where everything lies, which depends on all positions. */
struct fw_canvas {
    double x, y;        /**< the mean position: pixel (side/2, side/2) of the canvas */
    size_t patch, crop; /**< N, and M: the middle of a patch that is laid down */
    size_t pad, side;   /**< side = M + 2·pad */
};

/** Positions are [n][2], x and y. -EINVAL: none, not finite, crop odd, 0 or more than patch. */
int fw_canvas_init(struct fw_canvas *ret_canvas, const double *positions, size_t n, size_t patch,
                   size_t crop);

/** Moves the canvas' middle to the next whole pixel: patches at whole positions are then laid down
 * as they are, and fw_canvas_place leaves no rest. Before fw_stitch_init. */
void fw_canvas_round(struct fw_canvas *canvas);

/** Rows [top, bottom) and columns [left, right). */
struct fw_box {
    size_t top, bottom, left, right;
};

/** Pixels of an object of this shape that a scan covers: half a crop around its positions. */
int fw_scan_box(const double *positions, size_t n, size_t crop, const size_t shape[2],
                struct fw_box *ret_box);

/**
 * The canvas pixel on the box's first one, and how far right of and below it that one lies, each
 * within half a pixel: the canvas is to be shifted by (-ret_rest[0], -ret_rest[1]), (dy, dx), to
 * lie on the box exactly. The pixel may be outside of the canvas.
 */
void fw_canvas_place(const struct fw_canvas *canvas, const struct fw_box *box,
                     ptrdiff_t ret_first[2], double ret_rest[2]);

/** The sums so far; borrowable for a checkpoint. */
struct fw_stitch {
    struct fw_canvas canvas;
    double complex *sum; /**< [side][side] */
    double *weight;
};

int fw_stitch_init(struct fw_stitch *stitch, const struct fw_canvas *canvas);
void fw_stitch_finish(struct fw_stitch *stitch);

/** Patches are [n][N][N], at positions among those of fw_canvas_init. n_threads is 1 or more. */
int fw_stitch_add(struct fw_stitch *stitch, const float complex *patches, const double *positions,
                  size_t n, unsigned n_threads);

/** sum / (1e-9 + weight), 0 where nothing lies. `ret_covered` may be NULL. */
void fw_stitch_result(const struct fw_stitch *stitch, float complex *ret_object, bool *ret_covered);

#endif
