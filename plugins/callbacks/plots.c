/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "callbacks.h"
#include "file/file.h"
#include "svg/svg.h"

enum { LEFT = 64, WIDTH = 420, STEP = 500, HEIGHT = 480 };

#define POINTS 513

_Static_assert(POINTS >= (int)CALLBACKS_CURVE_POINTS && POINTS > (int)CALLBACKS_WINDOW_MOST / 2,
               "a line holds each curve");

/* A line by the logarithms of its numbers; what is not above 0 interrupts it. */
struct line {
    double x[POINTS], y[POINTS];
    size_t n;
};

static void line_fill(struct line *line, const double *x, const double *y, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        line->x[i] = x[i] > 0 ? log10(x[i]) : NAN;
        line->y[i] = y[i] > 0 ? log10(y[i]) : NAN;
    }
    line->n = n;
}

/* Widens the panel to what the line shows. */
static void fit_panel(struct fw_svg_panel *panel, const struct line *line)
{
    for (size_t i = 0; i < line->n; i++) {
        if (isfinite(line->x[i]) && isfinite(line->y[i])) {
            panel->x_low = fmin(panel->x_low, line->x[i]);
            panel->x_high = fmax(panel->x_high, line->x[i]);
            panel->y_low = fmin(panel->y_low, line->y[i]);
            panel->y_high = fmax(panel->y_high, line->y[i]);
        }
    }
}

/* A panel without a point, or one of no height, is still one. */
static void mend_panel(struct fw_svg_panel *panel)
{
    bool empty = !(panel->x_low <= panel->x_high);

    if (empty) {
        panel->x_low = panel->y_low = 0;
        panel->x_high = panel->y_high = 1;
    }
    if (panel->x_high - panel->x_low < 1e-3) {
        panel->x_low -= 0.5;
        panel->x_high += 0.5;
    }
    if (panel->y_high - panel->y_low < 1e-3) {
        panel->y_low -= 0.5;
        panel->y_high += 0.5;
    }
}

static struct fw_svg_panel panel_of(size_t i, const char *title, const char *x, const char *y)
{
    return (struct fw_svg_panel){.left = LEFT + (double)i * STEP,
                                 .top = 74,
                                 .width = WIDTH,
                                 .height = 300,
                                 .x_low = INFINITY,
                                 .x_high = -INFINITY,
                                 .y_low = INFINITY,
                                 .y_high = -INFINITY,
                                 .title = title,
                                 .x_label = x,
                                 .y_label = y};
}

static void draw_line(struct fw_text *text, const struct fw_svg_panel *panel,
                      const struct line *line, const char *colour, double width)
{
    fw_svg_line(text, panel, &(struct fw_svg_stroke){.colour = colour, .width = width}, line->x,
                line->y, line->n);
}

/* exp(log_a) x^b over the panel. */
static void draw_law(struct fw_text *text, const struct fw_svg_panel *panel, double b, double log_a)
{
    const double x[] = {panel->x_low, panel->x_high};
    const double y[] = {log_a / M_LN10 + b * x[0], log_a / M_LN10 + b * x[1]};
    const struct fw_svg_stroke stroke = {.colour = FW_SVG_RED, .dashed = true};
    char label[96];

    fw_svg_line(text, panel, &stroke, x, y, 2);
    snprintf(label, sizeof label, "power law, exponent %.4g", b);
    fw_svg_legend(text, panel, 2, &stroke, label);
}

static void draw_loss(struct fw_text *text, const struct callbacks_numbers *numbers)
{
    const struct callbacks_curve *curve = &numbers->curve;
    struct fw_svg_panel panel = panel_of(0, "Loss", "log10 step", "log10 loss, nats");
    struct line loss, ewma, validation;

    line_fill(&loss, curve->step, curve->loss, curve->n_loss);
    line_fill(&ewma, curve->step, curve->ewma, curve->n_loss);
    line_fill(&validation, curve->validation_step, curve->validation, curve->n_validation);
    fit_panel(&panel, &loss);
    fit_panel(&panel, &validation);
    mend_panel(&panel);
    fw_svg_panel(text, &panel);
    draw_line(text, &panel, &loss, FW_SVG_GREY, 0.7);
    draw_line(text, &panel, &ewma, FW_SVG_BLUE, 2);
    draw_line(text, &panel, &validation, FW_SVG_GREEN, 1.5);
    fw_svg_legend(text, &panel, 0, &(struct fw_svg_stroke){.colour = FW_SVG_GREY}, "loss");
    fw_svg_legend(text, &panel, 1, &(struct fw_svg_stroke){.colour = FW_SVG_BLUE}, "EWMA");
    if (numbers->reasons[CALLBACKS_EXPONENT] == CALLBACKS_THERE) {
        draw_law(text, &panel, numbers->values[CALLBACKS_EXPONENT],
                 numbers->values[CALLBACKS_LOG_A]);
    }
    if (validation.n > 0) {
        fw_svg_legend(text, &panel, 3, &(struct fw_svg_stroke){.colour = FW_SVG_GREEN},
                      "validation");
    }
}

