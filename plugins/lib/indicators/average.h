/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INDICATORS_AVERAGE_H
#define FW_LIB_INDICATORS_AVERAGE_H

#include <stdint.h>

/*
 * Averages with a long memory. They differ in where they begin, and that difference decays slowly,
 * so each has a type of its own. `value` is NaN until there is one; NaN pushed before the first
 * value is passed over.
 */

/** Exponential, k = 2 / (n + 1), seeded with the mean of the first n values (TA-Lib's EMA). */
struct fw_ema {
    int32_t n, count;
    double sum, value;
};

void fw_ema_init(struct fw_ema *ema, int32_t n);
double fw_ema_push(struct fw_ema *ema, double value);

/** Exponential, k = 2 / (span + 1), seeded with the first value (pandas: ewm(adjust=False)). */
struct fw_ewm {
    double k, value;
};

void fw_ewm_init(struct fw_ewm *ewm, int32_t span);
double fw_ewm_push(struct fw_ewm *ewm, double value);

/** Wilder's: k = 1 / n, seeded with the mean of the first n values. */
struct fw_wilder {
    int32_t n, count;
    double sum, value;
};

void fw_wilder_init(struct fw_wilder *wilder, int32_t n);
double fw_wilder_push(struct fw_wilder *wilder, double value);

/** Double exponential: twice the EMA less the EMA of the EMA. */
struct fw_dema {
    struct fw_ema first, second;
    double value;
};

void fw_dema_init(struct fw_dema *dema, int32_t n);
double fw_dema_push(struct fw_dema *dema, double value);

#endif
