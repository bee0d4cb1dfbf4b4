/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "file/file.h"
#include "reconstruction_outcome.h"
#include "sql/fault.h"
#include "sql/text.h"

static void cell(struct fw_text *text, double value)
{
    if (isfinite(value)) {
        fw_text_appendf(text, "%.6f", value);
    }
}

static void append_metrics(struct fw_text *text, const char *name,
                           const struct recon_metrics *metrics)
{
#define ROW(metric_)                                                                               \
    fw_text_appendf(text, "%s," #metric_ ",", name);                                               \
    cell(text, metrics->amplitude.metric_);                                                        \
    fw_text_append(text, ",");                                                                     \
    cell(text, metrics->phase.metric_);                                                            \
    fw_text_append(text, ",\n");
    RECON_METRICS(ROW)
#undef ROW
}

static void append_metrics_table(const struct recon_outcome *outcome, struct fw_text *text)
{
    const struct compare_arms *named = &outcome->recon->named;
    fw_text_append(text, "model,metric,amplitude,phase,value\n");
    for (size_t i = 0; i < named->n; i++) {
        if (recon_has_metrics(outcome, i)) {
            append_metrics(text, named->items[i].name, &outcome->metrics[i]);
        }
    }
    for (size_t i = 0; i < named->n; i++) {
        const double *shift = outcome->view.arms[i].shift;
        if (!isnan(shift[0])) {
            fw_text_appendf(text,
                            "%s,registration_offset_dy,,,%.6f\n%s,registration_offset_dx,,,%.6f\n",
                            named->items[i].name, shift[0], named->items[i].name, shift[1]);
        }
    }
    for (size_t i = 0; i < named->n; i++) {
        if (!isnan(outcome->recon->arms[i].seconds)) {
            fw_text_appendf(text, "%s,computation_time_s,,,%.6f\n", named->items[i].name,
                            outcome->recon->arms[i].seconds);
        }
    }
}

static void append_curves_table(const struct recon_outcome *outcome, struct fw_text *text)
{
    fw_text_append(text, "model,frequency_bin,amplitude_frc,phase_frc\n");
    for (size_t i = 0; i < outcome->recon->named.n; i++) {
        const struct recon_metrics *metrics = &outcome->metrics[i];
        for (size_t k = 0; recon_has_metrics(outcome, i) && k < metrics->amplitude.n_rings; k++) {
            fw_text_appendf(text, "%s,%zu,", outcome->recon->named.items[i].name, k);
            cell(text, metrics->amplitude.curve[k]);
            fw_text_append(text, ",");
            cell(text, metrics->phase.curve[k]);
            fw_text_append(text, "\n");
        }
    }
}

static fw_status write_table(const struct recon_outcome *outcome, const char *port,
                             void (*append)(const struct recon_outcome *, struct fw_text *))
{
    const char *path = recon_output_path(outcome->recon, port);
    struct fw_text text = {0};
    if (path == NULL) {
        return FW_OK;
    }
    append(outcome, &text);
    fw_status status = text.failed
                           ? fw_fault_nomem(outcome->recon->host)
                           : fw_file_write(outcome->recon->host, path, text.data, text.size);
    fw_text_finish(&text);
    return status;
}

fw_status recon_tables_write(const struct recon_outcome *outcome)
{
    fw_status status = write_table(outcome, "metrics", append_metrics_table);
    return status == FW_OK ? write_table(outcome, "curves", append_curves_table) : status;
}
