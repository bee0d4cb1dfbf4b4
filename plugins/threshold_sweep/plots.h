/* SPDX-License-Identifier: MIT */
#ifndef THRESHOLD_SWEEP_PLOTS_H
#define THRESHOLD_SWEEP_PLOTS_H

#include "svg/svg.h"
#include "threshold_sweep.h"

/* Pixels: panels are squares, side by side. */
enum { SWEEP_PLOT_LEFT = 64, SWEEP_PLOT_SIDE = 300, SWEEP_PLOT_STEP = 376 };

/* The columns of a cell's curve. */
struct sweep_curve {
    double threshold[SWEEP_CURVE_POINTS], precision[SWEEP_CURVE_POINTS];
    double recall[SWEEP_CURVE_POINTS], f1[SWEEP_CURVE_POINTS];
    size_t n;
};

void sweep_curve_fill(struct sweep_curve *curve, const struct sweep_cell *cell);

/* The i-th panel from the left, both axes from 0 to 1. */
struct fw_svg_panel sweep_plot_panel(size_t i, const char *title, const char *x, const char *y);

/* Closes the plot and writes it. Frees both texts. */
fw_status sweep_plot_save(const struct sweep *sweep, struct fw_text *path, struct fw_text *text);

/* groups.c: experiments whose names end alike, one line each */
fw_status sweep_write_groups(const struct sweep *sweep, const char *folder);

#endif
