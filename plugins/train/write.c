/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <fw/service/budget.h>

#include "file/file.h"
#include "net/census.h"
#include "report/json.h"
#include "report/markdown.h"
#include "report/report.h"
#include "train.h"

const char *train_stop_reason(const struct train *train)
{
    if (train->settings.is_dry) {
        return "fast_dev_run";
    }
    return train->place.stopped_early != 0 ? "patience" : "epochs";
}

static cJSON *number(double value)
{
    return isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull();
}

/* --- the result --- */

static cJSON *day_of(const struct train *train, uint32_t sample)
{
    char text[FW_DATASET_DAY_TEXT];
    const double day = (double)fw_dataset_key(train->set, sample);

    return cJSON_CreateString(fw_dataset_day_text(day, text));
}

static cJSON *split_of(const struct train *train, enum fw_dataset_part part)
{
    cJSON *document = cJSON_CreateObject(), *counts = cJSON_AddArrayToObject(document, "classes");
    uint64_t n[1024] = {0};
    const uint64_t size = train->n_part[part];

    cJSON_AddItemToObject(document, "samples", fw_json_int((int64_t)size));
    if (train->info->n_classes <= FW_COUNT(n)) {
        fw_dataset_count(train->set, part, n);
        for (uint32_t i = 0; i < train->info->n_classes; i++) {
            cJSON_AddItemToArray(counts, fw_json_int((int64_t)n[i]));
        }
    }
    if (size > 0 && train->info->key_kind == FW_DATASET_KEY_DAY) {
        cJSON_AddItemToObject(document, "first_day", day_of(train, train->part[part][0]));
        cJSON_AddItemToObject(document, "last_day", day_of(train, train->part[part][size - 1]));
    }
    return document;
}

static cJSON *splits_of(const struct train *train)
{
    cJSON *document = cJSON_CreateObject();

    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        cJSON_AddItemToObject(document, fw_dataset_part_names[part],
                              split_of(train, (enum fw_dataset_part)part));
    }
    cJSON_AddStringToObject(document, "val_origin", train->info->val_origin);
    return document;
}

/* One row an epoch: what was known at its end, and its mean training loss. */
static cJSON *epochs_of(const struct train *train)
{
    cJSON *list = cJSON_CreateArray();
    double loss = 0, accuracy = 0, quarters = 0;

    for (uint64_t i = 0; i < train->n_points; i++) {
        const struct train_point *point = &train->points[i];
        loss += point->loss;
        accuracy += point->accuracy;
        quarters++;
        if (i + 1 < train->n_points && point[1].epoch == point->epoch) {
            continue;
        }
        cJSON *row = cJSON_CreateObject();
        cJSON_AddItemToObject(row, "epoch", fw_json_int((int64_t)point->epoch));
        cJSON_AddItemToObject(row, "step", fw_json_int((int64_t)point->step));
        cJSON_AddItemToObject(row, "train_loss", number(loss / quarters));
        cJSON_AddItemToObject(row, "train_accuracy", number(accuracy / quarters));
        cJSON_AddItemToObject(row, "val_loss", number(point->val_loss));
        cJSON_AddItemToObject(row, "val_accuracy", number(point->val_accuracy));
        cJSON_AddItemToObject(row, "val_auc", number(point->val_auc));
        cJSON_AddItemToObject(row, "learning_rate", number(point->rate));
        cJSON_AddItemToArray(list, row);
        loss = accuracy = quarters = 0;
    }
    return list;
}

static cJSON *curve_of(const struct train *train, size_t member)
{
    cJSON *list = cJSON_CreateArray();

    for (uint64_t i = 0; i < train->n_points; i++) {
        const char *point = (const char *)&train->points[i];
        cJSON_AddItemToArray(list, number(*(const double *)(const void *)(point + member)));
    }
    return list;
}

