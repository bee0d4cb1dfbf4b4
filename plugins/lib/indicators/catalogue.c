/* SPDX-License-Identifier: MIT */
#include "indicators/catalogue.h"

#include <math.h>

/* How far `a` is above `b`, in percent of `b`. */
static double above(double a, double b)
{
    return 100 * ((a - b) / b);
}

static double nearest(double value, double low, double high)
{
    double a = fabs(value - low), b = fabs(value - high);

    return a < b ? a : b;
}

/* Nothing by nothing, and anything by it, has no value. */
static double quotient(double a, double b)
{
    return b == 0 ? NAN : a / b;
}

static double band_place(const struct fw_market *m)
{
    double half = 2 * m->band_deviation;

    return quotient(m->bar.close - (m->band_middle - half), 2 * half);
}

static double implied_to_realized(const struct fw_market *m)
{
    double ratio = quotient(m->bar.vix, m->realized_21);

    return isnan(ratio) ? 1 : ratio;
}

static double range_volatility(const struct fw_window *squares, double divisor)
{
    double mean = fw_window_mean(squares);

    return mean < 0 ? 0 : 100 * sqrt(252 * mean / divisor);
}

static double in_deviations(double value, const struct fw_window *window)
{
    double deviation = fw_window_deviation(window, 1);

    return deviation > 0 ? value / deviation : 0;
}

static double to_size(double value, const struct fw_window *window)
{
    double size = fabs(fw_window_mean(window));

    return size > 0 ? value / size : 0;
}

static double pressure(const struct fw_bar *bar)
{
    double range = bar->high - bar->low;

    return range == 0 ? 0.5 : (bar->close - bar->low) / range;
}

static double range_place(const struct fw_market *m)
{
    double most = fw_window_max(&m->highs_44), least = fw_window_min(&m->lows_44);

    return most == least ? 0.5 : (m->bar.close - least) / (most - least);
}

#define COLUMN(tier_, name_, first_, value_, doc_)                                                 \
    static double column_##name_(const struct fw_market *m)                                        \
    {                                                                                              \
        return value_;                                                                             \
    }
#define COUNT COLUMN
#include "indicators/columns.def"
#undef COLUMN
#undef COUNT

#define ROW(tier_, name_, first_, doc_, whole_)                                                    \
    {                                                                                              \
        .name = #name_,                                                                            \
        .tier = FW_TIER_##tier_,                                                                   \
        .first = first_,                                                                           \
        .is_whole = whole_,                                                                        \
        .doc = doc_,                                                                               \
        .value = column_##name_,                                                                   \
    },
#define COLUMN(tier_, name_, first_, value_, doc_) ROW(tier_, name_, first_, doc_, false)
#define COUNT(tier_, name_, first_, value_, doc_)  ROW(tier_, name_, first_, doc_, true)
const struct fw_indicator fw_indicators[] = {
#include "indicators/columns.def"
};
#undef COLUMN
#undef COUNT

size_t fw_tier_columns(enum fw_tier tier)
{
    size_t n = 0;

    while (n < sizeof fw_indicators / sizeof *fw_indicators && fw_indicators[n].tier <= tier) {
        n++;
    }
    return n;
}

int32_t fw_tier_warm_up(enum fw_tier tier)
{
    int32_t days = 0;

    for (size_t i = 0; i < fw_tier_columns(tier); i++) {
        days = fw_indicators[i].first > days ? fw_indicators[i].first : days;
    }
    return days;
}
