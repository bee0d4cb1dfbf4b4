/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "dataset/stream.h"
#include "train.h"

fw_status train_batch_load(struct train *train, struct fw_net_pass *pass, const uint32_t *samples,
                           uint64_t n, const struct fw_dataset_draw *draw)
{
    fw_dataset_fill(train->set, samples, n, draw, train->inputs);
    fw_dataset_labels(train->set, samples, n, train->labels);
    return fw_net_load(pass, train->inputs, n);
}

/* --- what becomes known in the course of a batch --- */

static void begin_view(struct train *train)
{
    struct fw_training *now = fw_hub_now(train->hub);

    now->epoch = train->place.epoch;
    now->batch = train->place.batch;
    now->global_step = train->place.step;
    now->n = now->n_correct = 0;
    now->loss = now->val_loss = now->val_accuracy = NAN;
    now->gradient_norm = now->clipped_norm = NAN;
    now->rate = fw_schedule_rate(&train->schedule, train->place.step);
    now->decay = train->settings.decay;
}

static fw_status forward(struct train *train, const uint32_t *samples, uint64_t n)
{
    struct fw_training *now = fw_hub_now(train->hub);
    const struct fw_dataset_draw draw = {train->settings.seed, train->place.epoch};
    const struct fw_net_mode mode = {
        .batch_statistics = true,
        .track = true,
        /* 0 would mean that nothing is dropped. */
        .dropout_seed =
            fw_stream_seed(train->settings.seed, FW_STREAM_DROPOUT, train->place.step, 0) | 1};
    fw_status status = train_batch_load(train, train->pass, samples, n, &draw);

    if (status == FW_OK) {
        status = fw_net_forward(train->pass, mode);
    }
    if (status == FW_OK) {
        status =
            fw_net_loss(train->pass, train->loss_kind, train->labels, &now->loss, &now->n_correct);
    }
    now->n = n;
    return status == FW_OK ? fw_hub_call(train->hub, FW_TRAINING_FORWARD) : status;
}

static fw_status backward(struct train *train)
{
    struct fw_training *now = fw_hub_now(train->hub);
    fw_status status = fw_net_backward(train->pass);

    if (status == FW_OK) {
        status = fw_optimiser_norm(&train->optimiser, train->pass->gradient, &now->gradient_norm);
    }
    train->gradients_count = true;
    return status == FW_OK ? fw_hub_call(train->hub, FW_TRAINING_BACKWARD) : status;
}

static fw_status clip(struct train *train)
{
    struct fw_training *now = fw_hub_now(train->hub);

    if (train->settings.clip_norm == 0) {
        return fw_hub_call(train->hub, FW_TRAINING_BEFORE_STEP);
    }
    const double scale = fw_clip_scale(now->gradient_norm, train->settings.clip_norm);
    now->clipped_norm = now->gradient_norm * scale;
    fw_status status = fw_optimiser_clip(&train->optimiser, train->pass->gradient, scale);
    return status == FW_OK ? fw_hub_call(train->hub, FW_TRAINING_BEFORE_STEP) : status;
}

static fw_status update(struct train *train)
{
    struct fw_training *now = fw_hub_now(train->hub);
    fw_status status = fw_optimiser_step(&train->optimiser, train->pass->parameters,
                                         train->pass->gradient, now->rate);

    if (status == FW_OK) {
        now->global_step = ++train->place.step;
        status = fw_hub_call(train->hub, FW_TRAINING_AFTER_STEP);
    }
    return status;
}

/* Three losses in a row that are no numbers: nothing good comes after them. */
static fw_status check_loss(struct train *train)
{
    const struct fw_training *now = fw_hub_now(train->hub);
    struct train_place *place = &train->place;

    place->n_bad += !isfinite(now->loss);
    place->bad_in_row = isfinite(now->loss) ? 0 : place->bad_in_row + 1;
    if (place->bad_in_row < 3 || !train->settings.stops_at_nan) {
        return FW_OK;
    }
    return fw_faultf(train->host, FW_E_DATA, train->task->stage,
                     "lower lr, clip gradients with clip_norm, or set nan_policy = \"continue\"",
                     "gradient: nan loss in three steps in a row, the last of them step %llu "
                     "(epoch %llu)",
                     (unsigned long long)place->step, (unsigned long long)place->epoch);
}

static void count(struct train *train)
{
    const struct fw_training *now = fw_hub_now(train->hub);
    struct train_place *place = &train->place;

    place->n_seen += now->n;
    place->quarter_batches++;
    place->quarter_samples += now->n;
    place->quarter_correct += now->n_correct;
    place->quarter_loss += now->loss;
    place->quarter_norm += now->gradient_norm;
}

static fw_status end(struct train *train)
{
    const struct fw_training *now = fw_hub_now(train->hub);

    fw_hub_emit(train->hub, "train/loss_nats", now->loss);
    fw_hub_emit(train->hub, "train/loss_bits", now->loss / log(2));
    fw_hub_emit(train->hub, "train/acc", (double)now->n_correct / (double)now->n);
    fw_hub_emit(train->hub, "train/lr", now->rate);
    fw_hub_emit(train->hub, "train/wd", now->decay);
    count(train);
    fw_status status = fw_hub_call(train->hub, FW_TRAINING_BATCH_END);
    return status == FW_OK ? check_loss(train) : status;
}

fw_status train_batch(struct train *train)
{
    const uint64_t first = train->place.batch * train->settings.batch_size;
    const uint64_t left = train->n_part[FW_DATASET_TRAIN] - first;
    const uint64_t n = left < train->settings.batch_size ? left : train->settings.batch_size;

    begin_view(train);
    fw_status status = fw_hub_call(train->hub, FW_TRAINING_BATCH_START);
    if (status == FW_OK) {
        status = forward(train, train->order + first, n);
    }
    if (status == FW_OK) {
        status = backward(train);
    }
    if (status == FW_OK) {
        status = clip(train);
    }
    if (status == FW_OK) {
        status = update(train);
    }
    return status == FW_OK ? end(train) : status;
}
