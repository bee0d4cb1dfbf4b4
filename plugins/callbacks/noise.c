/* SPDX-License-Identifier: MIT */
#include "analysis/noise.h"

#include <math.h>

#include "analysis/ewma.h"
#include "analysis/fit.h"
#include "analysis/psd.h"
#include "analysis/residual.h"
#include "callbacks.h"

static const double smoothing = 0.1;

static size_t window_of(const struct callbacks *c, const struct callbacks_record *record)
{
    size_t longest = 0;

    for (size_t i = 0; i < record->n_epochs; i++) {
        size_t records = (size_t)(record->epochs[i].n + record->epochs[i].n_bad);
        longest = records > longest ? records : longest;
    }
    return fw_residual_window(record->series[CALLBACKS_LOSS].n,
                              (size_t)fw_task_value(c->task, "noise_window")->integer, longest);
}

static void say_spectrum(const double *residual, size_t n, struct callbacks_numbers *numbers,
                         double *frequency)
{
    struct callbacks_curve *curve = &numbers->curve;
    struct fw_power_law law;

    if (fw_psd_spectrum(residual, n, curve->power) != FW_OUTCOME_OK) {
        return;
    }
    curve->n_bins = n / 2 + 1;
    for (size_t k = 0; k < curve->n_bins; k++) {
        frequency[k] = (double)k / (double)n;
    }
    if (fw_power_law_fit(frequency, curve->power, curve->n_bins, &law) == FW_OUTCOME_OK) {
        callbacks_say(numbers, CALLBACKS_PSD_SLOPE, law.b);
        callbacks_say(numbers, CALLBACKS_PSD_SLOPE_R2, law.r2);
        curve->psd_log_a = law.log_a;
    }
}

static void say_window(struct callbacks_record *record, size_t n, struct callbacks_numbers *numbers)
{
    const struct callbacks_series *series = &record->series[CALLBACKS_LOSS];
    const double *step = series->step + series->n - n, *loss = series->value + series->n - n;
    struct fw_residual window;
    enum fw_outcome outcome = fw_residual_of(step, loss, n, record->room, &window);

    callbacks_say(numbers, CALLBACKS_NOISE_SLOPE, window.law.b);
    callbacks_say(numbers, CALLBACKS_NOISE_R2, window.law.r2);
    if (outcome != FW_OUTCOME_OK) {
        return;
    }
    callbacks_say(numbers, CALLBACKS_RESIDUAL_MODE, window.mode);
    callbacks_say(numbers, CALLBACKS_RESIDUAL_POWER, window.power);
    callbacks_say(numbers, CALLBACKS_PSD_TAIL, window.psd.tail);
    callbacks_say(numbers, CALLBACKS_PSD_TAIL_RAW, window.raw.tail);
    callbacks_say(numbers, CALLBACKS_PSD_TOTAL, window.psd.total);
    say_spectrum(record->room, n, numbers, record->room + n);
}

static double mean_square(const struct callbacks_series *series)
{
    double sum = 0;
    size_t n = 0;

    for (size_t i = 0; i < series->n; i++) {
        if (isfinite(series->value[i])) {
            sum += series->value[i] * series->value[i];
            n++;
        }
    }
    return n > 0 ? sum / (double)n : NAN;
}

/* The scale of means, not the mean of scales: a single one's denominator is near 0 at times. */
static void say_scale(const struct callbacks *c, const struct callbacks_record *record,
                      struct callbacks_numbers *numbers)
{
    double small = (double)fw_task_value(c->task, "batch_small")->integer;
    double big = (double)fw_task_value(c->task, "batch_big")->integer;
    bool there =
        numbers->columns[CALLBACKS_SMALL][0] != '\0' && numbers->columns[CALLBACKS_BIG][0] != '\0';
    struct fw_noise noise;

    callbacks_lack(numbers, CALLBACKS_SIGMA, there ? CALLBACKS_NO_SIZES : CALLBACKS_NO_COLUMN);
    callbacks_lack(numbers, CALLBACKS_SCALE, there ? CALLBACKS_NO_SIZES : CALLBACKS_NO_COLUMN);
    if (!there || small == 0 || big == 0) {
        return;
    }
    fw_noise_of_sizes(mean_square(&record->series[CALLBACKS_SMALL]), small,
                      mean_square(&record->series[CALLBACKS_BIG]), big, &noise);
    callbacks_say(numbers, CALLBACKS_SIGMA, noise.trace);
    callbacks_say(numbers, CALLBACKS_SCALE, noise.scale);
    if (isfinite(noise.trace) && !isfinite(noise.scale)) {
        callbacks_lack(numbers, CALLBACKS_SCALE, CALLBACKS_NO_GRADIENT);
    }
}

static void say_variance(const struct callbacks_series *norm, struct callbacks_numbers *numbers)
{
    struct fw_ewma ewma;

    fw_ewma_init(&ewma, smoothing);
    for (size_t i = 0; i < norm->n; i++) {
        fw_ewma_update(&ewma, norm->value[i]);
    }
    if (ewma.n > 1) {
        callbacks_say(numbers, CALLBACKS_GRADIENT_VARIANCE, ewma.variance);
    } else {
        callbacks_lack(numbers, CALLBACKS_GRADIENT_VARIANCE,
                       numbers->columns[CALLBACKS_NORM][0] != '\0' ? CALLBACKS_FEW
                                                                   : CALLBACKS_NO_COLUMN);
    }
}

void callbacks_noise(const struct callbacks *c, struct callbacks_record *record,
                     struct callbacks_numbers *numbers)
{
    size_t n = window_of(c, record);
    bool enough = n >= FW_RESIDUAL_LEAST;

    for (int i = CALLBACKS_RESIDUAL_MODE; i <= (int)CALLBACKS_PSD_SLOPE_R2; i++) {
        callbacks_lack(numbers, (enum callbacks_metric)i,
                       enough ? CALLBACKS_NOT_FINITE : CALLBACKS_FEW);
    }
    callbacks_say(numbers, CALLBACKS_WINDOW, (double)n);
    if (enough) {
        say_window(record, n, numbers);
    }
    say_variance(&record->series[CALLBACKS_NORM], numbers);
    say_scale(c, record, numbers);
}
