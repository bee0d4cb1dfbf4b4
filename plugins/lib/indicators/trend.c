/* SPDX-License-Identifier: MIT */
#include "indicators/trend.h"

#include <math.h>

static double larger(double a, double b)
{
    return a > b ? a : b;
}

double fw_true_range(const struct fw_bar *bar, double close)
{
    return larger(bar->high - bar->low, larger(fabs(bar->high - close), fabs(bar->low - close)));
}

void fw_atr_init(struct fw_atr *atr, int32_t n)
{
    *atr = (struct fw_atr){.close = NAN, .value = NAN};
    fw_wilder_init(&atr->average, n);
}

double fw_atr_push(struct fw_atr *atr, const struct fw_bar *bar)
{
    if (!isnan(atr->close)) {
        atr->value = fw_wilder_push(&atr->average, fw_true_range(bar, atr->close));
    }
    atr->close = bar->close;
    return atr->value;
}

void fw_dmi_init(struct fw_dmi *dmi, int32_t n)
{
    *dmi = (struct fw_dmi){.n = n, .plus = NAN, .minus = NAN, .adx = NAN};
}

static double accumulate(const struct fw_dmi *dmi, double sum, double value)
{
    return dmi->bars < dmi->n ? sum + value : sum - sum / dmi->n + value;
}

static void take_index(struct fw_dmi *dmi)
{
    double both = dmi->plus + dmi->minus;
    double index = both == 0 ? NAN : 100 * fabs(dmi->plus - dmi->minus) / both;

    if (dmi->bars < 2 * dmi->n) {
        dmi->seed += isnan(index) ? 0 : index;
        dmi->adx = dmi->bars == 2 * dmi->n - 1 ? dmi->seed / dmi->n : NAN;
    } else if (!isnan(index)) {
        dmi->adx = (dmi->adx * (dmi->n - 1) + index) / dmi->n;
    }
}

void fw_dmi_push(struct fw_dmi *dmi, const struct fw_bar *bar)
{
    double up = bar->high - dmi->high, down = dmi->low - bar->low;

    if (dmi->bars > 0) {
        dmi->up = accumulate(dmi, dmi->up, up > 0 && up > down ? up : 0);
        dmi->down = accumulate(dmi, dmi->down, down > 0 && down > up ? down : 0);
        dmi->range = accumulate(dmi, dmi->range, fw_true_range(bar, dmi->close));
    }
    if (dmi->bars >= dmi->n) {
        dmi->plus = dmi->range == 0 ? 0 : 100 * dmi->up / dmi->range;
        dmi->minus = dmi->range == 0 ? 0 : 100 * dmi->down / dmi->range;
        take_index(dmi);
    }
    dmi->bars += dmi->bars < 2 * dmi->n;
    dmi->high = bar->high;
    dmi->low = bar->low;
    dmi->close = bar->close;
}

void fw_aroon_init(struct fw_aroon *aroon)
{
    *aroon = (struct fw_aroon){.oscillator = NAN};
    fw_window_init(&aroon->highs, 26, FW_VALUES);
    fw_window_init(&aroon->lows, 26, FW_VALUES);
}

void fw_aroon_push(struct fw_aroon *aroon, const struct fw_bar *bar)
{
    int32_t high = 0, low = 0;
    double highest = bar->high, lowest = bar->low;

    fw_window_push(&aroon->highs, bar->high);
    fw_window_push(&aroon->lows, bar->low);
    if (!fw_window_is_full(&aroon->highs)) {
        return;
    }
    for (int32_t i = 1; i < 26; i++) {
        double above = fw_window_back(&aroon->highs, i), below = fw_window_back(&aroon->lows, i);
        high = above > highest ? i : high;
        highest = above > highest ? above : highest;
        low = below < lowest ? i : low;
        lowest = below < lowest ? below : lowest;
    }
    aroon->oscillator = 100.0 * (25 - high) / 25 - 100.0 * (25 - low) / 25;
}

void fw_supertrend_init(struct fw_supertrend *trend, int32_t n, double multiplier)
{
    *trend = (struct fw_supertrend){.multiplier = multiplier, .value = NAN, .direction = NAN};
    fw_atr_init(&trend->atr, n);
}

void fw_supertrend_push(struct fw_supertrend *trend, const struct fw_bar *bar)
{
    double atr = fw_atr_push(&trend->atr, bar), middle = (bar->high + bar->low) / 2;
    double upper = middle + trend->multiplier * atr, lower = middle - trend->multiplier * atr;

    if (isnan(atr)) {
        return;
    }
    if (isnan(trend->value)) {
        trend->value = upper;
        trend->direction = -1;
        return;
    }
    bool rising = trend->direction > 0;
    double line = rising ? larger(lower, trend->value) : -larger(-upper, -trend->value);
    bool holds = rising ? bar->close >= line : bar->close <= line;
    trend->value = holds ? line : rising ? upper : lower;
    trend->direction = holds ? trend->direction : -trend->direction;
}

void fw_cross_init(struct fw_cross *cross, bool hides)
{
    *cross = (struct fw_cross){.hides = hides, .sign = NAN};
}

void fw_cross_push(struct fw_cross *cross, double distance)
{
    double sign = isnan(distance) ? NAN : (distance > 0) - (distance < 0);

    if (sign == 0 && !cross->hides) {
        sign = cross->sign;
    }
    bool crosses = !(sign == cross->sign) && sign != 0 && cross->sign != 0;
    cross->bars = crosses ? 0 : cross->bars + 1;
    cross->sign = sign;
}
