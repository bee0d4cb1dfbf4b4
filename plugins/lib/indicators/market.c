/* SPDX-License-Identifier: MIT */
#include "indicators/market.h"

#include <math.h>

static void init_averages(struct fw_market *market)
{
    fw_window_init(&market->close_9, 9, FW_MEAN);
    fw_window_init(&market->close_12, 12, FW_MEAN);
    fw_window_init(&market->close_20, 20, FW_DEVIATION);
    fw_window_init(&market->close_50, 50, FW_MEAN);
    fw_window_init(&market->close_100, 100, FW_MEAN);
    fw_window_init(&market->close_200, 200, FW_MEAN);
    fw_dema_init(&market->dema_9, 9);
    fw_dema_init(&market->dema_10, 10);
    fw_dema_init(&market->dema_20, 20);
    fw_dema_init(&market->dema_25, 25);
    fw_dema_init(&market->dema_90, 90);
    fw_ema_init(&market->ema_12, 12);
    fw_ema_init(&market->ema_26, 26);
    fw_lag_init(&market->sma_50_ago, 5);
    fw_lag_init(&market->sma_200_ago, 5);
    fw_cross_init(&market->cross_50, market->is_reference);
    fw_cross_init(&market->cross_200, market->is_reference);
}

static void push_averages(struct fw_market *market)
{
    double close = market->bar.close;

    fw_window_push(&market->close_9, close);
    fw_window_push(&market->close_12, close);
    fw_window_push(&market->close_20, close);
    fw_window_push(&market->close_50, close);
    fw_window_push(&market->close_100, close);
    fw_window_push(&market->close_200, close);
    fw_dema_push(&market->dema_9, close);
    fw_dema_push(&market->dema_10, close);
    fw_dema_push(&market->dema_20, close);
    fw_dema_push(&market->dema_25, close);
    fw_dema_push(&market->dema_90, close);
    fw_ema_push(&market->ema_12, close);
    fw_ema_push(&market->ema_26, close);
    market->sma_9 = fw_window_mean(&market->close_9);
    market->sma_50 = fw_window_mean(&market->close_50);
    market->sma_200 = fw_window_mean(&market->close_200);
    market->sma_50_slope = fw_lag_difference(&market->sma_50_ago, market->sma_50);
    market->sma_200_slope = fw_lag_difference(&market->sma_200_ago, market->sma_200);
    fw_cross_push(&market->cross_50, close - market->sma_50);
    fw_cross_push(&market->cross_200, close - market->sma_200);
    market->band_middle = fw_window_mean(&market->close_20);
    market->band_deviation = fw_window_deviation(&market->close_20, 0);
    market->bb_width = 100 * (4 * market->band_deviation) / market->band_middle;
}

static void init_momentum(struct fw_market *market)
{
    fw_stochrsi_init(&market->stochrsi);
    fw_ewm_init(&market->qqe_fast, 5);
    fw_ewm_init(&market->qqe_slow, 14);
    fw_lag_init(&market->rsi_ago, 5);
    fw_lag_init(&market->qqe_ago, 5);
    fw_lag_init(&market->stc_ago, 5);
    fw_macd_init(&market->macd, 12, 26, 9);
    fw_stc_init(&market->stc);
    fw_stochastic_init(&market->stochastic);
    fw_cci_init(&market->cci, 14);
    fw_mfi_init(&market->mfi, 14);
    fw_demarker_init(&market->demarker, 14);
    fw_week_init(&market->week, market->is_reference);
}

static void push_momentum(struct fw_market *market)
{
    const struct fw_bar *bar = &market->bar;
    double typical = (bar->high + bar->low + bar->close) / 3;

    fw_stochrsi_push(&market->stochrsi, bar->close);
    double rsi = market->stochrsi.rsi.value;
    market->rsi_slope = fw_lag_difference(&market->rsi_ago, rsi);
    fw_ewm_push(&market->qqe_slow, rsi);
    market->qqe_slope = fw_lag_difference(&market->qqe_ago, fw_ewm_push(&market->qqe_fast, rsi));
    fw_macd_push(&market->macd, bar->close);
    fw_stc_push(&market->stc, bar->close);
    market->stc_slope = fw_lag_difference(&market->stc_ago, market->stc.value);
    fw_stochastic_push(&market->stochastic, bar);
    fw_cci_push(&market->cci, typical);
    fw_mfi_push(&market->mfi, typical, bar->volume);
    fw_demarker_push(&market->demarker, bar);
    fw_week_push(&market->week, bar->day, bar->close);
}

