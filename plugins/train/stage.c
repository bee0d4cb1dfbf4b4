/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <fw/plugin.h>
#include <fw/service/artifact.h>
#include <fw/service/budget.h>
#include <fw/service/rng.h>

#include "params.h"
#include "train.h"

/* --- faults --- */

static const void *service(const struct fw_host *host, const char *id)
{
    const struct train_relay *relay = (const struct train_relay *)(const void *)host;

    return relay->target->service(relay->target, id);
}

static fw_status fail(const struct fw_host *host, fw_status status, const struct fw_fault *fault)
{
    const struct train_relay *relay = (const struct train_relay *)(const void *)host;

    return relay->target->fail(relay->target, status, fault);
}

static void relay_init(struct train *train)
{
    train->relay.target = train->host;
    train->relay.host = (struct fw_host){.struct_size = (uint32_t)sizeof train->relay.host,
                                         .abi_major = train->host->abi_major,
                                         .abi_minor = train->host->abi_minor,
                                         .self = train->host->self, /* the services' own */
                                         .service = service,
                                         .fail = fail};
}

/* --- making --- */

static void destroy(void *self)
{
    struct train *train = self;

    fw_hub_destroy(train->hub);
    fw_optimiser_finish(&train->optimiser);
    if (train->kernels != NULL) {
        train->kernels->buffer_destroy(train->remembered);
    }
    fw_net_pass_destroy(train->pass);
    fw_net_weights_destroy(train->weights);
    for (uint32_t i = 0; train->layers != NULL && i < train->net->n_tensors; i++) {
        free(train->layers[i]);
    }
    free(train->layers);
    free(train->tensors);
    free(train->tensor_list);
    fw_net_destroy(train->net);
    if (train->kernels != NULL) {
        train->kernels->close(train->session);
    }
    fw_dataset_close(train->set);
    fw_sql_handle_close(&train->sql);
    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        train_answers_finish(&train->answers[part]);
    }
    free(train->order);
    free(train->inputs);
    free(train->labels);
    free(train->points);
    free(train->best);
    free(train);
}

/* Of an epoch: the last one may be smaller, but batch norm has no variance of one sample. */
static fw_status count_batches(struct train *train)
{
    const uint64_t n = train->n_part[FW_DATASET_TRAIN], size = train->settings.batch_size;

    train->batches = n / size + (n % size >= 2 ? 1 : 0);
    if (train->settings.is_dry && train->batches > 1) {
        train->batches = 1;
    }
    return train->batches > 0 ? FW_OK
                              : fw_faultf(train->host, FW_E_DATA, train->task->stage, NULL,
                                          "%llu training samples make no batch: two are the fewest",
                                          (unsigned long long)n);
}

static fw_status check_validation(const struct train *train)
{
    const struct stopping_rule *rule = &train->settings.stopping;

    if (train->n_part[FW_DATASET_VAL] == 0 && rule->patience > 0) {
        return fw_faultf(train->host, FW_E_CONFIG, "patience", "set val_share, or patience = 0",
                         "there is no validation part that could say when to stop");
    }
    if (rule->larger_is_better && train->info->n_classes != 2) {
        return fw_faultf(train->host, FW_E_CONFIG, "monitor", "monitor = \"val_loss\"",
                         "an AUC is one of two classes; the data have %u", train->info->n_classes);
    }
    return FW_OK;
}

static fw_status plan_rates(struct train *train)
{
    const double warmup = fw_task_real(train->task, "warmup_epochs");
    const char *schedule = fw_task_text(train->task, "schedule");

    train->schedule = (struct fw_schedule){
        .kind = strcmp(schedule, "cosine") == 0 ? FW_SCHEDULE_COSINE : FW_SCHEDULE_CONSTANT,
        .rate = fw_task_real(train->task, "lr"),
        .warmup_steps =
            train->settings.is_dry ? 0 : (uint64_t)llround(warmup * (double)train->batches),
        .total_steps = train->settings.epochs * train->batches,
        .offset = fw_task_integer(train->task, "cosine_offset") != 0,
    };
    return train->schedule.warmup_steps < train->schedule.total_steps
               ? FW_OK
               : fw_faultf(train->host, FW_E_CONFIG, "warmup_epochs", "set fewer",
                           "warming up for %g epochs leaves nothing of %llu", warmup,
                           (unsigned long long)train->settings.epochs);
}

static fw_status make_optimiser(struct train *train)
{
    const char *kind = fw_task_text(train->task, "optimiser");
    const struct fw_optimiser_settings settings = {
        .kind = strcmp(kind, "sgd") == 0
                    ? FW_UPDATE_SGD
                    : (strcmp(kind, "adam") == 0 ? FW_UPDATE_ADAM : FW_UPDATE_ADAMW),
        .dtype = FW_F32,
        .n = train->net->n_parameters,
        .momentum = fw_task_real(train->task, "momentum"),
        .beta1 = fw_task_real(train->task, "beta1"),
        .beta2 = fw_task_real(train->task, "beta2"),
        .epsilon = fw_task_real(train->task, "epsilon"),
        .decay = train->settings.decay,
    };

    return fw_optimiser_init(&train->optimiser, train->kernels, train->session, &settings);
}

