/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>
#include <fw/service/artifact.h>
#include <fw/service/log.h>
#include <fw/service/sql.h>

#include "callbacks.h"

static void destroy(void *self)
{
    struct callbacks *c = self;

    for (size_t i = 0; i < c->n_runs; i++) {
        free(c->runs[i].name);
    }
    free(c->runs);
    fw_sql_handle_close(&c->sql);
    free(c);
}

static fw_status check_analyses(struct callbacks *c)
{
    const struct fw_value *asked = fw_task_value(c->task, "analyses");

    for (uint64_t i = 0; i < asked->n; i++) {
        int a = 0;
        while (a < CALLBACKS_ANALYSES &&
               strcmp(asked->texts[i], callbacks_analysis_name((enum callbacks_analysis)a)) != 0) {
            a++;
        }
        if (a == CALLBACKS_ANALYSES) {
            return fw_faultf(
                c->host, FW_E_CONFIG, "analyses",
                "choose among loss_slope, grad, noise, correlation",
                "there is no analysis \"%s\" of recorded runs%s", asked->texts[i],
                strcmp(asked->texts[i], "curvature") == 0 ? ": curvature needs the model" : "");
        }
        c->wanted[a] = true;
    }
    return asked->n > 0 ? FW_OK
                        : fw_faultf(c->host, FW_E_CONFIG, "analyses", "name one",
                                    "there is no analysis to make");
}

static fw_status check_settings(struct callbacks *c)
{
    int64_t small = fw_task_value(c->task, "batch_small")->integer;
    int64_t big = fw_task_value(c->task, "batch_big")->integer;

    c->window[0] = fw_task_value(c->task, "slope_window_start")->integer;
    c->window[1] = fw_task_value(c->task, "slope_window_end")->integer;
    if (c->window[1] < c->window[0] + 2) {
        return fw_faultf(c->host, FW_E_CONFIG, "slope_window_end",
                         "end it two epochs behind its start, or later",
                         "the window [%lld, %lld) has no two epochs", (long long)c->window[0],
                         (long long)c->window[1]);
    }
    if ((small != 0 || big != 0) && !(small > 0 && small < big)) {
        return fw_faultf(c->host, FW_E_CONFIG, "batch_small", "give both, in samples, or neither",
                         "batch_small %lld is not below batch_big %lld", (long long)small,
                         (long long)big);
    }
    return check_analyses(c);
}

static fw_status find_runs(struct callbacks *c)
{
    const struct fw_input *input = fw_task_input(c->task, "runs");

    c->runs = calloc(input->n_paths + 1, sizeof *c->runs);
    if (c->runs == NULL) {
        return fw_fault_nomem(c->host);
    }
    c->n_runs = input->n_paths;
    for (size_t i = 0; i < c->n_runs; i++) {
        c->runs[i].path = input->paths[i];
    }
    return callbacks_name_runs(c);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct callbacks *c = calloc(1, sizeof *c);

    if (c == NULL) {
        return fw_fault_nomem(host);
    }
    c->host = host;
    c->task = task;
    fw_status status = check_settings(c);
    if (status == FW_OK) {
        status = find_runs(c);
    }
    if (status == FW_OK) {
        status = fw_sql_handle_open(&c->sql, host);
    }
    if (status != FW_OK) {
        destroy(c);
        return status;
    }
    *ret_self = c;
    return FW_OK;
}

static fw_status analyse(struct callbacks *c, struct callbacks_run *run)
{
    struct callbacks_record record = {0};

    memset(&run->numbers, 0, sizeof run->numbers);
    fw_status status = callbacks_record_read(c, run, &record);
    for (int m = 0; m < CALLBACKS_METRICS; m++) {
        callbacks_lack(&run->numbers, (enum callbacks_metric)m, CALLBACKS_NOT_ASKED);
    }
    if (status == FW_OK && c->wanted[CALLBACKS_LOSS_SLOPE]) {
        callbacks_slope(c, &record, &run->numbers);
    }
    if (status == FW_OK && c->wanted[CALLBACKS_GRAD]) {
        callbacks_grad(c, &record, &run->numbers);
    }
    if (status == FW_OK && c->wanted[CALLBACKS_NOISE]) {
        callbacks_noise(c, &record, &run->numbers);
    }
    if (status == FW_OK && c->wanted[CALLBACKS_CORRELATION]) {
        callbacks_relate(&record, &run->numbers);
    }
    if (status == FW_OK) {
        callbacks_curve_fill(c, &record, &run->numbers);
    }
    callbacks_record_finish(&record);
    return status;
}

