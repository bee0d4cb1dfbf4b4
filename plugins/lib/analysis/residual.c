/* SPDX-License-Identifier: MIT */
#include "residual.h"

#include <math.h>
#include <stdbool.h>

#include "ewma.h"

static const double smoothing = 0.1;

size_t fw_residual_window(size_t n, size_t asked, size_t epoch)
{
    size_t window = asked > 0 ? asked : epoch > 0 ? 2 * epoch : n;

    window = window < FW_RESIDUAL_MOST ? window : FW_RESIDUAL_MOST;
    return window < n ? window : n;
}

static bool all_finite(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

static int take_trend_off(const double *step, const double *loss, size_t n,
                          const struct fw_power_law *law, double *ret)
{
    struct fw_ewma ewma;
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        ret[i] = loss[i] - exp(law->log_a) * pow(step[i], law->b);
        sum += loss[i];
    }
    if (all_finite(ret, n)) {
        return 0;
    }
    fw_ewma_init(&ewma, smoothing);
    for (size_t i = 0; i < n; i++) {
        fw_ewma_update(&ewma, loss[i]);
        ret[i] = loss[i] - ewma.mean;
    }
    if (all_finite(ret, n)) {
        return 1;
    }
    for (size_t i = 0; i < n; i++) {
        ret[i] = loss[i] - sum / (double)n;
    }
    return 2;
}

enum fw_outcome fw_residual_of(const double *step, const double *loss, size_t n, double *residual,
                               struct fw_residual *ret)
{
    const struct fw_psd none = {NAN, NAN, NAN, NAN, true};

    if (step == NULL || loss == NULL || residual == NULL || ret == NULL) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ret = (struct fw_residual){.mode = -1, .power = NAN, .psd = none, .raw = none};
    if (fw_power_law_fit(step, loss, n, &ret->law) != FW_OUTCOME_OK) {
        ret->law.r2 = NAN;
    }
    if (n < FW_RESIDUAL_LEAST || !all_finite(loss, n)) {
        return n < FW_RESIDUAL_LEAST ? FW_OUTCOME_INSUFFICIENT : FW_OUTCOME_NUMERIC;
    }
    ret->mode = take_trend_off(step, loss, n, &ret->law, residual);
    ret->power = 0;
    for (size_t i = 0; i < n; i++) {
        ret->power += residual[i] * residual[i];
    }
    ret->power /= (double)n;
    fw_psd_of(residual, n, &fw_psd_low, &fw_psd_high, &ret->psd);
    fw_psd_of(loss, n, &fw_psd_low, &fw_psd_high, &ret->raw);
    return FW_OUTCOME_OK;
}