/* A batch is never larger than what there is to put into one. */
static uint64_t capacity_of(const struct train *train)
{
    uint64_t most = 1;

    for (int part = 0; part < FW_DATASET_PARTS; part++) {
        most = train->n_part[part] > most ? train->n_part[part] : most;
    }
    return most < train->settings.batch_size ? most : train->settings.batch_size;
}

static fw_status make_room(struct train *train)
{
    const struct fw_dataset_info *info = train->info;
    const uint64_t size = info->channels * info->rows * info->cols;
    const uint64_t weights = train->net->n_parameters + train->net->n_kept_elements;
    const uint64_t capacity = capacity_of(train);
    const bool wants_best = train->settings.restores_best && train->n_part[FW_DATASET_VAL] > 0;

    train->order = malloc(train->n_part[FW_DATASET_TRAIN] * sizeof *train->order);
    train->inputs = malloc(capacity * size * sizeof *train->inputs);
    train->labels = malloc(capacity * sizeof *train->labels);
    train->best = wants_best ? calloc(weights, sizeof *train->best) : NULL;
    return train->order != NULL && train->inputs != NULL && train->labels != NULL &&
                   (train->best != NULL || !wants_best)
               ? FW_OK
               : fw_fault_nomem(train->host);
}

static fw_status make_net(struct train *train)
{
    train->kernels = train->host->service(train->host, FW_KERNELS_ID);
    fw_status status = train->kernels->open(&train->relay.host, &train->session);

    if (status == FW_OK) {
        status = train_model_build(train);
    }
    if (status == FW_OK) {
        status = fw_net_weights_create(train->net, train->kernels, train->session, &train->weights);
    }
    if (status == FW_OK) {
        status = fw_net_pass_create(train->weights, capacity_of(train), false, &train->pass);
    }
    if (status == FW_OK) {
        status = make_optimiser(train);
    }
    return status == FW_OK ? make_room(train) : status;
}

static fw_status open_all(struct train *train)
{
    fw_status status = train_settings_read(train);

    if (status == FW_OK) {
        status = fw_hub_create(train->host, train->task, &train->hub);
    }
    if (status == FW_OK) {
        status = train_source_open(train);
    }
    if (status == FW_OK) {
        status = count_batches(train);
    }
    if (status == FW_OK) {
        status = check_validation(train);
    }
    if (status == FW_OK) {
        status = plan_rates(train);
    }
    if (status == FW_OK) {
        status = make_net(train);
    }
    if (status == FW_OK) {
        status = train_weights_begin(train);
    }
    train_engine_init(train);
    return status == FW_OK ? train_engine_describe(train) : status;
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct train *train = calloc(1, sizeof *train);

    if (train == NULL) {
        return fw_fault_nomem(host);
    }
    train->host = host;
    train->task = task;
    relay_init(train);
    fw_status status = open_all(train);
    if (status != FW_OK) {
        destroy(train);
        return status;
    }
    *ret_self = train;
    return FW_OK;
}

/* --- running --- */

static const struct fw_hub_name names[] = {
    {"train/loss_nats", "nats"},
    {"train/loss_bits", "bits"},
    {"train/acc", "1"},
    {"train/lr", "1"},
    {"train/wd", "1"},
    {"val/loss_nats", "nats"},
    {"val/loss_bits", "bits"},
    {"val/acc", "1"},
    {"val/auc", "1"},
    {"test/loss_nats", "nats"},
    {"test/loss_bits", "bits"},
    {"test/acc", "1"},
    {"test/auc", "1"},
};

fw_status train_begin(struct train *train)
{
    const char *folder = fw_task_output(train->task, "run")->path;
    const struct fw_hub_run run = {.folder = folder,
                                   .info = &train->training,
                                   .engine = &train->engine,
                                   .names = names,
                                   .n_names = FW_COUNT(names)};

    if (train->has_begun) {
        return FW_OK;
    }
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        return fw_faultf(train->host, FW_E_IO, folder, NULL, "the folder cannot be made: %s",
                         strerror(errno));
    }
    train->has_begun = true;
    return fw_hub_setup(train->hub, &run);
}

/* Which parts are answered for at the end: for a table of predictions all of them. */
static bool is_evaluated(const struct train *train, uint32_t part)
{
    const bool wanted[FW_DATASET_PARTS] = {[FW_DATASET_TRAIN] = train->info->n_classes == 2 &&
                                                                train->sql.session != NULL,
                                           [FW_DATASET_VAL] = true,
                                           [FW_DATASET_TEST] = train->settings.evaluates_test};

    return wanted[part] && train->n_part[part] > 0;
}

