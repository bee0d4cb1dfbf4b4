/* SPDX-License-Identifier: MIT */
#ifndef FAKE_TRAINING_H
#define FAKE_TRAINING_H

/* What the files of the fake training share. */

#include "fake_internal.h"
#include "fw/testkit_training.h"

enum { FAKE_MAX_TENSORS = 64, FAKE_MAX_METRICS = 1024 };

struct fake_metric {
    struct fw_training_metric view;
    char *name; /* full */
    uint32_t hook;
    bool pending;
};

/* A value that was recorded. */
struct fake_value {
    const char *name;
    uint64_t step;
    double value;
};

struct fake_training {
    struct fake_task *task; /* host, folder, memory */
    const struct fw_callback *kind;
    struct fw_callback_task callback_task;
    struct fw_value *values;
    const char *folder;
    void *self;
    bool made, begun;

    struct fw_training now;
    struct fw_training_info info;
    struct fw_training_record record;
    struct fw_training_tensor tensors[FAKE_MAX_TENSORS];
    const struct fw_training_tensor *tensor_list[FAKE_MAX_TENSORS];
    double *parameters, *gradients, *remembered, *curvature;
    const struct fw_training_halves *halves;
    const double *losses;
    uint64_t n_losses;

    struct fake_metric metrics[FAKE_MAX_METRICS];
    const struct fw_training_metric *pending[FAKE_MAX_METRICS];
    struct fw_training_metric recorded[FAKE_MAX_METRICS];
    uint64_t n_metrics;
    struct fake_value *history;
    size_t n_history;
    struct fake_text metrics_text, events, defect;
};

/* Fills what callbacks call. */
void fake_training_view_init(struct fake_training *t);

void fake_training_blame(struct fake_training *t, const char *what);

#endif
