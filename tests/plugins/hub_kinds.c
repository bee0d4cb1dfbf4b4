/* SPDX-License-Identifier: MIT */
/* Without cmocka: its macro `fail` is in the way of FW_FAIL. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "callback_host/cadence.h"
#include "hub_fixture.h"

#define BIT(hook) (UINT64_C(1) << (hook))

struct instance {
    const struct fw_host *host;
    const struct fw_callback_task *task;
    struct hub_fixture *f;
    uint64_t seen; /* the state: moments so far, or lines */
};

static fw_status create(const struct fw_host *host, const struct fw_callback_task *task,
                        void **ret_self)
{
    struct instance *self = malloc(sizeof *self);

    if (self == NULL) {
        return FW_FAIL(host, FW_E_NOMEM, .what = "no memory");
    }
    *self = (struct instance){host, task, host->self, 0};
    *ret_self = self;
    return FW_OK;
}

static void destroy(void *self)
{
    free(self);
}

static fw_status save(void *self, struct fw_blob *ret)
{
    struct instance *i = self;

    ret->version = 3;
    ret->bytes = &i->seen;
    ret->size = sizeof i->seen;
    return FW_OK;
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    struct instance *i = self;

    if (blob->version != 3) {
        return FW_FAIL(i->host, FW_E_STATE, .what = "another version");
    }
    memcpy(&i->seen, blob->bytes, sizeof i->seen);
    return FW_OK;
}

/* list: records as lines; what is newer than the state goes when that is restored. */
static fw_status no_setup(void *self, const struct fw_training *training)
{
    (void)self, (void)training;
    return FW_OK;
}

static fw_status list_restore(void *self, const struct fw_blob *blob)
{
    struct instance *i = self;
    fw_status status = restore(self, blob);

    i->f->n_lines = (size_t)i->seen;
    return status;
}

static fw_status list_hook(void *self, const struct fw_training *training)
{
    struct instance *i = self;
    const struct fw_training_record *record = training->record;

    for (uint64_t k = 0; k < record->n_metrics; k++) {
        struct hub_fixture *f = i->f;
        if (f->n_lines == f->lines_capacity) {
            f->lines_capacity = f->lines_capacity * 2 + 64;
            f->lines = realloc(f->lines, f->lines_capacity * sizeof *f->lines);
            assert(f->lines != NULL);
        }
        struct hub_line *line = &f->lines[f->n_lines++];
        *line = (struct hub_line){record->global_step, record->epoch, record->batch,
                                  record->metrics[k]->value, ""};
        snprintf(line->name, sizeof line->name, "%s", record->metrics[k]->name);
    }
    i->seen = i->f->n_lines;
    return FW_OK;
}

static const struct fw_callback list = {
    .struct_size = sizeof list,
    .kind = "list",
    .doc = "keeps records",
    .hooks = BIT(FW_TRAINING_RECORD),
    .create = create,
    .setup = no_setup,
    .hook = list_hook,
    .save = save,
    .restore = list_restore,
    .destroy = destroy,
};

/* cadence: at the moments of the monitors; its values need its state. */
static fw_status cadence_setup(void *self, const struct fw_training *training)
{
    (void)self;
    return training->declare(training, "batch", "1", FW_TRAINING_BATCH_END) |
           training->declare(training, "quarter", "1", FW_TRAINING_VAL_END) |
           training->declare(training, "curvature", "1", FW_TRAINING_AFTER_STEP) |
           training->declare(training, "noise", "1", FW_TRAINING_EPOCH_END) |
           training->declare(training, "slope", "1", FW_TRAINING_EPOCH_END) |
           training->declare(training, "slope_final", "1", FW_TRAINING_EPOCH_END);
}

static fw_status cadence_hook(void *self, const struct fw_training *t)
{
    struct instance *i = self;
    const uint64_t interval = (uint64_t)fw_callback_value(i->task, "interval")->integer;
    const double seen = (double)++i->seen;

    if (t->hook == FW_TRAINING_BATCH_END) {
        t->emit(t, "batch", seen);
    } else if (t->hook == FW_TRAINING_VAL_END) {
        t->emit(t, "quarter", t->quarter);
    } else if (t->hook == FW_TRAINING_AFTER_STEP && fw_cadence_due(t->global_step, interval)) {
        t->emit(t, "curvature", seen);
    } else if (t->hook == FW_TRAINING_EPOCH_END) {
        if (fw_cadence_due(t->epoch + 1, 2)) {
            t->emit(t, "noise", seen);
        }
        if (t->epoch >= 6) { /* two epochs of the window [5, 15) */
            t->emit(t, "slope", seen);
            t->emit(t, "slope_final", t->epoch >= 14);
        }
    }
    return FW_OK;
}

