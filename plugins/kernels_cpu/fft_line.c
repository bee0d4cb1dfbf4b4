/* SPDX-License-Identifier: MIT */
#include "fft_line.h"

#include <dlfcn.h>
#include <fftw3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include <fw/service/kernels.h>

#define DEFINE_LINES(prefix)                                                                       \
    static void *plan_##prefix(uint32_t kind, int n, void *in, void *out)                          \
    {                                                                                              \
        switch (kind) {                                                                            \
        case FW_FFT_FORWARD:                                                                       \
            return prefix##_plan_dft_1d(n, in, in, FFTW_FORWARD, FFTW_ESTIMATE);                   \
        case FW_FFT_INVERSE:                                                                       \
            return prefix##_plan_dft_1d(n, in, in, FFTW_BACKWARD, FFTW_ESTIMATE);                  \
        case FW_FFT_REAL:                                                                          \
            return prefix##_plan_dft_r2c_1d(n, in, out, FFTW_ESTIMATE);                            \
        default:                                                                                   \
            return prefix##_plan_dft_c2r_1d(n, in, out, FFTW_ESTIMATE | FFTW_DESTROY_INPUT);       \
        }                                                                                          \
    }                                                                                              \
    static void run_##prefix(const struct fft_line *line, void *in, void *out)                     \
    {                                                                                              \
        if (line->kind == FW_FFT_REAL) {                                                           \
            prefix##_execute_dft_r2c(line->plan, in, out);                                         \
        } else if (line->kind == FW_FFT_TO_REAL) {                                                 \
            prefix##_execute_dft_c2r(line->plan, in, out);                                         \
        } else {                                                                                   \
            prefix##_execute_dft(line->plan, in, out);                                             \
        }                                                                                          \
    }

DEFINE_LINES(fftw)
DEFINE_LINES(fftwf)

/*
 * The planner is one for the process. A lock of FFTW's own is all that plugins that know nothing of
 * each other can share: each asks for it before it plans. Giving a plan up takes it too. What the
 * planner allocates is the library's for good: unloaded with the plugin, it would be lost at each
 * load, so it stays.
 */
static void prepare_planner(void)
{
    static const char *const libraries[] = {"libfftw3_threads.so.3", "libfftw3f_threads.so.3"};
    static atomic_bool kept;

    fftw_make_planner_thread_safe();
    fftwf_make_planner_thread_safe();
    for (size_t i = 0; !kept && i < sizeof libraries / sizeof *libraries; i++) {
        (void)dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    }
    kept = true;
}

static void *plan(uint32_t dtype, uint32_t kind, uint64_t n)
{
    uint64_t bytes = ((n + 2) * 2 * sizeof(double) + 63) / 64 * 64;
    void *in = aligned_alloc(64, bytes), *out = aligned_alloc(64, bytes), *made = NULL;

    prepare_planner();
    if (in != NULL && out != NULL) {
        made =
            dtype == FW_F64 ? plan_fftw(kind, (int)n, in, out) : plan_fftwf(kind, (int)n, in, out);
    }
    free(in);
    free(out);
    return made;
}

struct fft_line *fft_line_create(uint32_t dtype, uint32_t kind, uint64_t n)
{
    struct fft_line *line = calloc(1, sizeof *line);

    if (line == NULL) {
        return NULL;
    }
    *line = (struct fft_line){.dtype = dtype, .kind = kind, .n = n, .plan = plan(dtype, kind, n)};
    if (line->plan == NULL) {
        free(line);
        return NULL;
    }
    return line;
}

void fft_line_destroy(struct fft_line *line)
{
    if (line == NULL) {
        return;
    }
    if (line->dtype == FW_F64) {
        fftw_destroy_plan(line->plan);
    } else {
        fftwf_destroy_plan(line->plan);
    }
    free(line);
}

void fft_line_run(const struct fft_line *line, void *in, void *out)
{
    if (line->dtype == FW_F64) {
        run_fftw(line, in, out);
    } else {
        run_fftwf(line, in, out);
    }
}

const char *fft_line_library(void)
{
    return fftw_version;
}
