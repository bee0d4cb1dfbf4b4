/* SPDX-License-Identifier: MIT */
#include "psd.h"

#include <stdint.h>

#include <complex.h>
#include <dlfcn.h>
#include <fftw3.h>
#include <math.h>
#include <stdatomic.h>

const struct fw_band fw_psd_low = {0.1, 0.3}, fw_psd_high = {0.3, 0.5};

/* The first bin that is not below the frequency. */
static size_t bin_of(double frequency, size_t n)
{
    double at = frequency * (double)n, nearest = round(at);

    return (size_t)(fabs(at - nearest) <= 1e-9 * (double)n ? nearest : ceil(at));
}

static double power_of(const fftw_complex *bins, size_t n, const struct fw_band *band)
{
    size_t end = band->high >= 0.5 ? n / 2 + 1 : bin_of(band->high, n);
    double sum = 0;

    for (size_t k = bin_of(band->low, n); k < end; k++) {
        sum += creal(bins[k]) * creal(bins[k]) + cimag(bins[k]) * cimag(bins[k]);
    }
    return sum;
}

static double mean_of(const double *signal, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        sum += signal[i];
    }
    return sum / (double)n;
}

/* Safe for all plugins of the process, as all that plan ask for it. What it allocates is the
 * library's for good: unloaded with the plugin, it would be lost at each load, so it stays. */
static void prepare_planner(void)
{
    static atomic_bool kept;

    fftw_make_planner_thread_safe();
    if (!kept) {
        kept = dlopen("libfftw3_threads.so.3", RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE) != NULL;
    }
}

static bool transform(double *in, fftw_complex *out, size_t n)
{
    prepare_planner();
    fftw_plan plan = fftw_plan_dft_r2c_1d((int)n, in, out, FFTW_ESTIMATE);
    if (plan == NULL) {
        return false;
    }
    fftw_execute(plan);
    fftw_destroy_plan(plan);
    return true;
}

static void measure(const fftw_complex *bins, size_t n, double mean, const struct fw_band bands[2],
                    struct fw_psd *ret)
{
    const struct fw_band all = {0, 0.5};
    struct fw_psd psd = {.total = power_of(bins, n, &all)};

    if (psd.total >= 1e-24 * (double)n * fmax(1, mean * mean)) {
        psd.low = power_of(bins, n, &bands[0]);
        psd.high = power_of(bins, n, &bands[1]);
    } else {
        psd.total = 0;
    }
    psd.tail = psd.high / (psd.low + 1e-10);
    psd.low_confidence = psd.low < 1e-8;
    *ret = psd;
}

/* The transform of a windowed signal; NULL: not finite, or no memory. The caller frees. */
static fftw_complex *windowed(const double *signal, size_t n, double mean)
{
    double *in = isfinite(mean) ? fftw_alloc_real(n) : NULL;
    fftw_complex *out = in != NULL ? fftw_alloc_complex(n / 2 + 1) : NULL;
    bool done = out != NULL;

    for (size_t i = 0; i < n && done; i++) {
        double window = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)(n - 1));
        in[i] = (signal[i] - mean) * window;
    }
    done = done && transform(in, out, n);
    fftw_free(in);
    if (!done) {
        fftw_free(out);
    }
    return done ? out : NULL;
}

enum fw_outcome fw_psd_of(const double *signal, size_t n, const struct fw_band *low,
                          const struct fw_band *high, struct fw_psd *ret)
{
    if (ret == NULL || low == NULL || high == NULL || n > INT32_MAX) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ret = (struct fw_psd){NAN, NAN, NAN, NAN, true};
    if (signal == NULL || n < 4) {
        return signal == NULL ? FW_OUTCOME_BAD_ARGUMENT : FW_OUTCOME_INSUFFICIENT;
    }
    double mean = mean_of(signal, n);
    fftw_complex *out = windowed(signal, n, mean);
    if (out == NULL) {
        return FW_OUTCOME_NUMERIC;
    }
    const struct fw_band bands[2] = {*low, *high};
    measure(out, n, mean, bands, ret);
    fftw_free(out);
    return FW_OUTCOME_OK;
}

enum fw_outcome fw_psd_spectrum(const double *signal, size_t n, double *ret_power)
{
    if (signal == NULL || ret_power == NULL || n > INT32_MAX) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    for (size_t k = 0; k <= n / 2; k++) {
        ret_power[k] = NAN;
    }
    fftw_complex *out = n >= 4 ? windowed(signal, n, mean_of(signal, n)) : NULL;
    if (out == NULL) {
        return n < 4 ? FW_OUTCOME_INSUFFICIENT : FW_OUTCOME_NUMERIC;
    }
    for (size_t k = 0; k <= n / 2; k++) {
        ret_power[k] = creal(out[k]) * creal(out[k]) + cimag(out[k]) * cimag(out[k]);
    }
    fftw_free(out);
    return FW_OUTCOME_OK;
}