static void draw_spectrum(struct fw_text *text, const struct callbacks_numbers *numbers)
{
    const struct callbacks_curve *curve = &numbers->curve;
    struct fw_svg_panel panel = panel_of(1, "Spectrum of the loss beside its trend",
                                         "log10 cycles per record", "log10 power");
    double frequency[POINTS];
    struct line line;
    char label[96];

    for (size_t k = 0; k < curve->n_bins; k++) {
        frequency[k] = (double)k / numbers->values[CALLBACKS_WINDOW];
    }
    line_fill(&line, frequency, curve->power, curve->n_bins);
    fit_panel(&panel, &line);
    mend_panel(&panel);
    fw_svg_panel(text, &panel);
    draw_line(text, &panel, &line, FW_SVG_GREY, 1);
    snprintf(label, sizeof label, "power, the last %.0f records; tail %.4g",
             numbers->values[CALLBACKS_WINDOW], numbers->values[CALLBACKS_PSD_TAIL]);
    if (curve->n_bins == 0) {
        snprintf(label, sizeof label, "no spectrum: the report says why");
    }
    fw_svg_legend(text, &panel, 0, &(struct fw_svg_stroke){.colour = FW_SVG_GREY}, label);
    if (numbers->reasons[CALLBACKS_PSD_SLOPE] == CALLBACKS_THERE) {
        draw_law(text, &panel, numbers->values[CALLBACKS_PSD_SLOPE], curve->psd_log_a);
    }
}

/* What a name may not have in a file's name becomes "_"; its number keeps two apart. */
static void append_path(struct fw_text *text, const char *folder, const char *name, size_t i)
{
    size_t size = strlen(name);
    bool is_plain = size > 0 && size <= 100 && name[0] != '.';

    fw_text_appendf(text, "%s/", folder);
    for (size_t at = 0; at < size && at < 100; at++) {
        bool fits = isalnum((unsigned char)name[at]) || strchr("-_.", name[at]) != NULL;
        is_plain = is_plain && fits;
        fw_text_append_len(text, fits ? &name[at] : "_", 1);
    }
    if (!is_plain) {
        fw_text_appendf(text, "+%zu", i + 1);
    }
    fw_text_append(text, ".svg");
}

static fw_status write_one(const struct callbacks *c, const char *folder, size_t i)
{
    const struct callbacks_numbers *numbers = &c->runs[i].numbers;
    struct fw_text text = {0}, path = {0};

    fw_svg_open(&text, LEFT + 2 * STEP, HEIGHT, c->runs[i].name,
                fw_task_value(c->task, "source")->text);
    draw_loss(&text, numbers);
    if (c->wanted[CALLBACKS_NOISE]) {
        draw_spectrum(&text, numbers);
    }
    fw_svg_close(&text);
    append_path(&path, folder, c->runs[i].name, i);
    fw_status status = text.failed || path.failed ? fw_fault_nomem(c->host)
                                                  : fw_file_write(c->host, fw_text_get(&path),
                                                                  fw_text_get(&text), text.size);
    fw_text_finish(&path);
    fw_text_finish(&text);
    return status;
}

fw_status callbacks_plots_write(const struct callbacks *c, const char *folder)
{
    fw_status status = FW_OK;

    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return fw_faultf(c->host, FW_E_IO, folder, NULL, "the folder cannot be made: %s",
                         strerror(errno));
    }
    for (size_t i = 0; i < c->n_runs && status == FW_OK; i++) {
        status = write_one(c, folder, i);
    }
    return status;
}
