/* SPDX-License-Identifier: MIT */
#include "svg/svg.h"

#include <math.h>

void fw_svg_escape(struct fw_text *text, const char *string)
{
    for (const char *at = string; *at != '\0'; at++) {
        const char *entity = *at == '<'   ? "&lt;"
                             : *at == '>' ? "&gt;"
                             : *at == '&' ? "&amp;"
                             : *at == '"' ? "&quot;"
                                          : NULL;
        if (entity != NULL) {
            fw_text_append(text, entity);
        } else {
            /* XML has no place for control characters, not even escaped ones. */
            fw_text_append_len(text, (unsigned char)*at < ' ' ? " " : at, 1);
        }
    }
}

void fw_svg_open(struct fw_text *text, double width, double height, const char *title,
                 const char *note)
{
    fw_text_appendf(text,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
                    "viewBox=\"0 0 %.0f %.0f\" font-family=\"sans-serif\" font-size=\"12\" "
                    "fill=\"#333\">\n<title>",
                    width, height, width, height);
    fw_svg_escape(text, title);
    fw_text_append(text, "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
                         "<text x=\"16\" y=\"26\" font-size=\"16\" font-weight=\"bold\">");
    fw_svg_escape(text, title);
    fw_text_append(text, "</text>\n");
    if (note[0] != '\0') {
        fw_text_appendf(text, "<text x=\"16\" y=\"%.1f\" font-size=\"11\" fill=\"#777\">",
                        height - 10);
        fw_svg_escape(text, note);
        fw_text_append(text, "</text>\n");
    }
}

void fw_svg_close(struct fw_text *text)
{
    fw_text_append(text, "</svg>\n");
}

static double within(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

static double x_of(const struct fw_svg_panel *panel, double x)
{
    return panel->left +
           within((x - panel->x_low) / (panel->x_high - panel->x_low), 0, 1) * panel->width;
}

static double y_of(const struct fw_svg_panel *panel, double y)
{
    return panel->top +
           (1 - within((y - panel->y_low) / (panel->y_high - panel->y_low), 0, 1)) * panel->height;
}

static void append_stroke(struct fw_text *text, const struct fw_svg_stroke *stroke)
{
    fw_text_appendf(text, "stroke=\"%s\" stroke-width=\"%g\"%s", stroke->colour,
                    stroke->width > 0 ? stroke->width : 1.5,
                    stroke->dashed ? " stroke-dasharray=\"5 3\"" : "");
}

void fw_svg_line(struct fw_text *text, const struct fw_svg_panel *panel,
                 const struct fw_svg_stroke *stroke, const double *x, const double *y, size_t n)
{
    bool goes_on = false;

    fw_text_append(text, "<path d=\"");
    for (size_t i = 0; i < n; i++) {
        if (isnan(x[i]) || isnan(y[i])) {
            goes_on = false;
            continue;
        }
        if (goes_on && stroke->steps) {
            fw_text_appendf(text, "H%.1f", x_of(panel, x[i]));
        }
        fw_text_appendf(text, "%s%.1f %.1f", goes_on ? "L" : "M", x_of(panel, x[i]),
                        y_of(panel, y[i]));
        goes_on = true;
    }
    fw_text_append(text, "\" fill=\"none\" stroke-linejoin=\"round\" ");
    append_stroke(text, stroke);
    fw_text_append(text, "/>\n");
}

void fw_svg_dot(struct fw_text *text, const struct fw_svg_panel *panel,
                const struct fw_svg_mark *mark)
{
    if (isnan(mark->x) || isnan(mark->y)) {
        return;
    }
    fw_text_appendf(text, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\"",
                    x_of(panel, mark->x), y_of(panel, mark->y), mark->radius, mark->colour);
    if (mark->hover == NULL) {
        fw_text_append(text, "/>\n");
        return;
    }
    fw_text_append(text, "><title>");
    fw_svg_escape(text, mark->hover);
    fw_text_append(text, "</title></circle>\n");
}

void fw_svg_interval(struct fw_text *text, const struct fw_svg_panel *panel, double x, double y_low,
                     double y_high, const char *colour)
{
    fw_text_appendf(text,
                    "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" "
                    "stroke-opacity=\"0.6\"/>\n",
                    x_of(panel, x), x_of(panel, x), y_of(panel, y_low), y_of(panel, y_high),
                    colour);
}

void fw_svg_legend(struct fw_text *text, const struct fw_svg_panel *panel, size_t i,
                   const struct fw_svg_stroke *stroke, const char *label)
{
    double x = panel->left + (double)(i % 3) * panel->width / 3;
    double y = panel->top + panel->height + 54 + (double)(i / 3) * 18;

    fw_text_appendf(text, "<path d=\"M%.1f %.1fh20\" ", x, y - 4);
    append_stroke(text, stroke);
    fw_text_appendf(text, "/>\n<text x=\"%.1f\" y=\"%.1f\">", x + 26, y);
    fw_svg_escape(text, label);
    fw_text_append(text, "</text>\n");
}