static fw_status evaluate(struct train *train)
{
    const uint32_t part = train->next_part++;
    fw_status status = is_evaluated(train, part) ? train_evaluate(train, (enum fw_dataset_part)part,
                                                                  &train->answers[part])
                                                 : FW_OK;

    return status == FW_OK && train->next_part < FW_DATASET_PARTS ? FW_MORE : status;
}

static fw_status end(struct train *train)
{
    const struct train_answers *test = &train->answers[FW_DATASET_TEST];

    if (test->n > 0) {
        fw_hub_emit(train->hub, "test/loss_nats", test->loss);
        fw_hub_emit(train->hub, "test/loss_bits", test->loss / log(2));
        fw_hub_emit(train->hub, "test/acc", test->accuracy);
        if (train->info->n_classes == 2) {
            fw_hub_emit(train->hub, "test/auc", test->auc);
        }
    }
    fw_status status = fw_hub_call(train->hub, FW_TRAINING_FIT_END);
    return status == FW_OK ? train_write(train) : status;
}

static fw_status fit(struct train *train)
{
    fw_status status = train_fit(train);

    return status == FW_OK && train->best != NULL && train->stopping.has_best
               ? train_weights_put(train, train->best)
               : status;
}

/* FW_OK when the phase is over. */
static fw_status work(struct train *train)
{
    switch (train->phase) {
    case TRAIN_FIT:
        return fit(train);
    case TRAIN_EVALUATE:
        return evaluate(train);
    default:
        return end(train);
    }
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct train *train = self;
    fw_status status = train_begin(train);

    if (status == FW_OK) {
        status = train_keep_tidy(train);
    }
    if (status == FW_OK) {
        status = work(train);
    }
    ret->done = train->place.step;
    ret->total = train->settings.epochs * train->batches;
    ret->items = train->place.n_seen;
    ret->unit = "batches";
    if (status != FW_OK) {
        return status;
    }
    return train->phase++ == TRAIN_WRITE ? FW_OK : FW_MORE;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_DIR, .flags = FW_PORT_OPTIONAL, .name = "data",
            .doc = "cifar10, idx: the folder of its files"),
    FW_PORT(.kind = FW_KIND_TENSOR, .flags = FW_PORT_OPTIONAL, .name = "train",
            .doc = "npz: samples and their classes"),
    FW_PORT(.kind = FW_KIND_TENSOR, .flags = FW_PORT_OPTIONAL, .name = "test",
            .doc = "npz, cifar10: the test part where it lies in a file of its own"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_OPTIONAL | FW_PORT_MANY, .name = "features",
            .doc = "windows: a day and numbers, the output of market_features or combine_dataset; "
                   "rows: the table"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_OPTIONAL | FW_PORT_MANY, .name = "samples",
            .doc = "windows: horizon, split, Date, row, y: the output of split"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "weights",
            .doc = "a checkpoint of the same model and shape of data, to begin with"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DIR, .name = "run", .file = "run",
            .doc = "checkpoints best-1.ckpt ... and last.ckpt, a folder each callback, and "
                   "machine.json: times, memory and what else differs from run to run"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "model", .file = "model.ckpt",
            .doc = "a checkpoint of the weights that the answers are of"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_OPTIONAL, .name = "metrics",
            .file = "metrics.jsonl",
            .doc = "what the first sink among the callbacks has written; no sink: none"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "result", .file = "result.json",
            .doc = "model, parameters, data, curves and what the answers are worth"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .flags = FW_PORT_OPTIONAL, .name = "report",
            .file = "report.md", .doc = "the same to read"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "plot", .file = "training.svg",
            .doc = "loss, accuracy, learning rate and the gradient's norm by epochs"),
    FW_PORT(.kind = FW_KIND_TABLE, .flags = FW_PORT_OPTIONAL, .name = "predictions",
            .file = "predictions.parquet",
            .doc = "two classes of a table: experiment, split, date or id, y, p"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "answers",
            .file = "answers.npz",
            .doc = "p of each class for each sample of the test part, else of the validation part"),
};

static const char *const required[] = {FW_KERNELS_ID, FW_RNG_ID, FW_BUDGET_ID, FW_ARTIFACT_ID};
static const char *const optional[] = {FW_SQL_ID, FW_HUB_SERVICES};

const struct fw_stage train_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_CHECKPOINT | FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_TOLERANCE, /* metrics.jsonl and machine.json hold times */
    .name = "train",
    .doc = "Trains a net (ResNet, PatchTST, MLP, logistic) while callbacks watch it",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = train_params,
    .n_params = FW_COUNT(train_params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .services_optional = optional,
    .n_services_optional = FW_COUNT(optional),
    .create = create,
    .step = step,
    .save = train_save,
    .restore = train_restore,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&train_stage};

FW_PLUGIN("org.fwrun.train", "0.1.0", "MIT", .doc = "Training of nets, watched by callbacks",
          .stages = stages, .n_stages = FW_COUNT(stages));
