/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_ANALYSIS_RESIDUAL_H
#define FW_LIB_ANALYSIS_RESIDUAL_H

#include <stddef.h>

#include "fit.h"
#include "outcome.h"
#include "psd.h"

/** Losses that a window has: fewer say nothing, more are not looked at. */
enum { FW_RESIDUAL_LEAST = 16, FW_RESIDUAL_MOST = 1024 };

/** The newest `asked` of `n` losses, or two epochs' where that is 0, or all where nothing says what
 *  an epoch is; FW_RESIDUAL_MOST at most. */
size_t fw_residual_window(size_t n, size_t asked, size_t epoch);

/** What a loss does beside its trend. */
struct fw_residual {
    struct fw_power_law law; /**< the loss over the steps; r2 is NaN without one */
    int mode;                /**< the trend: 0 that law, 1 an EWMA, 2 the mean */
    double power;            /**< mean square of what is beside it */
    struct fw_psd psd, raw;  /**< spectra of that, and of the losses themselves */
};

/**
 * Of a window of losses. `residual` has n doubles and holds what is beside the trend. NUMERIC where
 * a loss is not finite, INSUFFICIENT below FW_RESIDUAL_LEAST: then `law` alone is known.
 */
enum fw_outcome fw_residual_of(const double *step, const double *loss, size_t n, double *residual,
                               struct fw_residual *ret);

#endif