static void init_ranges(struct fw_market *market)
{
    fw_atr_init(&market->atr, 14);
    fw_dmi_init(&market->dmi, 14);
    fw_aroon_init(&market->aroon);
    fw_supertrend_init(&market->supertrend, 10, 3);
    fw_lag_init(&market->atr_percent_ago, 5);
    fw_lag_init(&market->adx_ago, 5);
    fw_window_init(&market->atr_percents, 60, FW_VALUES);
    fw_window_init(&market->bb_widths, 60, FW_VALUES);
    fw_window_init(&market->parkinson, 20, FW_MEAN);
    fw_window_init(&market->garman_klass, 20, FW_MEAN);
    fw_window_init(&market->highs_20, 20, FW_VALUES);
    fw_window_init(&market->lows_20, 20, FW_VALUES);
    fw_window_init(&market->highs_44, 44, FW_VALUES);
    fw_window_init(&market->lows_44, 44, FW_VALUES);
}

static void push_ranges(struct fw_market *market)
{
    const struct fw_bar *bar = &market->bar;
    double range = log(bar->high / bar->low), body = log(bar->close / bar->open);

    market->atr_percent = 100 * fw_atr_push(&market->atr, bar) / bar->close;
    market->atr_percent_slope = fw_lag_difference(&market->atr_percent_ago, market->atr_percent);
    fw_dmi_push(&market->dmi, bar);
    market->adx_slope = fw_lag_difference(&market->adx_ago, market->dmi.adx);
    fw_aroon_push(&market->aroon, bar);
    fw_supertrend_push(&market->supertrend, bar);
    fw_window_push(&market->atr_percents, market->atr_percent);
    fw_window_push(&market->bb_widths, market->bb_width);
    fw_window_push(&market->parkinson, range * range);
    fw_window_push(&market->garman_klass, 0.5 * range * range - (2 * log(2) - 1) * body * body);
    fw_window_push(&market->highs_20, bar->high);
    fw_window_push(&market->lows_20, bar->low);
    fw_window_push(&market->highs_44, bar->high);
    fw_window_push(&market->lows_44, bar->low);
}

static void init_returns(struct fw_market *market)
{
    fw_lag_init(&market->close_1_ago, 1);
    fw_lag_init(&market->close_5_ago, 5);
    fw_lag_init(&market->close_21_ago, 21);
    fw_lag_init(&market->close_63_ago, 63);
    fw_lag_init(&market->close_252_ago, 252);
    fw_lag_init(&market->return_1_ago, 1);
    fw_lag_init(&market->return_5_ago, 1);
    fw_window_init(&market->returns_5, 5, FW_DEVIATION);
    fw_window_init(&market->returns_20, 20, FW_DEVIATION);
    fw_window_init(&market->returns_60, 60, FW_DEVIATION);
    fw_window_init(&market->returns_252, 252, FW_DEVIATION);
    fw_window_init(&market->losses_20, 20, FW_DEVIATION);
    fw_window_init(&market->losses_60, 60, FW_DEVIATION);
    fw_window_init(&market->losses_252, 252, FW_DEVIATION);
    fw_window_init(&market->deviations, 20, FW_DEVIATION);
    fw_window_init(&market->logs_5, 5, FW_DEVIATION);
    fw_window_init(&market->logs_10, 10, FW_DEVIATION);
    fw_window_init(&market->logs_21, 21, FW_DEVIATION);
    fw_lag_init(&market->vrp_5_ago, 1);
    fw_lag_init(&market->sharpe_20_ago, 1);
    fw_lag_init(&market->sortino_20_ago, 1);
}

