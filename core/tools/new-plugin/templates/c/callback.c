/* SPDX-License-Identifier: MIT */
#include "fw/service/callback.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw/sdk.h"

/* Watches the loss of a training: its moving mean, jumps above it, and the largest gradient.
 */

enum { STATE_VERSION = 1 };

/* All that a fresh instance needs to say what this one would. */
struct state {
    double mean;
    uint64_t n_losses, n_jumps;
};

struct instance {
    const struct fw_host *host;
    double weight, factor;
    struct state state;
};

static fw_status create(const struct fw_host *host, const struct fw_callback_task *task,
                        void **ret_self)
{
    struct instance *self = calloc(1, sizeof *self);
    if (self == NULL) {
        return FW_FAIL(host, FW_E_NOMEM, .what = "no memory for the callback");
    }
    self->host = host;
    self->weight = fw_callback_value(task, "weight")->real;
    self->factor = fw_callback_value(task, "factor")->real;
    *ret_self = self;
    return FW_OK;
}

static void destroy(void *self)
{
    free(self);
}

static fw_status setup(void *opaque, const struct fw_training *training)
{
    (void)opaque;
    fw_status status = training->declare(training, "mean", "nats", FW_TRAINING_BATCH_END);
    if (status == FW_OK) {
        status = training->declare(training, "jumps", "1", FW_TRAINING_EPOCH_END);
    }
    if (status == FW_OK) {
        status = training->declare(training, "largest_gradient", "1", FW_TRAINING_BACKWARD);
    }
    return status;
}

static void take_loss(struct instance *self, const struct fw_training *training)
{
    struct state *state = &self->state;
    if (!isfinite(training->loss)) {
        training->emit(training, "mean", NAN); /* could not be computed, and is not left out */
        return;
    }
    if (state->n_losses > 0 && training->loss > self->factor * state->mean) {
        char text[96];
        snprintf(text, sizeof text, "the loss is %g, its mean was %g", training->loss, state->mean);
        training->event(training, "jump", text);
        state->n_jumps++;
    }
    state->mean = state->n_losses++ == 0
                      ? training->loss
                      : self->weight * training->loss + (1 - self->weight) * state->mean;
    training->emit(training, "mean", state->mean);
}

/* At the ends of quarters: what reads all gradients need not be done for each batch. */
static fw_status take_gradients(const struct fw_training *training)
{
    struct fw_training_sums sums = {.struct_size = (uint32_t)sizeof sums};
    const fw_status status =
        training->sums(training, FW_TRAINING_GRADIENTS, 0, training->info->n_parameters, &sums);
    if (status == FW_OK) {
        training->emit(training, "largest_gradient", sums.largest);
    }
    return status;
}

static fw_status hook(void *opaque, const struct fw_training *training)
{
    struct instance *self = opaque;
    switch (training->hook) {
    case FW_TRAINING_BACKWARD:
        return training->quarter != 0 ? take_gradients(training) : FW_OK;
    case FW_TRAINING_BATCH_END:
        take_loss(self, training);
        return FW_OK;
    default:
        training->emit(training, "jumps", (double)self->state.n_jumps);
        return FW_OK;
    }
}

static fw_status save(void *opaque, struct fw_blob *ret)
{
    struct instance *self = opaque;
    ret->version = STATE_VERSION;
    ret->bytes = &self->state; /* copied by the trainer before the next hook */
    ret->size = sizeof self->state;
    return FW_OK;
}

static fw_status restore(void *opaque, const struct fw_blob *blob)
{
    struct instance *self = opaque;
    if (blob->version != STATE_VERSION || blob->size != sizeof self->state) {
        return FW_FAIL(self->host, FW_E_STATE, .what = "the state is of another version");
    }
    memcpy(&self->state, blob->bytes, sizeof self->state);
    return FW_OK;
}

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_REAL, .name = "weight", .default_value = "0.1", .min = "0",
             .max = "1", .doc = "How much a new loss counts in the mean"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "factor", .default_value = "3", .min = "1",
             .doc = "How many times the mean a loss must be to be a jump"),
};

#define AT(moment) (UINT64_C(1) << (moment))

static const struct fw_callback kind = {
    .struct_size = (uint32_t)sizeof kind,
    .n_params = FW_COUNT(params),
    .kind = "plugin_name",
    .doc = "The moving mean of the loss, and jumps above it",
    .params = params,
    .hooks = AT(FW_TRAINING_BACKWARD) | AT(FW_TRAINING_BATCH_END) | AT(FW_TRAINING_EPOCH_END),
    .create = create,
    .setup = setup,
    .hook = hook,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};

static const struct fw_callback *const kinds[] = {&kind};

static const struct fw_callbacks callbacks = {
    .struct_size = (uint32_t)sizeof callbacks, .n_kinds = FW_COUNT(kinds), .kinds = kinds};

static const struct fw_service service = {.struct_size = (uint32_t)sizeof service,
                                          .id = FW_CALLBACK_ID,
                                          .doc = "plugin_name: the mean of the loss",
                                          .table = &callbacks};

static const struct fw_service *const services[] = {&service};

FW_PLUGIN("org.example.plugin_name", "0.1.0", "MIT", .doc = "Watches the loss of a training",
          .services = services, .n_services = FW_COUNT(services));
