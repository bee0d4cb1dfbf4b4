/* SPDX-License-Identifier: MIT */
#define REAL          double
#define FFTW(name)    fftw_##name
#define FOURIER(name) fw_fourier_##name
#define LIBRARY       "libfftw3_threads.so.3"
#include "fourier_body.h"

/* Columns lie far apart: a few at a time are brought together, which reads whole cache lines. */
enum { COLUMNS = 32 };

struct complex_job {
    double complex *pixels;
    size_t height, width;
    enum fw_fourier_way way;
    unsigned n_threads;
    fftw_plan plan;
    size_t n_tasks, scratch_room; /* room: of a task */
    double complex *scratch;
};

static void complex_rows(void *arg, size_t task)
{
    const struct complex_job *job = arg;
    double complex *line = job->scratch + task * job->scratch_room;
    size_t range[2];

    fw_team_share(job->height, task, job->n_tasks, range);
    for (size_t row = range[0]; row < range[1]; row++) {
        memcpy(line, job->pixels + row * job->width, job->width * sizeof *line);
        fftw_execute_dft(job->plan, line, line);
        memcpy(job->pixels + row * job->width, line, job->width * sizeof *line);
    }
}

static void some_columns(const struct complex_job *job, size_t first, size_t n,
                         double complex *block)
{
    size_t width = job->width, room = job->scratch_room / COLUMNS;

    for (size_t row = 0; row < job->height; row++) {
        for (size_t i = 0; i < n; i++) {
            block[i * room + row] = job->pixels[row * width + first + i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        fftw_execute_dft(job->plan, block + i * room, block + i * room);
    }
    for (size_t row = 0; row < job->height; row++) {
        for (size_t i = 0; i < n; i++) {
            job->pixels[row * width + first + i] = block[i * room + row];
        }
    }
}

static void complex_columns(void *arg, size_t task)
{
    const struct complex_job *job = arg;
    size_t range[2];

    fw_team_share(job->width, task, job->n_tasks, range);
    for (size_t first = range[0]; first < range[1]; first += COLUMNS) {
        size_t n = range[1] - first < COLUMNS ? range[1] - first : COLUMNS;
        some_columns(job, first, n, job->scratch + task * job->scratch_room);
    }
}

/* `n` lines of `length` numbers. */
static int transform(struct complex_job *job, size_t n, size_t length, void (*task)(void *, size_t))
{
    job->n_tasks = fw_team_tasks(n, job->n_threads);
    job->plan = plan_line(length, job->way, true);
    job->scratch = fftw_alloc_complex(job->n_tasks * job->scratch_room);
    int rc = job->plan == NULL || job->scratch == NULL ? -ENOMEM : 0;
    if (rc == 0) {
        fw_team_run(job->n_threads, job->n_tasks, task, job);
    }
    fftw_free(job->scratch);
    fftw_destroy_plan(job->plan);
    return rc;
}

int fw_fourier_complex(double complex *pixels, size_t height, size_t width, enum fw_fourier_way way,
                       unsigned n_threads)
{
    struct complex_job job = {
        .pixels = pixels, .height = height, .width = width, .way = way, .n_threads = n_threads};

    job.scratch_room = width;
    int rc = transform(&job, height, width, complex_rows);
    if (rc == 0) {
        job.scratch_room = COLUMNS * line_room(height);
        rc = transform(&job, width, height, complex_columns);
    }
    return rc;
}
