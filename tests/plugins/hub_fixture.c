/* SPDX-License-Identifier: MIT */
#include "hub_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/cancel.h>
#include <fw/service/log.h>

#include "callback_host/cadence.h"
#include "test_files.h"

static void log_write(const struct fw_host *host, uint32_t level, const char *text)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    struct hub_fixture *f = host->self;
    assert_true(f->log_size + strlen(text) + 16 < sizeof f->log);
    f->log_size += (size_t)sprintf(f->log + f->log_size, "%s: %s\n", levels[level], text);
}

static int32_t cancel_requested(const struct fw_host *host)
{
    const struct hub_fixture *f = host->self;
    return f->cancelled;
}

static const void *service(const struct fw_host *host, const char *id)
{
    static const struct fw_log log = {.struct_size = sizeof log, .write = log_write};
    static const struct fw_cancel cancel = {.struct_size = sizeof cancel,
                                            .requested = cancel_requested};
    const struct hub_fixture *f = host->self;
    unsigned number;

    if (sscanf(id, FW_CALLBACK_ID "#%u", &number) == 1) {
        return number < FW_COUNT(f->providers) ? f->providers[number] : NULL;
    }
    return strcmp(id, FW_LOG_ID) == 0      ? (const void *)&log
           : strcmp(id, FW_CANCEL_ID) == 0 ? (const void *)&cancel
                                           : NULL;
}

static fw_status host_fail(const struct fw_host *host, fw_status status,
                           const struct fw_fault *fault)
{
    struct hub_fixture *f = host->self;

    if (f->fault[0] == '\0') {
        f->fault_status = status;
        snprintf(f->fault, sizeof f->fault, "%s; where %s; value %s; expected %s; %s", fault->what,
                 fault->where ? fault->where : "-", fault->value ? fault->value : "-",
                 fault->expected ? fault->expected : "-", fault->remedy ? fault->remedy : "-");
    }
    return status;
}

static double seconds(void *self)
{
    struct hub_fixture *f = self;
    f->clock += f->tick;
    return f->clock;
}

static double memory_mb(void *self)
{
    (void)self;
    return 100;
}

static fw_status crc(void *self, const struct fw_host *host, uint32_t *ret)
{
    const struct hub_fixture *f = self;

    (void)host;
    *ret = 0;
    for (size_t i = 0; i < sizeof f->guarded; i++) {
        *ret = *ret * 31 + f->guarded[i];
    }
    return FW_OK;
}

static fw_status read_array(void *self, const struct fw_host *host, uint32_t array, uint64_t first,
                            uint64_t n, double *ret)
{
    (void)self, (void)host;
    for (uint64_t i = 0; i < n; i++) {
        ret[i] = (double)(array * 1000 + first + i);
    }
    return FW_OK;
}

static fw_status sums(void *self, const struct fw_host *host, uint32_t array, uint64_t first,
                      uint64_t n, struct fw_training_sums *ret)
{
    (void)self, (void)host, (void)array, (void)first;
    ret->squares = (double)n;
    ret->largest = 1;
    return FW_OK;
}

static fw_status remember(void *self, const struct fw_host *host)
{
    (void)self, (void)host;
    return FW_OK;
}

static void text_value(struct fw_value *value, const char *name, const char **texts)
{
    *value = (struct fw_value){
        .struct_size = sizeof *value, .type = FW_PARAM_TEXT_LIST, .name = name, .texts = texts};
}

int hub_fixture_setup(void **state)
{
    static const struct fw_hub_name names[] = {
        {"train/loss_nats", "nats"}, {"val/loss_nats", "nats"}, {"test/loss_nats", "nats"}};
    struct hub_fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    f->host = (struct fw_host){
        .struct_size = sizeof f->host, .self = f, .service = service, .fail = host_fail};
    f->providers[0] = &hub_fixture_kinds;
    text_value(&f->values[0], "callbacks", f->callbacks);
    text_value(&f->values[1], "callback_options", f->options);
    f->values[2] = (struct fw_value){.name = "callback_overhead", .real = 0.15};
    f->values[3] = (struct fw_value){.name = "callback_overhead_steps", .integer = 1000};
    f->values[4] = (struct fw_value){.name = "check_callbacks", .integer = 1};
    for (size_t i = 0; i < FW_COUNT(f->values); i++) {
        f->values[i].struct_size = sizeof f->values[i];
    }
    f->task = (struct fw_task){
        .struct_size = sizeof f->task, .n_values = FW_COUNT(f->values), .values = f->values};
    f->engine = (struct fw_hub_engine){.self = f,
                                       .read = read_array,
                                       .sums = sums,
                                       .remember = remember,
                                       .crc = crc,
                                       .seconds = seconds,
                                       .memory_mb = memory_mb};
    f->info = (struct fw_training_info){.struct_size = sizeof f->info,
                                        .seed = 7,
                                        .n_parameters = 10,
                                        .n_train = 100,
                                        .batch_size = 8,
                                        .run = "run",
                                        .model = "none",
                                        .device = "none"};
    f->folder = test_folder_create();
    f->run = (struct fw_hub_run){.folder = f->folder,
                                 .info = &f->info,
                                 .engine = &f->engine,
                                 .names = names,
                                 .n_names = FW_COUNT(names)};
    hub_size(f, 8, 2);
    *state = f;
    return 0;
}

