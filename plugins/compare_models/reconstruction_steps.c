/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/service/budget.h>

#include "reconstruction.h"
#include "sql/fault.h"

void recon_destroy(void *self)
{
    struct recon *recon = self;
    if (recon->model != NULL) {
        recon->named.items[recon->arm].predictor->close(recon->model);
    }
    for (size_t i = 0; recon->arms != NULL && i < recon->named.n; i++) {
        recon_arm_finish(&recon->arms[i]);
    }
    free(recon->arms);
    recon_scan_close(&recon->scan);
    compare_arms_finish(&recon->named);
    free(recon);
}

static void read_plan(struct recon *recon)
{
    const struct fw_budget *budget = recon->host->service(recon->host, FW_BUDGET_ID);
    const struct fw_task *task = recon->task;
    recon->chunk = (uint64_t)fw_task_value(task, "chunk")->integer;
    recon->batch = (uint64_t)fw_task_value(task, "batch")->integer;
    recon->plan = (struct recon_plan){
        .host = recon->host,
        .scan = &recon->scan,
        .crop = (size_t)fw_task_value(task, "stitch_crop")->integer,
        .polar = strcmp(fw_task_value(task, "two_outputs")->text, "amp_phase") == 0,
        .of_groups = strcmp(fw_task_value(task, "answers")->text, "groups") == 0,
        .whole_pixels = strcmp(fw_task_value(task, "canvas")->text, "pixel") == 0,
        .limits = {.min_nonzero = fw_task_value(task, "min_nonzero")->real,
                   .max_empty = fw_task_value(task, "max_empty")->real},
        .n_threads = budget->limits(recon->host)->threads,
        .baseline = fw_task_value(task, "baseline")->text,
        .debug_limit = (uint64_t)fw_task_value(task, "baseline_debug_limit")->integer,
        .dump_samples = fw_task_value(task, "baseline_debug")->integer == 0
                            ? 0
                            : (uint64_t)fw_task_value(task, "baseline_debug_samples")->integer};
}

static fw_status open_arms(struct recon *recon)
{
    const struct fw_value *gains = fw_task_value(recon->task, "intensity_scale");
    const int64_t offset = fw_task_value(recon->task, "offset")->integer;
    if (offset % 2 != 0) {
        return fw_faultf(recon->host, FW_E_CONFIG, "offset", "set it to an even number, or to 0",
                         "half of offset = %lld pixels cannot be trimmed", (long long)offset);
    }
    const struct compare_own own = {.kind = RECON_GIVEN, .has_file = true};
    fw_status status = compare_arms_read(recon->host, recon->task, &own, &recon->named);
    if (status != FW_OK) {
        return status;
    }
    if (recon->named.n == 0 || (gains->n != 0 && gains->n != recon->named.n)) {
        return fw_faultf(recon->host, FW_E_CONFIG, "intensity_scale", NULL,
                         "there are %zu arms and %llu scales; one for each is needed, or none",
                         recon->named.n, (unsigned long long)gains->n);
    }
    status = recon_baseline_check(&recon->plan, &recon->named);
    if (status != FW_OK) {
        return status;
    }
    recon->arms = calloc(recon->named.n, sizeof *recon->arms);
    if (recon->arms == NULL) {
        return fw_fault_nomem(recon->host);
    }
    for (size_t i = 0; status == FW_OK && i < recon->named.n; i++) {
        status = recon_arm_init(&recon->arms[i], &recon->named.items[i], &recon->plan,
                                gains->n == 0 ? 1 : gains->reals[i]);
        if (status == FW_OK) {
            recon_say_memory(&recon->plan, &recon->arms[i], recon->named.items[i].name,
                             recon->chunk);
        }
    }
    return status;
}

fw_status recon_create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct recon *recon = calloc(1, sizeof *recon);
    if (recon == NULL) {
        return fw_fault_nomem(host);
    }
    recon->host = host;
    recon->task = task;
    read_plan(recon);
    fw_status status = recon_scan_open(host, task, &recon->scan);
    if (status == FW_OK) {
        status = open_arms(recon);
    }
    if (status != FW_OK) {
        recon_destroy(recon);
        return status;
    }
    *ret_self = recon;
    return FW_OK;
}

/* --- steps: powers, then arm after arm, then what came of it --- */

static uint64_t part(uint64_t chunk, uint64_t at, uint64_t n)
{
    return n - at < chunk ? n - at : chunk;
}

static fw_status measure(struct recon *recon)
{
    const uint64_t n = part(recon->chunk, recon->measured, recon->scan.n);
    fw_status status = recon_scan_measure(&recon->scan, (uint32_t)recon->measured, (uint32_t)n);
    recon->measured += n;
    if (status == FW_OK && recon->measured == recon->scan.n) {
        status = recon_scan_normalise(&recon->scan);
    }
    return status;
}

static void next_arm(struct recon *recon)
{
    if (recon->model != NULL) {
        recon->named.items[recon->arm].predictor->close(recon->model);
        recon->model = NULL;
    }
    recon->arm++;
    recon->at = 0;
    recon->batch = (uint64_t)fw_task_value(recon->task, "batch")->integer;
}

static fw_status predict(struct recon *recon)
{
    const struct compare_arm *named = &recon->named.items[recon->arm];
    struct recon_arm *arm = &recon->arms[recon->arm];
    fw_status status = FW_OK;
    if (recon->model == NULL) {
        status = named->predictor->open(recon->host, named->path, &recon->model);
    }
    if (status != FW_OK) {
        return status;
    }
    struct recon_turn turn = {.plan = &recon->plan,
                              .named = named,
                              .arm = arm,
                              .model = recon->model,
                              .trip = &recon->trip,
                              .first = recon->at,
                              .n = part(recon->chunk, recon->at, arm->n_samples),
                              .batch = recon->batch};
    status = recon_predict(&turn);
    recon->batch = turn.batch;
    recon->at += turn.n;
    if (status == FW_OK && recon->at == arm->n_samples) {
        next_arm(recon);
    }
    return status;
}

static uint64_t samples_of(const struct recon *recon, size_t n_arms)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n_arms; i++) {
        sum += recon->arms[i].is_given ? 0 : recon->arms[i].n_samples;
    }
    return sum;
}

static fw_status work(struct recon *recon)
{
    while (recon->arm < recon->named.n && recon->arms[recon->arm].is_given) {
        next_arm(recon);
    }
    if (recon->measured < recon->scan.n) {
        return measure(recon);
    }
    return predict(recon);
}

fw_status recon_step(void *self, struct fw_step *ret)
{
    struct recon *recon = self;
    fw_status status = work(recon);
    while (recon->arm < recon->named.n && recon->arms[recon->arm].is_given) {
        next_arm(recon);
    }
    ret->done = ret->items = recon->measured + samples_of(recon, recon->arm) + recon->at;
    ret->total = recon->scan.n + samples_of(recon, recon->named.n);
    ret->unit = "samples";
    const bool is_last = recon->arm == recon->named.n && recon->measured == recon->scan.n;
    if (status == COMPARE_TRIPPED || (status == FW_OK && is_last)) {
        return recon_write(recon);
    }
    return status == FW_OK ? FW_MORE : status;
}
