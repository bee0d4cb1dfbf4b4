/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plots.h"

/* Names like a20_h1 and a100_h1 say what can be compared: what stands behind the last "_". */
static const char *group_of(const struct sweep *sweep, size_t i)
{
    const char *end = strrchr(sweep->experiments[i].name, '_');
    size_t n = 0;

    if (end == NULL) {
        return "";
    }
    while (isalnum((unsigned char)end[1 + n])) {
        n++;
    }
    return end[1 + n] == '\0' ? end + 1 : "";
}

static bool is_in(const struct sweep *sweep, size_t i, const char *group)
{
    return strcmp(group_of(sweep, i), group) == 0;
}

/* Six colours, then the same ones dashed. */
static struct fw_svg_stroke stroke_of(size_t i)
{
    static const char *const colours[] = {FW_SVG_BLUE,   FW_SVG_RED,    FW_SVG_GREEN,
                                          FW_SVG_YELLOW, FW_SVG_PURPLE, FW_SVG_GREY};

    return (struct fw_svg_stroke){.colour = colours[i % FW_COUNT(colours)],
                                  .dashed = i / FW_COUNT(colours) % 2 == 1};
}

static void draw_one(struct fw_text *text, const struct fw_svg_panel *panel,
                     const struct sweep_experiment *experiment, size_t role, size_t i)
{
    const struct sweep_cell *cell = &experiment->cells[role];
    struct fw_svg_stroke stroke = stroke_of(i);
    struct sweep_curve curve;
    char label[128];

    sweep_curve_fill(&curve, cell);
    fw_svg_line(text, panel, &stroke, curve.recall, curve.precision, curve.n);
    if (isnan(cell->figures.summary.auc)) {
        snprintf(label, sizeof label, "%.80s: one class", experiment->name);
    } else {
        snprintf(label, sizeof label, "%.80s: AUC %.3f", experiment->name,
                 cell->figures.summary.auc);
    }
    fw_svg_legend(text, panel, 3 * i, &stroke, label);
}

static void draw_split(struct fw_text *text, const struct sweep *sweep, const char *group,
                       size_t role)
{
    char title[128];
    size_t n = 0;

    snprintf(title, sizeof title, "Precision by recall, %.80s", sweep->splits[role]);
    const struct fw_svg_panel panel = sweep_plot_panel(role, title, "recall", "precision");
    fw_svg_panel(text, &panel);
    for (size_t i = 0; i < sweep->n_experiments; i++) {
        if (is_in(sweep, i, group)) {
            draw_one(text, &panel, &sweep->experiments[i], role, n++);
        }
    }
}

static fw_status write_group(const struct sweep *sweep, const char *folder, const char *group,
                             size_t n)
{
    struct fw_text text = {0}, path = {0};

    fw_svg_open(&text, SWEEP_PLOT_LEFT + (double)sweep->n_roles * SWEEP_PLOT_STEP,
                446 + 18 * (double)n, group, fw_task_text(sweep->task, "source"));
    for (size_t role = 0; role < sweep->n_roles; role++) {
        draw_split(&text, sweep, group, role);
    }
    fw_text_appendf(&path, "%s/all+%s.svg", folder, group);
    return sweep_plot_save(sweep, &path, &text);
}

fw_status sweep_write_groups(const struct sweep *sweep, const char *folder)
{
    fw_status status = FW_OK;

    for (size_t i = 0; i < sweep->n_experiments && status == FW_OK; i++) {
        const char *group = group_of(sweep, i);
        size_t n = 0, first = sweep->n_experiments;
        for (size_t k = sweep->n_experiments; k-- > 0;) {
            if (is_in(sweep, k, group)) {
                first = k;
                n++;
            }
        }
        if (first == i && n > 1 && group[0] != '\0') {
            status = write_group(sweep, folder, group, n);
        }
    }
    return status;
}
