/* SPDX-License-Identifier: MIT */
#include "fake_training.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct fw_callback *find_kind(const struct fake_kit *kit, const char *name)
{
    for (unsigned number = 0;; number++) {
        char id[64];
        snprintf(id, sizeof id, "%s#%u", FW_CALLBACK_ID, number);
        const struct fw_callbacks *callbacks = fake_kit_service(kit, id);
        if (callbacks == NULL) {
            fake_die("no plugin has a callback of the kind '%s'", name);
        }
        for (uint32_t i = 0; i < callbacks->n_kinds; i++) {
            if (strcmp(callbacks->kinds[i]->kind, name) == 0) {
                return callbacks->kinds[i];
            }
        }
    }
}

struct fake_training *fake_training_create(struct fake_kit *kit, const char *kind)
{
    struct fake_training *t = calloc(1, sizeof *t);
    if (t == NULL) {
        fake_die("out of memory");
    }
    t->kind = find_kind(kit, kind);
    t->task = fake_task_create(kit, NULL);
    t->values = fake_own(t->task, t->kind->n_params * sizeof *t->values);
    for (uint32_t i = 0; i < t->kind->n_params; i++) {
        const struct fw_param *param = &t->kind->params[i];
        t->values[i] =
            (struct fw_value){.struct_size = (uint32_t)sizeof *t->values, .name = param->name};
        if (param->default_value != NULL) {
            fake_value_parse(t->task, param, param->default_value, &t->values[i]);
        }
    }
    t->info = (struct fw_training_info){.struct_size = (uint32_t)sizeof t->info,
                                        .element = FW_F64,
                                        .seed = 1,
                                        .epochs = 1000,
                                        .batches = 8,
                                        .batch_size = 16,
                                        .n_train = 128,
                                        .tensors = t->tensor_list,
                                        .run = "test",
                                        .model = "fake",
                                        .device = "none"};
    t->now = (struct fw_training){.struct_size = (uint32_t)sizeof t->now,
                                  .self = t,
                                  .info = &t->info,
                                  .n = t->info.batch_size,
                                  .loss = NAN,
                                  .val_loss = NAN,
                                  .val_accuracy = NAN,
                                  .rate = NAN,
                                  .decay = NAN,
                                  .gradient_norm = NAN,
                                  .clipped_norm = NAN,
                                  .disabled = ""};
    fake_training_view_init(t);
    return t;
}

void fake_training_destroy(struct fake_training *t)
{
    if (t == NULL) {
        return;
    }
    if (t->made) {
        t->kind->destroy(t->self);
    }
    for (uint64_t i = 0; i < t->n_metrics; i++) {
        free(t->metrics[i].name);
    }
    free(t->metrics_text.data);
    free(t->events.data);
    free(t->defect.data);
    free(t->history);
    fake_task_destroy(t->task);
    free(t);
}

static void before_the_run(const struct fake_training *t)
{
    if (t->begun) {
        fake_die("%s: has begun already", t->kind->kind);
    }
}

void fake_training_option(struct fake_training *t, const char *name, const char *text)
{
    before_the_run(t);
    for (uint32_t i = 0; i < t->kind->n_params; i++) {
        if (strcmp(t->kind->params[i].name, name) == 0) {
            fake_value_parse(t->task, &t->kind->params[i], text, &t->values[i]);
            return;
        }
    }
    fake_die("%s: has no option '%s'", t->kind->kind, name);
}

void fake_training_size(struct fake_training *t, uint64_t batches, uint64_t epochs)
{
    before_the_run(t);
    t->info.batches = batches;
    t->info.epochs = epochs;
}