static void push_returns(struct fw_market *market)
{
    double close = market->bar.close;

    market->return_5 = fw_lag_percent(&market->close_5_ago, close);
    market->return_21 = fw_lag_percent(&market->close_21_ago, close);
    market->return_63 = fw_lag_percent(&market->close_63_ago, close);
    market->return_252 = fw_lag_percent(&market->close_252_ago, close);
    market->return_1_change = fw_lag_difference(&market->return_1_ago, market->return_1);
    market->return_5_change = fw_lag_difference(&market->return_5_ago, market->return_5);
    fw_window_push(&market->returns_5, market->return_1);
    fw_window_push(&market->returns_20, market->return_1);
    fw_window_push(&market->returns_60, market->return_1);
    fw_window_push(&market->returns_252, market->return_1);
    double loss = market->return_1 > 0 ? 0 : market->return_1;
    fw_window_push(&market->losses_20, loss);
    fw_window_push(&market->losses_60, loss);
    fw_window_push(&market->losses_252, loss);
}

static double annual(const struct fw_window *window)
{
    return fw_window_deviation(window, 1) * sqrt(252);
}

static void push_risk(struct fw_market *market, double close_before)
{
    double move = log(market->bar.close / close_before), vix = market->bar.vix;

    fw_window_push(&market->logs_5, move);
    fw_window_push(&market->logs_10, move);
    fw_window_push(&market->logs_21, move);
    market->realized_21 = 100 * annual(&market->logs_21);
    market->vrp_5 = vix - 100 * annual(&market->logs_5);
    market->vrp_10 = vix - 100 * annual(&market->logs_10);
    market->vrp_21 = vix - market->realized_21;
    market->vrp_slope = fw_lag_difference(&market->vrp_5_ago, market->vrp_5);
    fw_window_push(&market->deviations, annual(&market->returns_5));
    market->sharpe_20 = fw_sharpe(&market->returns_20);
    market->sharpe_slope = fw_lag_difference(&market->sharpe_20_ago, market->sharpe_20);
    market->sortino_slope = fw_lag_difference(
        &market->sortino_20_ago, fw_sortino_negative(&market->returns_20, &market->losses_20));
    market->tail = fw_tail(&market->returns_20);
    market->odds = fw_odds(&market->returns_20);
}

static void init_volume(struct fw_market *market)
{
    fw_obv_init(&market->obv);
    fw_adosc_init(&market->adosc, 3, 10);
    fw_klinger_init(&market->klinger);
    fw_klinger_distance_init(&market->klinger_distance);
    fw_window_init(&market->paid_20, 20, FW_MEAN);
    fw_window_init(&market->volume_20, 20, FW_MEAN);
    fw_lag_init(&market->obv_ago, 5);
    fw_window_init(&market->obv_changes, 20, FW_DEVIATION);
    fw_window_init(&market->trends, 20, FW_MEAN);
    fw_window_init(&market->lines, 20, FW_MEAN);
}

static void push_volume(struct fw_market *market)
{
    const struct fw_bar *bar = &market->bar;

    market->obv_change =
        fw_lag_difference(&market->obv_ago, fw_obv_push(&market->obv, bar->close, bar->volume));
    fw_window_push(&market->obv_changes, market->obv_change);
    fw_adosc_push(&market->adosc, bar);
    fw_window_push(&market->lines, market->adosc.line);
    fw_klinger_push(&market->klinger, bar);
    fw_klinger_distance_push(&market->klinger_distance, bar);
    fw_window_push(&market->paid_20, bar->close * bar->volume);
    fw_window_push(&market->volume_20, bar->volume);
    if (!isnan(market->return_1)) {
        market->price_trend += bar->volume * (market->return_1 / 100);
        fw_window_push(&market->trends, market->price_trend);
    }
}

void fw_market_init(struct fw_market *market, bool is_reference)
{
    *market = (struct fw_market){.is_reference = is_reference};
    init_averages(market);
    init_momentum(market);
    init_ranges(market);
    init_returns(market);
    init_volume(market);
}

void fw_market_push(struct fw_market *market, const struct fw_bar *bar)
{
    double before = fw_lag_push(&market->close_1_ago, bar->close);

    market->bar = *bar;
    market->return_1 = 100 * ((bar->close - before) / before);
    market->gap = 100 * (bar->open - before) / before;
    push_averages(market);
    push_momentum(market);
    push_ranges(market);
    push_returns(market);
    push_risk(market, before);
    push_volume(market);
}
