/* SPDX-License-Identifier: MIT */
#include "normal.h"

#include <math.h>

double fw_normal_two_sided(double z)
{
    return erfc(fabs(z) / sqrt(2));
}

/* Halving, until the doubles between the bounds are used up: exact, and asked for a few times. */
double fw_normal_quantile(double p)
{
    double low = -40, high = 40;

    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) {
            return middle;
        }
        if (erfc(-middle / sqrt(2)) / 2 < p) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

double fw_minimal_detectable(double standard_error, double alpha, double power)
{
    return (fw_normal_quantile(1 - alpha / 2) + fw_normal_quantile(power)) * standard_error;
}
