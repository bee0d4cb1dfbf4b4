/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_TRAINING_H
#define FW_SERVICE_TRAINING_H

#include "fw/element.h"
#include "fw/host.h"

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
 * with FIT_START in front of everything and FIT_END behind it. RECORD follows whatever moment has
 * brought metrics, EXCEPTION whatever ends the run early.
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

/** A batch that is kept for questions about the loss; see `probe_open`. */
struct fw_training_probe;

/** What a probe is made of. */
struct fw_training_probe_options {
    uint32_t struct_size;
    uint32_t frozen;    /**< 1: batch norm takes its running statistics as constants */
    uint64_t n_samples; /**< of the training part, without augmentation; at most n_train */
    uint64_t seed;      /**< which ones */
};
FW_ASSERT_NO_TAIL(struct fw_training_probe_options, seed);

/** Two halves of one batch and their mean gradients g1, g2. */
struct fw_training_halves {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t n;              /**< samples of both together */
    double squared_distance; /**< |g1 - g2|^2 */
    double squared_half;     /**< (|g1|^2 + |g2|^2) / 2: of batches of n / 2 */
    double squared_mean;     /**< |(g1 + g2) / 2|^2: of the batch of n */
};
FW_ASSERT_NO_TAIL(struct fw_training_halves, squared_mean);

/**
 * A training run as a callback sees it during one hook. Numbers that are not known at that moment
 * are NaN or 0. Nothing that a callback can do changes parameters, gradients, running statistics or
 * the random numbers of the training: the trainer checks that in its tests. The functions take the
 * view that the hook was given. [stage thread, during a hook or `setup`]
 */
struct fw_training {
    uint32_t struct_size;
    uint32_t hook; /**< FW_TRAINING_FIT_START ... */
    void *self;    /**< the trainer's own */
    const struct fw_training_info *info;
    const struct fw_training_record *record; /**< RECORD only, otherwise NULL */

    uint64_t epoch;       /**< from 0 */
    uint64_t batch;       /**< of the epoch, from 0 */
    uint64_t global_step; /**< optimiser steps completed */
    uint32_t
        quarter; /**< 1 to 4: this batch is the last of that quarter of the epoch; otherwise 0 */
    fw_status status; /**< EXCEPTION: what ends the run; otherwise FW_OK */
    uint64_t n;       /**< samples of this batch */
    uint64_t n_correct;
    double loss; /**< mean over the batch, nats */
    double val_loss;
    double val_accuracy; /**< a share of 1 */
    double rate;
    double decay;
    double gradient_norm; /**< L2, of all gradients, before clipping */
    double clipped_norm;  /**< after it; NaN where the run does not clip */

    /**
     * Announces a metric; in `setup` only. Its full name is INSTANCE/`name` and matches
     * [a-z0-9_./-]{1,96}; one that another owner has announced fails with FW_E_CONFIG. `hook` is
     * the moment that brings it: when the callback fails there, the metric is recorded as NaN.
     */
    fw_status (*declare)(const struct fw_training *training, const char *name, const char *unit,
                         uint32_t hook);

    /** Gives a metric's value at this step. One that was not announced is kept, as
     *  undeclared/INSTANCE/`name`, and warned of once. */
    void (*emit)(const struct fw_training *training, const char *name, double value);

    /** Something worth a line in the log and the event list: "nonfinite_grad", and a sentence. */
    void (*event)(const struct fw_training *training, const char *name, const char *text);

    /** Elements first ... first + n - 1 of an array, as doubles. Waits for the device. */
    fw_status (*read)(const struct fw_training *training, uint32_t array, uint64_t first,
                      uint64_t n, double *ret_values);

    /** The same range, summed up where it lies: cheap. `ret` comes with its struct_size. */
    fw_status (*sums)(const struct fw_training *training, uint32_t array, uint64_t first,
                      uint64_t n, struct fw_training_sums *ret);

    /** Keeps a copy of the parameters as they are now, for FW_TRAINING_CHANGES. */
    fw_status (*remember)(const struct fw_training *training);

    /**
     * A fixed batch to differentiate the mean loss on: without weight decay and dropout.
     * FW_E_UNSUPPORTED where the model has a layer without second derivatives, FW_E_NOMEM where it
     * does not fit. May outlive the hook; closed before the callback is destroyed.
     */
    fw_status (*probe_open)(const struct fw_training *training,
                            const struct fw_training_probe_options *options,
                            struct fw_training_probe **ret_probe);

    /** The loss, and if `ret_gradient` is not NULL its gradient (n_parameters numbers), at the
     *  parameters of now; what `probe_product` then multiplies by. Costs a training step. */
    fw_status (*probe_at)(struct fw_training_probe *probe, double *ret_loss, double *ret_gradient);

    /** ret = H v, H the Hessian of the loss where `probe_at` was last: n_parameters numbers each.
     *  The same bits each time. Costs two training steps of the probe's size. */
    fw_status (*probe_product)(struct fw_training_probe *probe, const double *v, double *ret);

    /** Accepts NULL. */
    void (*probe_close)(struct fw_training_probe *probe);

    /**
     * Mean gradients of the two halves of a batch of at most `n` samples (an even number, at most a
     * training batch) of the training part, drawn by `seed`, without augmentation. EPOCH_END only:
     * the gradients of the last batch are gone then. `ret` comes with its struct_size.
     */
    fw_status (*halves)(const struct fw_training *training, uint64_t n, uint64_t seed,
                        struct fw_training_halves *ret);
};
FW_ASSERT_NO_TAIL(struct fw_training, halves);

FW_END_DECLS

#endif
