/* SPDX-License-Identifier: MIT */
#include "indicators/momentum.h"

#include <math.h>

void fw_rsi_init(struct fw_rsi *rsi, int32_t n)
{
    *rsi = (struct fw_rsi){.last = NAN, .value = NAN};
    fw_wilder_init(&rsi->gain, n);
    fw_wilder_init(&rsi->loss, n);
}

double fw_rsi_push(struct fw_rsi *rsi, double price)
{
    double move = price - rsi->last;

    rsi->last = price;
    if (!isnan(move)) {
        double gain = fw_wilder_push(&rsi->gain, move > 0 ? move : 0);
        double both = gain + fw_wilder_push(&rsi->loss, move < 0 ? -move : 0);
        rsi->value = both == 0 ? 0 : 100 * gain / both;
    }
    return rsi->value;
}

void fw_stochrsi_init(struct fw_stochrsi *stochrsi)
{
    *stochrsi = (struct fw_stochrsi){.value = NAN};
    fw_rsi_init(&stochrsi->rsi, 14);
    fw_window_init(&stochrsi->last_5, 5, FW_VALUES);
}

void fw_stochrsi_push(struct fw_stochrsi *stochrsi, double price)
{
    double rsi = fw_rsi_push(&stochrsi->rsi, price);

    if (isnan(rsi)) {
        return;
    }
    fw_window_push(&stochrsi->last_5, rsi);
    stochrsi->count += stochrsi->count < 7;
    if (stochrsi->count == 7) {
        double place = fw_window_place(&stochrsi->last_5, rsi);
        stochrsi->value = isnan(place) ? 0 : place;
    }
}

void fw_macd_init(struct fw_macd *macd, int32_t fast, int32_t slow, int32_t signal)
{
    *macd = (struct fw_macd){.line = NAN, .histogram = NAN};
    fw_window_init(&macd->fast_seed, fast, FW_MEAN);
    fw_ema_init(&macd->slow, slow);
    fw_ema_init(&macd->signal, signal);
}

void fw_macd_push(struct fw_macd *macd, double price)
{
    bool seeded = macd->slow.count == macd->slow.n;
    double slow = fw_ema_push(&macd->slow, price);

    if (seeded) {
        macd->fast += 2.0 / (macd->fast_seed.size + 1) * (price - macd->fast);
    } else {
        fw_window_push(&macd->fast_seed, price);
        macd->fast = fw_window_mean(&macd->fast_seed);
    }
    double line = isnan(slow) ? NAN : macd->fast - slow;
    double signal = fw_ema_push(&macd->signal, line);
    if (!isnan(signal)) {
        macd->line = line;
        macd->histogram = line - signal;
    }
}

void fw_stc_init(struct fw_stc *stc)
{
    *stc = (struct fw_stc){.value = NAN};
    fw_macd_init(&stc->macd, 23, 50, 10);
    fw_window_init(&stc->lines, 10, FW_VALUES);
    fw_window_init(&stc->smooth, 10, FW_VALUES);
    fw_ewm_init(&stc->first, 3);
    fw_ewm_init(&stc->second, 3);
}

static double place_or_half(struct fw_window *window, double value)
{
    fw_window_push(window, value);
    double place = fw_window_place(window, value);
    return isnan(place) ? 50 : place;
}

void fw_stc_push(struct fw_stc *stc, double price)
{
    fw_macd_push(&stc->macd, price);
    double first = fw_ewm_push(&stc->first, place_or_half(&stc->lines, stc->macd.line));
    double second = fw_ewm_push(&stc->second, place_or_half(&stc->smooth, first));
    stc->value = second < 0 ? 0 : second > 100 ? 100 : second;
}

void fw_stochastic_init(struct fw_stochastic *stochastic)
{
    *stochastic = (struct fw_stochastic){.k = NAN, .d = NAN, .williams = NAN};
    fw_window_init(&stochastic->highs, 14, FW_VALUES);
    fw_window_init(&stochastic->lows, 14, FW_VALUES);
    fw_window_init(&stochastic->raw, 3, FW_MEAN);
    fw_window_init(&stochastic->slow, 3, FW_MEAN);
}

void fw_stochastic_push(struct fw_stochastic *stochastic, const struct fw_bar *bar)
{
    fw_window_push(&stochastic->highs, bar->high);
    fw_window_push(&stochastic->lows, bar->low);
    double most = fw_window_max(&stochastic->highs), least = fw_window_min(&stochastic->lows);
    if (isnan(most)) {
        return;
    }
    double range = most - least;
    stochastic->williams = range == 0 ? 0 : -100 * (most - bar->close) / range;
    fw_window_push(&stochastic->raw, range == 0 ? 0 : 100 * (bar->close - least) / range);
    fw_window_push(&stochastic->slow, fw_window_mean(&stochastic->raw));
    stochastic->d = fw_window_mean(&stochastic->slow);
    if (!isnan(stochastic->d)) {
        stochastic->k = fw_window_back(&stochastic->slow, 0);
    }
}

void fw_cci_init(struct fw_cci *cci, int32_t n)
{
    *cci = (struct fw_cci){.value = NAN};
    fw_window_init(&cci->typical, n, FW_MEAN);
}

void fw_cci_push(struct fw_cci *cci, double typical)
{
    fw_window_push(&cci->typical, typical);
    if (!fw_window_is_full(&cci->typical)) {
        return;
    }
    double mean = fw_window_mean(&cci->typical), deviation = 0;
    for (int32_t i = 0; i < cci->typical.size; i++) {
        deviation += fabs(cci->typical.values[i] - mean);
    }
    deviation /= cci->typical.size;
    cci->value = deviation == 0 ? 0 : (typical - mean) / (0.015 * deviation);
}

void fw_mfi_init(struct fw_mfi *mfi, int32_t n)
{
    *mfi = (struct fw_mfi){.last = NAN, .value = NAN};
    fw_window_init(&mfi->up, n, FW_MEAN);
    fw_window_init(&mfi->down, n, FW_MEAN);
}

void fw_mfi_push(struct fw_mfi *mfi, double typical, double volume)
{
    double move = typical - mfi->last;

    mfi->last = typical;
    if (isnan(move)) {
        return;
    }
    fw_window_push(&mfi->up, move > 0 ? typical * volume : 0);
    fw_window_push(&mfi->down, move < 0 ? typical * volume : 0);
    double up = fw_window_mean(&mfi->up), both = up + fw_window_mean(&mfi->down);
    mfi->value = both == 0 ? 0 : 100 * up / both;
}

void fw_demarker_init(struct fw_demarker *demarker, int32_t n)
{
    *demarker = (struct fw_demarker){.high = NAN, .low = NAN, .value = 0.5};
    fw_window_init(&demarker->up, n, FW_MEAN);
    fw_window_init(&demarker->down, n, FW_MEAN);
}

void fw_demarker_push(struct fw_demarker *demarker, const struct fw_bar *bar)
{
    double up = bar->high - demarker->high, down = demarker->low - bar->low;

    demarker->high = bar->high;
    demarker->low = bar->low;
    if (isnan(up)) {
        return;
    }
    fw_window_push(&demarker->up, up > 0 ? up : 0);
    fw_window_push(&demarker->down, down > 0 ? down : 0);
    double mean = fw_window_mean(&demarker->up);
    double value = mean / (mean + fw_window_mean(&demarker->down));
    demarker->value = isnan(value) ? 0.5 : value;
}
