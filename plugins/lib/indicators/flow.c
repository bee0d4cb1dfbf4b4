/* SPDX-License-Identifier: MIT */
#include "indicators/flow.h"

#include <math.h>

void fw_obv_init(struct fw_obv *obv)
{
    *obv = (struct fw_obv){.close = NAN};
}

double fw_obv_push(struct fw_obv *obv, double close, double volume)
{
    if (isnan(obv->close)) {
        obv->value = volume;
    } else if (close != obv->close) {
        obv->value += close > obv->close ? volume : -volume;
    }
    obv->close = close;
    return obv->value;
}

void fw_adosc_init(struct fw_adosc *adosc, int32_t fast, int32_t slow)
{
    *adosc = (struct fw_adosc){
        .k_fast = 2.0 / (fast + 1), .k_slow = 2.0 / (slow + 1), .value = NAN, .n = slow};
}

void fw_adosc_push(struct fw_adosc *adosc, const struct fw_bar *bar)
{
    double range = bar->high - bar->low;

    if (range > 0) {
        adosc->line += ((bar->close - bar->low) - (bar->high - bar->close)) / range * bar->volume;
    }
    if (adosc->count == 0) {
        adosc->fast = adosc->slow = adosc->line;
    } else {
        adosc->fast += adosc->k_fast * (adosc->line - adosc->fast);
        adosc->slow += adosc->k_slow * (adosc->line - adosc->slow);
    }
    adosc->count += adosc->count < adosc->n;
    if (adosc->count == adosc->n) {
        adosc->value = adosc->fast - adosc->slow;
    }
}

void fw_klinger_init(struct fw_klinger *klinger)
{
    *klinger = (struct fw_klinger){.sum = NAN, .value = NAN};
    fw_ewm_init(&klinger->fast, 34);
    fw_ewm_init(&klinger->slow, 55);
    fw_ewm_init(&klinger->signal, 13);
}

/* The first bar is compared with itself: no rise. */
void fw_klinger_push(struct fw_klinger *klinger, const struct fw_bar *bar)
{
    double sum = bar->high + bar->low + bar->close, range = bar->high - bar->low;
    double trend = sum > klinger->sum ? 1 : -1;

    if (isnan(klinger->sum)) {
        klinger->cumulated = range;
    } else {
        klinger->cumulated =
            range + (trend == klinger->trend ? klinger->cumulated : klinger->range);
    }
    double divisor = klinger->cumulated == 0 ? 1 : klinger->cumulated;
    klinger->force = bar->volume * fabs(2 * range / divisor - 1) * trend * 100;
    klinger->value = fw_ewm_push(&klinger->fast, klinger->force);
    klinger->value -= fw_ewm_push(&klinger->slow, klinger->force);
    fw_ewm_push(&klinger->signal, klinger->value);
    klinger->sum = sum;
    klinger->range = range;
    klinger->trend = trend;
}

void fw_klinger_distance_init(struct fw_klinger_distance *distance)
{
    *distance = (struct fw_klinger_distance){.typical = NAN};
    fw_ewm_init(&distance->fast, 34);
    fw_ewm_init(&distance->slow, 55);
    fw_ewm_init(&distance->signal, 13);
    fw_window_init(&distance->last_20, 20, FW_DEVIATION);
}

void fw_klinger_distance_push(struct fw_klinger_distance *distance, const struct fw_bar *bar)
{
    double typical = (bar->high + bar->low + bar->close) / 3, move = typical - distance->typical;

    distance->typical = typical;
    if (isnan(move)) {
        return;
    }
    double force = bar->volume * (bar->high - bar->low) * ((move > 0) - (move < 0));
    double value = fw_ewm_push(&distance->fast, force) - fw_ewm_push(&distance->slow, force);
    value -= fw_ewm_push(&distance->signal, value);
    fw_window_push(&distance->last_20, value);
    double deviation = fw_window_deviation(&distance->last_20, 1);
    distance->value = deviation > 0 ? value / deviation : 0;
}
