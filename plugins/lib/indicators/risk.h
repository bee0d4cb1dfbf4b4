/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INDICATORS_RISK_H
#define FW_LIB_INDICATORS_RISK_H

#include "indicators/window.h"

/* Figures of a window of returns. Days of a year: 252. */

/** Mean over sample deviation, annualised; 0 where the window is not full or does not deviate. */
double fw_sharpe(const struct fw_window *returns);

/** The same over the deviation of another window: each return, or 0 where it is above 0. */
double fw_sortino(const struct fw_window *returns, const struct fw_window *losses);

/** The same over the deviation of the negative returns alone; 0 with fewer than two of them. */
double fw_sortino_negative(const struct fw_window *returns, const struct fw_window *losses);

/** What lies in the tail of the distribution; NaN until the window is full. At most 64 values. */
struct fw_tail {
    double var_95;  /**< 5 % quantile, interpolated */
    double var_99;  /**< 1 % quantile */
    double cvar_95; /**< mean of the returns up to var_95 */
};

struct fw_tail fw_tail(const struct fw_window *returns);

/** How often a return was above 0, and what to expect of one: w G - (1 - w) |L|, of the mean gain G
    and the mean loss L. NaN until the window is full. */
struct fw_odds {
    double win_rate, expectancy;
};

struct fw_odds fw_odds(const struct fw_window *returns);

/**
 * Where the newest value ranks in a full window: the share of values up to it, in percent.
 * `inverted` gives the share of values from it on, as the reference did.
 */
double fw_percentile(const struct fw_window *window, bool inverted);

#endif
