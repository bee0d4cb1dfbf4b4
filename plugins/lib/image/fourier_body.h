/* SPDX-License-Identifier: MIT */
/*
 * The transforms in the precision of the file that includes this, as FFTW's own header is written:
 * REAL, FFTW(name) for fftw_name or fftwf_name, FOURIER(name) for what is made here, and LIBRARY,
 * FFTW's outermost one. No guard: it is a body, not an interface.
 *
 * Two rows are transformed at once, as the real and the imaginary part of one: FFTW's complex
 * transforms are so much better than its real ones that this takes half the time.
 */
#include <stdint.h>

#include <complex.h>
#include <dlfcn.h>
#include <errno.h>
#include <fftw3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "fourier.h"
#include "team/team.h"

typedef REAL complex fourier_complex;

enum { PAIRS = FW_FOURIER_ROWS / 2 };

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

/* Of `length` numbers, in place or from one array to another; arrays of FFTW's own alignment are
 * all that it is used with. */
static FFTW(plan) plan_line(size_t length, enum fw_fourier_way way, bool in_place)
{
    fourier_complex *from = FFTW(alloc_complex)(length);
    fourier_complex *to = in_place ? from : FFTW(alloc_complex)(length);
    FFTW(plan) plan = NULL;

    prepare_planner();
    if (from != NULL && to != NULL) {
        plan = FFTW(plan_dft_1d)((int)length, from, to,
                                 way == FW_FOURIER_FORWARD ? FFTW_FORWARD : FFTW_BACKWARD,
                                 FFTW_ESTIMATE);
    }
    if (!in_place) {
        FFTW(free)(to);
    }
    FFTW(free)(from);
    return plan;
}

/* Between columns: they are aligned, and not a power of two apart, where all would compete for the
 * same lines of the cache. */
static size_t line_room(size_t length)
{
    return (length + 7) / 8 * 8 + 8;
}

int FOURIER(init)(struct fw_fourier *fourier, size_t height, size_t width)
{
    *fourier = (struct fw_fourier){.height = height,
                                   .width = width,
                                   .columns = width / 2 + 1,
                                   .room = line_room(height),
                                   .line = line_room(width)};
    for (int way = FW_FOURIER_FORWARD; way <= FW_FOURIER_BACK; way++) {
        FFTW(plan) rows = plan_line(width, way, false);
        FFTW(plan) columns = width == height ? rows : plan_line(height, way, false);
        fourier->along_rows[way] = rows;
        fourier->along_columns[way] = columns;
        if (rows == NULL || columns == NULL) {
            return -ENOMEM;
        }
    }
    return 0;
}

void FOURIER(finish)(struct fw_fourier *fourier)
{
    for (int way = FW_FOURIER_FORWARD; way <= FW_FOURIER_BACK; way++) {
        if (fourier->along_columns[way] != fourier->along_rows[way]) {
            FFTW(destroy_plan)(fourier->along_columns[way]);
        }
        FFTW(destroy_plan)(fourier->along_rows[way]);
    }
    *fourier = (struct fw_fourier){0};
}

struct rows_job {
    const struct fw_fourier *fourier;
    const double *const *images;
    size_t n_images, stride, n_tasks;
    fourier_complex *spectra, *scratch;
};

/* Halved, for what pull_apart() adds up. An odd last row has no partner. */
static void put_together(const double *first, const double *second, size_t n, REAL *to)
{
    for (size_t i = 0; i < n; i++) {
        to[2 * i] = (REAL)(0.5 * first[i]);
        to[2 * i + 1] = (REAL)(second != NULL ? 0.5 * second[i] : 0);
    }
}

/* Z is the spectrum of A + iB, W at the opposite frequency: A = (Z + W*)/2, B = (Z - W*)/2i. */
static inline void pull_apart(const struct fw_fourier *fourier, const REAL *pairs, size_t n_pairs,
                              REAL *to)
{
    for (size_t k = 0; k < fourier->columns; k++, to += 2 * fourier->room) {
        size_t opposite = k == 0 ? 0 : fourier->width - k;
        for (size_t pair = 0; pair < n_pairs; pair++) {
            const REAL *z = pairs + 2 * (pair * fourier->line + k);
            const REAL *w = pairs + 2 * (pair * fourier->line + opposite);
            to[4 * pair] = z[0] + w[0];
            to[4 * pair + 1] = z[1] - w[1];
            to[4 * pair + 2] = z[1] + w[1];
            to[4 * pair + 3] = w[0] - z[0];
        }
    }
}

static size_t n_batches(const struct fw_fourier *fourier)
{
    return (fourier->height + FW_FOURIER_ROWS - 1) / FW_FOURIER_ROWS;
}

