/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INFERENCE_NORMAL_H
#define FW_LIB_INFERENCE_NORMAL_H

/** How likely a standard normal value is at least as far from 0 as z, on either side. */
double fw_normal_two_sided(double z);

/** The z below which a standard normal value is with probability p, 0 < p < 1. */
double fw_normal_quantile(double p);

/**
 * The smallest true difference that a two-sided test at level `alpha` finds with probability
 * `power` when differences have this standard error: (z(1 - alpha / 2) + z(power)) standard errors.
 */
double fw_minimal_detectable(double standard_error, double alpha, double power);

#endif
