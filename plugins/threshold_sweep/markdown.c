/* SPDX-License-Identifier: MIT */
#include "report/markdown.h"

#include <math.h>

#include "file/file.h"
#include "threshold_sweep.h"

static void append_head(struct fw_text *text, const struct sweep *sweep)
{
    const char *source = fw_task_text(sweep->task, "source");

    fw_text_append(text, "# Threshold sweep\n\n");
    if (source[0] != '\0') {
        fw_text_appendf(text, "Data: %s.\n\n", source);
    }
    if (sweep->n_roles > 1) {
        fw_text_appendf(text,
                        "Thresholds are selected on the split `%s` and reported on the split `%s`, "
                        "which had no say in them.\n",
                        sweep->splits[SWEEP_SELECT], sweep->splits[SWEEP_REPORT]);
    } else {
        fw_text_appendf(text,
                        "Thresholds are selected and reported on the same split, `%s`: what is "
                        "said of them flatters.\n",
                        sweep->splits[SWEEP_SELECT]);
    }
}

/* A cell of a table: no column marks. */
static void append_real(struct fw_text *text, double value)
{
    if (isnan(value)) {
        fw_text_append(text, " | –");
    } else {
        fw_text_appendf(text, " | %.4f", value);
    }
}

static void append_summary(struct fw_text *text, const struct sweep *sweep)
{
    fw_text_append(text,
                   "\n## Experiments\n\n| experiment | split | rows | positive | AUC | average "
                   "precision | Brier | log loss | calibration error | p from | to |\n"
                   "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < sweep->n_experiments; i++) {
        for (size_t role = 0; role < sweep->n_roles; role++) {
            const struct sweep_figures *figures = &sweep->experiments[i].cells[role].figures;
            const struct fw_score_summary *summary = &figures->summary;
            fw_text_append(text, "| ");
            fw_markdown_cell(text, sweep->experiments[i].name);
            fw_text_appendf(text, " | %s | %llu | %llu", sweep->splits[role],
                            (unsigned long long)figures->n,
                            (unsigned long long)figures->n_positive);
            append_real(text, summary->auc);
            append_real(text, summary->average_precision);
            append_real(text, summary->brier);
            append_real(text, summary->log_loss);
            append_real(text, figures->calibration_error);
            append_real(text, summary->min_p);
            append_real(text, summary->max_p);
            fw_text_append(text, " |\n");
        }
    }
}

static void append_figures(struct fw_text *text, const struct sweep_figures *figures,
                           const struct sweep_row *row)
{
    struct fw_score_counts counts = sweep_counts(figures, row);
    struct fw_score_interval interval =
        fw_score_wilson(counts.tp, counts.tp + counts.fp, FW_SCORE_Z95);

    append_real(text, fw_score_precision(&counts));
    fw_text_appendf(text, " [%.2f, %.2f]", interval.lower, interval.upper);
    append_real(text, fw_score_recall(&counts));
    fw_text_appendf(text, " | %llu of %llu", (unsigned long long)counts.tp,
                    (unsigned long long)(counts.tp + counts.fp));
}

static void append_point(struct fw_text *text, const struct sweep *sweep,
                         const struct sweep_experiment *experiment, size_t rule)
{
    const struct sweep_point *point = &experiment->points[rule];

    fw_text_append(text, "| ");
    fw_markdown_cell(text, experiment->name);
    fw_text_appendf(text, " | %s", sweep->rules[rule].name);
    if (!point->is_there) {
        fw_text_append(text, " | none |");
        for (size_t i = 0; i < 3 * sweep->n_roles; i++) {
            fw_text_append(text, " |");
        }
        fw_text_append(text, "\n");
        return;
    }
    fw_text_appendf(text, " | %.4f%s", point->rows[SWEEP_SELECT].threshold,
                    point->at_edge ? " (edge)" : "");
    for (size_t role = 0; role < sweep->n_roles; role++) {
        append_figures(text, &experiment->cells[role].figures, &point->rows[role]);
    }
    fw_text_append(text, " |\n");
}

static void append_points(struct fw_text *text, const struct sweep *sweep)
{
    fw_text_append(text,
                   "\n## Operating points\n\nPrecision with its 95 % interval (Wilson), recall, "
                   "and how many of the predicted positives were. At an edge of the grid "
                   "the best threshold may lie beyond it.\n\n| experiment | point | threshold");
    for (size_t role = 0; role < sweep->n_roles; role++) {
        fw_text_appendf(text, " | P %s | R %s | hits %s", sweep->splits[role], sweep->splits[role],
                        sweep->splits[role]);
    }
    fw_text_append(text, " |\n|---|---|---:");
    for (size_t i = 0; i < 3 * sweep->n_roles; i++) {
        fw_text_append(text, "|---:");
    }
    fw_text_append(text, "|\n");
    for (size_t i = 0; i < sweep->n_experiments; i++) {
        for (size_t rule = 0; rule < sweep->n_rules; rule++) {
            append_point(text, sweep, &sweep->experiments[i], rule);
        }
    }
}

static void append_missing(struct fw_text *text, const struct sweep *sweep)
{
    if (sweep->n_missing > 0) {
        fw_text_append(text, "\n## Missing\n\nLeft out for want of predictions:\n\n");
    }
    for (size_t i = 0; i < sweep->n_missing; i++) {
        fw_text_appendf(text, "- %s, split %s\n", sweep->missing[i].experiment,
                        sweep->missing[i].split);
    }
}

fw_status sweep_write_markdown(const struct sweep *sweep, const char *path)
{
    struct fw_text text = {0};

    append_head(&text, sweep);
    append_summary(&text, sweep);
    append_points(&text, sweep);
    append_missing(&text, sweep);
    fw_status status = text.failed
                           ? fw_fault_nomem(sweep->host)
                           : fw_file_write(sweep->host, path, fw_text_get(&text), text.size);
    fw_text_finish(&text);
    return status;
}
