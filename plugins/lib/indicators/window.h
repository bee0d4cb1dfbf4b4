/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INDICATORS_WINDOW_H
#define FW_LIB_INDICATORS_WINDOW_H

#include <stdint.h>

#include <stdbool.h>

/*
 * What an indicator remembers of the bars behind it. Everything here is a plain value: it can be
 * copied, and holds no memory of its own. NaN is "no value yet", on both sides.
 */

enum { FW_WINDOW_MAX = 252 };

/** A sum that keeps the bits which a double would lose: what enters can leave again exactly. The
    value is high + low. */
struct fw_sum {
    double high, low;
};

/** What a window keeps at hand besides the values themselves. */
enum fw_moments { FW_VALUES, FW_MEAN, FW_DEVIATION };

/** The last `size` values. */
struct fw_window {
    int32_t size, count, next;
    int32_t run;     /**< how many of the newest values are equal, up to `size` */
    int32_t nonzero; /**< how many of the values are not 0 */
    enum fw_moments moments;
    struct fw_sum sum, squares;
    double values[FW_WINDOW_MAX];
};

/** `size` is 2 to FW_WINDOW_MAX. */
void fw_window_init(struct fw_window *window, int32_t size, enum fw_moments moments);

/** NaN is passed over: it stands before the first value. */
void fw_window_push(struct fw_window *window, double value);

bool fw_window_is_full(const struct fw_window *window);

/** The value `back` pushes ago, 0 the newest; there must be one. */
double fw_window_back(const struct fw_window *window, int32_t back);

/* NaN until the window is full. */
double fw_window_mean(const struct fw_window *window); /**< needs FW_MEAN or FW_DEVIATION */
double fw_window_min(const struct fw_window *window);
double fw_window_max(const struct fw_window *window);

/** Needs FW_DEVIATION; the divisor is the size less `ddof`: 1 for a sample, 0 otherwise. */
double fw_window_deviation(const struct fw_window *window, int32_t ddof);

/** Sample deviation of those values that are not 0; 0 with fewer than two. Needs FW_DEVIATION. */
double fw_window_deviation_nonzero(const struct fw_window *window);

/** 100 times where `value` lies between the extremes of a full window; NaN without, or when both
    extremes are equal. */
double fw_window_place(const struct fw_window *window, double value);

/** The `n` least values of a full window, ascending; n is 1 to its size. */
void fw_window_least(const struct fw_window *window, int32_t n, double *ret_least);

/** A value of `size` pushes ago; NaN before there is one. */
struct fw_lag {
    int32_t size, next;
    double values[FW_WINDOW_MAX];
};

void fw_lag_init(struct fw_lag *lag, int32_t size);
double fw_lag_push(struct fw_lag *lag, double value);

/** value minus the one of `size` pushes ago; NaN where either is. */
double fw_lag_difference(struct fw_lag *lag, double value);

/** The same as percent of the one of then. */
double fw_lag_percent(struct fw_lag *lag, double value);

#endif
