/* SPDX-License-Identifier: MIT */
/* What the loss does beside its trend, and how far the gradients of single samples are apart. */
#include "analysis/noise.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/ewma.h"
#include "analysis/probe.h"
#include "analysis/residual.h"
#include "callback_host/cadence.h"
#include "monitors.h"
#include "sql/fault.h"
#include "state.h"

enum { STATE_VERSION = 1, SEED_INDEX = 0xffffe };

static const double smoothing = 0.1;

struct noise {
    const struct fw_host *host;
    const struct fw_callback_task *task;
    double *losses; /* a ring: step s lies at s mod capacity */
    uint64_t capacity;
    uint64_t n; /* that have come by, all of them */
    double *room;
    struct fw_ewma norm; /* of the gradient */
};

static void destroy(void *self)
{
    struct noise *s = self;

    free(s->losses);
    free(s->room);
    free(s);
}

static fw_status create(const struct fw_host *host, const struct fw_callback_task *task,
                        void **ret_self)
{
    struct noise *s = calloc(1, sizeof *s);

    if (s == NULL) {
        return fw_fault_nomem(host);
    }
    s->host = host;
    s->task = task;
    fw_ewma_init(&s->norm, smoothing);
    *ret_self = s;
    return FW_OK;
}

static const struct monitors_metric of_halves[] = {
    {"gradient_variance_total", "1", FW_TRAINING_EPOCH_END},
    {"noise_scale", "samples", FW_TRAINING_EPOCH_END},
    {"small_norm", "1", FW_TRAINING_EPOCH_END},
    {"big_norm", "1", FW_TRAINING_EPOCH_END},
};

static fw_status setup(void *self, const struct fw_training *training)
{
    static const struct monitors_metric metrics[] = {
        {"window", "steps", FW_TRAINING_EPOCH_END},
        {"residual_mode", "0 1 2", FW_TRAINING_EPOCH_END},
        {"residual_power", "nats^2", FW_TRAINING_EPOCH_END},
        {"power_law_slope", "1", FW_TRAINING_EPOCH_END},
        {"power_law_r2", "1", FW_TRAINING_EPOCH_END},
        {"psd_tail", "1", FW_TRAINING_EPOCH_END},
        {"psd_tail_raw", "1", FW_TRAINING_EPOCH_END},
        {"total_power", "nats^2", FW_TRAINING_EPOCH_END},
        {"gradient_variance", "1", FW_TRAINING_EPOCH_END},
    };
    struct noise *s = self;

    s->capacity =
        fw_residual_window(FW_RESIDUAL_MOST, (size_t)fw_callback_value(s->task, "window")->integer,
                           training->info->batches);
    s->losses = calloc(s->capacity, sizeof *s->losses);
    s->room = calloc(s->capacity, 3 * sizeof *s->room);
    if (s->losses == NULL || s->room == NULL) {
        return fw_fault_nomem(s->host);
    }
    fw_status status = monitors_declare(training, metrics, FW_COUNT(metrics));
    if (status == FW_OK && fw_callback_value(s->task, "halves")->integer != 0) {
        status = monitors_declare(training, of_halves, FW_COUNT(of_halves));
    }
    return status;
}

static void say_window(const struct noise *s, const struct fw_training *training)
{
    const uint64_t n = s->n < s->capacity ? s->n : s->capacity;
    double *step = s->room, *loss = s->room + s->capacity, *beside = loss + s->capacity;
    struct fw_residual window;

    for (uint64_t i = 0; i < n; i++) {
        step[i] = (double)(training->global_step - n + 1 + i);
        loss[i] = s->losses[(s->n - n + i) % s->capacity];
    }
    enum fw_outcome outcome = fw_residual_of(step, loss, n, beside, &window);
    bool is_enough = outcome != FW_OUTCOME_INSUFFICIENT;
    training->emit(training, "window", (double)n);
    training->emit(training, "residual_mode", outcome == FW_OUTCOME_OK ? window.mode : NAN);
    training->emit(training, "residual_power", window.power);
    training->emit(training, "power_law_slope", is_enough ? window.law.b : NAN);
    training->emit(training, "power_law_r2", is_enough ? window.law.r2 : NAN);
    training->emit(training, "psd_tail", window.psd.tail);
    training->emit(training, "psd_tail_raw", window.raw.tail);
    training->emit(training, "total_power", window.psd.total);
    training->emit(training, "gradient_variance", s->norm.n > 1 ? s->norm.variance : NAN);
}