static const struct fw_param cadence_params[] = {
    FW_PARAM(.type = FW_PARAM_INT, .name = "interval", .default_value = "500", .min = "1",
             .max = "100000", .unit = "steps", .doc = "of curvature"),
};

static const struct fw_callback cadence = {
    .struct_size = sizeof cadence,
    .n_params = FW_COUNT(cadence_params),
    .kind = "cadence",
    .doc = "emits when monitors do",
    .params = cadence_params,
    .hooks = BIT(FW_TRAINING_AFTER_STEP) | BIT(FW_TRAINING_BATCH_END) | BIT(FW_TRAINING_VAL_END) |
             BIT(FW_TRAINING_EPOCH_END),
    .create = create,
    .setup = cadence_setup,
    .hook = cadence_hook,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};

/* test: does at the moment `at`, from step `from` on, what `how` says. */
static void note(struct instance *i, const char *what)
{
    size_t size = strlen(i->f->calls);

    snprintf(i->f->calls + size, sizeof i->f->calls - size, "%s.%s ", i->task->instance, what);
}

static bool does(const struct instance *i, const char *how)
{
    return strcmp(fw_callback_value(i->task, "how")->text, how) == 0;
}

static fw_status test_create(const struct fw_host *host, const struct fw_callback_task *task,
                             void **ret_self)
{
    fw_status status = create(host, task, ret_self);
    struct instance *i = *ret_self;

    if (status != FW_OK) {
        return status;
    }
    note(i, "create");
    if (does(i, "create_fails")) {
        destroy(i);
        *ret_self = NULL;
        return FW_FAIL(host, FW_E_CONFIG, .what = "will not be made", .where = "here");
    }
    return status;
}

static fw_status test_setup(void *self, const struct fw_training *training)
{
    struct instance *i = self;
    struct fw_training_probe *probe = NULL;
    const struct fw_training_probe_options options = {.struct_size = sizeof options,
                                                      .n_samples = 4};

    note(i, "setup");
    if (does(i, "probe") && training->probe_open(training, &options, &probe) != FW_OK) {
        const struct fw_log *log = i->host->service(i->host, FW_LOG_ID);
        log->write(i->host, FW_LOG_WARNING, "no second derivatives, nothing is measured");
        return FW_OK;
    }
    if (does(i, "write_early")) {
        i->f->guarded[0]++;
    }
    return training->declare(training, fw_callback_value(i->task, "metric")->text, "1",
                             (uint32_t)fw_callback_value(i->task, "at")->integer);
}

static fw_status misbehave(struct instance *i, const struct fw_training *t)
{
    const char *metric = fw_callback_value(i->task, "metric")->text;

    if (does(i, "fail")) {
        return FW_FAIL(i->host, FW_E_DATA, .what = "cannot go on", .value = "42");
    }
    if (does(i, "say_nothing")) {
        return FW_E_DATA;
    }
    if (does(i, "no_status")) {
        return 17;
    }
    if (does(i, "give_up")) {
        return FW_FAIL(i->host, FW_E_CANCELLED, .what = "told to stop");
    }
    if (does(i, "write")) {
        i->f->guarded[5]++;
    }
    if (does(i, "slow")) {
        i->f->clock += fw_callback_value(i->task, "cost")->real;
    }
    if (does(i, "event")) {
        t->event(t, "again", "and again");
    }
    if (does(i, "undeclared")) {
        t->emit(t, "Never said", 5);
    }
    if (does(i, "counts")) {
        char name[32];
        snprintf(name, sizeof name, "n%llu", (unsigned long long)i->seen++);
        t->emit(t, name, 1);
    }
    if (does(i, "twice")) {
        t->emit(t, metric, 1);
        t->emit(t, metric, 2);
    }
    if (does(i, "late")) {
        return t->declare(t, "late", "1", FW_TRAINING_BATCH_END);
    }
    if (does(i, "reach")) {
        double values[4];
        return t->read(t, FW_TRAINING_PARAMETERS, 8, 4, values);
    }
    if (does(i, "halves")) {
        struct fw_training_halves halves = {.struct_size = sizeof halves};
        return t->halves(t, 4, 1, &halves);
    }
    return FW_OK;
}