static cJSON *training_of(const struct train *train)
{
    cJSON *document = cJSON_CreateObject(), *quarters = cJSON_CreateObject();
    cJSON *steps = cJSON_AddArrayToObject(quarters, "step");

    for (uint64_t i = 0; i < train->n_points; i++) {
        cJSON_AddItemToArray(steps, fw_json_int((int64_t)train->points[i].step));
    }
    cJSON_AddItemToObject(quarters, "train_loss",
                          curve_of(train, offsetof(struct train_point, loss)));
    cJSON_AddItemToObject(quarters, "train_accuracy",
                          curve_of(train, offsetof(struct train_point, accuracy)));
    cJSON_AddItemToObject(quarters, "gradient_norm",
                          curve_of(train, offsetof(struct train_point, gradient_norm)));
    cJSON_AddItemToObject(quarters, "val_loss",
                          curve_of(train, offsetof(struct train_point, val_loss)));
    cJSON_AddItemToObject(quarters, "val_accuracy",
                          curve_of(train, offsetof(struct train_point, val_accuracy)));
    cJSON_AddItemToObject(document, "epochs", epochs_of(train));
    cJSON_AddItemToObject(document, "quarters", quarters);
    cJSON_AddItemToObject(document, "steps", fw_json_int((int64_t)train->place.step));
    cJSON_AddItemToObject(document, "steps_per_epoch", fw_json_int((int64_t)train->batches));
    cJSON_AddItemToObject(document, "samples_seen", fw_json_int((int64_t)train->place.n_seen));
    cJSON_AddItemToObject(document, "nonfinite_losses", fw_json_int((int64_t)train->place.n_bad));
    cJSON_AddBoolToObject(document, "stopped_early", train->place.stopped_early != 0);
    return document;
}

static cJSON *best_of(const struct train *train)
{
    cJSON *document = cJSON_CreateObject();

    cJSON_AddItemToObject(document, "monitor",
                          cJSON_CreateString(fw_task_text(train->task, "monitor")));
    cJSON_AddItemToObject(document, "value", number(train->stopping.best));
    cJSON_AddBoolToObject(document, "restored", train->best != NULL && train->stopping.has_best);
    return document;
}

static cJSON *checkpoints_of(const struct train *train)
{
    cJSON *list = cJSON_CreateArray();
    char name[64];

    for (uint64_t i = 0; i < train->keep.n; i++) {
        cJSON *row = cJSON_CreateObject();
        snprintf(name, sizeof name, "best-%llu.ckpt", (unsigned long long)i + 1);
        cJSON_AddStringToObject(row, "file", name);
        cJSON_AddItemToObject(row, "epoch", fw_json_int((int64_t)train->keep.items[i].epoch));
        cJSON_AddItemToObject(row, "step", fw_json_int((int64_t)train->keep.items[i].step));
        cJSON_AddItemToObject(row, "val_loss", number(train->keep.items[i].val_loss));
        cJSON_AddItemToArray(list, row);
    }
    return list;
}

static cJSON *census_of(const struct train *train)
{
    const struct fw_net_census census = fw_net_census(train->net);
    cJSON *document = cJSON_CreateObject();

    cJSON_AddItemToObject(document, "bytes", fw_json_int((int64_t)census.bytes));
    cJSON_AddItemToObject(document, "macs", fw_json_int((int64_t)census.macs));
    cJSON_AddItemToObject(document, "flop_forward", fw_json_int((int64_t)census.flop_forward));
    cJSON_AddItemToObject(document, "flop_train", fw_json_int((int64_t)census.flop_train));
    return document;
}

static cJSON *instances_of(const struct fw_hub_summary *summary)
{
    cJSON *list = cJSON_CreateArray();

    for (uint64_t i = 0; i < summary->n_instances; i++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "name", summary->instances[i].name);
        cJSON_AddStringToObject(row, "kind", summary->instances[i].kind);
        cJSON_AddItemToObject(row, "failures",
                              fw_json_int((int64_t)summary->instances[i].failures));
        cJSON_AddBoolToObject(row, "disabled", summary->instances[i].disabled);
        cJSON_AddItemToArray(list, row);
    }
    return list;
}