/* One batch of the training's size, in halves: a pair of sizes, and a covariance. */
static fw_status say_scale(const struct noise *s, const struct fw_training *training)
{
    struct fw_training_halves halves = {.struct_size = (uint32_t)sizeof halves};
    const struct fw_training_info *info = training->info;
    uint64_t n = (info->batch_size < info->n_train ? info->batch_size : info->n_train) / 2 * 2;
    uint64_t seed = fw_probe_seed(s->task->seed, training->global_step, SEED_INDEX);
    fw_status status = n == 0 ? FW_E_UNSUPPORTED : training->halves(training, n, seed, &halves);
    struct fw_noise noise;

    if (status == FW_E_UNSUPPORTED) { /* a batch of one, or a trainer that cannot */
        for (size_t i = 0; i < FW_COUNT(of_halves); i++) {
            training->emit(training, of_halves[i].name, NAN);
        }
        return FW_OK;
    }
    if (status != FW_OK) {
        return status;
    }
    fw_noise_of_sizes(halves.squared_half, (double)halves.n / 2, halves.squared_mean,
                      (double)halves.n, &noise);
    double trace = fw_noise_of_halves((double)halves.n, halves.squared_distance);
    training->emit(training, "gradient_variance_total", trace);
    training->emit(training, "noise_scale",
                   noise.squared_gradient > 0 ? trace / noise.squared_gradient : NAN);
    training->emit(training, "small_norm", sqrt(halves.squared_half));
    training->emit(training, "big_norm", sqrt(halves.squared_mean));
    return FW_OK;
}

static fw_status hook(void *self, const struct fw_training *training)
{
    struct noise *s = self;

    if (training->hook == FW_TRAINING_BATCH_END) {
        s->losses[s->n++ % s->capacity] = training->loss;
        fw_ewma_update(&s->norm, training->gradient_norm);
        return FW_OK;
    }
    if (!fw_cadence_due(training->epoch + 1,
                        (uint64_t)fw_callback_value(s->task, "every_epochs")->integer) &&
        !monitors_is_dry(training)) {
        return FW_OK;
    }
    say_window(s, training);
    return fw_callback_value(s->task, "halves")->integer != 0 ? say_scale(s, training) : FW_OK;
}

static fw_status save(void *self, struct fw_blob *ret)
{
    const struct noise *s = self;
    struct fw_text state = {0};

    monitors_put(&state, &s->capacity, sizeof s->capacity);
    monitors_put(&state, &s->n, sizeof s->n);
    monitors_put(&state, s->losses, s->capacity * sizeof *s->losses);
    monitors_put(&state, &s->norm, sizeof s->norm);
    return monitors_put_end(&state, s->host, STATE_VERSION, ret);
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    struct noise *s = self;
    struct monitors_state state = monitors_take_begin(blob, STATE_VERSION);
    uint64_t capacity;

    monitors_take(&state, &capacity, sizeof capacity);
    state.failed = state.failed || capacity != s->capacity;
    monitors_take(&state, &s->n, sizeof s->n);
    monitors_take(&state, s->losses, s->capacity * sizeof *s->losses);
    monitors_take(&state, &s->norm, sizeof s->norm);
    return monitors_take_end(&state, s->host, s->norm.a == smoothing);
}

static const struct fw_param params[] = {
    MONITORS_WHOLE("every_epochs", "2", "1", "epochs", "between two looks"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "window", .default_value = "0", .min = "0",
             .max = "1024", .unit = "steps",
             .doc = "the last ones; 0: two epochs'; 1024 at most, below 16 nothing is said"),
    MONITORS_SWITCH("halves", "true",
                    "measure the noise scale on one more batch in halves; costs a step"),
};

const struct fw_callback monitors_noise = {
    .struct_size = (uint32_t)sizeof(struct fw_callback),
    .n_params = FW_COUNT(params),
    .kind = "noise",
    .doc = "What the loss does beside its trend, and the gradient's noise scale",
    .params = params,
    .hooks = MONITORS_AT(FW_TRAINING_BATCH_END) | MONITORS_AT(FW_TRAINING_EPOCH_END),
    .create = create,
    .setup = setup,
    .hook = hook,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};
