/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fourier.h"
#include "image.h"
#include "large.h"
#include "parallel.h"

enum { BAND_ROWS = 64 };

struct ring {
    double tt, pp, tp, n;
};

/* A ring holds with every frequency its negative, whose products are the conjugates: only real
 * parts are summed, and columns that the real transform leaves out count twice. */
struct job {
    const double complex *t, *p;
    size_t side, n_rings;
    struct ring *rings; /* of each band */
    unsigned *index;    /* a row of each band */
};

/* k is never half-way between two rings: (k + 1/2)² is no integer. */
static void ring_indices(double squared, unsigned *index, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double x = (double)(int)i;
        index[i] = (unsigned)(int)(sqrt(squared + x * x) + 0.5);
    }
}

static void add_row(const struct job *job, size_t row, const unsigned *index, struct ring *rings)
{
    size_t width = fw_spectrum_width(job->side);
    const double complex *t = job->t + row * width, *p = job->p + row * width;

    for (size_t i = 0; i < width; i++) {
        bool alone = i == 0 || (job->side % 2 == 0 && i + 1 == width);
        double times = alone ? 1 : 2;
        double tr = creal(t[i]), ti = cimag(t[i]), pr = creal(p[i]), pi = cimag(p[i]);
        struct ring *ring = &rings[index[i]];
        ring->tt += times * (tr * tr + ti * ti);
        ring->pp += times * (pr * pr + pi * pi);
        ring->tp += times * (tr * pr + ti * pi);
        ring->n += times;
    }
}

static void add_band(void *arg, size_t band)
{
    const struct job *job = arg;
    size_t width = fw_spectrum_width(job->side), first = band * BAND_ROWS;
    unsigned *index = job->index + band * width;

    for (size_t row = first; row < first + BAND_ROWS && row < job->side; row++) {
        double y = row <= job->side / 2 ? (double)row : (double)row - (double)job->side;
        ring_indices(y * y, index, width);
        add_row(job, row, index, job->rings + band * job->n_rings);
    }
}

/* The square in the middle. */
static void crop(const struct fw_image *image, size_t side, double *to)
{
    size_t top = (image->height - side) / 2, left = (image->width - side) / 2;

    for (size_t row = 0; row < side; row++) {
        memcpy(to + row * side, image->pixels + (top + row) * image->width + left,
               side * sizeof *to);
    }
}

static int transform(const struct fw_image *image, size_t side, unsigned n_threads,
                     double complex *ret_spectrum)
{
    const double *pixels = image->pixels;
    double *square = NULL;

    if (image->height != image->width) {
        square = fw_large_alloc(side * side, sizeof *square);
        if (square == NULL) {
            return -ENOMEM;
        }
        crop(image, side, square);
        pixels = square;
    }
    int rc = fw_fourier_real(pixels, side, side, n_threads, ret_spectrum);
    free(square);
    return rc;
}

static struct ring total(const struct ring *rings, size_t n)
{
    struct ring sum = {0};

    for (size_t i = 0; i < n; i++) {
        sum.tt += rings[i].tt;
        sum.pp += rings[i].pp;
    }
    return sum;
}

/* The first band's rings take the others in, in order. */
static void correlate(const struct job *job, size_t n_bands, double floor, struct fw_frc *frc)
{
    struct ring *rings = job->rings;

    for (size_t i = job->n_rings; i < n_bands * job->n_rings; i++) {
        struct ring *to = &rings[i % job->n_rings];
        to->tt += rings[i].tt;
        to->pp += rings[i].pp;
        to->tp += rings[i].tp;
        to->n += rings[i].n;
    }
    struct ring sum = total(rings, job->n_rings);
    for (size_t i = 0; i < job->n_rings; i++) {
        bool faint = rings[i].tt < floor * sum.tt || rings[i].pp < floor * sum.pp;
        frc->curve[i] = faint ? NAN : fabs(rings[i].tp) / sqrt(rings[i].tt * rings[i].pp);
        frc->count[i] = (unsigned long)rings[i].n;
    }
}

static int run(struct job *job, const struct fw_image *const images[2], double floor,
               unsigned n_threads, struct fw_frc *frc)
{
    size_t side = job->side, size = side * fw_spectrum_width(side);
    size_t n_bands = (side + BAND_ROWS - 1) / BAND_ROWS;
    double complex *spectra = fw_large_alloc(2 * size, sizeof *spectra);

    job->rings = calloc(n_bands * job->n_rings, sizeof *job->rings);
    job->index = calloc(n_bands * fw_spectrum_width(side), sizeof *job->index);
    int rc = spectra == NULL || job->rings == NULL || job->index == NULL ? -ENOMEM : 0;
    for (size_t i = 0; rc == 0 && i < 2; i++) {
        rc = transform(images[i], side, n_threads, spectra + i * size);
    }
    if (rc == 0) {
        job->t = spectra;
        job->p = spectra + size;
        fw_parallel(n_threads, n_bands, add_band, job);
        correlate(job, n_bands, floor, frc);
    }
    free(job->index);
    free(job->rings);
    free(spectra);
    return rc;
}

int fw_frc(const struct fw_image *t, const struct fw_image *p, double floor, unsigned n_threads,
           struct fw_frc *ret_frc)
{
    size_t side = t->height < t->width ? t->height : t->width;
    const struct fw_image *const images[] = {t, p};

    if (t->height != p->height || t->width != p->width || side == 0) {
        return -EINVAL;
    }
    double half = (double)(side / 2);
    struct job job = {.side = side, .n_rings = (size_t)(sqrt(2 * half * half) + 0.5) + 1};
    struct fw_frc frc = {.side = side,
                         .n_rings = job.n_rings,
                         .curve = malloc(job.n_rings * sizeof *frc.curve),
                         .count = malloc(job.n_rings * sizeof *frc.count)};
    int rc = frc.curve == NULL || frc.count == NULL ? -ENOMEM
                                                    : run(&job, images, floor, n_threads, &frc);
    if (rc != 0) {
        fw_frc_finish(&frc);
        return rc;
    }
    *ret_frc = frc;
    return 0;
}

void fw_frc_finish(struct fw_frc *frc)
{
    free(frc->curve);
    free(frc->count);
    *frc = (struct fw_frc){0};
}

double fw_frc_crossing(const double *curve, size_t n, double threshold)
{
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        any = any || !isnan(curve[i]);
        if (!(curve[i] < threshold)) {
            continue;
        }
        if (i == 0 || isnan(curve[i - 1]) || curve[i] == curve[i - 1]) {
            return (double)i;
        }
        double at = (double)(i - 1) + (threshold - curve[i - 1]) / (curve[i] - curve[i - 1]);
        return fmin(fmax(at, (double)(i - 1)), (double)i);
    }
    return any ? (double)n : NAN;
}
