/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INDICATORS_MOMENTUM_H
#define FW_LIB_INDICATORS_MOMENTUM_H

#include "indicators/average.h"
#include "indicators/bar.h"
#include "indicators/window.h"

/* Oscillators. `value` and its like are NaN until there is one (the definitions: TA-Lib's). */

/** Relative strength index, Wilder's; 0 when nothing has moved. First after n moves. */
struct fw_rsi {
    struct fw_wilder gain, loss;
    double last, value;
};

void fw_rsi_init(struct fw_rsi *rsi, int32_t n);
double fw_rsi_push(struct fw_rsi *rsi, double price);

/** Where the RSI lies within its last 5 values, unsmoothed (fastK); published 6 values after the
    RSI is, as a smoothed one would be. */
struct fw_stochrsi {
    struct fw_rsi rsi;
    struct fw_window last_5;
    int32_t count;
    double value;
};

void fw_stochrsi_init(struct fw_stochrsi *stochrsi);
void fw_stochrsi_push(struct fw_stochrsi *stochrsi, double price);

/** Both averages are seeded at the same bar, slow - 1; all is published with the signal. */
struct fw_macd {
    struct fw_window fast_seed;
    struct fw_ema slow, signal;
    double fast, line, histogram;
};

void fw_macd_init(struct fw_macd *macd, int32_t fast, int32_t slow, int32_t signal);
void fw_macd_push(struct fw_macd *macd, double price);

/** Schaff trend cycle of MACD(23, 50, 10); 50 wherever it has nothing to go by. */
struct fw_stc {
    struct fw_macd macd;
    struct fw_window lines, smooth;
    struct fw_ewm first, second;
    double value;
};

void fw_stc_init(struct fw_stc *stc);
void fw_stc_push(struct fw_stc *stc, double price);

/** Stochastic(14, 3, 3) and Williams %R, of the same range; 0 where the range is nothing. */
struct fw_stochastic {
    struct fw_window highs, lows, raw, slow;
    double k, d, williams;
};

void fw_stochastic_init(struct fw_stochastic *stochastic);
void fw_stochastic_push(struct fw_stochastic *stochastic, const struct fw_bar *bar);

/** Commodity channel index; 0 where it would be divided by nothing. */
struct fw_cci {
    struct fw_window typical;
    double value;
};

void fw_cci_init(struct fw_cci *cci, int32_t n);
void fw_cci_push(struct fw_cci *cci, double typical);

/** Money flow index over n changes of the typical price; 0 without any flow. */
struct fw_mfi {
    struct fw_window up, down;
    double last, value;
};

void fw_mfi_init(struct fw_mfi *mfi, int32_t n);
void fw_mfi_push(struct fw_mfi *mfi, double typical, double volume);

/** DeMarker over n changes, 0 to 1; 0.5 wherever it has nothing to go by. */
struct fw_demarker {
    struct fw_window up, down;
    double high, low, value;
};

void fw_demarker_init(struct fw_demarker *demarker, int32_t n);
void fw_demarker_push(struct fw_demarker *demarker, const struct fw_bar *bar);

#endif
