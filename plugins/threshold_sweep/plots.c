/* SPDX-License-Identifier: MIT */
#include "plots.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "file/file.h"

enum { HEIGHT = 480 };

struct fw_svg_panel sweep_plot_panel(size_t i, const char *title, const char *x, const char *y)
{
    return (struct fw_svg_panel){.left = SWEEP_PLOT_LEFT + (double)i * SWEEP_PLOT_STEP,
                                 .top = 74,
                                 .width = SWEEP_PLOT_SIDE,
                                 .height = SWEEP_PLOT_SIDE,
                                 .x_high = 1,
                                 .y_high = 1,
                                 .title = title,
                                 .x_label = x,
                                 .y_label = y};
}

void sweep_curve_fill(struct sweep_curve *curve, const struct sweep_cell *cell)
{
    curve->n = cell->figures.n_curve;
    for (size_t i = 0; i < curve->n; i++) {
        struct fw_score_counts counts = sweep_counts(&cell->figures, &cell->curve[i]);
        curve->threshold[i] = cell->curve[i].threshold;
        curve->precision[i] = fw_score_precision(&counts);
        curve->recall[i] = fw_score_recall(&counts);
        curve->f1[i] = fw_score_f1(&counts);
    }
}

static void draw_by_threshold(struct fw_text *text, const struct fw_svg_panel *panel,
                              const struct sweep_curve *curve, bool dashed)
{
    static const char *const colours[] = {FW_SVG_BLUE, FW_SVG_RED, FW_SVG_GREEN};
    const double *const lines[] = {curve->precision, curve->recall, curve->f1};

    for (size_t i = 0; i < FW_COUNT(lines); i++) {
        const struct fw_svg_stroke stroke = {.colour = colours[i], .dashed = dashed};
        fw_svg_line(text, panel, &stroke, curve->threshold, lines[i], curve->n);
    }
}

static void draw_legend(struct fw_text *text, const struct fw_svg_panel *panel)
{
    static const char *const colours[] = {FW_SVG_BLUE, FW_SVG_RED, FW_SVG_GREEN};
    static const char *const labels[] = {"precision", "recall", "F1"};

    for (size_t i = 0; i < FW_COUNT(labels); i++) {
        fw_svg_legend(text, panel, i, &(struct fw_svg_stroke){.colour = colours[i]}, labels[i]);
    }
}

/* What the splits' lines look like, with a figure of each. */
static void draw_splits(struct fw_text *text, const struct fw_svg_panel *panel,
                        const struct sweep *sweep, const struct sweep_experiment *experiment)
{
    for (size_t role = 0; role < sweep->n_roles; role++) {
        char label[128];
        const struct fw_svg_stroke stroke = {.colour = FW_SVG_BLUE, .dashed = role > 0};
        double auc = experiment->cells[role].figures.summary.auc;
        if (isnan(auc)) {
            snprintf(label, sizeof label, "%.60s: one class", sweep->splits[role]);
        } else {
            snprintf(label, sizeof label, "%.60s: AUC %.3f", sweep->splits[role], auc);
        }
        fw_svg_legend(text, panel, 3 * role, &stroke, label);
    }
}

/* The share of positives, which is the precision of guessing. */
static void draw_base_rate(struct fw_text *text, const struct fw_svg_panel *panel,
                           const struct sweep_figures *figures, bool dashed)
{
    const double rate = (double)figures->n_positive / (double)figures->n;
    const struct fw_svg_stroke stroke = {.colour = FW_SVG_GREY, .width = 1, .dashed = dashed};

    fw_svg_line(text, panel, &stroke, (const double[]){0, 1}, (const double[]){rate, rate}, 2);
}

static void draw_points(struct fw_text *text, const struct fw_svg_panel *panel,
                        const struct sweep *sweep, const struct sweep_experiment *experiment)
{
    for (size_t i = 0; i < sweep->n_rules; i++) {
        const struct sweep_point *point = &experiment->points[i];
        struct fw_score_counts counts =
            sweep_counts(&experiment->cells[SWEEP_SELECT].figures, &point->rows[SWEEP_SELECT]);
        char hover[128];
        if (point->is_there) {
            snprintf(hover, sizeof hover, "%s: threshold %.4f", sweep->rules[i].name,
                     point->rows[SWEEP_SELECT].threshold);
            fw_svg_dot(text, panel,
                       &(struct fw_svg_mark){fw_score_recall(&counts), fw_score_precision(&counts),
                                             4, FW_SVG_RED, hover});
        }
    }
}

