/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "softmax.h"
#include "sql/fault.h"

static fw_status make(struct softmax *softmax, uint64_t n, uint64_t size,
                      struct fw_kernels_buffer **ret_buffer)
{
    return softmax->kernels->buffer_create(softmax->session, n * size, ret_buffer);
}

static fw_status make_buffers(struct softmax *softmax)
{
    const uint64_t n = softmax->train.n, d = softmax->n_features, k = softmax->train.n_classes;
    const struct {
        uint64_t n, size;
        struct fw_kernels_buffer **buffer;
    } wanted[] = {
        {d * k, sizeof(float), &softmax->weights},
        {k, sizeof(float), &softmax->bias},
        {n * k, sizeof(float), &softmax->logits},
        {n * k, sizeof(float), &softmax->probabilities},
        {n, sizeof(int32_t), &softmax->labels},
        {n, sizeof(float), &softmax->losses},
        {1, sizeof(double), &softmax->sums},
        {d * k, sizeof(float), &softmax->gradient},
        {k, sizeof(float), &softmax->bias_gradient},
    };
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < sizeof wanted / sizeof *wanted; i++) {
        status = make(softmax, wanted[i].n, wanted[i].size, wanted[i].buffer);
    }
    return status;
}

fw_status softmax_prepare(struct softmax *softmax)
{
    softmax->n_weights = (softmax->n_features + 1) * softmax->train.n_classes;
    softmax->host_weights = malloc(softmax->n_weights * sizeof *softmax->host_weights);
    softmax->evaluated = malloc(softmax->n_weights * sizeof *softmax->evaluated);
    if (softmax->host_weights == NULL || softmax->evaluated == NULL ||
        !lbfgs_init(&softmax->lbfgs, softmax->n_weights)) {
        return fw_fault_nomem(softmax->host);
    }
    fw_status status = make_buffers(softmax);
    return status == FW_OK
               ? softmax->kernels->upload(softmax->session, softmax_at(softmax->labels, 0),
                                          softmax->train.labels, softmax->train.n * sizeof(int32_t))
               : status;
}

static fw_status put_weights(struct softmax *softmax, const double *x)
{
    const uint64_t k = softmax->train.n_classes, n = softmax->n_features * k;
    for (size_t i = 0; i < softmax->n_weights; i++) {
        softmax->host_weights[i] = (float)x[i];
    }
    fw_status status = softmax->kernels->upload(softmax->session, softmax_at(softmax->weights, 0),
                                                softmax->host_weights, n * sizeof(float));
    return status == FW_OK
               ? softmax->kernels->upload(softmax->session, softmax_at(softmax->bias, 0),
                                          softmax->host_weights + n, k * sizeof(float))
               : status;
}

/* logits of rows first ... first + n - 1 */
static fw_status score(const struct softmax *softmax, const struct softmax_set *set, uint64_t first,
                       uint64_t n, struct fw_kernels_buffer *logits)
{
    const uint64_t d = softmax->n_features, k = softmax->train.n_classes;
    return softmax->kernels->gemm(
        softmax->session, &(const struct fw_gemm){.struct_size = (uint32_t)sizeof(struct fw_gemm),
                                                  .dtype = FW_F32,
                                                  .m = n,
                                                  .n = k,
                                                  .k = d,
                                                  .lda = d,
                                                  .ldb = k,
                                                  .ldc = k,
                                                  .alpha = 1,
                                                  .a = softmax_at(set->features, first * d),
                                                  .b = softmax_at(softmax->weights, 0),
                                                  .bias = softmax_at(softmax->bias, 0),
                                                  .c = softmax_at(logits, 0)});
}

static fw_status soften(const struct softmax *softmax, uint32_t kind, uint64_t n, double scale)
{
    struct fw_softmax op = {.struct_size = (uint32_t)sizeof op,
                            .dtype = FW_F32,
                            .kind = kind,
                            .rows = n,
                            .cols = softmax->train.n_classes,
                            .scale = scale,
                            .x = softmax_at(softmax->logits, 0),
                            .y = softmax_at(softmax->probabilities, 0)};
    if (kind != FW_SOFTMAX_FORWARD) {
        op.label = softmax_at(softmax->labels, 0);
    }
    if (kind == FW_CROSS_ENTROPY) {
        op.loss = softmax_at(softmax->losses, 0);
    }
    return softmax->kernels->softmax(softmax->session, &op);
}

/* The sum over rows of what lies in [n][channels]. */
static fw_status sum(const struct softmax *softmax, struct fw_kernels_buffer *from,
                     uint64_t channels, uint32_t out_type, struct fw_kernels_buffer *to)
{
    return softmax->kernels->reduce(
        softmax->session,
        &(const struct fw_reduce){.struct_size = (uint32_t)sizeof(struct fw_reduce),
                                  .dtype = FW_F32,
                                  .kind = FW_REDUCE_SUM,
                                  .out_type = out_type,
                                  .outer = softmax->train.n,
                                  .channels = channels,
                                  .inner = 1,
                                  .alpha = 1,
                                  .a = softmax_at(from, 0),
                                  .out = softmax_at(to, 0)});
}

