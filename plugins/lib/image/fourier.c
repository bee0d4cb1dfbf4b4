/* SPDX-License-Identifier: MIT */
#define REAL       double
#define FFTW(name) fftw_##name
#define LIBRARY    "libfftw3_threads.so.3"
#include "fourier_body.h"

int fw_fourier_real(const double *pixels, size_t height, size_t width, unsigned n_threads,
                    double complex *ret_spectrum)
{
    return forward(pixels, (const size_t[]){height, width}, n_threads, ret_spectrum);
}

int fw_fourier_real_inverse(double complex *spectrum, size_t height, size_t width,
                            unsigned n_threads, double *ret_pixels)
{
    return back(spectrum, (const size_t[]){height, width}, n_threads, ret_pixels);
}

static void complex_rows(void *arg, size_t task)
{
    struct fourier_job *job = arg;
    size_t range[2];
    double complex *line = fftw_alloc_complex(job->width);

    if (line == NULL) {
        job->failed = true;
        return;
    }
    share(job, task, job->height, range);
    for (size_t row = range[0]; row < range[1]; row++) {
        memcpy(line, job->spectrum + row * job->width, job->width * sizeof *line);
        fftw_execute_dft(job->plan, line, line);
        memcpy(job->spectrum + row * job->width, line, job->width * sizeof *line);
    }
    fftw_free(line);
}

int fw_fourier_complex(double complex *pixels, size_t height, size_t width, int sign,
                       unsigned n_threads)
{
    struct fourier_job job = {.spectrum = pixels, .height = height, .width = width};

    job.plan = plan_columns(width, sign);
    int rc = run(&job, height, complex_rows, n_threads);
    if (rc == 0) {
        job.plan = plan_columns(height, sign);
        rc = run(&job, width, columns, n_threads);
    }
    return rc;
}
