/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_TRAINING_FACTS_H
#define FW_SERVICE_TRAINING_FACTS_H

#include "fw/element.h"

FW_BEGIN_DECLS

/**
 * Moments of a training run; each pass over the data is
 *
 *     EPOCH_START
 *       BATCH_START, forward and loss, FORWARD, backward, BACKWARD, clipping, BEFORE_STEP, update
 *       of the weights and of `global_step`, AFTER_STEP, BATCH_END,
 *       behind the last batch of a quarter: VAL_START, validation, VAL_END
 *     EPOCH_END
 *
 * with FIT_START in front of everything and FIT_END behind it. RECORD follows
 * BATCH_END, and each moment outside of a batch, that has brought metrics; EXCEPTION whatever ends
 * the run early.
 */
enum {
    FW_TRAINING_FIT_START = 0, /**< not again after a restore */
    FW_TRAINING_EPOCH_START = 1,
    FW_TRAINING_BATCH_START = 2,
    FW_TRAINING_FORWARD = 3,     /**< loss, n, n_correct are known */
    FW_TRAINING_BACKWARD = 4,    /**< gradients as they are, before clipping */
    FW_TRAINING_BEFORE_STEP = 5, /**< gradients after clipping; rate and decay of this step */
    FW_TRAINING_AFTER_STEP = 6,
    FW_TRAINING_BATCH_END = 7, /**< gradients can still be read */
    FW_TRAINING_VAL_START = 8,
    FW_TRAINING_VAL_END = 9, /**< val_loss, val_accuracy are known */
    FW_TRAINING_EPOCH_END = 10,
    FW_TRAINING_RECORD = 11,    /**< `record` holds what was emitted since the last one */
    FW_TRAINING_EXCEPTION = 12, /**< `status` says of which class; `record` is NULL */
    FW_TRAINING_FIT_END = 13,
    FW_TRAINING_HOOKS = 14
};

/** Arrays of `n_parameters` elements, in the order of `tensors`. */
enum {
    FW_TRAINING_PARAMETERS = 0,
    FW_TRAINING_GRADIENTS = 1,
    FW_TRAINING_CHANGES = 2 /**< parameters less what they were at the last `remember` */
};

/** One trainable array and where it lies in the flat arrays. */
struct fw_training_tensor {
    uint32_t struct_size;
    uint32_t rank;
    const char *name;  /**< "stem.conv.weight" */
    const char *layer; /**< "stem.conv": tensors of one layer follow each other */
    uint64_t offset;
    uint64_t count;
    const uint64_t *shape; /**< rank numbers */
};
FW_ASSERT_NO_TAIL(struct fw_training_tensor, shape);

/** What does not change during a run. */
struct fw_training_info {
    uint32_t struct_size;
    uint32_t element; /**< of the parameters: FW_F32, FW_F64 */
    uint64_t seed;    /**< of the run */
    uint64_t epochs;
    uint64_t batches; /**< optimiser steps of an epoch */
    uint64_t batch_size;
    uint64_t n_train;
    uint64_t n_parameters;
    uint64_t n_tensors;
    const struct fw_training_tensor *const *tensors;
    const char *run;    /**< the name of the stage */
    const char *model;  /**< one line */
    const char *device; /**< one line */
};
FW_ASSERT_NO_TAIL(struct fw_training_info, device);

/** A number that was emitted. What is not finite could not be computed. */
struct fw_training_metric {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name; /**< "curvature/lambda_max" */
    const char *unit;
    double value;
};
FW_ASSERT_NO_TAIL(struct fw_training_metric, value);

/** What was emitted at one step: by name no metric twice, the last value counts. */
struct fw_training_record {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t global_step;
    uint64_t epoch;
    uint64_t batch;
    double seconds; /**< since FIT_START, on a clock that goes on over restores */
    uint64_t n_metrics;
    const struct fw_training_metric *const *metrics;
};
FW_ASSERT_NO_TAIL(struct fw_training_record, metrics);

/** Of a range of an array, in float64 and in an order that depends on the range alone. */
struct fw_training_sums {
    uint32_t struct_size;
    uint32_t reserved;
    double squares; /**< sum of the squares */
    double largest; /**< of the absolute values; NaN if there is one */
    uint64_t zeros;
    uint64_t nonfinite;
};
FW_ASSERT_NO_TAIL(struct fw_training_sums, nonfinite);

FW_END_DECLS

#endif
