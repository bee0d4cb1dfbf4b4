/* SPDX-License-Identifier: MIT */
#include "epochs.h"

#include <math.h>

void fw_epoch_add(struct fw_epoch *epoch, double loss)
{
    if (isfinite(loss)) {
        epoch->sum += loss;
        epoch->n++;
    } else {
        epoch->n_bad++;
    }
}

double fw_epoch_mean(const struct fw_epoch *epoch)
{
    uint64_t all = epoch->n + epoch->n_bad;

    return epoch->n == 0 || 10 * epoch->n_bad > all ? NAN : epoch->sum / (double)epoch->n;
}

enum fw_outcome fw_epoch_slope(const struct fw_epoch *epochs, size_t n, size_t start, size_t end,
                               double *ret_slope)
{
    double x = 0, y = 0, xx = 0, xy = 0;
    size_t k = 0;

    if (ret_slope == NULL || (epochs == NULL && n > 0)) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ret_slope = NAN;
    end = end < n ? end : n;
    for (size_t i = start; i < end; i++) {
        double mean = fw_epoch_mean(&epochs[i]);
        if (!isnan(mean)) {
            x += (double)i;
            y += mean;
            k++;
        }
    }
    if (k < 2) {
        return FW_OUTCOME_INSUFFICIENT;
    }
    x /= (double)k;
    y /= (double)k;
    for (size_t i = start; i < end; i++) {
        double mean = fw_epoch_mean(&epochs[i]);
        if (!isnan(mean)) {
            xx += ((double)i - x) * ((double)i - x);
            xy += ((double)i - x) * (mean - y);
        }
    }
    *ret_slope = xy / xx;
    return FW_OUTCOME_OK;
}

int64_t fw_epoch_knee(const struct fw_epoch *epochs, size_t n, double threshold, size_t hold)
{
    size_t run = 0;

    for (size_t i = 0; i < n; i++) {
        run = fw_epoch_mean(&epochs[i]) <= threshold ? run + 1 : 0; /* NaN is not */
        if (run == hold) {
            return (int64_t)(i + 1 - hold);
        }
    }
    return -1;
}
