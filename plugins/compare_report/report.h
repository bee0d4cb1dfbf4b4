/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_REPORT_REPORT_H
#define COMPARE_REPORT_REPORT_H

#include <fw/stage.h>

#include "sql/text.h"
#include "summary.h"

struct compare_report {
    const struct fw_host *host;
    const struct fw_task *task;
    struct report_job *jobs;
    size_t n_jobs;
    struct report_summary summary;
    const struct report_mean *reference;
};

/* The file that all deltas are of. */
#define REPORT_PREVIEW "metrics_delta_highlights_preview.txt"

/* --- documents.c: JSON; nothing where nobody wants it --- */

fw_status report_write_summary(const struct compare_report *it);
fw_status report_write_deltas(const struct compare_report *it);

/* --- pages.c: texts --- */

void report_append_highlights(const struct compare_report *it, struct fw_text *text);
void report_append_preview(const struct compare_report *it, struct fw_text *text);
void report_append_page(const struct compare_report *it, struct fw_text *text);
void report_append_aggregate(const struct compare_report *it, struct fw_text *text);
void report_append_digest(const struct compare_report *it, struct fw_text *text);
void report_append_grid(const struct compare_report *it, struct fw_text *text);

#endif
