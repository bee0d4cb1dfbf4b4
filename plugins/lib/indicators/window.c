/* SPDX-License-Identifier: MIT */
#include "indicators/window.h"

#include <math.h>

/* What the rounded total misses goes into `low`; the next addition need not wait for it. */
static inline void add(struct fw_sum *sum, double value)
{
    double total = sum->high + value;
    double part = total - sum->high;

    sum->low += (sum->high - (total - part)) + (value - part);
    sum->high = total;
}

/* The same sum with all digits that `high` can hold in it. */
static inline struct fw_sum settled(struct fw_sum sum)
{
    double high = sum.high + sum.low;

    return (struct fw_sum){high, sum.low - (high - sum.high)};
}

static inline void add_square(struct fw_sum *sum, double value, double sign)
{
    double square = value * value;

    add(sum, sign * square);
    add(sum, sign * fma(value, value, -square));
}

static inline void count_in(struct fw_window *window, double value, double sign)
{
    if (window->moments >= FW_MEAN) {
        add(&window->sum, sign * value);
    }
    if (window->moments == FW_DEVIATION) {
        add_square(&window->squares, value, sign);
    }
}

void fw_window_init(struct fw_window *window, int32_t size, enum fw_moments moments)
{
    *window = (struct fw_window){.size = size, .moments = moments};
}

/* Once a lap the sums are made anew, so that no rounding outlives the values it came with. */
static void sum_up(struct fw_window *window)
{
    window->sum = window->squares = (struct fw_sum){0};
    for (int32_t i = 0; i < window->count && window->moments > FW_VALUES; i++) {
        count_in(window, window->values[i], 1);
    }
}

void fw_window_push(struct fw_window *window, double value)
{
    if (isnan(value)) {
        return;
    }
    bool repeats = window->count > 0 && value == fw_window_back(window, 0);
    window->run = !repeats ? 1 : window->run < window->size ? window->run + 1 : window->size;
    if (window->count == window->size) {
        window->nonzero -= window->values[window->next] != 0;
        count_in(window, window->values[window->next], -1);
    } else {
        window->count++;
    }
    window->nonzero += value != 0;
    window->values[window->next] = value;
    count_in(window, value, 1);
    window->next = window->next + 1 == window->size ? 0 : window->next + 1;
    if (window->next == 0) {
        sum_up(window);
    }
}

bool fw_window_is_full(const struct fw_window *window)
{
    return window->count == window->size;
}

double fw_window_back(const struct fw_window *window, int32_t back)
{
    int32_t at = window->next - 1 - back;

    return window->values[at < 0 ? at + window->size : at];
}

double fw_window_mean(const struct fw_window *window)
{
    if (window->run == window->size) {
        return fw_window_back(window, 0);
    }
    return fw_window_is_full(window) ? settled(window->sum).high / window->size : NAN;
}

/* Of the sums of n values, with twice the digits of a double until the difference is taken. */
static double deviation(const struct fw_window *window, double n, double divisor)
{
    const struct fw_sum sum = settled(window->sum), squares = settled(window->squares);
    double product = sum.high * sum.high;
    double rest = fma(sum.high, sum.high, -product) + 2 * sum.high * sum.low;
    double quotient = product / n;
    double small = (fma(-quotient, n, product) + rest) / n;
    double variance = ((squares.high - quotient) + (squares.low - small)) / divisor;

    return variance > 0 ? sqrt(variance) : 0;
}

/* Equal values deviate by nothing, whatever rounding says. */
double fw_window_deviation(const struct fw_window *window, int32_t ddof)
{
    if (!fw_window_is_full(window)) {
        return NAN;
    }
    return window->run == window->size ? 0 : deviation(window, window->size, window->size - ddof);
}

/* Zeros add nothing to the sums. Which values are equal is not known: what is below the digits of
   a double is nothing. */
double fw_window_deviation_nonzero(const struct fw_window *window)
{
    double n = window->nonzero;

    if (!fw_window_is_full(window) || n < 2) {
        return fw_window_is_full(window) ? 0 : NAN;
    }
    double value = deviation(window, n, n - 1);
    return value * value > 1e-28 * window->squares.high ? value : 0;
}

double fw_window_min(const struct fw_window *window)
{
    double least = window->values[0];

    for (int32_t i = 1; i < window->count; i++) {
        least = window->values[i] < least ? window->values[i] : least;
    }
    return fw_window_is_full(window) ? least : NAN;
}

double fw_window_max(const struct fw_window *window)
{
    double most = window->values[0];

    for (int32_t i = 1; i < window->count; i++) {
        most = window->values[i] > most ? window->values[i] : most;
    }
    return fw_window_is_full(window) ? most : NAN;
}

double fw_window_place(const struct fw_window *window, double value)
{
    double least = fw_window_min(window), most = fw_window_max(window);

    return most > least ? 100 * (value - least) / (most - least) : NAN;
}

void fw_window_least(const struct fw_window *window, int32_t n, double *ret_least)
{
    for (int32_t i = 0; i < window->size; i++) {
        double value = window->values[i];
        int32_t at = i < n ? i : n - 1;
        if (i >= n && value >= ret_least[at]) {
            continue;
        }
        for (; at > 0 && ret_least[at - 1] > value; at--) {
            ret_least[at] = ret_least[at - 1];
        }
        ret_least[at] = value;
    }
}

void fw_lag_init(struct fw_lag *lag, int32_t size)
{
    *lag = (struct fw_lag){.size = size};
    for (int32_t i = 0; i < size; i++) {
        lag->values[i] = NAN;
    }
}

double fw_lag_push(struct fw_lag *lag, double value)
{
    double then = lag->values[lag->next];

    lag->values[lag->next] = value;
    lag->next = lag->next + 1 == lag->size ? 0 : lag->next + 1;
    return then;
}

double fw_lag_difference(struct fw_lag *lag, double value)
{
    return value - fw_lag_push(lag, value);
}

double fw_lag_percent(struct fw_lag *lag, double value)
{
    double then = fw_lag_push(lag, value);

    return 100 * ((value - then) / then);
}
