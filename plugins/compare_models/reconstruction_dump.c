/* SPDX-License-Identifier: MIT */
/* What went into the baseline and came out of it, for whoever wants to know why. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reconstruction_outcome.h"
#include "report/report.h"
#include "sql/fault.h"
#include "sql/text.h"

/* Of an input or an output. */
struct figures {
    double sum, squares, min, max;
    uint64_t n, n_nonzero;
};

static void add(struct figures *figures, double value)
{
    figures->min = figures->n == 0 ? value : fmin(figures->min, value);
    figures->max = figures->n == 0 ? value : fmax(figures->max, value);
    figures->sum += value;
    figures->squares += value * value;
    figures->n_nonzero += value != 0 ? 1 : 0;
    figures->n++;
}

static cJSON *start(const uint64_t *shape, unsigned n_dims, const struct figures *figures)
{
    cJSON *item = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(item, "shape");
    for (unsigned i = 0; i < n_dims; i++) {
        cJSON_AddItemToArray(list, cJSON_CreateNumber((double)shape[i]));
    }
    cJSON_AddNumberToObject(item, "mean", figures->sum / (double)figures->n);
    cJSON_AddNumberToObject(item, "max", figures->max);
    return item;
}

static cJSON *describe_values(const uint64_t *shape, unsigned n_dims, const struct figures *figures)
{
    cJSON *item = start(shape, n_dims, figures);
    cJSON_AddNumberToObject(item, "nonzero_count", (double)figures->n_nonzero);
    cJSON_AddNumberToObject(item, "size", (double)figures->n);
    return item;
}

static cJSON *describe_offsets(const uint64_t *shape, const struct figures *figures)
{
    const double mean = figures->sum / (double)figures->n;
    cJSON *item = start(shape, 2, figures);
    cJSON_AddNumberToObject(item, "std",
                            sqrt(fmax(0, figures->squares / (double)figures->n - mean * mean)));
    cJSON_AddNumberToObject(item, "min", figures->min);
    return item;
}

struct dump {
    const struct recon *recon;
    const struct recon_arm *arm;
    struct fw_npz_writer *writer;
    struct fw_report *report;
};

/* Made again, chunk by chunk, of what it was made of the first time. */
static fw_status put_input(const struct dump *dump)
{
    enum { AT_ONCE = 16 };
    const struct recon_arm *arm = dump->arm;
    const uint64_t n = arm->dump.n, side = dump->recon->scan.n_side, c = arm->channels_in;
    const uint64_t last[] = {n, side, side, c}, early[] = {n, c, side, side};
    const uint64_t *shape = arm->channels_first ? early : last;
    struct figures figures = {0};
    fw_status status = fw_npz_writer_begin(dump->writer, "baseline_input", FW_NPY_F4, shape, 4);
    for (uint64_t at = 0; status == FW_OK && at < n; at += AT_ONCE) {
        const uint64_t now = n - at < AT_ONCE ? n - at : AT_ONCE, items = now * side * side * c;
        struct recon_chunk chunk;
        status = recon_chunk_read(&dump->recon->scan, arm, at, now, &chunk);
        for (uint64_t i = 0; status == FW_OK && i < items; i++) {
            add(&figures, chunk.input[i]);
        }
        if (status == FW_OK) {
            status = fw_npz_writer_append(dump->writer, chunk.input, items * sizeof *chunk.input);
        }
        recon_chunk_finish(&chunk);
    }
    fw_report_add(dump->report, "input", describe_values(shape, 4, &figures));
    return status;
}

/* Where each patch was laid down: x, y. */
static fw_status put_offsets(const struct dump *dump)
{
    const struct recon_arm *arm = dump->arm;
    const uint64_t c = arm->channels_out, shape[] = {arm->dump.n * c, 2};
    struct figures figures = {0};
    fw_status status = fw_npz_writer_begin(dump->writer, "baseline_offsets", FW_NPY_F8, shape, 2);
    for (uint64_t i = 0; status == FW_OK && i < arm->dump.n * c; i++) {
        double at[2];
        recon_arm_places(arm, &dump->recon->scan, recon_arm_number(arm, i / c) * c + i % c, 1, at);
        add(&figures, at[0]);
        add(&figures, at[1]);
        status = fw_npz_writer_append(dump->writer, at, sizeof at);
    }
    fw_report_add(dump->report, "offsets", describe_offsets(shape, &figures));
    return status;
}

static fw_status put_output(const struct dump *dump)
{
    const struct recon_arm *arm = dump->arm;
    const uint64_t side = dump->recon->scan.n_side;
    const uint64_t shape[] = {arm->dump.n * arm->channels_out, side, side};
    const uint64_t items = shape[0] * side * side;
    struct figures figures = {0};
    for (uint64_t i = 0; i < items; i++) {
        add(&figures, cabsf(arm->dump.patches[i]));
    }
    fw_report_add(dump->report, "output", describe_values(shape, 3, &figures));
    fw_status status = fw_npz_writer_begin(dump->writer, "baseline_output", FW_NPY_C8, shape, 3);
    return status == FW_OK ? fw_npz_writer_append(dump->writer, arm->dump.patches,
                                                  items * sizeof *arm->dump.patches)
                           : status;
}

static fw_status write_archive(struct dump *dump, const char *path)
{
    fw_status status = fw_npz_writer_create(dump->recon->host, path, &dump->writer);
    if (status != FW_OK) {
        return status;
    }
    if (dump->arm->input_rank > 0) {
        status = put_input(dump);
    }
    if (status == FW_OK) {
        status = put_offsets(dump);
    }
    if (status == FW_OK) {
        status = put_output(dump);
    }
    if (status == FW_OK) {
        return fw_npz_writer_finish(dump->writer);
    }
    fw_npz_writer_destroy(dump->writer);
    return status;
}

static fw_status write_dump(const struct recon *recon, const struct recon_arm *arm,
                            const char *folder)
{
    struct fw_report report = {.title = "The baseline"};
    struct fw_text archive = {0}, stats = {0};
    struct dump dump = {.recon = recon, .arm = arm, .report = &report};
    fw_text_appendf(&archive, "%s/baseline_debug.npz", folder);
    fw_text_appendf(&stats, "%s/baseline_debug_stats.json", folder);
    fw_status status = archive.failed || stats.failed ? fw_fault_nomem(recon->host)
                                                      : write_archive(&dump, fw_text_get(&archive));
    if (status == FW_OK) { /* what took how long stands in events.jsonl: equal runs, equal bytes */
        fw_report_add(&report, "inference_time_seconds", cJSON_CreateNull());
        status = fw_report_write_facts(&report, recon->host, fw_text_get(&stats), NULL);
    }
    fw_text_finish(&archive);
    fw_text_finish(&stats);
    fw_report_finish(&report);
    return status;
}

fw_status recon_dump_write(const struct recon *recon)
{
    const char *folder = recon_output_path(recon, "baseline_debug_dir");
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && folder != NULL && i < recon->named.n; i++) {
        if (recon->arms[i].dump.n == 0) {
            continue;
        }
        status = mkdir(folder, 0777) == 0 || errno == EEXIST
                     ? write_dump(recon, &recon->arms[i], folder)
                     : fw_faultf(recon->host, FW_E_IO, folder, NULL,
                                 "the folder cannot be made: %s", strerror(errno));
    }
    return status;
}
