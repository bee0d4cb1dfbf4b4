/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INDICATORS_TREND_H
#define FW_LIB_INDICATORS_TREND_H

#include <stdbool.h>

#include "indicators/average.h"
#include "indicators/bar.h"
#include "indicators/window.h"

/** The largest of the three ranges that a bar may have; `close` is that of the bar before. */
double fw_true_range(const struct fw_bar *bar, double close);

/** Average true range, Wilder's; first after n bars that have one before them. */
struct fw_atr {
    struct fw_wilder average;
    double close, value;
};

void fw_atr_init(struct fw_atr *atr, int32_t n);
double fw_atr_push(struct fw_atr *atr, const struct fw_bar *bar);

/** Directional movement: +DI and -DI from bar n on, ADX from bar 2n - 1 on. */
struct fw_dmi {
    int32_t n, bars; /**< pushed so far, counted up to 2n */
    double high, low, close;
    double range, up, down; /**< Wilder's sums */
    double seed;            /**< of the ADX */
    double plus, minus, adx;
};

void fw_dmi_init(struct fw_dmi *dmi, int32_t n);
void fw_dmi_push(struct fw_dmi *dmi, const struct fw_bar *bar);

/** Aroon up less Aroon down over 25 bars; of equal extremes the latest counts. */
struct fw_aroon {
    struct fw_window highs, lows;
    double oscillator;
};

void fw_aroon_init(struct fw_aroon *aroon);
void fw_aroon_push(struct fw_aroon *aroon, const struct fw_bar *bar);

/** SuperTrend, beginning bearish; +1 below the price, -1 above it. */
struct fw_supertrend {
    struct fw_atr atr;
    double multiplier, value, direction;
};

void fw_supertrend_init(struct fw_supertrend *trend, int32_t n, double multiplier);
void fw_supertrend_push(struct fw_supertrend *trend, const struct fw_bar *bar);

/**
 * Bars since a distance last changed its sign; 0 until it has one. A distance of exactly 0 keeps
 * the sign before it; `hides` tells that it hides a change, on its own bar and on the next, as in
 * the reference.
 */
struct fw_cross {
    bool hides;
    double sign, bars;
};

void fw_cross_init(struct fw_cross *cross, bool hides);
void fw_cross_push(struct fw_cross *cross, double distance);

#endif