int hub_fixture_teardown(void **state)
{
    struct hub_fixture *f = *state;

    fw_hub_destroy(f->hub);
    test_folder_remove(f->folder);
    free(f->lines);
    free(f);
    return 0;
}

static uint64_t take_texts(const char **texts, size_t room, va_list args)
{
    uint64_t n = 0;

    for (const char *at; (at = va_arg(args, const char *)) != NULL;) {
        assert_true(n + 1 < room);
        texts[n++] = at;
    }
    texts[n] = NULL;
    return n;
}

void hub_callbacks(struct hub_fixture *f, ...)
{
    va_list args;
    va_start(args, f);
    f->values[0].n = take_texts(f->callbacks, FW_COUNT(f->callbacks), args);
    va_end(args);
}

void hub_options(struct hub_fixture *f, ...)
{
    va_list args;
    va_start(args, f);
    f->values[1].n = take_texts(f->options, FW_COUNT(f->options), args);
    va_end(args);
}

void hub_size(struct hub_fixture *f, uint64_t batches, uint64_t epochs)
{
    f->info.batches = batches;
    f->info.epochs = epochs;
}

uint64_t hub_steps(const struct hub_fixture *f)
{
    return f->info.batches * f->info.epochs;
}

fw_status hub_open(struct hub_fixture *f)
{
    fw_hub_destroy(f->hub);
    f->hub = NULL;
    f->fault[0] = '\0';

    fw_status status = fw_hub_create(&f->host, &f->task, &f->hub);
    return status == FW_OK ? fw_hub_setup(f->hub, &f->run) : status;
}

static fw_status call_each(struct hub_fixture *f, uint32_t first, uint32_t last)
{
    fw_status status = FW_OK;

    for (uint32_t hook = first; hook <= last && status == FW_OK; hook++) {
        status = fw_hub_call(f->hub, hook);
    }
    return status;
}

static fw_status validate(struct hub_fixture *f)
{
    fw_status status = fw_hub_call(f->hub, FW_TRAINING_VAL_START);

    fw_hub_now(f->hub)->val_loss = 2;
    fw_hub_emit(f->hub, "val/loss_nats", 2);
    return status == FW_OK ? fw_hub_call(f->hub, FW_TRAINING_VAL_END) : status;
}

static fw_status train_step(struct hub_fixture *f, uint64_t step)
{
    struct fw_training *now = fw_hub_now(f->hub);
    fw_status status = FW_OK;

    now->epoch = step / f->info.batches;
    now->batch = step % f->info.batches;
    now->global_step = step;
    if (now->batch == 0) {
        status = fw_hub_call(f->hub, FW_TRAINING_EPOCH_START);
    }
    if (status == FW_OK) {
        status = call_each(f, FW_TRAINING_BATCH_START, FW_TRAINING_BEFORE_STEP);
    }
    now->loss = 1 / (1 + (double)step);
    now->global_step++;
    if (status == FW_OK) {
        fw_hub_emit(f->hub, "train/loss_nats", now->loss);
        status = call_each(f, FW_TRAINING_AFTER_STEP, FW_TRAINING_BATCH_END);
    }
    if (status == FW_OK && fw_cadence_quarter(now->batch, f->info.batches) != 0) {
        status = validate(f);
    }
    if (status == FW_OK && now->batch + 1 == f->info.batches) {
        status = fw_hub_call(f->hub, FW_TRAINING_EPOCH_END);
    }
    return status;
}

fw_status hub_train(struct hub_fixture *f, uint64_t from, uint64_t to)
{
    fw_status status = from == 0 ? fw_hub_call(f->hub, FW_TRAINING_FIT_START) : FW_OK;

    for (uint64_t step = from; step < to && status == FW_OK; step++) {
        status = train_step(f, step);
    }
    if (status == FW_OK && to == hub_steps(f)) {
        fw_hub_emit(f->hub, "test/loss_nats", 3);
        status = fw_hub_call(f->hub, FW_TRAINING_FIT_END);
    }
    return status;
}

const struct hub_line *hub_line(const struct hub_fixture *f, const char *name, size_t k)
{
    for (size_t i = 0; i < f->n_lines; i++) {
        if (strcmp(f->lines[i].name, name) == 0 && k-- == 0) {
            return &f->lines[i];
        }
    }
    return NULL;
}

size_t hub_count(const struct hub_fixture *f, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n_lines; i++) {
        n += strcmp(f->lines[i].name, name) == 0;
    }
    return n;
}

size_t hub_said(const struct hub_fixture *f, const char *text)
{
    size_t n = 0;

    for (const char *at = f->log; (at = strstr(at, text)) != NULL; at++) {
        n++;
    }
    return n;
}
