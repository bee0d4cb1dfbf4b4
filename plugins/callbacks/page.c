/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "callbacks.h"
#include "file/file.h"
#include "report/markdown.h"

/* What runs are compared by. */
static const enum callbacks_metric compared[] = {
    CALLBACKS_LOSS_LAST,  CALLBACKS_BEST_VAL, CALLBACKS_ALPHA,
    CALLBACKS_ALPHA_FULL, CALLBACKS_KNEE,     CALLBACKS_EXPONENT,
    CALLBACKS_R_SQUARED,  CALLBACKS_PSD_TAIL, CALLBACKS_SCALE,
};

/* A cell of a table: no column marks. */
static void append_real(struct fw_text *text, double value)
{
    if (isnan(value)) {
        fw_text_append(text, " | –");
    } else {
        fw_text_appendf(text, " | %.6g", value);
    }
}

static void append_comparison(const struct callbacks *c, struct fw_text *text)
{
    char room[CALLBACKS_NAME];

    fw_text_append(text, "\n## Runs side by side\n\n| run");
    for (size_t i = 0; i < FW_COUNT(compared); i++) {
        if (c->wanted[callbacks_metric_analysis(compared[i])]) {
            fw_text_appendf(text, " | %s", callbacks_metric_name(c, compared[i], room));
        }
    }
    fw_text_append(text, " |\n|---");
    for (size_t i = 0; i < FW_COUNT(compared); i++) {
        fw_text_append(text, c->wanted[callbacks_metric_analysis(compared[i])] ? "|---:" : "");
    }
    fw_text_append(text, "|\n");
    for (size_t run = 0; run < c->n_runs; run++) {
        fw_text_append(text, "| ");
        fw_markdown_cell(text, c->runs[run].name);
        for (size_t i = 0; i < FW_COUNT(compared); i++) {
            if (c->wanted[callbacks_metric_analysis(compared[i])]) {
                append_real(text, c->runs[run].numbers.values[compared[i]]);
            }
        }
        fw_text_append(text, " |\n");
    }
}

static void append_losses(const struct callbacks_numbers *numbers, struct fw_text *text)
{
    fw_text_appendf(text, "%llu records, %llu losses of the column `",
                    (unsigned long long)numbers->n_records, (unsigned long long)numbers->n_losses);
    fw_markdown_cell(text, numbers->columns[CALLBACKS_LOSS]);
    fw_text_append(text, "`.");
    if (numbers->n_bad > 0) {
        fw_text_appendf(text, " **nan loss**: %llu losses are not finite",
                        (unsigned long long)numbers->n_bad);
        if (!isnan(numbers->stopped_at)) {
            fw_text_appendf(text, "; three in a row from step %.17g on, where the analysis ends",
                            numbers->stopped_at);
        }
        fw_text_append(text, ".");
    }
    fw_text_append(text, "\n");
}

static void append_run(const struct callbacks *c, const struct callbacks_run *run,
                       struct fw_text *text)
{
    char room[CALLBACKS_NAME];

    fw_text_append(text, "\n## ");
    fw_markdown_cell(text, run->name);
    fw_text_append(text, "\n\n");
    append_losses(&run->numbers, text);
    fw_text_append(text, "\n| metric | value | unit | absent because |\n|---|---:|---|---|\n");
    for (int m = 0; m < CALLBACKS_METRICS; m++) {
        enum callbacks_metric metric = (enum callbacks_metric)m;
        const char *reason = callbacks_reason_text((enum callbacks_reason)run->numbers.reasons[m]);
        if (!c->wanted[callbacks_metric_analysis(metric)]) {
            continue;
        }
        fw_text_appendf(text, "| `%s`", callbacks_metric_name(c, metric, room));
        append_real(text, run->numbers.values[m]);
        fw_text_appendf(text, " | %s | %s |\n", callbacks_metric_unit(metric),
                        reason != NULL ? reason : "");
    }
}

fw_status callbacks_page_write(const struct callbacks *c, const char *path)
{
    const char *source = fw_task_value(c->task, "source")->text;
    struct fw_text text = {0};

    fw_text_append(&text, "# Callbacks over recorded runs\n\n");
    if (source[0] != '\0') {
        fw_text_appendf(&text, "Data: %s.\n\n", source);
    }
    fw_text_append(&text, "Curvature is not among the analyses: it needs the model, which a "
                          "recorded run does not have.\n");
    append_comparison(c, &text);
    for (size_t i = 0; i < c->n_runs; i++) {
        append_run(c, &c->runs[i], &text);
    }
    fw_status status = text.failed ? fw_fault_nomem(c->host)
                                   : fw_file_write(c->host, path, fw_text_get(&text), text.size);
    fw_text_finish(&text);
    return status;
}
