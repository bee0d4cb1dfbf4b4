/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_TRAINING_H
#define FW_SERVICE_TRAINING_H

#include "fw/host.h"
#include "fw/service/training_facts.h"
#include "fw/service/training_probe.h"

FW_BEGIN_DECLS

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

    const char *disabled; /**< instances that are called no more, "curvature,grad", or "" */

    /**
     * v'Hv, a number, at half the cost of `probe_product`. A `v` of NULL stands for random signs,
     * made where they are needed: number i is 1 or -1 as bit i mod 64 of output i / 64 of
     * SplitMix64 with `seed` is 1 or 0. Later than the rest: read it through FW_HAS.
     */
    fw_status (*probe_bend)(struct fw_training_probe *probe, const double *v, uint64_t seed,
                            double *ret_bend);
};
FW_ASSERT_NO_TAIL(struct fw_training, probe_bend);

FW_END_DECLS

#endif
