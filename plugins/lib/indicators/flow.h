/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INDICATORS_FLOW_H
#define FW_LIB_INDICATORS_FLOW_H

#include "indicators/average.h"
#include "indicators/bar.h"
#include "indicators/window.h"

/* What volume says. Zero volume is a value; what it makes undefined is NaN or as said. */

/** On-balance volume, which begins with the volume of the first bar. */
struct fw_obv {
    double close, value;
};

void fw_obv_init(struct fw_obv *obv);
double fw_obv_push(struct fw_obv *obv, double close, double volume);

/** Chaikin's accumulation/distribution line and its oscillator, of averages that begin with the
    line's first value and are published once `slow` bars are there. */
struct fw_adosc {
    double line, fast, slow, k_fast, k_slow, value;
    int32_t n, count;
};

void fw_adosc_init(struct fw_adosc *adosc, int32_t fast, int32_t slow);
void fw_adosc_push(struct fw_adosc *adosc, const struct fw_bar *bar);

/** Klinger's oscillator of the accumulated volume force, and its signal line. */
struct fw_klinger {
    double sum, range, cumulated, trend; /**< of the bar before */
    double force, value;
    struct fw_ewm fast, slow, signal;
};

void fw_klinger_init(struct fw_klinger *klinger);
void fw_klinger_push(struct fw_klinger *klinger, const struct fw_bar *bar);

/** The distance of a simpler Klinger oscillator (volume times range, signed by the move of the
    typical price) from its signal, in its own deviations over 20 bars; 0 without any. */
struct fw_klinger_distance {
    double typical, value;
    struct fw_ewm fast, slow, signal;
    struct fw_window last_20;
};

void fw_klinger_distance_init(struct fw_klinger_distance *distance);
void fw_klinger_distance_push(struct fw_klinger_distance *distance, const struct fw_bar *bar);

#endif
