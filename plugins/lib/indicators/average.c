/* SPDX-License-Identifier: MIT */
#include "indicators/average.h"

#include <math.h>

void fw_ema_init(struct fw_ema *ema, int32_t n)
{
    *ema = (struct fw_ema){.n = n, .value = NAN};
}

double fw_ema_push(struct fw_ema *ema, double value)
{
    if (isnan(value)) {
        return ema->value;
    }
    if (ema->count == ema->n) {
        ema->value += 2.0 / (ema->n + 1) * (value - ema->value);
        return ema->value;
    }
    ema->sum += value;
    if (++ema->count == ema->n) {
        ema->value = ema->sum / ema->n;
    }
    return ema->value;
}

void fw_ewm_init(struct fw_ewm *ewm, int32_t span)
{
    *ewm = (struct fw_ewm){.k = 2.0 / (span + 1), .value = NAN};
}

double fw_ewm_push(struct fw_ewm *ewm, double value)
{
    if (!isnan(value)) {
        ewm->value = isnan(ewm->value) ? value : ewm->value + ewm->k * (value - ewm->value);
    }
    return ewm->value;
}

void fw_wilder_init(struct fw_wilder *wilder, int32_t n)
{
    *wilder = (struct fw_wilder){.n = n, .value = NAN};
}

double fw_wilder_push(struct fw_wilder *wilder, double value)
{
    if (wilder->count == wilder->n) {
        wilder->value = (wilder->value * (wilder->n - 1) + value) / wilder->n;
        return wilder->value;
    }
    wilder->sum += value;
    if (++wilder->count == wilder->n) {
        wilder->value = wilder->sum / wilder->n;
    }
    return wilder->value;
}

void fw_dema_init(struct fw_dema *dema, int32_t n)
{
    *dema = (struct fw_dema){.value = NAN};
    fw_ema_init(&dema->first, n);
    fw_ema_init(&dema->second, n);
}

double fw_dema_push(struct fw_dema *dema, double value)
{
    double first = fw_ema_push(&dema->first, value);

    dema->value = 2 * first - fw_ema_push(&dema->second, first);
    return dema->value;
}
