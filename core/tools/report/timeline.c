/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/print.h"
#include "page.h"
#include "report.h"
#include "view.h"

/* In units of the drawing, which scales with the page. */
enum { WIDTH = 1000, LEFT = 170, RIGHT = 180, ROW = 24, BAR = 14 };

struct axis {
    double begin, end; /* seconds since 1970 */
    double now;
};

static double place(const struct axis *axis, double at)
{
    double span = axis->end > axis->begin ? axis->end - axis->begin : 1;
    return LEFT + (WIDTH - LEFT - RIGHT) * (at - axis->begin) / span;
}

/* What has not ended goes on to the end of what is known. */
static double end_of(const cJSON *attempt, double otherwise)
{
    double end = fw_view_seconds(fw_json_text(attempt, "ended_at"));
    return end > 0 ? end : otherwise;
}

static struct axis measure(const cJSON *document)
{
    const cJSON *stage, *attempt;
    struct axis axis = {.begin = fw_view_seconds(fw_json_text(document, "started_at"))};
    axis.end = axis.begin + fw_json_number(document, "elapsed_s");
    cJSON_ArrayForEach(stage, cJSON_GetObjectItemCaseSensitive(document, "stages"))
    {
        cJSON_ArrayForEach(attempt, cJSON_GetObjectItemCaseSensitive(stage, "attempts"))
        {
            double end = end_of(attempt, 0);
            axis.end = end > axis.end ? end : axis.end;
        }
    }
    return axis;
}

static void draw_attempt(struct fw_str *page, const struct axis *axis, const cJSON *attempt, int y)
{
    const char *outcome = fw_json_text(attempt, "outcome");
    double begin = place(axis, fw_view_seconds(fw_json_text(attempt, "began_at")));
    double width = place(axis, end_of(attempt, axis->end)) - begin;
    fw_str_printf(page, "<rect class=\"bar-%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\">",
                  strcmp(outcome, "done") == 0                          ? "done"
                  : *outcome == '\0' || strcmp(outcome, "stopped") == 0 ? "open"
                                                                        : "bad",
                  begin, y, width > 1.5 ? width : 1.5, BAR);
    fw_auto(free) char *title =
        fw_text("attempt %.0f: %s, %.3f s", fw_json_number(attempt, "attempt"),
                *outcome ? outcome : "not ended", fw_json_number(attempt, "elapsed_s"));
    page_element(page, "title", NULL, title ? title : "");
    fw_str_add(page, "</rect>");
}

/* The highest attempt's peak against its budget, right of the times. */
static void draw_memory(struct fw_str *page, const cJSON *attempts, int y)
{
    const cJSON *attempt, *highest = NULL;
    cJSON_ArrayForEach(attempt, attempts)
    {
        if (fw_json_number(attempt, "peak_rss_bytes") >=
            fw_json_number(highest, "peak_rss_bytes")) {
            highest = attempt;
        }
    }
    double peak = fw_json_number(highest, "peak_rss_bytes");
    double budget = fw_json_number(highest, "memory_bytes");
    int x = WIDTH - RIGHT + 10, full = 80;
    char text[32];
    if (peak <= 0 || budget <= 0) {
        return;
    }
    fw_print_bytes((uint64_t)peak, text);
    fw_str_printf(page,
                  "<rect class=\"budget\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
                  "<rect class=\"peak\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>"
                  "<text x=\"%d\" y=\"%d\">%s</text>",
                  x, y, full, BAR, x, y, full * (peak < budget ? peak / budget : 1.0), BAR,
                  x + full + 6, y + BAR - 2, text);
}

static void draw_stage(struct fw_str *page, const struct axis *axis, const cJSON *stage, int y)
{
    const cJSON *attempt;
    const cJSON *attempts = cJSON_GetObjectItemCaseSensitive(stage, "attempts");
    fw_str_printf(page, "<text x=\"8\" y=\"%d\">", y + BAR - 2);
    page_text(page, fw_json_text(stage, "name"));
    fw_str_add(page, "</text>");
    cJSON_ArrayForEach(attempt, attempts)
    {
        draw_attempt(page, axis, attempt, y);
    }
    if (cJSON_GetArraySize(attempts) == 0) {
        fw_str_printf(page, "<text x=\"%d\" y=\"%d\" opacity=\"0.6\">", LEFT, y + BAR - 2);
        page_text(page, fw_json_text(stage, "state"));
        fw_str_add(page, "</text>");
    }
    draw_memory(page, attempts, y);
    fw_str_add(page, "\n");
}

void report_timeline(struct fw_str *page, const cJSON *document)
{
    const cJSON *stage, *stages = cJSON_GetObjectItemCaseSensitive(document, "stages");
    struct axis axis = measure(document);
    char span[32];
    int y = ROW;
    fw_print_seconds(axis.end - axis.begin, span);
    page_element(page, "h2", NULL, "Timeline");
    fw_str_printf(page,
                  "<svg role=\"img\" viewBox=\"0 0 %d %d\"><title>Stages and attempts over "
                  "time</title><text x=\"%d\" y=\"15\">0</text>"
                  "<text x=\"%d\" y=\"15\" text-anchor=\"end\">%s</text>"
                  "<text x=\"%d\" y=\"15\">peak of budget</text>\n",
                  WIDTH, ROW * (cJSON_GetArraySize(stages) + 1) + 8, LEFT, WIDTH - RIGHT, span,
                  WIDTH - RIGHT + 10);
    cJSON_ArrayForEach(stage, stages)
    {
        draw_stage(page, &axis, stage, y);
        y += ROW;
    }
    fw_str_add(page, "</svg>\n");
}
