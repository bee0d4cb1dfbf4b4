/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include <math.h>
#include <stdlib.h>

#include "file/file.h"
#include "svg/svg.h"
#include "train.h"

enum { LEFT = 64, WIDTH = 380, STEP = 460, HEIGHT = 470 };

/* A number of the points, by epochs done. */
struct line {
    size_t member; /* of struct train_point */
    const char *colour, *label;
};

static double value_of(const struct train_point *point, size_t member)
{
    return *(const double *)(const void *)((const char *)point + member);
}

static void widen(const struct train *train, struct fw_svg_panel *panel, size_t member)
{
    for (uint64_t i = 0; i < train->n_points; i++) {
        const double y = value_of(&train->points[i], member);
        if (isfinite(y)) {
            panel->y_low = fmin(panel->y_low, y);
            panel->y_high = fmax(panel->y_high, y);
        }
    }
}

static void draw(const struct train *train, struct fw_text *text, const struct fw_svg_panel *panel,
                 const struct line *line, double *room)
{
    double *y = room + train->n_points;
    size_t n = 0;

    for (uint64_t i = 0; i < train->n_points; i++) {
        const double value = value_of(&train->points[i], line->member);
        if (isfinite(value)) {
            room[n] = (double)train->points[i].step / (double)train->batches;
            y[n++] = value;
        }
    }
    fw_svg_line(text, panel, &(struct fw_svg_stroke){.colour = line->colour}, room, y, n);
}

static void draw_panel(const struct train *train, struct fw_text *text, struct fw_svg_panel *panel,
                       const struct line *lines, size_t n, double *room)
{
    panel->top = 74;
    panel->width = WIDTH;
    panel->height = 300;
    panel->x_label = "epochs done";
    panel->x_high = fmax(1, (double)train->place.step / (double)train->batches);
    panel->y_low = 0;
    panel->y_high = 1e-12;
    for (size_t i = 0; i < n; i++) {
        widen(train, panel, lines[i].member);
    }
    fw_svg_panel(text, panel);
    for (size_t i = 0; i < n; i++) {
        draw(train, text, panel, &lines[i], room);
        fw_svg_legend(text, panel, i, &(struct fw_svg_stroke){.colour = lines[i].colour},
                      lines[i].label);
    }
}

static void draw_all(const struct train *train, struct fw_text *text, double *room)
{
    static const struct line losses[] = {
        {offsetof(struct train_point, loss), FW_SVG_BLUE, "training, mean of a quarter"},
        {offsetof(struct train_point, val_loss), FW_SVG_RED, "validation"}};
    static const struct line accuracies[] = {
        {offsetof(struct train_point, accuracy), FW_SVG_BLUE, "training"},
        {offsetof(struct train_point, val_accuracy), FW_SVG_RED, "validation"},
        {offsetof(struct train_point, val_auc), FW_SVG_GREEN, "validation, AUC (two classes)"}};
    static const struct line rates[] = {
        {offsetof(struct train_point, rate), FW_SVG_PURPLE, "learning rate"}};
    static const struct line norms[] = {{offsetof(struct train_point, gradient_norm), FW_SVG_GREY,
                                         "before clipping, mean of a quarter"}};
    struct fw_svg_panel panel = {.left = LEFT, .title = "Loss", .y_label = "nats"};

    draw_panel(train, text, &panel, losses, FW_COUNT(losses), room);
    panel = (struct fw_svg_panel){.left = LEFT + STEP, .title = "Accuracy", .y_label = "share"};
    draw_panel(train, text, &panel, accuracies, train->info->n_classes == 2 ? 3 : 2, room);
    panel = (struct fw_svg_panel){
        .left = LEFT + 2 * STEP, .title = "Learning rate", .y_label = "per step"};
    draw_panel(train, text, &panel, rates, FW_COUNT(rates), room);
    panel =
        (struct fw_svg_panel){.left = LEFT + 3 * STEP, .title = "Gradient", .y_label = "L2 norm"};
    draw_panel(train, text, &panel, norms, FW_COUNT(norms), room);
}

fw_status train_plots_write(struct train *train, const char *path)
{
    double *room = calloc(2 * train->n_points + 1, sizeof *room);
    struct fw_text text = {0};

    if (room == NULL) {
        return fw_fault_nomem(train->host);
    }
    fw_svg_open(&text, LEFT + 4 * STEP, HEIGHT, train_experiment(train),
                fw_task_text(train->task, "source_note"));
    draw_all(train, &text, room);
    fw_svg_close(&text);
    fw_status status = text.failed
                           ? fw_fault_nomem(train->host)
                           : fw_file_write(train->host, path, fw_text_get(&text), text.size);
    fw_text_finish(&text);
    free(room);
    return status;
}