static fw_status pull_back(const struct softmax *softmax)
{
    const uint64_t n = softmax->train.n, d = softmax->n_features, k = softmax->train.n_classes;
    return softmax->kernels->gemm(
        softmax->session, &(const struct fw_gemm){.struct_size = (uint32_t)sizeof(struct fw_gemm),
                                                  .dtype = FW_F32,
                                                  .transpose_a = 1,
                                                  .m = d,
                                                  .n = k,
                                                  .k = n,
                                                  .lda = d,
                                                  .ldb = k,
                                                  .ldc = k,
                                                  .alpha = 1,
                                                  .a = softmax_at(softmax->train.features, 0),
                                                  .b = softmax_at(softmax->logits, 0),
                                                  .c = softmax_at(softmax->gradient, 0)});
}

/* Everything on the device, up to the sum of losses and the gradients. */
static fw_status compute(struct softmax *softmax)
{
    const uint64_t n = softmax->train.n, k = softmax->train.n_classes;
    fw_status status = put_weights(softmax, softmax->lbfgs.trial);
    if (status == FW_OK) {
        status = score(softmax, &softmax->train, 0, n, softmax->logits);
    }
    if (status == FW_OK) {
        status = soften(softmax, FW_CROSS_ENTROPY, n, 1);
    }
    if (status == FW_OK) {
        status = sum(softmax, softmax->losses, 1, FW_F64, softmax->sums);
    }
    if (status == FW_OK) {
        status = soften(softmax, FW_CROSS_ENTROPY_BACKWARD, n, 1 / (double)n);
    }
    if (status == FW_OK) {
        status = pull_back(softmax);
    }
    return status == FW_OK ? sum(softmax, softmax->logits, k, FW_F32, softmax->bias_gradient)
                           : status;
}

static fw_status fetch(struct softmax *softmax, double *ret_loss)
{
    const uint64_t k = softmax->train.n_classes, n = softmax->n_features * k;
    const struct fw_kernels *kernels = softmax->kernels;
    fw_status status = kernels->download(softmax->session, softmax_at(softmax->sums, 0), ret_loss,
                                         sizeof *ret_loss);
    if (status == FW_OK) {
        status = kernels->download(softmax->session, softmax_at(softmax->gradient, 0),
                                   softmax->host_weights, n * sizeof(float));
    }
    return status == FW_OK
               ? kernels->download(softmax->session, softmax_at(softmax->bias_gradient, 0),
                                   softmax->host_weights + n, k * sizeof(float))
               : status;
}

fw_status softmax_evaluate(struct softmax *softmax, double *ret_value)
{
    const double n = (double)softmax->train.n, *x = softmax->lbfgs.trial;
    const size_t n_penalised = softmax->n_features * softmax->train.n_classes;
    double loss = 0, square = 0;
    fw_status status = compute(softmax);
    if (status == FW_OK) {
        status = fetch(softmax, &loss);
    }
    for (size_t i = 0; i < softmax->n_weights; i++) {
        const bool penalised = i < n_penalised; /* the bias is not */
        softmax->evaluated[i] = softmax->host_weights[i] + (penalised ? softmax->l2 / n * x[i] : 0);
        square += penalised ? x[i] * x[i] : 0;
    }
    softmax->evaluations++;
    *ret_value = loss / n + softmax->l2 / (2 * n) * square;
    return status;
}

fw_status softmax_predict(struct softmax *softmax, const struct softmax_set *set,
                          float **ret_probabilities)
{
    const uint64_t k = softmax->train.n_classes;
    float *probabilities = malloc(set->n * k * sizeof *probabilities);
    fw_status status = probabilities == NULL ? fw_fault_nomem(softmax->host)
                                             : put_weights(softmax, softmax->lbfgs.x);
    /* In pieces of the training part's size, which there is room for. */
    for (uint64_t first = 0; status == FW_OK && first < set->n; first += softmax->train.n) {
        const uint64_t left = set->n - first, n = left < softmax->train.n ? left : softmax->train.n;
        status = score(softmax, set, first, n, softmax->logits);
        if (status == FW_OK) {
            status = soften(softmax, FW_SOFTMAX_FORWARD, n, 1);
        }
        if (status == FW_OK) {
            status =
                softmax->kernels->download(softmax->session, softmax_at(softmax->probabilities, 0),
                                           probabilities + first * k, n * k * sizeof(float));
        }
    }
    if (status != FW_OK) {
        free(probabilities);
        return status;
    }
    *ret_probabilities = probabilities;
    return FW_OK;
}
