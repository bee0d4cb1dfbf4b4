/* SPDX-License-Identifier: MIT */
/*
 * The transforms in the precision of the file that includes this, as FFTW's own header is written:
 * REAL, FFTW(name) for fftw_name or fftwf_name, and LIBRARY, its outermost one. No guard: it is a
 * body, not an interface.
 */
#include <complex.h>
#include <dlfcn.h>
#include <errno.h>
#include <fftw3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "fourier.h"
#include "parallel.h"

typedef REAL complex fourier_complex;

enum { LINES = 32, TASKS_PER_THREAD = 4 };

struct fourier_job {
    FFTW(plan) plan;
    const double *source;      /* rows to transform, or NULL */
    REAL *target;              /* rows transformed back, or NULL */
    fourier_complex *spectrum; /* of `width` columns */
    size_t height, width, row; /* row: pixels of a real one */
    size_t n_tasks;
    REAL scale;
    atomic_bool failed;
};

/* The part of n lines that a task has. */
static void share(const struct fourier_job *job, size_t task, size_t n, size_t range[2])
{
    range[0] = n * task / job->n_tasks;
    range[1] = n * (task + 1) / job->n_tasks;
}

static void rows_forward(void *arg, size_t task)
{
    struct fourier_job *job = arg;
    size_t range[2];
    REAL *in = FFTW(alloc_real)(job->row);
    fourier_complex *out = FFTW(alloc_complex)(job->width);

    share(job, task, job->height, range);
    for (size_t row = range[0]; in != NULL && out != NULL && row < range[1]; row++) {
        for (size_t i = 0; i < job->row; i++) {
            in[i] = (REAL)job->source[row * job->row + i];
        }
        FFTW(execute_dft_r2c)(job->plan, in, out);
        memcpy(job->spectrum + row * job->width, out, job->width * sizeof *out);
    }
    if (in == NULL || out == NULL) {
        job->failed = true;
    }
    FFTW(free)(in);
    FFTW(free)(out);
}

static void rows_back(void *arg, size_t task)
{
    struct fourier_job *job = arg;
    size_t range[2];
    fourier_complex *in = FFTW(alloc_complex)(job->width);
    REAL *out = FFTW(alloc_real)(job->row);

    share(job, task, job->height, range);
    for (size_t row = range[0]; in != NULL && out != NULL && row < range[1]; row++) {
        memcpy(in, job->spectrum + row * job->width, job->width * sizeof *in);
        FFTW(execute_dft_c2r)(job->plan, in, out);
        for (size_t i = 0; i < job->row; i++) {
            job->target[row * job->row + i] = out[i] * job->scale;
        }
    }
    if (in == NULL || out == NULL) {
        job->failed = true;
    }
    FFTW(free)(in);
    FFTW(free)(out);
}

/* A column's room in a block: aligned, and not a power of two, where all columns would compete for
 * the same lines of the cache. */
static size_t column_room(size_t height)
{
    return (height + 7) / 8 * 8 + 8;
}