void fake_training_tensor(struct fake_training *t, const char *name, uint64_t count)
{
    before_the_run(t);
    if (t->parameters != NULL || t->info.n_tensors == FAKE_MAX_TENSORS) {
        fake_die("%s: tensors are added before their numbers are used, at most %d", name,
                 FAKE_MAX_TENSORS);
    }
    struct fw_training_tensor *tensor = &t->tensors[t->info.n_tensors];
    char *layer = fake_own_text(t->task, name);
    char *dot = strrchr(layer, '.');
    if (dot != NULL) {
        *dot = '\0';
    }
    uint64_t *shape = fake_own(t->task, sizeof *shape);
    *shape = count;
    *tensor = (struct fw_training_tensor){.struct_size = (uint32_t)sizeof *tensor,
                                          .rank = 1,
                                          .name = fake_own_text(t->task, name),
                                          .layer = layer,
                                          .offset = t->info.n_parameters,
                                          .count = count,
                                          .shape = shape};
    t->tensor_list[t->info.n_tensors++] = tensor;
    t->info.n_parameters += count;
}

static double *new_array(struct fake_training *t, double value)
{
    double *array = fake_own(t->task, t->info.n_parameters * sizeof *array);
    for (uint64_t i = 0; i < t->info.n_parameters; i++) {
        array[i] = value;
    }
    return array;
}

static void need_arrays(struct fake_training *t)
{
    if (t->parameters == NULL) {
        if (t->info.n_tensors == 0) {
            fake_training_tensor(t, "layer.weight", 4);
        }
        t->parameters = new_array(t, 1);
        t->gradients = new_array(t, 0.5);
        t->remembered = new_array(t, 1);
    }
}

void fake_training_curvature(struct fake_training *t, const double *curvature)
{
    need_arrays(t);
    t->curvature = new_array(t, 0);
    memcpy(t->curvature, curvature, t->info.n_parameters * sizeof *curvature);
}

void fake_training_halves(struct fake_training *t, const struct fw_training_halves *halves)
{
    t->halves = memcpy(fake_own(t->task, sizeof *halves), halves, sizeof *halves);
}

void fake_training_losses(struct fake_training *t, const double *losses, uint64_t n)
{
    if (n == 0) {
        fake_die("%s: a script of no losses", t->kind->kind);
    }
    t->losses = memcpy(fake_own(t->task, n * sizeof *losses), losses, n * sizeof *losses);
    t->n_losses = n;
}

double *fake_training_parameters(struct fake_training *t)
{
    need_arrays(t);
    return t->parameters;
}

double *fake_training_gradients(struct fake_training *t)
{
    need_arrays(t);
    return t->gradients;
}

struct fw_training *fake_training_now(struct fake_training *t)
{
    return &t->now;
}

void fake_training_blame(struct fake_training *t, const char *what)
{
    if (t->defect.size == 0) {
        fake_text_add(&t->defect, "%s: %s", t->kind->kind, what);
    }
}

static fw_status checked(struct fake_training *t, const char *call, fw_status status)
{
    if (status > FW_MORE || status < FW_E_INTERNAL ||
        (status == FW_MORE && strcmp(call, "relax") != 0)) {
        char text[96];
        snprintf(text, sizeof text, "%s returned %d, which is no status of it", call, (int)status);
        fake_training_blame(t, text);
        return FW_E_INTERNAL;
    }
    if (status < 0 && t->task->fault.size == 0) {
        fake_training_blame(t, "failed without a fault");
    } else if (status >= 0) {
        fake_task_take_fault(t->task); /* of something that the call survived */
    }
    return status;
}

static fw_status make_instance(struct fake_training *t)
{
    if (t->folder == NULL) {
        t->folder = fake_task_path(t->task, t->kind->kind);
        if (mkdir(t->folder, 0777) != 0) {
            fake_die("cannot make %s", t->folder);
        }
    }
    t->callback_task = (struct fw_callback_task){.struct_size = (uint32_t)sizeof t->callback_task,
                                                 .n_values = t->kind->n_params,
                                                 .instance = t->kind->kind,
                                                 .folder = t->folder,
                                                 .values = t->values,
                                                 .seed = t->info.seed};
    t->now.hook = FW_TRAINING_HOOKS;
    fw_status status =
        checked(t, "create", t->kind->create(&t->task->host, &t->callback_task, &t->self));
    if (status != FW_OK) {
        return status;
    }
    t->made = true;
    return checked(t, "setup", t->kind->setup(t->self, &t->now));
}

