/* SPDX-License-Identifier: MIT */
#include "noise.h"

#include <stddef.h>

#include <math.h>

double fw_noise_of_halves(double n, double squared_distance)
{
    return n * squared_distance / 4;
}

enum fw_outcome fw_noise_of_sizes(double squared_small, double small, double squared_big,
                                  double big, struct fw_noise *ret)
{
    if (ret == NULL) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    *ret = (struct fw_noise){NAN, NAN, NAN};
    if (!(small > 0 && small < big)) {
        return FW_OUTCOME_BAD_ARGUMENT;
    }
    double squared = (big * squared_big - small * squared_small) / (big - small);
    ret->squared_gradient = squared;
    ret->trace = (squared_small - squared_big) / (1 / small - 1 / big);
    ret->scale = squared > 0 ? ret->trace / squared : NAN;
    return isfinite(ret->scale) ? FW_OUTCOME_OK : FW_OUTCOME_NUMERIC;
}