/* Columns lie far apart: a few at a time are brought together, which reads whole cache lines. */
static void some_columns(struct fourier_job *job, size_t first, size_t n, fourier_complex *block)
{
    size_t height = job->height, width = job->width, room = column_room(height);

    for (size_t row = 0; row < height; row++) {
        for (size_t i = 0; i < n; i++) {
            block[i * room + row] = job->spectrum[row * width + first + i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        FFTW(execute_dft)(job->plan, block + i * room, block + i * room);
    }
    for (size_t row = 0; row < height; row++) {
        for (size_t i = 0; i < n; i++) {
            job->spectrum[row * width + first + i] = block[i * room + row];
        }
    }
}

static void columns(void *arg, size_t task)
{
    struct fourier_job *job = arg;
    size_t range[2];
    fourier_complex *block = FFTW(alloc_complex)(LINES * column_room(job->height));

    if (block == NULL) {
        job->failed = true;
        return;
    }
    share(job, task, job->width, range);
    for (size_t first = range[0]; first < range[1]; first += LINES) {
        size_t n = range[1] - first < LINES ? range[1] - first : LINES;
        some_columns(job, first, n, block);
    }
    FFTW(free)(block);
}

static int run(struct fourier_job *job, size_t n, void (*task)(void *, size_t), unsigned n_threads)
{
    if (job->plan == NULL) {
        return -ENOMEM;
    }
    job->n_tasks = n < n_threads * TASKS_PER_THREAD ? n : (size_t)n_threads * TASKS_PER_THREAD;
    fw_parallel(n_threads, job->n_tasks, task, job);
    FFTW(destroy_plan)(job->plan);
    job->plan = NULL;
    return job->failed ? -ENOMEM : 0;
}

/*
 * FFTW's planner is one for the process: a lock of FFTW's own is all that plugins that know nothing
 * of each other can share, so each asks for it before it plans, as often as it likes. Giving a plan
 * up takes it too. What the planner allocates is the library's for good: unloaded with the plugin,
 * it would be lost at each load; cleaned up, other plugins' plans would be lost. So it stays.
 */
static void prepare_planner(void)
{
    static atomic_bool kept;

    FFTW(make_planner_thread_safe)();
    if (!kept) {
        kept = dlopen(LIBRARY, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) != NULL;
    }
}

/* Along `length` numbers; arrays of FFTW's own alignment are all that it is used with. */
static FFTW(plan) plan_rows(size_t length, bool forward)
{
    REAL *real = FFTW(alloc_real)(length);
    fourier_complex *spectrum = FFTW(alloc_complex)(fw_spectrum_width(length));
    FFTW(plan) plan = NULL;

    prepare_planner();
    if (real != NULL && spectrum != NULL) {
        plan = forward ? FFTW(plan_dft_r2c_1d)((int)length, real, spectrum, FFTW_ESTIMATE)
                       : FFTW(plan_dft_c2r_1d)((int)length, spectrum, real, FFTW_ESTIMATE);
    }
    FFTW(free)(real);
    FFTW(free)(spectrum);
    return plan;
}

static FFTW(plan) plan_columns(size_t length, int sign)
{
    fourier_complex *column = FFTW(alloc_complex)(length);
    FFTW(plan) plan = NULL;

    prepare_planner();
    if (column != NULL) {
        plan = FFTW(plan_dft_1d)((int)length, column, column, sign, FFTW_ESTIMATE);
    }
    FFTW(free)(column);
    return plan;
}

static int forward(const double *pixels, const size_t shape[2], unsigned n_threads,
                   fourier_complex *ret_spectrum)
{
    struct fourier_job job = {.source = pixels,
                              .spectrum = ret_spectrum,
                              .height = shape[0],
                              .width = fw_spectrum_width(shape[1]),
                              .row = shape[1]};

    job.plan = plan_rows(job.row, true);
    int rc = run(&job, job.height, rows_forward, n_threads);
    if (rc == 0) {
        job.plan = plan_columns(job.height, FFTW_FORWARD);
        rc = run(&job, job.width, columns, n_threads);
    }
    return rc;
}

static int back(fourier_complex *spectrum, const size_t shape[2], unsigned n_threads,
                REAL *ret_pixels)
{
    struct fourier_job job = {.target = ret_pixels,
                              .spectrum = spectrum,
                              .height = shape[0],
                              .width = fw_spectrum_width(shape[1]),
                              .row = shape[1],
                              .scale = (REAL)(1 / ((double)shape[0] * (double)shape[1]))};

    job.plan = plan_columns(job.height, FFTW_BACKWARD);
    int rc = run(&job, job.width, columns, n_threads);
    if (rc == 0) {
        job.plan = plan_rows(job.row, false);
        rc = run(&job, job.height, rows_back, n_threads);
    }
    return rc;
}