static void draw_calibration(struct fw_text *text, const struct fw_svg_panel *panel,
                             const struct sweep *sweep, const struct sweep_cell *cell, bool second)
{
    const char *colour = second ? FW_SVG_YELLOW : FW_SVG_BLUE;

    for (size_t i = 0; i < sweep->n_bins; i++) {
        const struct fw_score_bin *bin = &cell->bins[i];
        struct fw_score_interval interval = fw_score_wilson(bin->n_positive, bin->n, FW_SCORE_Z95);
        char hover[96];
        if (bin->n == 0) {
            continue;
        }
        snprintf(hover, sizeof hover, "%llu of %llu, mean p %.4f",
                 (unsigned long long)bin->n_positive, (unsigned long long)bin->n, bin->mean_p);
        fw_svg_interval(text, panel, bin->mean_p, interval.lower, interval.upper, colour);
        /* The area goes with the share of the rows. */
        fw_svg_dot(text, panel,
                   &(struct fw_svg_mark){bin->mean_p, (double)bin->n_positive / (double)bin->n,
                                         2.5 + 5 * sqrt((double)bin->n / (double)cell->figures.n),
                                         colour, hover});
    }
}

static void draw(struct fw_text *text, const struct sweep *sweep,
                 const struct sweep_experiment *experiment)
{
    const struct fw_svg_panel panels[] = {
        sweep_plot_panel(0, "By threshold", "threshold", "precision, recall, F1"),
        sweep_plot_panel(1, "Precision by recall", "recall", "precision"),
        sweep_plot_panel(2, "Calibration", "mean prediction", "share of positives"),
    };
    static const double ends[] = {0, 1};
    const struct fw_svg_stroke diagonal = {.colour = FW_SVG_GREY, .width = 1, .dashed = true};
    struct sweep_curve curve;

    for (size_t i = 0; i < FW_COUNT(panels); i++) {
        fw_svg_panel(text, &panels[i]);
    }
    fw_svg_line(text, &panels[2], &diagonal, ends, ends, 2);
    for (size_t role = 0; role < sweep->n_roles; role++) {
        const struct sweep_cell *cell = &experiment->cells[role];
        const struct fw_svg_stroke stroke = {.colour = FW_SVG_BLUE, .dashed = role > 0};
        sweep_curve_fill(&curve, cell);
        draw_by_threshold(text, &panels[0], &curve, role > 0);
        draw_base_rate(text, &panels[1], &cell->figures, role > 0);
        fw_svg_line(text, &panels[1], &stroke, curve.recall, curve.precision, curve.n);
        draw_calibration(text, &panels[2], sweep, cell, role > 0);
        const struct fw_svg_stroke dots = {.colour = role > 0 ? FW_SVG_YELLOW : FW_SVG_BLUE,
                                           .width = 5};
        fw_svg_legend(text, &panels[2], 3 * role, &dots, sweep->splits[role]);
    }
    draw_points(text, &panels[1], sweep, experiment);
    draw_legend(text, &panels[0]);
    draw_splits(text, &panels[1], sweep, experiment);
}

/* What a name may not have in a file's name becomes "_". Then, and for groups, a "+", which no
   plain name has, keeps two files apart. */
static void append_file_name(struct fw_text *text, const char *folder, const char *name, size_t i)
{
    size_t size = strlen(name);
    bool is_plain = size <= 100 && name[0] != '.';

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

fw_status sweep_plot_save(const struct sweep *sweep, struct fw_text *path, struct fw_text *text)
{
    fw_svg_close(text);
    fw_status status = text->failed || path->failed ? fw_fault_nomem(sweep->host)
                                                    : fw_file_write(sweep->host, fw_text_get(path),
                                                                    fw_text_get(text), text->size);
    fw_text_finish(text);
    fw_text_finish(path);
    return status;
}

static fw_status write_one(const struct sweep *sweep, const char *folder, size_t i)
{
    const struct sweep_experiment *experiment = &sweep->experiments[i];
    const char *source = fw_task_text(sweep->task, "source");
    struct fw_text text = {0}, path = {0}, note = {0};

    fw_text_appendf(&note, "%s%s%s: solid", source, source[0] != '\0' ? ". " : "",
                    sweep->splits[SWEEP_SELECT]);
    if (sweep->n_roles > 1) {
        fw_text_appendf(&note, "; %s: dashed", sweep->splits[SWEEP_REPORT]);
    }
    fw_text_append(&note, ". Red dots: operating points");
    fw_svg_open(&text, SWEEP_PLOT_LEFT + 3 * SWEEP_PLOT_STEP, HEIGHT, experiment->name,
                fw_text_get(&note));
    text.failed = text.failed || note.failed;
    fw_text_finish(&note);
    draw(&text, sweep, experiment);
    append_file_name(&path, folder, experiment->name, i);
    return sweep_plot_save(sweep, &path, &text);
}

fw_status sweep_write_plots(const struct sweep *sweep, const char *folder)
{
    fw_status status = FW_OK;

    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return fw_faultf(sweep->host, FW_E_IO, folder, NULL, "the folder cannot be made: %s",
                         strerror(errno));
    }
    for (size_t i = 0; i < sweep->n_experiments && status == FW_OK; i++) {
        status = write_one(sweep, folder, i);
    }
    return status == FW_OK ? sweep_write_groups(sweep, folder) : status;
}
