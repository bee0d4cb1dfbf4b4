/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_FIT_H
#define FW_LIB_ANALYSIS_FIT_H

#include <stddef.h>

#include "outcome.h"

/** y = exp(log_a) x^b, by least squares of the logarithms. */
struct fw_power_law {
    double b, log_a;
    double r2; /**< of the logarithms, at most 1; 0 where y is constant, and without a fit */
    size_t n;  /**< points with x > 0 and y > 0, both finite; others are passed over */
};

/** INSUFFICIENT below two points; NUMERIC where all x are equal. */
enum fw_outcome fw_power_law_fit(const double *x, const double *y, size_t n,
                                 struct fw_power_law *ret);

/** r2 of that fit, where it has `least` points or more; INSUFFICIENT and NaN below. */
enum fw_outcome fw_power_law_r2(const double *x, const double *y, size_t n, size_t least,
                                double *ret_r2);

/** ln 2 nats are one bit; what is not finite stays so. */
double fw_bits_of_nats(double nats);

#endif
