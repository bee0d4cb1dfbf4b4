/* SPDX-License-Identifier: MIT */
#ifndef SOFTMAX_SOFTMAX_H
#define SOFTMAX_SOFTMAX_H

#include <fw/service/kernels.h>
#include <fw/stage.h>

#include "lbfgs.h"
#include "npy/npy.h"

/* Images and their classes, out of a NumPy file. */
struct softmax_set {
    uint64_t n;
    uint32_t channels, rows, cols;
    struct fw_kernels_buffer *features; /* [n][n_features] */
    int32_t *labels;
    uint64_t n_classes;
};

/*
 * Multinomial logistic regression on pixels, or on what random filters see. All products go through
 * fw.kernels/1 in float32; the search is in double precision.
 */
struct softmax {
    const struct fw_host *host;
    const struct fw_task *task;
    const struct fw_kernels *kernels;
    struct fw_kernels_session *session;
    struct softmax_set train, test; /* test.n = 0: none */

    /* The filters: n_filters × channels × size × size, then a window of `pool`. n_filters = 0: the
     * pixels are the features. */
    uint32_t n_filters, filter_size, pool;
    float *filters;
    struct fw_kernels_buffer *filter_buffer;
    uint64_t n_features;

    /* Of an evaluation. */
    struct fw_kernels_buffer *weights, *bias, *logits, *probabilities, *labels, *losses, *sums;
    struct fw_kernels_buffer *gradient, *bias_gradient;
    float *host_weights; /* n_weights, as floats on their way */
    double *evaluated;   /* the gradient, n_weights */
    struct lbfgs lbfgs;
    size_t n_weights; /* (n_features + 1) × n_classes: the weights row by row, then the bias */
    double l2, tolerance;
    uint64_t max_iterations, evaluations;
    bool converged;
};

/* sets.c: the arrays as features on the device. */
fw_status softmax_load(struct softmax *softmax);

/* features.c */
fw_status softmax_filters_make(struct softmax *softmax);

/* Features of n images that lie on the host, into rows `first`... of `to`. */
fw_status softmax_features(struct softmax *softmax, const float *images, uint64_t first, uint64_t n,
                           const struct softmax_set *shape, struct fw_kernels_buffer *to);

/* objective.c: the mean loss plus l2 / 2 |weights|², and its gradient, at lbfgs.trial. */
fw_status softmax_prepare(struct softmax *softmax);
fw_status softmax_evaluate(struct softmax *softmax, double *ret_value);

/* Probabilities of every row of `set` by lbfgs.x: [n][n_classes]. The caller frees. */
fw_status softmax_predict(struct softmax *softmax, const struct softmax_set *set,
                          float **ret_probabilities);

/* write.c */
fw_status softmax_write(struct softmax *softmax);

static inline struct fw_operand softmax_at(struct fw_kernels_buffer *buffer, uint64_t element)
{
    return (struct fw_operand){.buffer = buffer, .offset = element * sizeof(float)};
}

extern const struct fw_stage softmax_regression_stage;

#endif