static void keep(struct fake_training *t, const struct fw_training_metric *metric)
{
    const char *name = metric->name + strlen(t->kind->kind) + 1;
    t->history = reallocarray(t->history, t->n_history + 1, sizeof *t->history);
    if (t->history == NULL) {
        fake_die("out of memory");
    }
    t->history[t->n_history++] = (struct fake_value){name, t->now.global_step, metric->value};
    fake_text_add(&t->metrics_text, "%llu %s %.17g\n", (unsigned long long)t->now.global_step, name,
                  metric->value);
}

static fw_status call_hook(struct fake_training *t, uint32_t hook)
{
    t->now.hook = hook;
    return (t->kind->hooks >> hook & 1) != 0 ? checked(t, "hook", t->kind->hook(t->self, &t->now))
                                             : FW_OK;
}

/* What was emitted at a moment, to the callback itself too if it wants that. */
static fw_status call_record(struct fake_training *t)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < t->n_metrics; i++) {
        if (t->metrics[i].pending) {
            t->metrics[i].pending = false;
            t->recorded[n] = t->metrics[i].view;
            t->pending[n] = &t->recorded[n];
            keep(t, &t->recorded[n++]);
        }
    }
    if (n == 0) {
        return FW_OK;
    }
    t->record = (struct fw_training_record){.struct_size = (uint32_t)sizeof t->record,
                                            .global_step = t->now.global_step,
                                            .epoch = t->now.epoch,
                                            .batch = t->now.batch,
                                            .seconds = (double)t->now.global_step,
                                            .n_metrics = n,
                                            .metrics = t->pending};
    t->now.record = &t->record;
    const fw_status status = call_hook(t, FW_TRAINING_RECORD);
    t->now.record = NULL;
    return status;
}

fw_status fake_training_call(struct fake_training *t, uint32_t hook)
{
    if (!t->made || hook >= FW_TRAINING_HOOKS || hook == FW_TRAINING_RECORD) {
        fake_die("hook %u: nothing has begun, or it is none to be called", (unsigned)hook);
    }
    fw_status status = call_hook(t, hook);
    const bool within = hook >= FW_TRAINING_BATCH_START && hook < FW_TRAINING_BATCH_END;
    return status == FW_OK && !within ? call_record(t) : status;
}

/* As in the trainer: quarter k ends behind floor(k * batches / 4) batches. */
static uint32_t quarter_of(uint64_t batch, uint64_t batches)
{
    for (uint32_t k = 1; k <= 4; k++) {
        if (k * batches / 4 == batch + 1) {
            return k;
        }
    }
    return 0;
}

static fw_status call_each(struct fake_training *t, uint32_t first, uint32_t last)
{
    fw_status status = FW_OK;
    for (uint32_t hook = first; hook <= last && status == FW_OK; hook++) {
        status = fake_training_call(t, hook);
    }
    return status;
}

static fw_status run_step(struct fake_training *t)
{
    struct fw_training *now = &t->now;
    const uint64_t step = now->global_step;
    fw_status status = FW_OK;
    now->epoch = step / t->info.batches;
    now->batch = step % t->info.batches;
    now->quarter = 0;
    if (now->batch == 0) {
        status = fake_training_call(t, FW_TRAINING_EPOCH_START);
    }
    now->quarter = quarter_of(now->batch, t->info.batches);
    now->loss = t->n_losses == 0 ? 1 : *t->losses;
    if (t->n_losses > 1) {
        t->losses++;
        t->n_losses--;
    }
    if (status == FW_OK) {
        status = call_each(t, FW_TRAINING_BATCH_START, FW_TRAINING_BEFORE_STEP);
    }
    now->global_step++;
    if (status == FW_OK) {
        status = call_each(t, FW_TRAINING_AFTER_STEP, FW_TRAINING_BATCH_END);
    }
    if (status == FW_OK && now->quarter != 0) {
        status = call_each(t, FW_TRAINING_VAL_START, FW_TRAINING_VAL_END);
    }
    if (status == FW_OK && now->batch + 1 == t->info.batches) {
        status = fake_training_call(t, FW_TRAINING_EPOCH_END);
    }
    return status;
}