static fw_status test_hook(void *self, const struct fw_training *t)
{
    struct instance *i = self;
    const struct fw_value *at = fw_callback_value(i->task, "at");

    if (t->hook == FW_TRAINING_FIT_START || t->hook == FW_TRAINING_FIT_END) {
        note(i, t->hook == FW_TRAINING_FIT_START ? "fit_start" : "fit_end");
    }
    if (t->hook == FW_TRAINING_EXCEPTION) {
        note(i, t->status == FW_E_DATA ? "exception" : "?");
    }
    if (t->hook == FW_TRAINING_EPOCH_START && t->disabled[0] != '\0') {
        note(i, t->disabled);
    }
    if (t->hook != (uint32_t)at->integer ||
        t->global_step < (uint64_t)fw_callback_value(i->task, "from")->integer ||
        !fw_cadence_due(t->global_step, (uint64_t)fw_callback_value(i->task, "every")->integer)) {
        return FW_OK;
    }
    if (t->global_step >= (uint64_t)fw_callback_value(i->task, "until")->integer) {
        t->emit(t, fw_callback_value(i->task, "metric")->text, 1);
        return FW_OK;
    }
    return misbehave(i, t);
}

static fw_status test_relax(void *self, char *ret_text, uint64_t size)
{
    struct instance *i = self;

    note(i, "relax");
    i->seen++;
    snprintf(ret_text, (size_t)size, "relaxed %llu times", (unsigned long long)i->seen);
    return i->seen < 2 ? FW_MORE : FW_OK;
}

static void test_destroy(void *self)
{
    note(self, "destroy");
    destroy(self);
}

static const struct fw_param test_params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "how", .default_value = "well",
             .doc = "what it does"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "at", .default_value = "7", .doc = "the moment"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "from", .default_value = "0", .doc = "the first step"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "until", .default_value = "1000000", .doc = "the last"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "every", .default_value = "1", .doc = "steps"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "metric", .default_value = "x", .doc = "its name"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "cost", .default_value = "0", .min = "0", .max = "10",
             .unit = "s", .doc = "of a hook"),
    FW_PARAM(.type = FW_PARAM_BOOL, .name = "loud", .default_value = "false", .doc = "unused"),
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "scope", .default_value = "all", .choices = "all|some",
             .doc = "unused"),
    FW_PARAM(.type = FW_PARAM_BYTES, .name = "room", .default_value = "64KiB", .max = "1GB",
             .doc = "unused"),
    FW_PARAM(.type = FW_PARAM_DURATION, .name = "pause", .default_value = "1h30m", .doc = "unused"),
    FW_PARAM(.type = FW_PARAM_REAL_LIST, .name = "levels", .default_value = "0.5,2", .min = "0",
             .doc = "unused"),
    FW_PARAM(.type = FW_PARAM_TEXT_LIST, .name = "layers", .default_value = "", .doc = "unused"),
    FW_PARAM(.type = FW_PARAM_FILE, .name = "file", .doc = "unused"),
};

static const struct fw_callback test = {
    .struct_size = sizeof test,
    .n_params = FW_COUNT(test_params),
    .kind = "test",
    .doc = "does what it is told",
    .params = test_params,
    .hooks = (UINT64_C(1) << FW_TRAINING_HOOKS) - 1,
    .create = test_create,
    .setup = test_setup,
    .hook = test_hook,
    .relax = test_relax,
    .destroy = test_destroy,
};

/* needs: an option without which it does not work; and a table that is not filled. */
static const struct fw_param needs_params[] = {
    FW_PARAM(.type = FW_PARAM_INT, .name = "must", .flags = FW_PARAM_REQUIRED, .doc = "how many"),
};

static const struct fw_callback needs = {
    .struct_size = sizeof needs,
    .n_params = FW_COUNT(needs_params),
    .kind = "needs",
    .doc = "has no default",
    .params = needs_params,
    .create = create,
    .setup = no_setup,
    .hook = no_setup,
    .destroy = destroy,
};

static const struct fw_callback hollow = {
    .struct_size = sizeof hollow, .kind = "hollow", .doc = "has no functions", .create = create};

static const struct fw_callback *const kinds[] = {&list, &cadence, &test, &needs, &hollow};

const struct fw_callbacks hub_fixture_kinds = {
    .struct_size = sizeof hub_fixture_kinds, .n_kinds = FW_COUNT(kinds), .kinds = kinds};
