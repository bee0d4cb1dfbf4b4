/* SPDX-License-Identifier: MIT */
/* Slopes of the mean loss, the knee behind which they count, and how well a power law fits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/log.h>

#include "analysis/epochs.h"
#include "analysis/ewma.h"
#include "analysis/fit.h"
#include "monitors.h"
#include "sql/fault.h"
#include "state.h"

enum { STATE_VERSION = 1, QUARTERS = 4 };

static const double smoothing = 0.1;

/* Means of quarters, or validations, in the order of time. */
struct points {
    double *at; /* epochs since the beginning, as a real number */
    double *value;
    double *epoch;
    uint64_t n;
};

struct loss_slope {
    const struct fw_host *host;
    const struct fw_callback_task *task;
    uint64_t start, end; /* epochs of alpha */
    double threshold;
    bool says_each_epoch;
    char alpha[MONITORS_NAME];

    uint64_t n_epochs; /* that there is room for */
    uint64_t batches;
    struct fw_epoch *epochs;
    struct points quarters, validations;
    double *room;

    struct fw_epoch quarter; /* the one that is under way */
    struct fw_ewma smooth;
    uint64_t n_bad;
};

static void destroy(void *self)
{
    struct loss_slope *s = self;

    free(s->epochs);
    free(s->room);
    free(s);
}

static fw_status create(const struct fw_host *host, const struct fw_callback_task *task,
                        void **ret_self)
{
    int64_t start = fw_callback_value(task, "slope_window_start")->integer;
    int64_t end = fw_callback_value(task, "slope_window_end")->integer;

    if (end < start + 2) {
        return fw_faultf(
            host, FW_E_CONFIG, "slope_window_end", "end it two epochs behind its start, or later",
            "the window [%lld, %lld) has no two epochs", (long long)start, (long long)end);
    }
    struct loss_slope *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return fw_fault_nomem(host);
    }
    s->host = host;
    s->task = task;
    s->start = (uint64_t)start;
    s->end = (uint64_t)end;
    s->threshold = fw_callback_value(task, "burn_in_ce")->real;
    s->says_each_epoch = fw_callback_value(task, "debug_mode")->integer != 0;
    snprintf(s->alpha, sizeof s->alpha, "alpha_%lld_%lld", (long long)start, (long long)end);
    fw_ewma_init(&s->smooth, smoothing);
    *ret_self = s;
    return FW_OK;
}

static void lay_out(struct points *points, double *room, uint64_t most)
{
    *points = (struct points){.at = room, .value = room + most, .epoch = room + 2 * most};
}

static fw_status take_room(struct loss_slope *s, const struct fw_training_info *info)
{
    uint64_t most = QUARTERS * info->epochs;

    s->n_epochs = info->epochs;
    s->batches = info->batches;
    s->epochs = calloc(info->epochs + 1, sizeof *s->epochs);
    s->room = calloc(info->epochs + 1, QUARTERS * 6 * sizeof *s->room);
    if (s->epochs == NULL || s->room == NULL) {
        return fw_fault_nomem(s->host);
    }
    lay_out(&s->quarters, s->room, most);
    lay_out(&s->validations, s->room + 3 * most, most);
    return FW_OK;
}

static fw_status setup(void *self, const struct fw_training *training)
{
    struct loss_slope *s = self;
    const struct monitors_metric metrics[] = {
        {"ewma", "nats", FW_TRAINING_BATCH_END},
        {"ewma_var_unbiased", "nats^2", FW_TRAINING_BATCH_END},
        {"grad_norm_periodic", "1", FW_TRAINING_BATCH_END},
        {"weight_norm_periodic", "1", FW_TRAINING_BATCH_END},
        {s->alpha, "nats/epoch", FW_TRAINING_EPOCH_END},
        {"alpha_final", "0 1", FW_TRAINING_EPOCH_END},
        {"alpha_full", "nats/epoch", FW_TRAINING_EPOCH_END},
        {"knee_epoch", "epoch", FW_TRAINING_EPOCH_END},
        {"burn_in_loss", "nats", FW_TRAINING_EPOCH_END},
        {"r_squared", "1", FW_TRAINING_EPOCH_END},
        {"r_squared_val", "1", FW_TRAINING_EPOCH_END},
        {"nonfinite_batches", "batches", FW_TRAINING_EPOCH_END},
    };
    fw_status status = take_room(s, training->info);

    if (training->info->epochs < s->start + 2) {
        monitors_say(s->host, s->task, FW_LOG_WARNING,
                     "%llu epochs have no two of the window [%llu, %llu): there will be no %s; set "
                     "slope_window_start and slope_window_end",
                     (unsigned long long)training->info->epochs, (unsigned long long)s->start,
                     (unsigned long long)s->end, s->alpha);
    }
    return status == FW_OK ? monitors_declare(training, metrics, FW_COUNT(metrics)) : status;
}

