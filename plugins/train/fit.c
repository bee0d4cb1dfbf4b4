/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include <fw/service/metrics.h>

#include "callback_host/cadence.h"
#include "train.h"

/* A step ends behind the batch that goes beyond this, where a quarter takes longer. */
#define STEP_SECONDS 1.5

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* --- validation --- */

static void tell(struct train *train, const struct train_answers *answers)
{
    struct fw_training *now = fw_hub_now(train->hub);

    now->val_loss = answers->loss;
    now->val_accuracy = answers->accuracy;
    fw_hub_emit(train->hub, "val/loss_nats", answers->loss);
    fw_hub_emit(train->hub, "val/loss_bits", answers->loss / log(2));
    fw_hub_emit(train->hub, "val/acc", answers->accuracy);
    if (train->info->n_classes == 2) {
        fw_hub_emit(train->hub, "val/auc", answers->auc);
    }
}

static fw_status validate(struct train *train, struct train_point *point)
{
    struct train_answers answers = {0};
    fw_status status = fw_hub_call(train->hub, FW_TRAINING_VAL_START);

    if (status == FW_OK) {
        status = train_evaluate(train, FW_DATASET_VAL, &answers);
    }
    if (status == FW_OK) {
        point->val_loss = answers.loss;
        point->val_accuracy = answers.accuracy;
        point->val_auc = answers.auc;
        tell(train, &answers);
        status = fw_hub_call(train->hub, FW_TRAINING_VAL_END);
    }
    train_answers_finish(&answers);
    return status == FW_OK ? train_keep_offer(train, point) : status;
}

/* --- the end of a quarter --- */

static fw_status add_point(struct train *train, const struct train_point *point)
{
    if (train->n_points == train->room_points) {
        const uint64_t room = train->room_points == 0 ? 64 : 2 * train->room_points;
        struct train_point *points = reallocarray(train->points, room, sizeof *points);
        if (points == NULL) {
            return fw_fault_nomem(train->host);
        }
        train->points = points;
        train->room_points = room;
    }
    train->points[train->n_points++] = *point;
    return FW_OK;
}

static void record(const struct train *train, const struct train_point *point)
{
    const struct fw_metrics *metrics = train->host->service(train->host, FW_METRICS_ID);

    if (metrics != NULL) {
        metrics->record(train->host, "train/loss", point->step, point->loss, "nats");
        if (!isnan(point->val_loss)) {
            metrics->record(train->host, "val/loss", point->step, point->val_loss, "nats");
        }
    }
}

static fw_status end_quarter(struct train *train, bool is_last)
{
    struct train_place *place = &train->place;
    struct train_point point = {
        .epoch = place->epoch,
        .step = place->step,
        .loss = place->quarter_loss / (double)place->quarter_batches,
        .accuracy = (double)place->quarter_correct / (double)place->quarter_samples,
        .rate = fw_hub_now(train->hub)->rate,
        .gradient_norm = place->quarter_norm / (double)place->quarter_batches,
        .val_loss = NAN,
        .val_accuracy = NAN,
        .val_auc = NAN,
    };
    fw_status status = FW_OK;

    place->quarter_batches = place->quarter_samples = place->quarter_correct = 0;
    place->quarter_loss = place->quarter_norm = 0;
    if (train->n_part[FW_DATASET_VAL] > 0 && (is_last || train->settings.validates_quarters)) {
        status = validate(train, &point);
    }
    if (status == FW_OK) {
        record(train, &point);
        status = add_point(train, &point);
    }
    return status;
}

/* --- the end of an epoch --- */

static fw_status judge(struct train *train)
{
    const struct train_point *point = &train->points[train->n_points - 1];
    const struct stopping_rule *rule = &train->settings.stopping;
    fw_status status = FW_OK;

    if (train->n_part[FW_DATASET_VAL] == 0) {
        return FW_OK;
    }
    if (stopping_improves(&train->stopping, rule, train->place.epoch,
                          rule->larger_is_better ? point->val_auc : point->val_loss) &&
        train->best != NULL) {
        status = train_weights_get(train, train->best);
    }
    train->place.stopped_early = stopping_is_due(&train->stopping, rule);
    return status;
}

static fw_status end_epoch(struct train *train)
{
    train->gradients_count = false;
    fw_status status = fw_hub_call(train->hub, FW_TRAINING_EPOCH_END);

    if (status == FW_OK) {
        status = judge(train);
    }
    train->place.epoch++;
    train->place.batch = 0;
    train->has_order = false;
    return status == FW_OK ? train_keep_last(train) : status;
}

/* --- a step --- */

static fw_status begin_epoch(struct train *train)
{
    struct fw_training *now = fw_hub_now(train->hub);

    now->epoch = train->place.epoch;
    now->batch = 0;
    return fw_hub_call(train->hub, FW_TRAINING_EPOCH_START);
}

static void find_order(struct train *train)
{
    if (!train->has_order) {
        fw_dataset_order(train->set, FW_DATASET_TRAIN, train->settings.seed, train->place.epoch,
                         train->order);
        train->has_order = true;
    }
}

/* FW_OK when a quarter is over, FW_MORE otherwise. */
static fw_status next_batch(struct train *train, bool *ret_is_last)
{
    fw_status status = FW_OK;

    if (train_is_cancelled(train)) {
        return FW_FAIL(train->host, FW_E_CANCELLED, .what = "the training was cancelled");
    }
    find_order(train);
    if (train->place.batch == 0) {
        status = begin_epoch(train);
    }
    if (status == FW_OK) {
        status = train_batch(train);
    }
    if (status != FW_OK) {
        return status;
    }
    const bool is_quarter = fw_cadence_quarter(train->place.batch, train->batches) != 0;
    train->place.batch++;
    *ret_is_last = train->place.batch == train->batches;
    return is_quarter ? FW_OK : FW_MORE;
}

static fw_status work(struct train *train)
{
    const double began = seconds();
    bool is_last = false;
    fw_status status;

    do {
        status = next_batch(train, &is_last);
    } while (status == FW_MORE && seconds() - began < STEP_SECONDS);
    if (status == FW_OK) {
        status = end_quarter(train, is_last);
        if (status == FW_OK && is_last) {
            status = end_epoch(train);
        }
    }
    train->seconds += seconds() - began;
    return status == FW_OK ? FW_MORE : status;
}

static fw_status begin(struct train *train)
{
    train->place.has_begun = 1;
    return fw_hub_call(train->hub, FW_TRAINING_FIT_START);
}

/* Callbacks are told what ends the run; what they make of it changes nothing any more. */
static fw_status fail(struct train *train, fw_status cause)
{
    fw_hub_now(train->hub)->status = cause;
    (void)fw_hub_call(train->hub, FW_TRAINING_EXCEPTION);
    return cause;
}

fw_status train_fit(struct train *train)
{
    fw_status status = FW_OK;

    if (!train->place.has_begun) {
        status = begin(train);
    }
    if (status == FW_OK) {
        status = work(train);
    }
    if (status < 0) {
        return fail(train, status);
    }
    const bool is_over = train->place.stopped_early || train->place.epoch == train->settings.epochs;
    return is_over ? FW_OK : FW_MORE;
}
