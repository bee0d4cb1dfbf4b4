/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fourier.h"
#include "image.h"
#include "large.h"
#include "team/team.h"

/* Columns are summed up in so many parts, whatever the number of threads. */
enum { MAX_PARTS = 16 };

/* Squares and products of real parts and of imaginary parts, apart: they are added up at the end.
 */
struct ring {
    double tt[2], pp[2], tp[2], n;
};

/* A ring holds with every frequency its negative, whose products are the conjugates: only real
 * parts are summed, and columns that the real transform leaves out count twice. */
struct job {
    struct fw_fourier fourier;
    double complex *t, *p;   /* one after the other */
    double complex *scratch; /* two columns of each part */
    size_t n_parts, n_rings;
    struct ring *rings; /* of each part */
};

/* A frequency, and where it has one that of the other sign in the same column. */
static inline void add(struct ring *ring, const double *t, const double *p, size_t other,
                       double times)
{
    const double *also_t = t + other, *also_p = p + other;

    for (size_t i = 0; i < 2; i++) {
        double tt = t[i] * t[i], pp = p[i] * p[i], tp = t[i] * p[i];
        if (other != 0) {
            tt += also_t[i] * also_t[i];
            pp += also_p[i] * also_p[i];
            tp += also_t[i] * also_p[i];
        }
        ring->tt[i] += times * tt;
        ring->pp[i] += times * pp;
        ring->tp[i] += times * tp;
    }
    ring->n += other != 0 ? 2 * times : times;
}

/* Down a column the radius grows by at most one ring at a step. k is never half-way between two
 * rings, (k + 1/2)² is no integer: so beyond it is where the square is more than k² + k. */
static void add_column(const struct job *job, size_t column, const double *t, const double *p,
                       struct ring *rings)
{
    size_t side = job->fourier.width, k = column;
    double times = column == 0 || 2 * column == side ? 1 : 2;

    add(&rings[k], t, p, 0, times);
    for (size_t f = 1; 2 * f < side; f++) {
        k += column * column + f * f > k * k + k;
        add(&rings[k], t + 2 * f, p + 2 * f, 2 * (side - 2 * f), times);
    }
    if (side % 2 == 0) {
        size_t f = side / 2;
        k += column * column + f * f > k * k + k;
        add(&rings[k], t + 2 * f, p + 2 * f, 0, times);
    }
}

static void add_part(void *arg, size_t part)
{
    const struct job *job = arg;
    const struct fw_fourier *fourier = &job->fourier;
    double complex *t = job->scratch + 2 * part * fourier->room, *p = t + fourier->room;
    size_t range[2];

    fw_team_share(fourier->columns, part, job->n_parts, range);
    for (size_t column = range[0]; column < range[1]; column++) {
        size_t at = column * fourier->room;
        fw_fourier_column(fourier, FW_FOURIER_FORWARD, job->t + at, t);
        fw_fourier_column(fourier, FW_FOURIER_FORWARD, job->p + at, p);
        add_column(job, column, (const double *)t, (const double *)p,
                   job->rings + part * job->n_rings);
    }
}

static struct ring total(const struct ring *rings, size_t n)
{
    struct ring sum = {0};

    for (size_t i = 0; i < n; i++) {
        sum.tt[0] += rings[i].tt[0];
        sum.pp[0] += rings[i].pp[0];
    }
    return sum;
}

/* The first part's rings take the others in, in order, and then imaginary parts. */
static void merge(const struct job *job)
{
    for (size_t i = job->n_rings; i < job->n_parts * job->n_rings; i++) {
        const struct ring *from = &job->rings[i];
        struct ring *to = &job->rings[i % job->n_rings];
        for (size_t part = 0; part < 2; part++) {
            to->tt[part] += from->tt[part];
            to->pp[part] += from->pp[part];
            to->tp[part] += from->tp[part];
        }
        to->n += from->n;
    }
    for (struct ring *ring = job->rings; ring < job->rings + job->n_rings; ring++) {
        ring->tt[0] += ring->tt[1];
        ring->pp[0] += ring->pp[1];
        ring->tp[0] += ring->tp[1];
    }
}

static void correlate(const struct job *job, double floor, struct fw_frc *frc)
{
    const struct ring *rings = job->rings;
    struct ring sum = total(rings, job->n_rings);

    for (size_t i = 0; i < job->n_rings; i++) {
        double tt = rings[i].tt[0], pp = rings[i].pp[0];
        bool faint = tt < floor * sum.tt[0] || pp < floor * sum.pp[0];
        frc->curve[i] = faint ? NAN : fabs(rings[i].tp[0]) / sqrt(tt * pp);
        frc->count[i] = (unsigned long)rings[i].n;
    }
}

static int job_init(struct job *job, size_t side)
{
    int rc = fw_fourier_init(&job->fourier, side, side);
    size_t size = fw_fourier_size(&job->fourier);

    job->n_parts = job->fourier.columns < MAX_PARTS ? job->fourier.columns : MAX_PARTS;
    job->rings = calloc(job->n_parts * job->n_rings, sizeof *job->rings);
    job->t = fw_large_alloc(2 * (size + job->n_parts * job->fourier.room), sizeof *job->t);
    if (rc != 0 || job->rings == NULL || job->t == NULL) {
        return -ENOMEM;
    }
    job->p = job->t + size;
    job->scratch = job->p + size;
    return 0;
}

static void job_finish(struct job *job)
{
    free(job->t);
    free(job->rings);
    fw_fourier_finish(&job->fourier);
}

static int run(struct job *job, const struct fw_image *t, const struct fw_image *p,
               unsigned n_threads)
{
    size_t side = job->fourier.width, top = (t->height - side) / 2, left = (t->width - side) / 2;
    size_t first = top * t->width + left; /* the square in the middle */
    const double *const images[] = {t->pixels + first, p->pixels + first};
    int rc = fw_fourier_rows(&job->fourier, images, 2, t->width, n_threads, job->t);

    if (rc == 0) {
        fw_team_run(n_threads, job->n_parts, add_part, job);
        merge(job);
    }
    return rc;
}

int fw_frc(const struct fw_image *t, const struct fw_image *p, double floor, unsigned n_threads,
           struct fw_frc *ret_frc)
{
    size_t side = t->height < t->width ? t->height : t->width;

    if (t->height != p->height || t->width != p->width || side == 0) {
        return -EINVAL;
    }
    double half = (double)(side / 2);
    struct job job = {.n_rings = (size_t)(sqrt(2 * half * half) + 0.5) + 1};
    struct fw_frc frc = {.side = side,
                         .n_rings = job.n_rings,
                         .curve = malloc(job.n_rings * sizeof *frc.curve),
                         .count = malloc(job.n_rings * sizeof *frc.count)};
    int rc = job_init(&job, side);
    rc = rc == 0 && frc.curve != NULL && frc.count != NULL ? run(&job, t, p, n_threads) : -ENOMEM;
    if (rc == 0) {
        correlate(&job, floor, &frc);
    }
    job_finish(&job);
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
