/* SPDX-License-Identifier: MIT */
/* Callbacks for the tests of `train`: one that asks for everything, one that fails, one that is
 * told of the end. */
#include <math.h>
#include <stdlib.h>

#include <fw/plugin.h>
#include <fw/service/callback.h>

#include "analysis/probe.h"

enum { N_PROBE = 16, N_HALVES = 32 };

struct asking {
    const struct fw_host *host;
    struct fw_training_probe *probe;
    void (*close)(struct fw_training_probe *probe);
};

static fw_status create(const struct fw_host *host, const struct fw_callback_task *task,
                        void **ret_self)
{
    struct asking *self = calloc(1, sizeof *self);
    (void)task;
    if (self == NULL) {
        return FW_E_NOMEM;
    }
    self->host = host;
    *ret_self = self;
    return FW_OK;
}

static void destroy(void *arg)
{
    struct asking *self = arg;
    if (self->probe != NULL) {
        self->close(self->probe);
    }
    free(self);
}

static const char *const numbers[] = {"loss",          "slope",
                                      "curvature",     "asymmetry",
                                      "repeated",      "distance",
                                      "norm",          "read_norm",
                                      "change",        "nonfinite",
                                      "tensors",       "bend",
                                      "bend_of_signs", "curvature_of_signs"};

static fw_status setup_asking(void *arg, const struct fw_training *training)
{
    (void)arg;
    fw_status status = FW_OK;
    for (size_t i = 0; i < FW_COUNT(numbers) && status == FW_OK; i++) {
        status = training->declare(training, numbers[i], "1", FW_TRAINING_EPOCH_END);
    }
    return status;
}

