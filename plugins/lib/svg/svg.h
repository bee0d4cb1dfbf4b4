/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_SVG_SVG_H
#define FW_LIB_SVG_SVG_H

#include <stddef.h>

#include <stdbool.h>

#include "sql/text.h"

/**
 * Plots as SVG text: panels with axes, lines, dots, a legend. Equal numbers give equal bytes. The
 * drawing is appended to a text, whose `failed` says at the end whether memory ran out. Texts are
 * escaped; what lies outside a panel is cut off at its border; NaN interrupts a line.
 */

/* Colours that people who do not tell red from green can tell apart. */
#define FW_SVG_BLUE   "#4477aa"
#define FW_SVG_RED    "#cc6677"
#define FW_SVG_GREEN  "#228833"
#define FW_SVG_YELLOW "#ccaa33"
#define FW_SVG_PURPLE "#aa3377"
#define FW_SVG_GREY   "#999999"

/** The page, in pixels, with its title on top and a smaller line at the bottom ("": none). */
void fw_svg_open(struct fw_text *text, double width, double height, const char *title,
                 const char *note);
void fw_svg_close(struct fw_text *text);

/** A panel: where it lies on the page, and which numbers it shows. Low and high differ. */
struct fw_svg_panel {
    double left, top, width, height;
    double x_low, x_high, y_low, y_high;
    const char *title, *x_label, *y_label;
};

/** Draws the frame: grid, ticks at round numbers, labels. */
void fw_svg_panel(struct fw_text *text, const struct fw_svg_panel *panel);

/** How a line looks. */
struct fw_svg_stroke {
    const char *colour;
    double width; /**< 0: 1.5 */
    bool dashed;
    bool steps; /**< goes on level up to the next x, then jumps */
};

void fw_svg_line(struct fw_text *text, const struct fw_svg_panel *panel,
                 const struct fw_svg_stroke *stroke, const double *x, const double *y, size_t n);

struct fw_svg_mark {
    double x, y;
    double radius; /**< in pixels */
    const char *colour;
    const char *hover; /**< shows when it is pointed at; NULL: nothing does */
};

void fw_svg_dot(struct fw_text *text, const struct fw_svg_panel *panel,
                const struct fw_svg_mark *mark);

/** A vertical bar from y_low to y_high, thin: an interval. */
void fw_svg_interval(struct fw_text *text, const struct fw_svg_panel *panel, double x, double y_low,
                     double y_high, const char *colour);

/** The i-th line of the legend, which stands below the panel's x label. */
void fw_svg_legend(struct fw_text *text, const struct fw_svg_panel *panel, size_t i,
                   const struct fw_svg_stroke *stroke, const char *label);

/** Appends the text with <, >, &, quotes and control characters escaped. */
void fw_svg_escape(struct fw_text *text, const char *string);

/** A round step, 1, 2 or 5 times a power of ten, that cuts the range into at most `most` parts. */
double fw_svg_tick(double low, double high, size_t most);

#endif