fw_status fake_training_run(struct fake_training *t, uint64_t n_steps)
{
    fw_status status = FW_OK;
    if (!t->begun) {
        need_arrays(t);
        t->begun = true;
        status = make_instance(t);
        if (status == FW_OK) {
            status = fake_training_call(t, FW_TRAINING_FIT_START);
        }
    }
    const uint64_t all = t->info.batches * t->info.epochs;
    for (uint64_t i = 0; i < n_steps && status == FW_OK; i++) {
        if (t->now.global_step == all) {
            fake_die("%s: the training is at its end", t->kind->kind);
        }
        status = run_step(t);
    }
    if (status == FW_OK && t->now.global_step == all) {
        t->now.quarter = 0;
        status = fake_training_call(t, FW_TRAINING_FIT_END);
    }
    return status;
}

fw_status fake_training_restart(struct fake_training *t)
{
    struct fw_blob blob = {.struct_size = (uint32_t)sizeof blob};
    if (!t->made) {
        fake_die("%s: nothing has begun", t->kind->kind);
    }
    fw_status status =
        t->kind->save != NULL ? checked(t, "save", t->kind->save(t->self, &blob)) : FW_OK;
    if (status != FW_OK) {
        return status;
    }
    t->kind->destroy(t->self);
    t->made = false;
    for (uint64_t i = 0; i < t->n_metrics; i++) {
        t->metrics[i].hook = FW_TRAINING_HOOKS; /* to be announced again */
    }
    status = make_instance(t);
    if (status == FW_OK && t->kind->restore != NULL) {
        status = checked(t, "restore", t->kind->restore(t->self, &blob));
    }
    if (blob.release != NULL) {
        blob.release(&blob);
    }
    return status;
}

fw_status fake_training_relax(struct fake_training *t)
{
    char did[256] = "";
    if (!FW_HAS(t->kind, struct fw_callback, relax) || !t->made) {
        fake_die("%s: cannot relax", t->kind->kind);
    }
    const fw_status status = checked(t, "relax", t->kind->relax(t->self, did, sizeof did));
    did[sizeof did - 1] = '\0';
    fake_text_add(&t->events, "%llu relax %s\n", (unsigned long long)t->now.global_step, did);
    return status;
}

uint64_t fake_training_count(const struct fake_training *t, const char *name)
{
    uint64_t n = 0;
    for (size_t i = 0; i < t->n_history; i++) {
        n += strcmp(t->history[i].name, name) == 0;
    }
    return n;
}

double fake_training_metric(const struct fake_training *t, const char *name, uint64_t global_step)
{
    for (size_t i = t->n_history; i-- > 0;) {
        if (t->history[i].step == global_step && strcmp(t->history[i].name, name) == 0) {
            return t->history[i].value;
        }
    }
    fake_die("%s: no %s at step %llu among:\n%s", t->kind->kind, name,
             (unsigned long long)global_step, fake_training_metrics(t));
}

const char *fake_training_metrics(const struct fake_training *t)
{
    return t->metrics_text.data != NULL ? t->metrics_text.data : "";
}

const char *fake_training_events(const struct fake_training *t)
{
    return t->events.data != NULL ? t->events.data : "";
}

const char *fake_training_fault(struct fake_training *t)
{
    return fake_task_take_fault(t->task);
}

const char *fake_training_defect(const struct fake_training *t)
{
    return t->defect.data;
}

struct fake_task *fake_training_task(struct fake_training *t)
{
    return t->task;
}

const char *fake_training_folder(const struct fake_training *t)
{
    return t->folder;
}
