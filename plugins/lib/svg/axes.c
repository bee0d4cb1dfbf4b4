/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "svg/svg.h"

enum { TICKS_MOST = 6 };

double fw_svg_tick(double low, double high, size_t most)
{
    static const double factors[] = {1, 2, 5};
    double range = high - low, power = pow(10, floor(log10(range / (double)most)));

    for (;; power *= 10) {
        for (size_t i = 0; i < 3; i++) {
            /* A range of 0.6 is three steps of 0.2, although 3 * 0.2 is a little less. */
            if (range <= factors[i] * power * (double)most * (1 + 1e-9)) {
                return factors[i] * power;
            }
        }
    }
}

/* As many decimals as the step has. */
static void append_number(struct fw_text *text, double value, double step)
{
    int decimals = (int)fmax(0, ceil(-log10(step) - 1e-9));

    fw_text_appendf(text, "%.*f", decimals, value == 0 ? 0 : value);
}

static void x_ticks(struct fw_text *text, const struct fw_svg_panel *panel)
{
    double step = fw_svg_tick(panel->x_low, panel->x_high, TICKS_MOST);
    double bottom = panel->top + panel->height;

    for (double i = ceil(panel->x_low / step - 1e-9); i * step <= panel->x_high + step * 1e-9;
         i++) {
        double x =
            panel->left + (i * step - panel->x_low) / (panel->x_high - panel->x_low) * panel->width;
        fw_text_appendf(text,
                        "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#e4e4e4\"/>"
                        "\n<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
                        x, x, panel->top, bottom, x, bottom + 16);
        append_number(text, i * step, step);
        fw_text_append(text, "</text>\n");
    }
}

static void y_ticks(struct fw_text *text, const struct fw_svg_panel *panel)
{
    double step = fw_svg_tick(panel->y_low, panel->y_high, TICKS_MOST);

    for (double i = ceil(panel->y_low / step - 1e-9); i * step <= panel->y_high + step * 1e-9;
         i++) {
        double y = panel->top + panel->height -
                   (i * step - panel->y_low) / (panel->y_high - panel->y_low) * panel->height;
        fw_text_appendf(text,
                        "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#e4e4e4\"/>"
                        "\n<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">",
                        panel->left, panel->left + panel->width, y, y, panel->left - 6, y + 4);
        append_number(text, i * step, step);
        fw_text_append(text, "</text>\n");
    }
}

static void label(struct fw_text *text, double x, double y, const char *more, const char *string)
{
    fw_text_appendf(text, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, more);
    fw_svg_escape(text, string);
    fw_text_append(text, "</text>\n");
}

void fw_svg_panel(struct fw_text *text, const struct fw_svg_panel *panel)
{
    char turned[128];
    double middle = panel->top + panel->height / 2;

    x_ticks(text, panel);
    y_ticks(text, panel);
    fw_text_appendf(text,
                    "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"none\" "
                    "stroke=\"#999\"/>\n",
                    panel->left, panel->top, panel->width, panel->height);
    label(text, panel->left, panel->top - 10, "font-weight=\"bold\"", panel->title);
    label(text, panel->left + panel->width / 2, panel->top + panel->height + 34,
          "text-anchor=\"middle\"", panel->x_label);
    snprintf(turned, sizeof turned, "text-anchor=\"middle\" transform=\"rotate(-90 %.1f %.1f)\"",
             panel->left - 40, middle);
    label(text, panel->left - 40, middle, turned, panel->y_label);
}
