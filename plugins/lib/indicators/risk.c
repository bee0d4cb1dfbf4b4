/* SPDX-License-Identifier: MIT */
#include "indicators/risk.h"

#include <math.h>

enum { DAYS_OF_YEAR = 252, TAIL_MAX = 16 };

/* No figure, for want of values or of any deviation, is 0. */
static double ratio(double mean, double deviation)
{
    return deviation > 0 ? mean / deviation * sqrt(DAYS_OF_YEAR) : 0;
}

double fw_sharpe(const struct fw_window *returns)
{
    return ratio(fw_window_mean(returns), fw_window_deviation(returns, 1));
}

double fw_sortino(const struct fw_window *returns, const struct fw_window *losses)
{
    return ratio(fw_window_mean(returns), fw_window_deviation(losses, 1));
}

double fw_sortino_negative(const struct fw_window *returns, const struct fw_window *losses)
{
    return ratio(fw_window_mean(returns), fw_window_deviation_nonzero(losses));
}

/* Of a window whose least values these are, with those that the place needs among them. */
static double quantile(const double *least, int32_t n, double p)
{
    double place = p * (n - 1);
    int32_t below = (int32_t)place;

    return least[below] + (place - below) * (least[below + 1] - least[below]);
}

struct fw_tail fw_tail(const struct fw_window *returns)
{
    double least[TAIL_MAX], sum = 0;
    int32_t n = 0, n_least = (int32_t)(0.05 * (returns->size - 1)) + 2;

    if (!fw_window_is_full(returns) || n_least > TAIL_MAX) {
        return (struct fw_tail){NAN, NAN, NAN};
    }
    fw_window_least(returns, n_least, least);
    double var_95 = quantile(least, returns->size, 0.05);
    for (int32_t i = 0; i < returns->size; i++) {
        bool is_tail = returns->values[i] <= var_95;
        sum += is_tail ? returns->values[i] : 0;
        n += is_tail;
    }
    return (struct fw_tail){var_95, quantile(least, returns->size, 0.01), sum / n};
}

struct fw_odds fw_odds(const struct fw_window *returns)
{
    double gains = 0, losses = 0;
    int32_t n_gains = 0, n_losses = 0;

    if (!fw_window_is_full(returns)) {
        return (struct fw_odds){NAN, NAN};
    }
    for (int32_t i = 0; i < returns->size; i++) {
        double value = returns->values[i];
        n_gains += value > 0;
        n_losses += value < 0;
        gains += value > 0 ? value : 0;
        losses -= value < 0 ? value : 0;
    }
    double rate = (double)n_gains / returns->size;
    double gain = n_gains > 0 ? gains / n_gains : 0;
    double loss = n_losses > 0 ? losses / n_losses : 0;
    return (struct fw_odds){rate, rate * gain - (1 - rate) * loss};
}

double fw_percentile(const struct fw_window *window, bool inverted)
{
    int32_t n = 0, n_equal = 0;

    if (!fw_window_is_full(window)) {
        return NAN;
    }
    double newest = fw_window_back(window, 0);
    for (int32_t i = 0; i < window->size; i++) {
        n += window->values[i] <= newest;
        n_equal += window->values[i] == newest;
    }
    n = inverted ? window->size - n + n_equal : n;
    return 100.0 * n / window->size;
}