/* Batches of one image after the other. */
static void some_rows(const struct rows_job *job, size_t batch, fourier_complex *scratch)
{
    const struct fw_fourier *fourier = job->fourier;
    size_t image = batch / n_batches(fourier);
    size_t first = batch % n_batches(fourier) * FW_FOURIER_ROWS, n_pairs = 0;
    fourier_complex *pairs = scratch + PAIRS * fourier->line;
    REAL *to = (REAL *)(job->spectra + image * fw_fourier_size(fourier) + first);
    FFTW(plan) along = fourier->along_rows[FW_FOURIER_FORWARD];

    for (size_t row = first; n_pairs < PAIRS && row < fourier->height; row += 2, n_pairs++) {
        const double *pixels = job->images[image] + row * job->stride;
        bool is_last = row + 1 == fourier->height;
        put_together(pixels, is_last ? NULL : pixels + job->stride, fourier->width,
                     (REAL *)scratch);
        FFTW(execute_dft)(along, scratch, pairs + n_pairs * fourier->line);
    }
    if (n_pairs == PAIRS) {
        pull_apart(fourier, (const REAL *)pairs, PAIRS, to);
    } else {
        pull_apart(fourier, (const REAL *)pairs, n_pairs, to);
    }
}

static void rows_task(void *arg, size_t task)
{
    const struct rows_job *job = arg;
    size_t n = job->n_images * n_batches(job->fourier), range[2];

    fw_team_share(n, task, job->n_tasks, range);
    for (size_t i = range[0]; i < range[1]; i++) {
        some_rows(job, i, job->scratch + task * fw_fourier_scratch(job->fourier));
    }
}

int FOURIER(rows)(const struct fw_fourier *fourier, const double *const images[], size_t n_images,
                  size_t stride, unsigned n_threads, fourier_complex *ret_spectra)
{
    size_t n = n_images * n_batches(fourier);
    struct rows_job job = {.fourier = fourier,
                           .images = images,
                           .n_images = n_images,
                           .stride = stride,
                           .n_tasks = fw_team_tasks(n, n_threads),
                           .spectra = ret_spectra};

    job.scratch = FFTW(alloc_complex)(job.n_tasks * fw_fourier_scratch(fourier));
    if (job.scratch == NULL) {
        return -ENOMEM;
    }
    fw_team_run(n_threads, job.n_tasks, rows_task, &job);
    FFTW(free)(job.scratch);
    return 0;
}

void FOURIER(column)(const struct fw_fourier *fourier, enum fw_fourier_way way,
                     const fourier_complex *from, fourier_complex *to)
{
    /* A complex transform from one array to another leaves its input as it is. */
    FFTW(execute_dft)(fourier->along_columns[way], (void *)(uintptr_t)from, to);
}

/* Z = A + iB, and A* + iB* at the opposite frequency; where both are one, A and B are real. */
static inline void join(const struct fw_fourier *fourier, const REAL *from, size_t n_pairs,
                        REAL *pairs)
{
    for (size_t k = 0; k < fourier->columns; k++, from += 2 * fourier->room) {
        bool is_alone = k == 0 || 2 * k == fourier->width;
        size_t opposite = is_alone ? k : fourier->width - k;
        for (size_t pair = 0; pair < n_pairs; pair++) {
            const REAL *a = from + 4 * pair, *b = a + 2;
            REAL *z = pairs + 2 * (pair * fourier->line + k);
            REAL *w = pairs + 2 * (pair * fourier->line + opposite);
            w[0] = a[0] + b[1];
            w[1] = b[0] - a[1];
            z[0] = is_alone ? a[0] : a[0] - b[1];
            z[1] = is_alone ? b[0] : a[1] + b[0];
        }
    }
}

const fourier_complex *FOURIER(rows_back)(const struct fw_fourier *fourier,
                                          const fourier_complex *spectrum, size_t first,
                                          fourier_complex *scratch)
{
    size_t n =
        fourier->height - first < FW_FOURIER_ROWS ? fourier->height - first : FW_FOURIER_ROWS;
    fourier_complex *pairs = scratch + PAIRS * fourier->line;
    FFTW(plan) along = fourier->along_rows[FW_FOURIER_BACK];

    if (n == FW_FOURIER_ROWS) {
        join(fourier, (const REAL *)(spectrum + first), PAIRS, (REAL *)pairs);
    } else {
        join(fourier, (const REAL *)(spectrum + first), (n + 1) / 2, (REAL *)pairs);
    }
    for (size_t pair = 0; pair < (n + 1) / 2; pair++) {
        FFTW(execute_dft)(along, pairs + pair * fourier->line, scratch + pair * fourier->line);
    }
    return scratch;
}
