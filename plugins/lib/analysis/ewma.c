/* SPDX-License-Identifier: MIT */
#include "ewma.h"

#include <stddef.h>

#include <math.h>

static int is_weight(double a)
{
    return a > 0 && a <= 1;
}

enum fw_outcome fw_ewma_init(struct fw_ewma *ewma, double a)
{
    if (ewma == NULL || !is_weight(a)) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ewma = (struct fw_ewma){.a = a};
    return FW_OUTCOME_OK;
}

enum fw_outcome fw_ewma_step(double sample, double a, double *mean, double *variance)
{
    if (mean == NULL || variance == NULL || !is_weight(a)) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    if (!isfinite(sample)) {
        return FW_OUTCOME_NUMERIC;
    }
    double off = sample - *mean;
    *variance = a * off * off + (1 - a) * *variance;
    *mean = a * sample + (1 - a) * *mean;
    return FW_OUTCOME_OK;
}

enum fw_outcome fw_ewma_update(struct fw_ewma *ewma, double sample)
{
    if (ewma == NULL) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    if (!isfinite(sample)) {
        ewma->skipped++;
        return FW_OUTCOME_NUMERIC;
    }
    if (ewma->n++ == 0) {
        ewma->mean = sample;
        return FW_OUTCOME_OK;
    }
    return fw_ewma_step(sample, ewma->a, &ewma->mean, &ewma->variance);
}

double fw_ewma_unbiased_variance(const struct fw_ewma *ewma)
{
    return ewma->variance * (2 - ewma->a) / 2;
}
