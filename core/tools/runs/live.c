/* SPDX-License-Identifier: MIT */
#include "live.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/console.h"
#include "cli/print.h"

enum { NAME = 24, BAR = 20, MEMORY_BAR = 8 };

/* "[====>     ]"; with nothing known of the whole a mark that moves with time. */
static void add_bar(struct fw_str *line, int width, double share, double seconds)
{
    int full = share < 0 ? 0 : share > 1 ? width : (int)(share * width);
    int mark = share < 0 ? (int)(seconds * 2) % width : full;
    fw_str_add(line, "[");
    for (int i = 0; i < width; i++) {
        fw_str_add(line, i < full ? "=" : i == mark && share != 1 ? ">" : " ");
    }
    fw_str_add(line, "]");
}

/* "1.2 k" */
static void add_count(struct fw_str *line, double value)
{
    static const char *const units[] = {"", "k", "M", "G", "T"};
    size_t unit = 0;
    while (value >= 1000 && unit < FW_COUNT(units) - 1) {
        value /= 1000;
        unit++;
    }
    fw_str_printf(line, value < 10 ? "%.1f%s%s" : "%.0f%s%s", value, unit > 0 ? " " : "",
                  units[unit]);
}

static void add_memory(struct fw_str *line, const cJSON *stage)
{
    double used = fw_json_number(stage, "memory_now_bytes");
    double budget = fw_json_number(stage, "memory_bytes");
    char used_text[32], budget_text[32];
    if (used <= 0 || budget <= 0) {
        return;
    }
    fw_print_bytes((uint64_t)used, used_text);
    fw_print_bytes((uint64_t)budget, budget_text);
    fw_str_add(line, "  mem ");
    add_bar(line, MEMORY_BAR, used / budget, 0);
    fw_str_printf(line, " %s of %s", used_text, budget_text);
}

/* What matters most comes first: the rest of the line may not fit. */
static void add_stage(struct fw_str *line, const cJSON *stage, int width)
{
    const cJSON *step = cJSON_GetObjectItemCaseSensitive(stage, "step");
    double done = fw_json_number(step, "done"), total = fw_json_number(step, "total");
    double elapsed = fw_json_number(stage, "elapsed_s");
    char text[32];
    fw_str_printf(line, "%-*.*s ", width, NAME, fw_json_text(stage, "name"));
    add_bar(line, BAR, total > 0 ? done / total : -1, elapsed);
    if (total > 0) {
        fw_str_printf(line, " %3.0f %%", 100 * done / total);
    }
    fw_print_seconds(elapsed, text);
    fw_str_printf(line, "  %s", text);
    if (cJSON_HasObjectItem(stage, "left_s")) {
        fw_print_seconds(fw_json_number(stage, "left_s"), text);
        fw_str_printf(line, ", %s left", text);
    }
    add_memory(line, stage);
    if (cJSON_HasObjectItem(stage, "items_per_s")) {
        fw_str_add(line, "  ");
        add_count(line, fw_json_number(stage, "items_per_s"));
        fw_str_add(line, " rows/s");
    }
    if (step) {
        fw_str_add(line, "  ");
        fw_view_progress(stage, line);
    }
}

/* "2 running, 1 pending, 4 executed" */
static void add_counts(struct fw_str *line, const cJSON *stages)
{
    static const char *const states[] = {"running", "pending", "executed", "reused",
                                         "failed",  "skipped", "stopped"};
    const char *separator = "";
    for (size_t i = 0; i < FW_COUNT(states); i++) {
        const cJSON *stage;
        int n = 0;
        cJSON_ArrayForEach(stage, stages)
        {
            n += strcmp(fw_json_text(stage, "state"), states[i]) == 0;
        }
        if (n > 0) {
            fw_str_printf(line, "%s%d %s", separator, n, states[i]);
            separator = ", ";
        }
    }
}

/* Bytes of a text that take less than `columns` columns; what is no text of one line is left out.
 */
static void add_cut(struct fw_str *text, const char *line, int columns)
{
    for (int used = 0; *line != '\0'; line++) {
        bool goes_on = ((unsigned char)*line & 0xC0) == 0x80; /* of a character in UTF-8 */
        if ((unsigned char)*line < ' ' || *line == 0x7F) {
            continue;
        }
        used += !goes_on;
        if (used >= columns) {
            return;
        }
        fw_str_add_bytes(text, line, 1);
    }
}

static void end_line(struct fw_str *text, struct fw_str *line, int columns)
{
    if (text->len > 0) {
        fw_str_add(text, "\n");
    }
    add_cut(text, line->text ? line->text : "", columns);
    fw_str_finish(line);
    *line = (struct fw_str){0};
}

void fw_live_text(const struct fw_view *view, bool head, int columns, int rows,
                  struct fw_str *ret_text)
{
    fw_auto(str) struct fw_str line = {0};
    const cJSON *stage, *stages = cJSON_GetObjectItemCaseSensitive(view->document, "stages");
    int width = 0, left = rows - 1 - head;
    if (head) {
        fw_view_verdict(view, &line);
        end_line(ret_text, &line, columns);
    }
    cJSON_ArrayForEach(stage, stages)
    {
        int len = (int)strlen(fw_json_text(stage, "name"));
        bool runs = strcmp(fw_json_text(stage, "state"), "running") == 0;
        width = runs && len > width ? len : width;
    }
    cJSON_ArrayForEach(stage, stages)
    {
        if (left > 0 && strcmp(fw_json_text(stage, "state"), "running") == 0) {
            add_stage(&line, stage, width < NAME ? width : NAME);
            end_line(ret_text, &line, columns);
            left--;
        }
    }
    add_counts(&line, stages);
    end_line(ret_text, &line, columns);
}

bool fw_live_possible(int fd)
{
    const char *term = getenv("TERM");
    return isatty(fd) == 1 && term && *term != '\0' && strcmp(term, "dumb") != 0;
}

/* At once, so that nobody's line gets between; what a terminal does not take of it is not missed.
 */
static bool show(int fd, const char *text, size_t len)
{
    return write(fd, text, len) >= 0;
}

bool fw_live_draw(int fd, const struct fw_view *view, bool head)
{
    struct winsize size = {0};
    fw_auto(str) struct fw_str text = {0}, block = {0};
    bool known = ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
    int n_lines = 0;
    fw_live_text(view, head, known ? size.ws_col : 80, known ? size.ws_row : 24, &text);
    char *rest = text.text;
    for (char *line; (line = strsep(&rest, "\n")); n_lines++) {
        fw_str_printf(&block, "%s%s\033[K", n_lines > 0 ? "\r\n" : "\r", line);
    }
    fw_str_add(&block, "\033[J\r");
    if (n_lines > 1) {
        fw_str_printf(&block, "\033[%dA", n_lines - 1);
    }
    return block.text && !block.oom && show(fd, block.text, block.len);
}

bool fw_live_erase(int fd)
{
    return show(fd, FW_CONSOLE_ERASE, strlen(FW_CONSOLE_ERASE));
}