/* A run a step, then everything is written. */
static fw_status step(void *self, struct fw_step *ret)
{
    struct callbacks *c = self;
    fw_status status;

    if (c->next < c->n_runs) {
        status = analyse(c, &c->runs[c->next]);
        if (status == FW_OK) {
            c->next++;
            status = FW_MORE;
        }
    } else {
        status = callbacks_write(c);
    }
    ret->done = ret->items = c->next;
    ret->total = c->n_runs;
    ret->unit = "runs";
    return status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_MANY, .name = "runs",
            .doc = "recorded runs, a file each: metrics.jsonl, CSV or Parquet"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "report", .file = "callbacks.json",
            .doc = "every metric of every run, and why one is absent"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "markdown", .file = "callbacks.md",
            .doc = "the same to read, runs side by side first"),
    FW_PORT(.kind = FW_KIND_TABLE, .name = "table", .file = "callbacks.parquet",
            .doc = "one row a run and metric"),
    FW_PORT(.kind = FW_KIND_DIR, .flags = FW_PORT_OPTIONAL, .name = "plots", .file = "plots",
            .doc = "an SVG a run: loss with EWMA and fit, spectrum with its slope"),
};

#define COLUMN(name_, default_, doc_)                                                              \
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = name_, .default_value = default_, .doc = doc_)
#define WHOLE(name_, default_, unit_, doc_)                                                        \
    FW_PARAM(.type = FW_PARAM_INT, .name = name_, .default_value = default_, .min = "0",           \
             .max = "1000000000", .unit = unit_, .doc = doc_)

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "analyses",
             .default_value = "loss_slope,grad,noise,correlation",
             .doc = "what is looked at; curvature needs the model and is none of them"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "names", .default_value = "",
             .doc = "of the runs, in the files' order; none: from the files' names"),
    COLUMN("step_column", "step,global_step",
           "the first that the run has; none: records are counted from 1"),
    COLUMN("epoch_column", "epoch", "a fraction counts for the epoch that it is in"),
    COLUMN("loss_column", "train/loss_nats,loss_train_nats,train/loss,train_loss,loss",
           "of a batch, or of an epoch, in nats; the run must have one"),
    COLUMN("val_loss_column", "val/loss_nats,loss_val_nats,val/loss,val_loss,eval_loss",
           "of the validation"),
    COLUMN("grad_norm_column", "grad/global_norm,grad_norm,gradient_norm",
           "L2 norm of the gradient before clipping"),
    COLUMN("small_norm_column", "noise/small_norm,grad_norm_small",
           "L2 norm of the mean gradient of batch_small samples"),
    COLUMN("big_norm_column", "noise/big_norm,grad_norm_big", "the same of batch_big samples"),
    COLUMN("lr_column", "train/lr,lr,learning_rate", "the learning rate"),
    WHOLE("steps_per_epoch", "0", "steps", "where the run has no epochs; 0: it has none at all"),
    WHOLE("first_epoch", "0", "epoch", "the number of the first one: 1 in many logs"),
    WHOLE("slope_window_start", "5", "epochs", "of alpha"),
    WHOLE("slope_window_end", "15", "epochs", "the first one behind the window"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "burn_in_ce", .default_value = "1.0", .unit = "nats",
             .doc = "the knee: the first epoch at or below; 0: burn_in_epochs instead"),
    WHOLE("burn_in_epochs", "5", "epochs", "where alpha_full begins when burn_in_ce is 0"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "knee_hold", .default_value = "1", .min = "1",
             .max = "1000000", .unit = "epochs", .doc = "that must be as low one after the other"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "ewma_alpha", .default_value = "0.1", .min = "0.000001",
             .max = "1", .doc = "weight of the newest record"),
    WHOLE("noise_window", "0", "records", "the last ones; 0: two epochs'; 1024 at most"),
    WHOLE("batch_small", "0", "samples", "behind small_norm_column; 0: no noise scale"),
    WHOLE("batch_big", "0", "samples", "behind big_norm_column"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "source", .default_value = "",
             .doc = "where the runs are from; stands in each document and plot"),
};

static const char *const required[] = {FW_SQL_ID, FW_ARTIFACT_ID, FW_LOG_ID};

static const struct fw_stage callbacks_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT,
    .determinism = FW_DETERMINISM_BITWISE,
    .n_inputs = FW_COUNT(inputs),
    .n_outputs = FW_COUNT(outputs),
    .n_params = FW_COUNT(params),
    .n_services_required = FW_COUNT(required),
    .name = "callbacks",
    .doc = "Slopes, noise and gradients of training runs that were recorded",
    .inputs = inputs,
    .outputs = outputs,
    .params = params,
    .services_required = required,
    .create = create,
    .step = step,
    .save = callbacks_save,
    .restore = callbacks_restore,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&callbacks_stage};

FW_PLUGIN("org.fwrun.callbacks", "0.1.0", "MIT", .doc = "What training runs say of themselves",
          .stages = stages, .n_stages = FW_COUNT(stages));