static void add_point(const struct loss_slope *s, const struct fw_training *training, double value,
                      struct points *points)
{
    if (points->n < QUARTERS * s->n_epochs) {
        points->at[points->n] = (double)training->global_step / (double)s->batches;
        points->epoch[points->n] = (double)training->epoch;
        points->value[points->n++] = value;
    }
}

static fw_status end_quarter(struct loss_slope *s, const struct fw_training *training)
{
    struct fw_training_sums sums = {.struct_size = (uint32_t)sizeof sums};
    fw_status status =
        training->sums(training, FW_TRAINING_PARAMETERS, 0, training->info->n_parameters, &sums);

    if (s->quarter.n > 0) {
        add_point(s, training, s->quarter.sum / (double)s->quarter.n, &s->quarters);
    }
    s->quarter = (struct fw_epoch){0};
    if (status == FW_OK) {
        training->emit(training, "grad_norm_periodic", training->gradient_norm);
        training->emit(training, "weight_norm_periodic", sqrt(sums.squares));
    }
    return status;
}

static fw_status end_batch(struct loss_slope *s, const struct fw_training *training)
{
    uint64_t each = (uint64_t)fw_callback_value(s->task, "log_every_n_steps")->integer;

    if (training->epoch < s->n_epochs) {
        fw_epoch_add(&s->epochs[training->epoch], training->loss);
    }
    fw_epoch_add(&s->quarter, training->loss);
    s->n_bad += !isfinite(training->loss);
    fw_ewma_update(&s->smooth, training->loss);
    if (training->global_step % each == 0) {
        bool is_told = s->smooth.n > 0;
        training->emit(training, "ewma", is_told ? s->smooth.mean : NAN);
        training->emit(training, "ewma_var_unbiased",
                       is_told ? fw_ewma_unbiased_variance(&s->smooth) : NAN);
    }
    return training->quarter != 0 ? end_quarter(s, training) : FW_OK;
}

static double r2_from(const struct points *points, double epoch)
{
    uint64_t first = 0;
    double r2;

    while (first < points->n && points->epoch[first] < epoch) {
        first++;
    }
    fw_power_law_r2(points->at + first, points->value + first, points->n - first,
                    FW_SLOPE_FIT_LEAST, &r2);
    return r2;
}

/* What counts from an epoch on, up to the one that has just ended. */
static void say_from(const struct loss_slope *s, const struct fw_training *training, uint64_t epoch)
{
    double alpha;

    fw_epoch_slope(s->epochs, training->epoch + 1, epoch, training->epoch + 1, &alpha);
    training->emit(training, "alpha_full", alpha);
    training->emit(training, "r_squared", r2_from(&s->quarters, (double)epoch));
    training->emit(training, "r_squared_val", r2_from(&s->validations, (double)epoch));
}

static void say_knee(const struct loss_slope *s, const struct fw_training *training)
{
    uint64_t burn_in = (uint64_t)fw_callback_value(s->task, "burn_in_epochs")->integer;
    int64_t knee = fw_epoch_knee(s->epochs, training->epoch + 1, s->threshold,
                                 (size_t)fw_callback_value(s->task, "knee_hold")->integer);

    if (s->threshold <= 0) {
        if (training->epoch >= burn_in) {
            say_from(s, training, burn_in);
        }
    } else if (knee >= 0) {
        training->emit(training, "knee_epoch", (double)knee);
        training->emit(training, "burn_in_loss", fw_epoch_mean(&s->epochs[knee]));
        say_from(s, training, (uint64_t)knee);
    }
}

static void end_epoch(const struct loss_slope *s, const struct fw_training *training)
{
    uint64_t done = training->epoch + 1;
    double alpha;

    if (s->says_each_epoch) {
        monitors_say(s->host, s->task, FW_LOG_INFO, "epoch %llu: mean loss %.6f nats",
                     (unsigned long long)training->epoch,
                     fw_epoch_mean(&s->epochs[training->epoch]));
    }
    if (done % (uint64_t)fw_callback_value(s->task, "log_epoch_freq")->integer != 0) {
        return;
    }
    training->emit(training, "nonfinite_batches", (double)s->n_bad);
    if (training->epoch >= s->start) {
        fw_epoch_slope(s->epochs, done, s->start, s->end, &alpha);
        training->emit(training, s->alpha, alpha);
        training->emit(training, "alpha_final", done >= s->end);
    }
    say_knee(s, training);
}

