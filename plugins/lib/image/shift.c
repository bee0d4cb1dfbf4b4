/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "fourier.h"
#include "image.h"
#include "large.h"
#include "team/team.h"

static double frequency(size_t at, size_t n)
{
    return ((double)at - (2 * at >= n ? (double)n : 0)) / (double)n;
}

/*
 * exp(-2πi·shift·f). Of a real image's result the real part is taken: at the highest frequency of
 * an even length, which stands for itself and its negative, that leaves the cosine.
 */
static double complex factor(double shift, size_t at, size_t n, bool is_real)
{
    double angle = -2 * M_PI * shift * frequency(at, n);

    return is_real && 2 * at == n ? cos(angle) : cos(angle) + I * sin(angle);
}

struct shifting {
    struct fw_fourier fourier;
    double complex *spectrum, *scratch;
    double complex *down; /* the factors of a column */
    const double *shift;
    double *pixels;
    size_t scratch_room, n_tasks;
};

static void turn_column(const struct shifting *job, size_t column, double complex *numbers)
{
    size_t height = job->fourier.height, width = job->fourier.width;
    double complex along = factor(job->shift[1], column, width, true);
    double complex highest = numbers[height / 2];

    for (size_t row = 0; row < height; row++) {
        numbers[row] *= job->down[row] * along;
    }
    if (height % 2 == 0 && 2 * column == width) { /* the highest in both directions */
        numbers[height / 2] = highest * cos(M_PI * (job->shift[0] + job->shift[1]));
    }
}

static void turn_columns(void *arg, size_t task)
{
    const struct shifting *job = arg;
    double complex *scratch = job->scratch + task * job->scratch_room;
    size_t range[2];

    fw_team_share(job->fourier.columns, task, job->n_tasks, range);
    for (size_t column = range[0]; column < range[1]; column++) {
        double complex *numbers = job->spectrum + column * job->fourier.room;
        fw_fourier_column(&job->fourier, FW_FOURIER_FORWARD, numbers, scratch);
        turn_column(job, column, scratch);
        fw_fourier_column(&job->fourier, FW_FOURIER_BACK, scratch, numbers);
    }
}

static void write_rows(const struct shifting *job, size_t first, double complex *scratch)
{
    size_t height = job->fourier.height, width = job->fourier.width;
    const double complex *pair = fw_fourier_rows_back(&job->fourier, job->spectrum, first, scratch);
    double scale = 1 / ((double)height * (double)width);

    for (size_t row = first; row < first + FW_FOURIER_ROWS && row < height; row++) {
        const double *part =
            (const double *)(pair + (row - first) / 2 * job->fourier.line) + (row - first) % 2;
        for (size_t i = 0; i < width; i++) {
            job->pixels[row * width + i] = part[2 * i] * scale;
        }
    }
}

static void rows_back(void *arg, size_t task)
{
    const struct shifting *job = arg;
    size_t n = (job->fourier.height + FW_FOURIER_ROWS - 1) / FW_FOURIER_ROWS, range[2];

    fw_team_share(n, task, job->n_tasks, range);
    for (size_t i = range[0]; i < range[1]; i++) {
        write_rows(job, i * FW_FOURIER_ROWS, job->scratch + task * job->scratch_room);
    }
}

static int shifting_init(struct shifting *job, size_t height, size_t width, unsigned n_threads)
{
    int rc = fw_fourier_init(&job->fourier, height, width);
    size_t rows = fw_fourier_scratch(&job->fourier);

    job->scratch_room = rows > job->fourier.room ? rows : job->fourier.room;
    job->n_tasks = fw_team_tasks(job->fourier.columns, n_threads);
    job->spectrum = fw_large_alloc(fw_fourier_size(&job->fourier), sizeof *job->spectrum);
    job->scratch = fw_large_alloc(job->n_tasks * job->scratch_room, sizeof *job->scratch);
    job->down = malloc(height * sizeof *job->down);
    bool all = job->spectrum != NULL && job->scratch != NULL && job->down != NULL;
    for (size_t row = 0; all && row < height; row++) {
        job->down[row] = factor(job->shift[0], row, height, true);
    }
    return rc != 0 || all ? rc : -ENOMEM;
}

static void shifting_finish(struct shifting *job)
{
    free(job->down);
    free(job->scratch);
    free(job->spectrum);
    fw_fourier_finish(&job->fourier);
}

int fw_image_shift(double *pixels, size_t height, size_t width, const double shift[2],
                   unsigned n_threads)
{
    struct shifting job = {.pixels = pixels, .shift = shift};
    int rc = shifting_init(&job, height, width, n_threads);

    if (rc == 0) {
        rc = fw_fourier_rows(&job.fourier, (const double *[]){pixels}, 1, width, n_threads,
                             job.spectrum);
    }
    if (rc == 0) {
        fw_team_run(n_threads, job.n_tasks, turn_columns, &job);
        fw_team_run(n_threads, job.n_tasks, rows_back, &job);
    }
    shifting_finish(&job);
    return rc;
}

static void turn_complex(double complex *spectrum, const size_t shape[2], const double shift[2],
                         double complex *along)
{
    double scale = 1 / ((double)shape[0] * (double)shape[1]);

    for (size_t i = 0; i < shape[1]; i++) {
        along[i] = factor(shift[1], i, shape[1], false);
    }
    for (size_t row = 0; row < shape[0]; row++) {
        double complex down = scale * factor(shift[0], row, shape[0], false);
        for (size_t i = 0; i < shape[1]; i++) {
            spectrum[row * shape[1] + i] *= down * along[i];
        }
    }
}

int fw_image_shift_complex(double complex *pixels, size_t height, size_t width,
                           const double shift[2], unsigned n_threads)
{
    double complex *along = malloc(width * sizeof *along);
    int rc = along == NULL
                 ? -ENOMEM
                 : fw_fourier_complex(pixels, height, width, FW_FOURIER_FORWARD, n_threads);

    if (rc == 0) {
        turn_complex(pixels, (const size_t[]){height, width}, shift, along);
        rc = fw_fourier_complex(pixels, height, width, FW_FOURIER_BACK, n_threads);
    }
    free(along);
    return rc;
}
