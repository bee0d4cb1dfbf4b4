/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_PSD_H
#define FW_LIB_ANALYSIS_PSD_H

#include <stddef.h>

#include <stdbool.h>

#include "outcome.h"

/** A band in cycles per sample: from `low` on and below `high`, 0.5 included. */
struct fw_band {
    double low, high;
};

/** 0.1 to 0.3, and 0.3 to 0.5. */
extern const struct fw_band fw_psd_low, fw_psd_high;

/** Where the power of a signal lies, of its squared moduli as the transform gives them. */
struct fw_psd {
    double low, high; /**< of the bands */
    double total;     /**< of everything from frequency 0 on */
    double tail;      /**< high / (low + 1e-10): above 1 it swings, below it drifts */
    bool
        low_confidence; /**< the lower band has less than 1e-8, beside which 1e-10 is not nothing */
};

/**
 * Of a signal less its mean under a symmetric Hann window; any length from 4 on. Which bins a band
 * has does not hang on rounding: a border within 1e-9 of a bin is that bin. A constant signal has
 * no power at all. INSUFFICIENT below 4 samples, NUMERIC with one that is not finite or without
 * memory.
 */
enum fw_outcome fw_psd_of(const double *signal, size_t n, const struct fw_band *low,
                          const struct fw_band *high, struct fw_psd *ret);

/** The powers of bins 0 to n / 2 of the same transform, at k / n cycles per sample. */
enum fw_outcome fw_psd_spectrum(const double *signal, size_t n, double *ret_power);

#endif
