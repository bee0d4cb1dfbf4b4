/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INFERENCE_FAMILY_H
#define FW_LIB_INFERENCE_FAMILY_H

#include <stddef.h>

#include <stdbool.h>

/*
 * p-values of several tests, adjusted for there being several: what was tested and gave no p-value
 * (NaN) counts as one of 1 and stays NaN. Both return whether there was memory for it.
 */

/** Holm 1979: adjusted values below alpha hold the chance of any false one among them below alpha.
 */
bool fw_family_holm(const double *p, size_t n, double *ret_adjusted);

/** Benjamini and Hochberg 1995: the expected share of false ones among them. */
bool fw_family_benjamini_hochberg(const double *p, size_t n, double *ret_adjusted);

#endif
