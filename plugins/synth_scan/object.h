/* SPDX-License-Identifier: MIT */
#ifndef SYNTH_SCAN_OBJECT_H
#define SYNTH_SCAN_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#include <complex.h>

#include "ptycho/group.h"

/* An object that is known, and a scan over it. All numbers follow from the seed. */
struct synth_object {
    size_t side;            /* pixels */
    double complex *pixels; /* [side][side] */
    size_t n_side;          /* N, of a patch */
    double complex *probe;  /* [N][N] */
    size_t n;               /* positions: whole pixels, so that patches are cut exactly */
    double *x, *y;
};

struct synth_shape {
    size_t images, n_side, step;
    uint64_t seed;
};

/* 0 or -ENOMEM. Finish in any case. */
int synth_object_init(struct synth_object *object, const struct synth_shape *shape);
void synth_object_finish(struct synth_object *object);

/* The patch around position i. */
void synth_object_patch(const struct synth_object *object, size_t i, double complex *ret_patch);

/* The amplitude that a detector sees of a patch, zero frequency in the middle; 0 or -ENOMEM. The
 * patch is used up. */
int synth_object_diffract(const struct synth_object *object, double complex *patch,
                          float *ret_image);

/* Near to normal, standard deviation 1: the sum of twelve uniform numbers less six. */
double synth_noise(struct fw_pcg32 *rng);

#endif
