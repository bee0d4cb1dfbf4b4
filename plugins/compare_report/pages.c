/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "report.h"

enum { AMPLITUDE, PHASE };

/* "MS-SSIM Δ (A - B)  : amplitude +0.020  phase +0.020", the colons below each other. */
static void append_line(const struct compare_report *it, const struct report_mean *other,
                        bool is_mae, struct fw_text *text)
{
    enum { BEFORE_COLON = 36 }; /* bytes, of which the Δ has two */
    char start[256];
    double d[2];
    report_differ(is_mae ? it->reference->mae : it->reference->ms_ssim,
                  is_mae ? other->mae : other->ms_ssim, d);
    snprintf(start, sizeof start, "%s Δ (%s - %s)", is_mae ? "MAE" : "MS-SSIM",
             it->reference->model, other->model);
    fw_text_appendf(text,
                    is_mae ? "%-*s: amplitude %+.6f  phase %+.6f\n"
                           : "%-*s: amplitude %+.3f  phase %+.3f\n",
                    BEFORE_COLON, start, d[0], d[1]);
}

void report_append_highlights(const struct compare_report *it, struct fw_text *text)
{
    for (int is_mae = 0; is_mae < 2; is_mae++) {
        for (size_t i = 0; i < it->summary.n; i++) {
            if (&it->summary.items[i] != it->reference) {
                append_line(it, &it->summary.items[i], is_mae == 1, text);
            }
        }
    }
}

void report_append_page(const struct compare_report *it, struct fw_text *text)
{
    fw_text_appendf(text,
                    "# Comparisons\n\n%zu jobs.\n\n| model | MS-SSIM amplitude | phase | best "
                    "| phase | MAE amplitude | phase |\n|---|---:|---:|---:|---:|---:|---:|\n",
                    it->n_jobs);
    for (size_t i = 0; i < it->summary.n; i++) {
        const struct report_mean *m = &it->summary.items[i];
        fw_text_appendf(text, "| %s | %.3f | %.3f | %.3f | %.3f | %.6f | %.6f |\n", m->model,
                        m->ms_ssim[0], m->ms_ssim[1], m->best_ms_ssim[0], m->best_ms_ssim[1],
                        m->mae[0], m->mae[1]);
    }
    fw_text_append(text, "\n```\n");
    report_append_highlights(it, text);
    fw_text_append(text, "```\n\n| job | model | MS-SSIM amplitude | phase | MAE amplitude | phase "
                         "|\n|---|---|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < it->n_jobs; i++) {
        for (size_t k = 0; k < it->summary.n; k++) {
            const char *model = it->summary.items[k].model; /* every job has them all */
            const struct report_row *s = report_job_find(&it->jobs[i], model, "ms_ssim");
            const struct report_row *e = report_job_find(&it->jobs[i], model, "mae");
            fw_text_appendf(text, "| %s | %s | %.4f | %.4f | %.6f | %.6f |\n", it->jobs[i].name,
                            model, s->amplitude, s->phase, e->amplitude, e->phase);
        }
    }
}

/* --- of phases alone --- */

struct delta {
    const char *metric, *model;
    char value[32]; /* as it stands in every text */
};

static struct delta delta_of(const struct compare_report *it, size_t other, bool is_mae)
{
    const struct report_mean *mean = &it->summary.items[other];
    struct delta delta = {.metric = is_mae ? "MAE" : "MS-SSIM", .model = mean->model};
    double d[2];
    report_differ(is_mae ? it->reference->mae : it->reference->ms_ssim,
                  is_mae ? mean->mae : mean->ms_ssim, d);
    snprintf(delta.value, sizeof delta.value, is_mae ? "%+.6f" : "%+.3f", d[PHASE]);
    return delta;
}

static bool is_other(const struct compare_report *it, size_t at)
{
    return &it->summary.items[at % it->summary.n] != it->reference;
}

void report_append_preview(const struct compare_report *it, struct fw_text *text)
{
    for (size_t i = 0; i < 2 * it->summary.n; i++) {
        if (is_other(it, i)) {
            const struct delta d = delta_of(it, i % it->summary.n, i >= it->summary.n);
            fw_text_appendf(text, "%s Δ (%s - %s): %s\n", d.metric, it->reference->model, d.model,
                            d.value);
        }
    }
}