static fw_status hook(void *self, const struct fw_training *training)
{
    struct loss_slope *s = self;

    if (training->hook == FW_TRAINING_BATCH_END) {
        return end_batch(s, training);
    }
    if (training->hook == FW_TRAINING_VAL_END) {
        add_point(s, training, training->val_loss, &s->validations);
    } else if (training->epoch < s->n_epochs) {
        end_epoch(s, training);
    }
    return FW_OK;
}

static void put_points(struct fw_text *state, const struct points *points)
{
    monitors_put(state, &points->n, sizeof points->n);
    monitors_put(state, points->at, points->n * sizeof *points->at);
    monitors_put(state, points->value, points->n * sizeof *points->value);
    monitors_put(state, points->epoch, points->n * sizeof *points->epoch);
}

static void take_points(struct monitors_state *state, uint64_t most, struct points *points)
{
    monitors_take(state, &points->n, sizeof points->n);
    state->failed = state->failed || points->n > most;
    points->n = state->failed ? 0 : points->n;
    monitors_take(state, points->at, points->n * sizeof *points->at);
    monitors_take(state, points->value, points->n * sizeof *points->value);
    monitors_take(state, points->epoch, points->n * sizeof *points->epoch);
}

static fw_status save(void *self, struct fw_blob *ret)
{
    const struct loss_slope *s = self;
    struct fw_text state = {0};

    monitors_put(&state, &s->n_epochs, sizeof s->n_epochs);
    monitors_put(&state, s->epochs, s->n_epochs * sizeof *s->epochs);
    put_points(&state, &s->quarters);
    put_points(&state, &s->validations);
    monitors_put(&state, &s->quarter, sizeof s->quarter);
    monitors_put(&state, &s->smooth, sizeof s->smooth);
    monitors_put(&state, &s->n_bad, sizeof s->n_bad);
    return monitors_put_end(&state, s->host, STATE_VERSION, ret);
}

static fw_status restore(void *self, const struct fw_blob *blob)
{
    struct loss_slope *s = self;
    struct monitors_state state = monitors_take_begin(blob, STATE_VERSION);
    uint64_t n_epochs;

    monitors_take(&state, &n_epochs, sizeof n_epochs);
    state.failed = state.failed || n_epochs != s->n_epochs;
    monitors_take(&state, s->epochs, s->n_epochs * sizeof *s->epochs);
    take_points(&state, QUARTERS * s->n_epochs, &s->quarters);
    take_points(&state, QUARTERS * s->n_epochs, &s->validations);
    monitors_take(&state, &s->quarter, sizeof s->quarter);
    monitors_take(&state, &s->smooth, sizeof s->smooth);
    monitors_take(&state, &s->n_bad, sizeof s->n_bad);
    return monitors_take_end(&state, s->host, s->smooth.a == smoothing);
}

static const struct fw_param params[] = {
    MONITORS_WHOLE("log_every_n_steps", "1", "1", "steps",
                   "between two values of the smoothed loss"),
    MONITORS_WHOLE("log_epoch_freq", "1", "1", "epochs", "between two values of the slopes"),
    MONITORS_WHOLE("slope_window_start", "5", "0", "epochs", "of alpha, which is called after it"),
    MONITORS_WHOLE("slope_window_end", "15", "2", "epochs", "the first one behind the window"),
    MONITORS_WHOLE("burn_in_epochs", "5", "0", "epochs",
                   "where alpha_full begins when burn_in_ce is 0"),
    MONITORS_REAL("burn_in_ce", "1.0", NULL, "nats",
                  "the knee: the first epoch at or below; 0: burn_in_epochs instead"),
    MONITORS_WHOLE("knee_hold", "1", "1", "epochs", "that must be as low one after the other"),
    MONITORS_SWITCH("debug_mode", "false", "log the mean loss of each epoch"),
};

const struct fw_callback monitors_loss_slope = {
    .struct_size = (uint32_t)sizeof(struct fw_callback),
    .n_params = FW_COUNT(params),
    .kind = "loss_slope",
    .doc = "Slopes of the mean loss, the knee, and how well a power law fits",
    .params = params,
    .hooks = MONITORS_AT(FW_TRAINING_BATCH_END) | MONITORS_AT(FW_TRAINING_VAL_END) |
             MONITORS_AT(FW_TRAINING_EPOCH_END),
    .create = create,
    .setup = setup,
    .hook = hook,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};
