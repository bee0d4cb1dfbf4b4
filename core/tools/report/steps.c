/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/vec.h"
#include "page.h"
#include "report.h"

/* How long the steps took: how often which time. */

enum { BINS = 32, WIDTH = 640, HEIGHT = 100, LEFT = 8, TOP = 18, BASE = TOP + HEIGHT };

struct times {
    double *items; /* microseconds of one step, ascending */
    size_t len, cap;
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Neighbours may have been summed up: a sum stands for as many steps of the same time. */
static bool take(const cJSON *step_us, struct times *times)
{
    double each = fw_json_number(step_us, "steps_each");
    const cJSON *time;
    cJSON_ArrayForEach(time, cJSON_GetObjectItemCaseSensitive(step_us, "times"))
    {
        double *slot = cJSON_IsNumber(time) && time->valuedouble >= 0 ? fw_vec_add(times) : NULL;
        if (!slot) {
            return false;
        }
        *slot = time->valuedouble / (each >= 1 ? each : 1);
    }
    if (times->len > 0) {
        qsort(times->items, times->len, sizeof *times->items, compare);
    }
    return times->len > 0;
}

static void time_text(double us, char ret_text[32])
{
    if (us < 1e3) {
        snprintf(ret_text, 32, "%.3g \302\265s", us);
    } else if (us < 1e6) {
        snprintf(ret_text, 32, "%.3g ms", us / 1e3);
    } else {
        snprintf(ret_text, 32, "%.3g s", us / 1e6);
    }
}

/* A scale that shows ten times as long as a step to the right, where there are such differences. */
struct scale {
    double least, most;
    bool by_ratio;
};

static double at(const struct scale *scale, double us)
{
    double span = scale->by_ratio ? log(scale->most / scale->least) : scale->most - scale->least;
    double way = scale->by_ratio ? log(us / scale->least) : us - scale->least;
    return span > 0 ? way / span : 0.5;
}

static void mark(struct fw_str *page, const struct scale *scale, double us, const char *what)
{
    char text[32];
    double share = at(scale, us), x = LEFT + WIDTH * share;
    time_text(us, text);
    fw_str_printf(page,
                  "<line class=\"mark\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
                  "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">%s %s</text>",
                  x, TOP - 4, x, BASE, x, TOP - 6,
                  share < 0.15   ? "start"
                  : share > 0.85 ? "end"
                                 : "middle",
                  what, text);
}

static void draw_bins(struct fw_str *page, const struct times *times, const struct scale *scale)
{
    size_t bins[BINS] = {0}, highest = 0;
    double width = (double)WIDTH / BINS;
    for (size_t i = 0; i < times->len; i++) {
        double place = at(scale, times->items[i]) * BINS;
        size_t bin = place >= BINS ? BINS - 1 : place > 0 ? (size_t)place : 0;
        bins[bin]++;
        highest = bins[bin] > highest ? bins[bin] : highest;
    }
    for (size_t i = 0; i < BINS; i++) {
        double height = (double)bins[i] / (double)highest * HEIGHT;
        if (bins[i] > 0) {
            fw_str_printf(page,
                          "<rect class=\"bin\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                          "height=\"%.1f\"><title>%zu</title></rect>",
                          LEFT + width * (double)i + 0.5, BASE - height, width - 1, height,
                          bins[i]);
        }
    }
}

static void draw(struct fw_str *page, const struct times *times)
{
    struct scale scale = {.least = times->items[0], .most = times->items[times->len - 1]};
    char least[32], most[32];
    scale.by_ratio = scale.least > 0 && scale.most > 10 * scale.least;
    time_text(scale.least, least);
    time_text(scale.most, most);
    fw_str_printf(page,
                  "<svg class=\"histogram\" role=\"img\" viewBox=\"0 0 %d %d\"><title>How long the "
                  "steps took</title>",
                  WIDTH + 2 * LEFT, BASE + 20);
    draw_bins(page, times, &scale);
    mark(page, &scale, times->items[times->len / 2], "median");
    fw_str_printf(page,
                  "<line class=\"axis\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>"
                  "<text x=\"%d\" y=\"%d\">%s</text>"
                  "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s%s</text></svg>\n",
                  LEFT, BASE, LEFT + WIDTH, BASE, LEFT, BASE + 15, least, LEFT + WIDTH, BASE + 15,
                  scale.by_ratio ? "(equal ratios are equally wide) " : "", most);
}

void report_steps(struct fw_str *page, const cJSON *manifest)
{
    const cJSON *step_us = cJSON_GetObjectItemCaseSensitive(manifest, "step_us");
    double n = fw_json_number(manifest, "steps"), total = fw_json_number(step_us, "total");
    double each = fw_json_number(step_us, "steps_each");
    struct times times = {0};
    if (n <= 0) {
        return;
    }
    fw_auto(free) char *text =
        fw_text("%.0f steps, %.3f s in all, %.3f ms on average, the longest %.3f ms; %.0f items", n,
                total / 1e6, total / n / 1e3, fw_json_number(step_us, "longest") / 1e3,
                fw_json_number(manifest, "items"));
    page_element(page, "h3", NULL, "Steps");
    page_element(page, "p", NULL, text ? text : "");
    if (take(step_us, &times) && times.len > 1) {
        draw(page, &times);
        fw_auto(free) char *summed =
            each > 1 ? fw_text("Each time is the mean of %.0f steps that follow each other.", each)
                     : NULL;
        if (summed) {
            page_element(page, "p", "note", summed);
        }
    }
    free(times.items);
}
