/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <fw/service/rng.h>

#include "train.h"

static bool is(const struct train *train, const char *param, const char *choice)
{
    return strcmp(fw_task_text(train->task, param), choice) == 0;
}

static uint64_t seed_of(const struct train *train)
{
    const struct fw_value *seed = fw_task_value(train->task, "seed");
    const struct fw_rng *rng = train->host->service(train->host, FW_RNG_ID);

    return seed->type != FW_PARAM_UNSET ? (uint64_t)seed->integer : rng->seed(train->host, 0);
}

fw_status train_settings_read(struct train *train)
{
    const struct fw_task *task = train->task;
    struct train_settings *settings = &train->settings;

    *settings = (struct train_settings){
        .epochs = (uint64_t)fw_task_integer(task, "epochs"),
        .batch_size = (uint64_t)fw_task_integer(task, "batch_size"),
        .seed = seed_of(train),
        .top_k = (uint64_t)fw_task_integer(task, "save_top_k"),
        .clip_norm = fw_task_real(task, "clip_norm"),
        .decay = fw_task_real(task, "weight_decay"),
        .validates_quarters = is(train, "validate", "quarter"),
        .stops_at_nan = is(train, "nan_policy", "stop"),
        .restores_best = fw_task_integer(task, "restore_best") != 0,
        .is_dry = fw_task_integer(task, "fast_dev_run") != 0,
        .evaluates_test = fw_task_integer(task, "evaluate_test") != 0,
        .stopping = {.larger_is_better = is(train, "monitor", "val_auc"),
                     .min_delta = fw_task_real(task, "min_delta"),
                     .patience = (uint64_t)fw_task_integer(task, "patience")},
    };
    if (settings->is_dry) {
        settings->epochs = 1;
        settings->top_k = 0;
    }
    train->stopping = stopping_begin();
    return FW_OK;
}
