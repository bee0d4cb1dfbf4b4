/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INDICATORS_MARKET_H
#define FW_LIB_INDICATORS_MARKET_H

#include "indicators/bar.h"
#include "indicators/flow.h"
#include "indicators/momentum.h"
#include "indicators/risk.h"
#include "indicators/trend.h"
#include "indicators/week.h"

/**
 * Everything that the columns of catalogue.h read, as of the bar that was pushed last. Bars come
 * one by one, in the order of days, and each is looked at once: a figure cannot know a later bar.
 * One plain value of some 140 KiB, without memory of its own. Percent where not said otherwise.
 */
struct fw_market {
    bool is_reference; /**< what the reference got wrong is repeated: fw_market_init */
    struct fw_bar bar;

    /* Averages and bands of closes. */
    struct fw_window close_9, close_12, close_20, close_50, close_100, close_200;
    struct fw_dema dema_9, dema_10, dema_20, dema_25, dema_90;
    struct fw_ema ema_12, ema_26;
    double sma_9, sma_50, sma_200, band_middle, band_deviation, bb_width;
    struct fw_lag sma_50_ago, sma_200_ago;
    double sma_50_slope, sma_200_slope;
    struct fw_cross cross_50, cross_200;

    /* Momentum. */
    struct fw_stochrsi stochrsi;
    struct fw_ewm qqe_fast, qqe_slow;
    struct fw_lag rsi_ago, qqe_ago, stc_ago;
    double rsi_slope, qqe_slope, stc_slope;
    struct fw_macd macd;
    struct fw_stc stc;
    struct fw_stochastic stochastic;
    struct fw_cci cci;
    struct fw_mfi mfi;
    struct fw_demarker demarker;
    struct fw_week week;

    /* Ranges and trends. */
    struct fw_atr atr;
    struct fw_dmi dmi;
    struct fw_aroon aroon;
    struct fw_supertrend supertrend;
    struct fw_lag atr_percent_ago, adx_ago;
    double atr_percent, atr_percent_slope, adx_slope;
    struct fw_window atr_percents, bb_widths;
    struct fw_window parkinson, garman_klass; /**< logarithms of ranges, squared */
    struct fw_window highs_20, lows_20, highs_44, lows_44;

    /* Returns and risk. */
    struct fw_lag close_1_ago, close_5_ago, close_21_ago, close_63_ago, close_252_ago;
    struct fw_lag return_1_ago, return_5_ago;
    double gap, return_1, return_5, return_21, return_63, return_252;
    double return_1_change, return_5_change;
    struct fw_window returns_5, returns_20, returns_60, returns_252, losses_20, losses_60,
        losses_252;
    struct fw_window deviations;               /**< of 5 returns each, annualised */
    struct fw_window logs_5, logs_10, logs_21; /**< logarithms of returns */
    double vrp_5, vrp_10, vrp_21, realized_21; /**< variance risk premium */
    struct fw_lag vrp_5_ago, sharpe_20_ago, sortino_20_ago;
    double vrp_slope, sharpe_20, sharpe_slope, sortino_slope;
    struct fw_tail tail;
    struct fw_odds odds;

    /* Volume. */
    struct fw_obv obv;
    struct fw_adosc adosc;
    struct fw_klinger klinger;
    struct fw_klinger_distance klinger_distance;
    struct fw_window paid_20, volume_20; /**< close times volume, and volume */
    struct fw_lag obv_ago;
    struct fw_window obv_changes, trends, lines;
    double obv_change, price_trend; /**< the latter: sum of volume times return, as fractions */
};

/**
 * Before the first bar. `is_reference` repeats what is known to be wrong in the reference: inverted
 * percentiles, weeks that change on Mondays only, crosses that a distance of 0 hides.
 */
void fw_market_init(struct fw_market *market, bool is_reference);

/** The next bar; its day must be later than that of the bar before. */
void fw_market_push(struct fw_market *market, const struct fw_bar *bar);

#endif