void report_append_grid(const struct compare_report *it, struct fw_text *text)
{
    fw_text_append(text, "# Phases\n\n| model | MS-SSIM | best | MAE |\n|---|---:|---:|---:|\n");
    for (size_t i = 0; i < it->summary.n; i++) {
        const struct report_mean *m = &it->summary.items[i];
        fw_text_appendf(text, "| %s | %.3f | %.3f | %.6f |\n", m->model, m->ms_ssim[PHASE],
                        m->best_ms_ssim[PHASE], m->mae[PHASE]);
    }
    fw_text_appendf(text, "\n| %s less | metric | Δ |\n|---|---|---:|\n", it->reference->model);
    for (size_t i = 0; i < 2 * it->summary.n; i++) {
        if (is_other(it, i)) {
            const struct delta d = delta_of(it, i % it->summary.n, i >= it->summary.n);
            fw_text_appendf(text, "| %s | %s | %s |\n", d.model, d.metric, d.value);
        }
    }
    fw_text_append(text, "\n**Preview validated:** `" REPORT_PREVIEW "` (phase-only)\n");
}

/* --- whether the numbers are worth a look --- */

static void append_sanity(const struct compare_report *it, struct fw_text *text)
{
    const double least = fw_task_real(it->task, "ms_ssim_threshold");
    fw_text_appendf(text,
                    "## MS-SSIM Sanity Check\n\nThreshold %.2f.\n\n"
                    "| model | amplitude | phase | status |\n|---|---:|---:|---|\n",
                    least);
    for (size_t i = 0; i < it->summary.n; i++) {
        const struct report_mean *m = &it->summary.items[i];
        const bool amplitude = m->ms_ssim[AMPLITUDE] < least, phase = m->ms_ssim[PHASE] < least;
        const char *status = amplitude && phase ? "LOW (amplitude, phase)"
                             : amplitude        ? "LOW (amplitude)"
                             : phase            ? "LOW (phase)"
                                                : "OK";
        fw_text_appendf(text, "| %s | %.3f | %.3f | %s |\n", m->model, m->ms_ssim[AMPLITUDE],
                        m->ms_ssim[PHASE], status);
    }
}

static void append_means(const struct compare_report *it, bool is_mae, struct fw_text *text)
{
    fw_text_appendf(text, "\n## %s\n\n| model | amplitude | phase |\n|---|---:|---:|\n",
                    is_mae ? "MAE" : "MS-SSIM");
    for (size_t i = 0; i < it->summary.n; i++) {
        const struct report_mean *m = &it->summary.items[i];
        const double *values = is_mae ? m->mae : m->ms_ssim;
        fw_text_appendf(text, is_mae ? "| %s | %.6f | %.6f |\n" : "| %s | %.3f | %.3f |\n",
                        m->model, values[AMPLITUDE], values[PHASE]);
    }
}

void report_append_aggregate(const struct compare_report *it, struct fw_text *text)
{
    fw_text_append(text, "# Comparisons put together\n\n");
    append_sanity(it, text);
    append_means(it, false, text);
    append_means(it, true, text);
    fw_text_append(text,
                   "\n## Deltas\n\nThe reference less the other model: of MS-SSIM more is "
                   "better, of MAE less.\n\n| less | MS-SSIM amplitude | phase | MAE amplitude "
                   "| phase |\n|---|---:|---:|---:|---:|\n");
    for (size_t i = 0; i < it->summary.n; i++) {
        double similarity[2], error[2];
        if (is_other(it, i)) {
            report_differ(it->reference->ms_ssim, it->summary.items[i].ms_ssim, similarity);
            report_differ(it->reference->mae, it->summary.items[i].mae, error);
            fw_text_appendf(text, "| %s | %+.3f | %+.3f | %+.3f | %+.3f |\n",
                            it->summary.items[i].model, similarity[AMPLITUDE], similarity[PHASE],
                            error[AMPLITUDE], error[PHASE]);
        }
    }
}

void report_append_digest(const struct compare_report *it, struct fw_text *text)
{
    fw_text_appendf(text, "# Digest\n\n## Pipeline Summary\n\n%zu jobs, all of them complete:\n\n",
                    it->n_jobs);
    for (size_t i = 0; i < it->n_jobs; i++) {
        fw_text_appendf(text, "- %s\n", it->jobs[i].name);
    }
    fw_text_append(text, "\n## Highlights\n\n#");
    append_sanity(it, text);
    fw_text_append(text, "\n## Key Deltas\n\n```\n");
    report_append_highlights(it, text);
    fw_text_append(text, "```\n");
}
