/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_CORRELATION_H
#define FW_LIB_ANALYSIS_CORRELATION_H

#include <stddef.h>

#include "outcome.h"

/* Pairs of which one is not finite are passed over. INSUFFICIENT below three pairs, NUMERIC where
   one side is constant. */

/** Pearson's r. */
enum fw_outcome fw_pearson(const double *x, const double *y, size_t n, double *ret_r);

/** Spearman's rho: r of the ranks, equal values sharing their mean rank. For some thousands: the
    time grows with the square of n. */
enum fw_outcome fw_spearman(const double *x, const double *y, size_t n, double *ret_rho);

/** Fisher's 95 % interval of r from n pairs; INSUFFICIENT below four. */
enum fw_outcome fw_fisher_interval(double r, size_t n, double *ret_lower, double *ret_upper);

#endif