static void add_run(const struct train *train, struct fw_report *report)
{
    fw_report_text(report, "kind", "train");
    fw_report_text(report, "experiment", train_experiment(train));
    fw_report_text(report, "source", fw_task_text(train->task, "source_note"));
    fw_report_add(report, "architecture", train_model_document(train));
    fw_report_add(report, "cost_per_sample", census_of(train));
    fw_report_int(report, "param_count", (int64_t)train->net->n_parameters);
    fw_report_add(report, "hyperparameters", train_parameters_document(train));
    fw_report_add(report, "data", train_data_document(train));
    fw_report_text(report, "data_hash", train->digest);
    fw_report_add(report, "splits", splits_of(train));
    fw_report_add(report, "num_features",
                  train->info->columns != NULL ? fw_json_int((int64_t)train->info->cols)
                                               : cJSON_CreateNull());
    fw_report_int(report, "seed", (int64_t)train->settings.seed);
    fw_report_text(report, "device", train->kernels->device == FW_KERNELS_CUDA ? "cuda" : "cpu");
}

static void add_outcome(const struct train *train, const struct fw_hub_summary *summary,
                        struct fw_report *report)
{
    fw_report_add(report, "training", training_of(train));
    fw_report_text(report, "stop_reason", train_stop_reason(train));
    fw_report_add(report, "best_epoch",
                  train->stopping.has_best ? fw_json_int((int64_t)train->stopping.best_epoch)
                                           : cJSON_CreateNull());
    fw_report_add(report, "val_at_best", best_of(train));
    fw_report_add(report, "val_metrics", train_metrics_document(train, FW_DATASET_VAL));
    fw_report_add(report, "test_metrics", train_metrics_document(train, FW_DATASET_TEST));
    fw_report_add(report, "checkpoints", checkpoints_of(train));
    fw_report_add(report, "callbacks", instances_of(summary));
}

/* --- what differs from run to run: times, the machine, what callbacks were asked to save --- */

static cJSON *events_of(const struct fw_hub_summary *summary)
{
    cJSON *list = cJSON_CreateArray();

    for (uint64_t i = 0; i < summary->n_events; i++) {
        cJSON *row = cJSON_CreateObject();
        cJSON_AddItemToObject(row, "step", fw_json_int((int64_t)summary->events[i].global_step));
        cJSON_AddStringToObject(row, "owner", summary->events[i].owner);
        cJSON_AddStringToObject(row, "name", summary->events[i].name);
        cJSON_AddStringToObject(row, "text", summary->events[i].text);
        cJSON_AddItemToArray(list, row);
    }
    return list;
}

static cJSON *times_of(const struct fw_hub_summary *summary, bool of_processor)
{
    cJSON *document = cJSON_CreateObject();

    for (uint64_t i = 0; i < summary->n_instances; i++) {
        const struct fw_hub_instance *instance = &summary->instances[i];
        cJSON_AddNumberToObject(document, instance->name,
                                of_processor ? instance->processor_seconds : instance->seconds);
    }
    return document;
}

static fw_status write_machine(const struct train *train, const struct fw_hub_summary *summary)
{
    const struct fw_budget *budget = train->host->service(train->host, FW_BUDGET_ID);
    struct rusage usage = {0};
    struct fw_report report = {0};
    struct fw_text path = {0};

    getrusage(RUSAGE_SELF, &usage);
    fw_report_text(&report, "device", train->kernels->describe(train->session));
    fw_report_int(&report, "threads", budget->limits(train->host)->threads);
    fw_report_real(&report, "seconds", train->seconds);
    fw_report_real(&report, "seconds_per_step", train->seconds / (double)train->place.step);
    fw_report_real(&report, "peak_memory_mb", (double)usage.ru_maxrss / 1024);
    fw_report_real(&report, "fit_seconds", summary->fit_seconds);
    fw_report_real(&report, "callback_seconds", summary->callback_seconds);
    fw_report_add(&report, "callbacks_seconds", times_of(summary, false));
    fw_report_add(&report, "callbacks_processor_seconds", times_of(summary, true));
    fw_report_real(&report, "steps_processor_seconds", summary->step_processor_seconds);
    fw_report_add(&report, "events", events_of(summary));
    fw_report_int(&report, "events_left_out", (int64_t)summary->n_events_left_out);
    fw_text_appendf(&path, "%s/machine.json", fw_task_output(train->task, "run")->path);
    fw_status status = path.failed
                           ? fw_fault_nomem(train->host)
                           : fw_report_write_facts(&report, train->host, fw_text_get(&path), NULL);
    fw_text_finish(&path);
    fw_report_finish(&report);
    return status;
}

