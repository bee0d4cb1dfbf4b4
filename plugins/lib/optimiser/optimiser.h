/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_OPTIMISER_OPTIMISER_H
#define FW_LIB_OPTIMISER_OPTIMISER_H

#include <fw/service/kernels.h>

/** What steps are made of. */
struct fw_optimiser_settings {
    uint32_t kind;                /**< FW_UPDATE_SGD, FW_UPDATE_ADAM, FW_UPDATE_ADAMW */
    uint32_t dtype;               /**< FW_F32, FW_F64: of weights, gradients and state */
    uint64_t n;                   /**< weights */
    double momentum;              /**< SGD; 0: none, and no memory for it */
    double beta1, beta2, epsilon; /**< ADAM, ADAMW */
    double decay;                 /**< SGD, ADAM: of the gradient; ADAMW: of the weights */
};

/**
 * Steps on the device, weights and gradients in flat arrays there. Zero-initialise; finish frees.
 * [stage thread]
 */
struct fw_optimiser {
    const struct fw_kernels *kernels;
    struct fw_kernels_session *session;
    struct fw_optimiser_settings settings;
    uint64_t step;                 /**< steps made */
    struct fw_kernels_buffer *m;   /**< momentum; ADAM: first moments; NULL: there is none */
    struct fw_kernels_buffer *v;   /**< second moments; NULL: there are none */
    struct fw_kernels_buffer *sum; /**< one FW_F64 */
};

fw_status fw_optimiser_init(struct fw_optimiser *optimiser, const struct fw_kernels *kernels,
                            struct fw_kernels_session *session,
                            const struct fw_optimiser_settings *settings);
void fw_optimiser_finish(struct fw_optimiser *optimiser);

/** L2 norm of an array of n elements, summed in float64. Waits for the device. */
fw_status fw_optimiser_norm(const struct fw_optimiser *optimiser, struct fw_operand array,
                            double *ret_norm);

/** What gradients of that norm are multiplied by: limit / (norm + 1e-6), at most 1. limit > 0. */
double fw_clip_scale(double norm, double limit);

/** Multiplies the gradients, where the scale is not 1. */
fw_status fw_optimiser_clip(const struct fw_optimiser *optimiser, struct fw_operand gradients,
                            double scale);

/** One step with this learning rate. */
fw_status fw_optimiser_step(struct fw_optimiser *optimiser, struct fw_operand weights,
                            struct fw_operand gradients, double rate);

#endif