static double dot(const double *a, const double *b, uint64_t n)
{
    double sum = 0;
    for (uint64_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* v and w are any directions; the Hessian is symmetric, and a product the same each time. */
static fw_status ask_probe(struct asking *self, const struct fw_training *training, double *room)
{
    const uint64_t n = training->info->n_parameters;
    double *v = room, *w = room + n, *hv = room + 2 * n, *hw = room + 3 * n, *again = room + 4 * n;
    double loss = NAN;
    fw_status status = training->probe_at(self->probe, &loss, again);
    for (uint64_t i = 0; i < n; i++) {
        v[i] = cos(0.9 * (double)i);
        w[i] = sin(1.3 * (double)i);
    }
    training->emit(training, "loss", loss);
    training->emit(training, "slope", dot(again, v, n));
    if (status == FW_OK) {
        status = training->probe_product(self->probe, v, hv);
    }
    if (status == FW_OK) {
        status = training->probe_product(self->probe, w, hw);
    }
    if (status == FW_OK) {
        status = training->probe_product(self->probe, v, again);
    }
    double worst = 0;
    for (uint64_t i = 0; i < n; i++) {
        worst = fmax(worst, fabs(again[i] - hv[i]));
    }
    training->emit(training, "repeated", worst);
    training->emit(training, "curvature", dot(v, hv, n));
    training->emit(training, "asymmetry",
                   fabs(dot(v, hw, n) - dot(w, hv, n)) /
                       (fabs(dot(v, hw, n)) + sqrt(dot(hv, hv, n))));
    return status;
}

/* v'Hv by itself, of a direction and of the signs of a seed, beside what products say of it. */
static fw_status ask_bend(struct asking *self, const struct fw_training *training, double *room)
{
    const uint64_t n = training->info->n_parameters;
    double *v = room, *hv = room + n, bend = NAN, of_signs = NAN;
    for (uint64_t i = 0; i < n; i++) {
        v[i] = cos(0.9 * (double)i);
    }
    fw_status status = training->probe_bend(self->probe, v, 0, &bend);
    training->emit(training, "bend", bend);
    if (status == FW_OK) {
        status = training->probe_bend(self->probe, NULL, 11, &of_signs);
    }
    fw_probe_fill(11, n, v);
    if (status == FW_OK) {
        status = training->probe_product(self->probe, v, hv);
    }
    training->emit(training, "bend_of_signs", of_signs);
    training->emit(training, "curvature_of_signs", dot(v, hv, n));
    return status;
}

static fw_status ask_arrays(const struct fw_training *training, double *room)
{
    const uint64_t n = training->info->n_parameters;
    struct fw_training_sums sums = {.struct_size = (uint32_t)sizeof sums};
    fw_status status = training->sums(training, FW_TRAINING_PARAMETERS, 0, n, &sums);
    if (status == FW_OK) {
        status = training->read(training, FW_TRAINING_PARAMETERS, 0, n, room);
    }
    training->emit(training, "norm", sqrt(sums.squares));
    training->emit(training, "nonfinite", (double)sums.nonfinite);
    training->emit(training, "read_norm", sqrt(dot(room, room, n)));
    training->emit(training, "tensors", (double)training->info->n_tensors);
    sums = (struct fw_training_sums){.struct_size = (uint32_t)sizeof sums};
    if (status == FW_OK) {
        status = training->sums(training, FW_TRAINING_CHANGES, 0, n, &sums);
    }
    training->emit(training, "change", sqrt(sums.squares));
    return status;
}

static fw_status ask(struct asking *self, const struct fw_training *training)
{
    double *room = calloc(5 * training->info->n_parameters, sizeof *room);
    struct fw_training_halves halves = {.struct_size = (uint32_t)sizeof halves};
    fw_status status = room != NULL ? ask_probe(self, training, room) : FW_E_NOMEM;
    if (status == FW_OK) {
        status = ask_bend(self, training, room);
    }
    if (status == FW_OK) {
        status = ask_arrays(training, room);
    }
    if (status == FW_OK) {
        status = training->halves(training, N_HALVES, 7, &halves);
    }
    training->emit(training, "distance", halves.squared_distance);
    free(room);
    return status;
}

static fw_status hook_asking(void *arg, const struct fw_training *training)
{
    struct asking *self = arg;
    const struct fw_training_probe_options options = {
        .struct_size = (uint32_t)sizeof options, .n_samples = N_PROBE, .seed = 3};
    if (training->hook == FW_TRAINING_EPOCH_START) {
        return training->remember(training);
    }
    self->close = training->probe_close;
    fw_status status =
        self->probe != NULL ? FW_OK : training->probe_open(training, &options, &self->probe);
    return status == FW_OK ? ask(self, training) : status;
}

/* --- what fails, and what hears of a failure --- */

static fw_status setup_one(void *arg, const struct fw_training *training)
{
    (void)arg;
    return training->declare(training, "value", "1", FW_TRAINING_BATCH_END);
}

static fw_status hook_failing(void *arg, const struct fw_training *training)
{
    const struct asking *self = arg;
    (void)training;
    return FW_FAIL(self->host, FW_E_DATA, .what = "it fails each time");
}

static fw_status setup_nothing(void *arg, const struct fw_training *training)
{
    (void)arg;
    (void)training;
    return FW_OK;
}

static fw_status hook_hearing(void *arg, const struct fw_training *training)
{
    (void)arg;
    training->event(training, "heard", training->status == FW_E_DATA ? "of bad data" : "of more");
    return FW_OK;
}

static const struct fw_callback asking = {
    .struct_size = (uint32_t)sizeof asking,
    .kind = "asking",
    .doc = "Asks for everything at the end of each epoch",
    .hooks = 1u << FW_TRAINING_EPOCH_START | 1u << FW_TRAINING_EPOCH_END,
    .create = create,
    .setup = setup_asking,
    .hook = hook_asking,
    .destroy = destroy,
};

static const struct fw_callback failing = {
    .struct_size = (uint32_t)sizeof failing,
    .kind = "failing",
    .doc = "Fails at the end of each batch",
    .hooks = 1u << FW_TRAINING_BATCH_END,
    .create = create,
    .setup = setup_one,
    .hook = hook_failing,
    .destroy = destroy,
};

static const struct fw_callback hearing = {
    .struct_size = (uint32_t)sizeof hearing,
    .kind = "hearing",
    .doc = "Says of which class the failure is that ends the run",
    .hooks = 1u << FW_TRAINING_EXCEPTION,
    .create = create,
    .setup = setup_nothing,
    .hook = hook_hearing,
    .destroy = destroy,
};

static const struct fw_callback *const kinds[] = {&asking, &failing, &hearing};
static const struct fw_callbacks table = {
    .struct_size = (uint32_t)sizeof table, .n_kinds = FW_COUNT(kinds), .kinds = kinds};

static const struct fw_service service = {.struct_size = (uint32_t)sizeof service,
                                          .id = FW_CALLBACK_ID,
                                          .doc = "Callbacks for the tests of train",
                                          .table = &table};
static const struct fw_service *const services[] = {&service};

FW_PLUGIN("org.fwrun.test.train_callbacks", "0.1.0", "MIT", .doc = "Callbacks for tests",
          .services = services, .n_services = FW_COUNT(services));