/* --- the page --- */

static fw_status write_page(const struct train *train, const struct fw_hub_summary *summary)
{
    const struct fw_output *output = fw_task_output(train->task, "report");
    struct fw_report report = {0};
    struct fw_text text = {0};

    if (output == NULL) {
        return FW_OK;
    }
    fw_report_text(&report, "source", fw_task_text(train->task, "source_note"));
    fw_report_text(&report, "data_hash", train->digest);
    fw_report_add(&report, "architecture", train_model_document(train));
    fw_report_text(&report, "optimiser", fw_task_text(train->task, "optimiser"));
    fw_report_real(&report, "lr", fw_task_real(train->task, "lr"));
    fw_report_text(&report, "stop_reason", train_stop_reason(train));
    fw_report_add(&report, "val_at_best", best_of(train));
    fw_report_add(&report, "val_metrics", train_metrics_document(train, FW_DATASET_VAL));
    fw_report_add(&report, "test_metrics", train_metrics_document(train, FW_DATASET_TEST));
    fw_report_add(&report, "epochs", epochs_of(train));
    fw_report_add(&report, "checkpoints", checkpoints_of(train));
    fw_report_add(&report, "callbacks", instances_of(summary));
    fw_markdown_append(&text, train_experiment(train), report.facts);
    fw_status status = report.failed || text.failed ? fw_fault_nomem(train->host)
                                                    : fw_file_write(train->host, output->path,
                                                                    fw_text_get(&text), text.size);
    fw_text_finish(&text);
    fw_report_finish(&report);
    return status;
}

/* The first sink's records, as an output that other stages can read. */
static fw_status write_metrics(const struct train *train, const struct fw_hub_summary *summary)
{
    const struct fw_output *output = fw_task_output(train->task, "metrics");
    const char *sink = NULL;
    char *bytes = NULL;
    size_t size = 0;
    struct fw_text path = {0};

    for (uint64_t i = 0; i < summary->n_instances && sink == NULL; i++) {
        sink = strcmp(summary->instances[i].kind, "sink") == 0 ? summary->instances[i].name : NULL;
    }
    if (output == NULL || sink == NULL) {
        return FW_OK;
    }
    fw_text_appendf(&path, "%s/%s/metrics.jsonl", fw_task_output(train->task, "run")->path, sink);
    fw_status status = path.failed ? fw_fault_nomem(train->host)
                                   : fw_file_read(train->host, fw_text_get(&path), &bytes, &size);
    if (status == FW_OK) {
        status = fw_file_write(train->host, output->path, bytes, size);
    }
    fw_text_finish(&path);
    free(bytes);
    return status;
}

static fw_status write_result(const struct train *train, const struct fw_hub_summary *summary)
{
    struct fw_report report = {0};

    add_run(train, &report);
    add_outcome(train, summary, &report);
    fw_status status = fw_report_write_facts(&report, train->host,
                                             fw_task_output(train->task, "result")->path, NULL);
    fw_report_finish(&report);
    return status;
}

fw_status train_write(struct train *train)
{
    const struct fw_output *plot = fw_task_output(train->task, "plot");
    struct fw_hub_summary summary = {0};
    fw_status status = train_keep_finish(train);

    fw_hub_summarise(train->hub, &summary);
    if (status == FW_OK) {
        status = train_keep_model(train);
    }
    if (status == FW_OK) {
        status = train_predictions_write(train);
    }
    if (status == FW_OK) {
        status = train_answers_write(train);
    }
    if (status == FW_OK && plot != NULL) {
        status = train_plots_write(train, plot->path);
    }
    if (status == FW_OK) {
        status = write_page(train, &summary);
    }
    if (status == FW_OK) {
        status = write_machine(train, &summary);
    }
    if (status == FW_OK) {
        status = write_metrics(train, &summary);
    }
    return status == FW_OK ? write_result(train, &summary) : status;
}
