/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_BATCHES_H
#define COMPARE_BATCHES_H

#include "arms.h"
#include "trip.h"

/* How the samples of a chunk go through one arm's model. */
struct compare_batches {
    const struct fw_host *host;
    const struct compare_arm *arm;
    struct fw_predictor_model *model;
    uint64_t batch; /* samples at a time; halved whenever memory runs out */
    struct compare_trip *trip;

    /* Takes the outputs of samples [first, first + n), in order, batch after batch. */
    fw_status (*take)(void *self, uint64_t first, uint64_t n,
                      const struct fw_predictor_array *outputs);
    void *self;
};

/*
 * Predicts samples [first, first + n); `inputs` are arrays of these n samples. Trips ("shape") on
 * outputs that do not have a row for each sample. FW_E_NOMEM only when one sample is too many.
 */
fw_status compare_batches_run(struct compare_batches *batches,
                              const struct fw_predictor_array *inputs, uint64_t first, uint64_t n);

#endif
