/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "svg/svg.h"

#define PANEL_WIDTH  230.0
#define PANEL_HEIGHT 220.0
#define PANEL_TOP    60.0
#define GAP          90.0

static const char *colour_of(size_t arm)
{
    static const char *const colours[] = {FW_SVG_BLUE,   FW_SVG_RED,    FW_SVG_GREEN,
                                          FW_SVG_YELLOW, FW_SVG_PURPLE, FW_SVG_GREY};
    return colours[arm % (sizeof colours / sizeof *colours)];
}

static void add_model(const struct compare *compare, const struct fw_svg_panel *panel,
                      const struct compare_finding *finding, struct fw_text *text)
{
    const double x = (double)finding->arm + 1;
    const char *colour = colour_of(finding->arm);
    char hover[160];
    if (!isfinite(finding->value)) {
        return;
    }
    snprintf(hover, sizeof hover, "%s: %.4f (%.4f to %.4f)", compare->arms.items[finding->arm].name,
             finding->value, finding->lower, finding->upper);
    if (isfinite(finding->lower)) {
        fw_svg_interval(text, panel, x, finding->lower, finding->upper, colour);
    }
    fw_svg_dot(text, panel,
               &(const struct fw_svg_mark){
                   .x = x, .y = finding->value, .radius = 4, .colour = colour, .hover = hover});
}

/* The findings of one metric, which stand together, one for each arm. */
static void add_panel(const struct compare *compare, const struct compare_finding *findings,
                      size_t at, struct fw_text *text)
{
    const size_t n = compare->arms.n;
    double low = NAN, high = NAN; /* fmin and fmax pass NaN over */
    for (size_t i = 0; i < n; i++) {
        low = fmin(low, fmin(findings[i].value, findings[i].lower));
        high = fmax(high, fmax(findings[i].value, findings[i].upper));
    }
    low = isnan(low) ? 0 : low;
    high = isnan(high) ? 0 : high;
    const double room = high > low ? (high - low) / 8 : fmax(fabs(high), 1) / 8;
    const struct fw_svg_panel panel = {.left = 70 + (double)at * (PANEL_WIDTH + GAP),
                                       .top = PANEL_TOP,
                                       .width = PANEL_WIDTH,
                                       .height = PANEL_HEIGHT,
                                       .x_low = 0.5,
                                       .x_high = (double)n + 0.5,
                                       .y_low = low - room,
                                       .y_high = high + room,
                                       .title = findings->metric,
                                       .x_label = "model",
                                       .y_label = ""};
    fw_svg_panel(text, &panel);
    for (size_t i = 0; i < n; i++) {
        add_model(compare, &panel, &findings[i], text);
        const struct fw_svg_stroke stroke = {.colour = colour_of(i)};
        char label[96];
        snprintf(label, sizeof label, "%zu  %s", i + 1, compare->arms.items[i].name);
        fw_svg_legend(text, &panel, i, &stroke, label);
    }
}

void compare_plot(const struct compare *compare, const struct compare_findings *findings,
                  struct fw_text *text)
{
    const char *source = fw_task_value(compare->task, "source")->text;
    const size_t n_panels = findings->n / compare->arms.n;
    char title[96];
    snprintf(title, sizeof title, "%zu models on %llu samples, with intervals of %g %%",
             compare->arms.n, (unsigned long long)compare->scores.n,
             100 * (1 - compare->intervals.alpha));
    fw_svg_open(text, 70 + (double)n_panels * (PANEL_WIDTH + GAP), PANEL_TOP + PANEL_HEIGHT + 100,
                title, source);
    for (size_t i = 0; i < n_panels; i++) {
        add_panel(compare, findings->items + i * compare->arms.n, i, text);
    }
    fw_svg_close(text);
}
