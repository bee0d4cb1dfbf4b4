/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <fw/service/progress.h>

#include "blame.h"
#include "manifest.h"
#include "phases.h"
#include "plan.h"
#include "work.h"

enum { STEP_MS = 500 };

void snapshot_run_stop(struct snapshot *s)
{
    if (s->job != NULL) {
        s->sql.api->finish(s->job);
        s->job = NULL;
    }
}

static fw_status make_folders(struct snapshot *s)
{
    struct fw_text path = {0};
    fw_status status = snapshot_work_make(s->host, s->work);
    for (int i = 0; i < 2 && status == FW_OK; i++) {
        const struct fw_output *output = i == 0 ? s->core : s->extras;
        if (output != NULL) {
            fw_text_clear(&path);
            snapshot_parts_folder(s, output, &path);
            status = path.failed ? fw_fault_nomem(s->host)
                                 : snapshot_work_make(s->host, fw_text_get(&path));
        }
    }
    fw_text_finish(&path);
    return status;
}

static fw_status begin(struct snapshot *s)
{
    const struct snapshot_phase *phase = &snapshot_phases[s->phase];
    struct fw_text copy = {0};
    struct fw_text path = {0};
    fw_text_append(&copy, "COPY (");
    phase->select(s, s->index, &copy);
    fw_text_append(&copy, ") TO ");
    phase->path(s, s->index, &path);
    fw_text_literal(&copy, fw_text_get(&path));
    fw_text_appendf(&copy, " (%s)", phase->options);
    fw_status status = copy.failed || path.failed
                           ? fw_fault_nomem(s->host)
                           : s->sql.api->begin(s->sql.session, fw_text_get(&copy), &s->job);
    fw_text_finish(&copy);
    fw_text_finish(&path);
    return status;
}

static void report(const struct snapshot *s, double fraction)
{
    const struct fw_progress *progress = s->host->service(s->host, FW_PROGRESS_ID);
    if (progress != NULL) {
        progress->report(s->host, fraction, snapshot_phases[s->phase].name);
    }
}

/* Statements of all phases up to `phase`, that is, finished ones when it is the current one. */
static uint64_t statements_before(const struct snapshot *s, size_t phase)
{
    uint64_t n = 0;
    for (size_t i = 0; i < phase; i++) {
        n += snapshot_phases[i].count(s);
    }
    return n;
}

static void fill_step(const struct snapshot *s, struct fw_step *ret_step)
{
    ret_step->done = statements_before(s, s->phase) + s->index;
    ret_step->total = s->planned ? statements_before(s, SNAPSHOT_N_PHASES) : 0;
    ret_step->items = (uint64_t)s->facts.rows_scanned;
    ret_step->unit = "files";
}

static fw_status advance(struct snapshot *s)
{
    double fraction = -1.0;
    fw_status status = s->job != NULL ? FW_OK : begin(s);
    if (status == FW_OK) {
        status = s->sql.api->advance(s->job, STEP_MS, &fraction);
    }
    if (status == FW_MORE) {
        report(s, fraction);
        return FW_MORE;
    }
    snapshot_run_stop(s);
    if (status == FW_OK) {
        s->index++;
    } else {
        snapshot_blame(s, status);
    }
    return status;
}

static fw_status finish(struct snapshot *s)
{
    struct fw_text parts = {0};
    fw_status status = snapshot_manifest_write(s);
    for (int i = 0; i < 2 && status == FW_OK; i++) {
        const struct fw_output *output = i == 0 ? s->core : s->extras;
        if (output != NULL && snapshot_is_single_file(output)) {
            fw_text_clear(&parts);
            snapshot_parts_folder(s, output, &parts);
            status = snapshot_work_remove(s->host, fw_text_get(&parts));
        }
    }
    fw_text_finish(&parts);
    return status == FW_OK ? snapshot_work_remove(s->host, s->work) : status;
}

/* Leaves phases that have nothing more to do. */
static fw_status next_phase(struct snapshot *s)
{
    fw_status status = snapshot_plan(s);
    while (status == FW_OK && s->phase < SNAPSHOT_N_PHASES &&
           s->index >= snapshot_phases[s->phase].count(s)) {
        s->phase++;
        s->index = 0;
        status = s->phase < SNAPSHOT_N_PHASES ? snapshot_plan(s) : FW_OK;
    }
    return status;
}

fw_status snapshot_run_step(struct snapshot *s, struct fw_step *ret_step)
{
    fw_status status = make_folders(s);
    if (status == FW_OK) {
        status = next_phase(s);
    }
    if (status == FW_OK && s->phase == SNAPSHOT_N_PHASES) {
        status = finish(s);
    } else if (status == FW_OK) {
        status = advance(s);
        status = status == FW_OK ? FW_MORE : status;
    }
    if (status >= FW_OK) {
        fill_step(s, ret_step);
    }
    return status;
}
