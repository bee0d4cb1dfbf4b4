/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "market_features.h"

/* Two columns divide a level by the mean of its own last days, which may come near 0. */
static const double far_off = 1000;

const char *market_day_text(int32_t day, char *ret_text, size_t size)
{
    time_t seconds = (time_t)day * 86400;
    struct tm tm;

    gmtime_r(&seconds, &tm);
    snprintf(ret_text, size, "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    return ret_text;
}

static fw_status refuse_gap(struct market *market, int32_t day)
{
    char from[MARKET_DAY_TEXT], to[MARKET_DAY_TEXT];

    return market_fail(market, FW_E_DATA, "vix",
                       "complete the index, or set vix_fill = \"ffill\" with a vix_max_gap",
                       "the volatility index has no value from %s to before %s, inside the series: "
                       "the days that remain would not be next to each other",
                       market_day_text(market->vix.gap_day, from, sizeof from),
                       market_day_text(day, to, sizeof to));
}

/* A day that has the index: what was missing before it lay at the beginning or inside. */
static fw_status end_gap(struct market *market, const struct fw_bar *bar)
{
    struct market_vix *vix = &market->vix;
    struct market_counts *counts = &market->counts;
    bool is_inside = vix->seen && vix->missing > 0;

    *(is_inside ? &counts->vix_interior : &counts->vix_leading) += vix->pending;
    vix->was_inside = is_inside;
    vix->seen = true;
    vix->last = bar->vix;
    vix->missing = vix->pending = 0;
    return is_inside && !market->settings.is_reference ? refuse_gap(market, bar->day) : FW_OK;
}

/* Carries the index over a short gap; only what is known by then goes into a day. */
static fw_status settle_vix(struct market *market, struct fw_bar *bar)
{
    struct market_vix *vix = &market->vix;

    if (!isnan(bar->vix)) {
        bool was_filled = vix->seen && vix->missing <= market->settings.vix_gap;
        vix->missing = was_filled ? 0 : vix->missing;
        return end_gap(market, bar);
    }
    vix->gap_day = vix->missing++ == 0 ? bar->day : vix->gap_day;
    if (vix->seen && vix->missing <= market->settings.vix_gap) {
        bar->vix = vix->last;
        market->counts.vix_filled++;
    }
    return FW_OK;
}

static fw_status refuse_infinite(struct market *market, size_t column)
{
    char day[MARKET_DAY_TEXT];

    return market_fail(market, FW_E_DATA, fw_indicators[column].name,
                       "look at the prices and volumes around that day",
                       "the column has no finite value on %s",
                       market_day_text(market->state.bar.day, day, sizeof day));
}

static fw_status compute(struct market *market, double *values, bool *ret_is_defined)
{
    bool is_warm = atomic_load(&market->counts.read) > market->warm_up;

    *ret_is_defined = true;
    for (size_t i = 0; i < market->n_columns; i++) {
        values[i] = fw_indicators[i].value(&market->state);
        if (isinf(values[i])) {
            return refuse_infinite(market, i);
        }
        *ret_is_defined = *ret_is_defined && !isnan(values[i]);
    }
    for (size_t i = 0; is_warm && !*ret_is_defined && i < market->n_columns; i++) {
        market->counts.undefined_by[i] += isnan(values[i]);
    }
    return FW_OK;
}

/* Why a day without all values has none: itself or the day before had no index, or else. */
static void drop(struct market *market, double vix_before)
{
    struct market_counts *counts = &market->counts;

    if (market->index == NULL || (!isnan(market->state.bar.vix) && !isnan(vix_before))) {
        counts->undefined++;
    } else if (isnan(market->state.bar.vix)) {
        market->vix.pending++;
    } else {
        *(market->vix.was_inside ? &counts->vix_interior : &counts->vix_leading) += 1;
    }
}

static void keep(struct market *market, const double *values)
{
    struct market_counts *counts = &market->counts;

    counts->first_day = counts->written++ == 0 ? market->state.bar.day : counts->first_day;
    counts->last_day = market->state.bar.day;
    for (size_t i = 0; i < market->n_columns; i++) {
        bool divides = strcmp(fw_indicators[i].name, "volume_price_trend") == 0 ||
                       strcmp(fw_indicators[i].name, "accumulation_dist") == 0;
        counts->far_off += divides && fabs(values[i]) > far_off;
    }
}

fw_status market_day_take(struct market *market, struct fw_bar *bar, double *ret_values)
{
    double vix_before = market->state.bar.vix;
    bool is_defined;
    fw_status status = market->index != NULL ? settle_vix(market, bar) : FW_OK;

    if (status != FW_OK) {
        return status;
    }
    int64_t t = atomic_fetch_add(&market->counts.read, 1);
    fw_market_push(&market->state, bar);
    status = compute(market, ret_values, &is_defined);
    if (status != FW_OK) {
        return status;
    }
    if (t < market->warm_up) {
        market->counts.warm_up++;
    } else if (!is_defined) {
        drop(market, vix_before);
    } else {
        keep(market, ret_values);
        return FW_MORE;
    }
    return FW_OK;
}

void market_days_end(struct market *market)
{
    bool seen = market->vix.seen;

    *(seen ? &market->counts.vix_trailing : &market->counts.vix_leading) += market->vix.pending;
    market->vix.pending = 0;
}
