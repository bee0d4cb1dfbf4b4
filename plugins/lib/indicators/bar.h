/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INDICATORS_BAR_H
#define FW_LIB_INDICATORS_BAR_H

#include <stdint.h>

/** One day of trading. */
struct fw_bar {
    int32_t day;                   /**< days since 1970-01-01 */
    double open, high, low, close; /**< above 0, high at least low */
    double volume;                 /**< 0 or more */
    double vix;                    /**< the volatility index of the same day, NaN without one */
};

#endif
