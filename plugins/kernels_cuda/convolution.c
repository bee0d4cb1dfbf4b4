/* SPDX-License-Identifier: MIT */
#include "convolution.h"

#include <stdlib.h>
#include <string.h>

/* More memory than this is not worth it to an algorithm. */
#define MOST_WORK (UINT64_C(1) << 30)
#define CHOICES   8

struct key {
    uint32_t dtype;
    uint32_t direction;
    int32_t batch;
    int32_t in[3]; /* channels, rows, columns */
    int32_t out[3];
    int32_t kernel[2];
    int32_t stride[2];
    int32_t pad[2];
};

struct convolution_plan {
    struct convolution_plan *next;
    struct key key;
    void *input; /* descriptors */
    void *filter;
    void *output;
    void *convolution;
    bool usable;
    int algorithm;
    uint64_t work; /* bytes */
};

/* The three sides in cuDNN's order: two that are read, and the one that is written. */
struct sides {
    void *shape[3];
    void *memory[3];
};

static struct sides sides_of(const struct convolution_plan *plan, const struct fw_conv2d_at *at)
{
    switch (plan->key.direction) {
    case FW_CONV_FORWARD:
        return (struct sides){{plan->input, plan->filter, plan->output},
                              {at->input, at->filter, at->output}};
    case FW_CONV_BACKWARD_DATA:
        return (struct sides){{plan->filter, plan->output, plan->input},
                              {at->filter, at->output, at->input}};
    default:
        return (struct sides){{plan->input, plan->output, plan->filter},
                              {at->input, at->output, at->filter}};
    }
}

static bool is_small(const struct fw_conv2d *op, const struct fw_conv2d_at *at)
{
    const uint64_t sizes[] = {op->batch,        op->in_channels, op->in_rows,     op->in_cols,
                              op->out_channels, at->rows,        at->cols,        op->kernel_rows,
                              op->kernel_cols,  op->stride_rows, op->stride_cols, op->pad_rows,
                              op->pad_cols};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (sizes[i] > INT32_MAX) {
            return false;
        }
    }
    return op->batch > 0 && op->in_channels > 0 && op->out_channels > 0;
}

static struct key key_of(const struct fw_conv2d *op, const struct fw_conv2d_at *at)
{
    return (struct key){
        .dtype = op->dtype,
        .direction = op->direction,
        .batch = (int32_t)op->batch,
        .in = {(int32_t)op->in_channels, (int32_t)op->in_rows, (int32_t)op->in_cols},
        .out = {(int32_t)op->out_channels, (int32_t)at->rows, (int32_t)at->cols},
        .kernel = {(int32_t)op->kernel_rows, (int32_t)op->kernel_cols},
        .stride = {(int32_t)op->stride_rows, (int32_t)op->stride_cols},
        .pad = {(int32_t)op->pad_rows, (int32_t)op->pad_cols},
    };
}

static fw_status create(struct fw_kernels_session *s, struct convolution_plan *plan)
{
    CUDA_TRY(CUDA_CALL(s, PART_DNN, cudnnCreateTensorDescriptor, &plan->input));
    CUDA_TRY(CUDA_CALL(s, PART_DNN, cudnnCreateTensorDescriptor, &plan->output));
    CUDA_TRY(CUDA_CALL(s, PART_DNN, cudnnCreateFilterDescriptor, &plan->filter));
    return CUDA_CALL(s, PART_DNN, cudnnCreateConvolutionDescriptor, &plan->convolution);
}

static fw_status describe(struct fw_kernels_session *s, struct convolution_plan *plan)
{
    const struct key *k = &plan->key;
    int type = k->dtype == FW_F64 ? CUDNN_DOUBLE : CUDNN_FLOAT;

    CUDA_TRY(create(s, plan));
    CUDA_TRY(CUDA_CALL(s, PART_DNN, cudnnSetTensor4dDescriptor, plan->input, CUDNN_NCHW, type,
                       k->batch, k->in[0], k->in[1], k->in[2]));
    CUDA_TRY(CUDA_CALL(s, PART_DNN, cudnnSetTensor4dDescriptor, plan->output, CUDNN_NCHW, type,
                       k->batch, k->out[0], k->out[1], k->out[2]));
    CUDA_TRY(CUDA_CALL(s, PART_DNN, cudnnSetFilter4dDescriptor, plan->filter, type, CUDNN_NCHW,
                       k->out[0], k->in[0], k->kernel[0], k->kernel[1]));
    CUDA_TRY(CUDA_CALL(s, PART_DNN, cudnnSetConvolution2dDescriptor, plan->convolution, k->pad[0],
                       k->pad[1], k->stride[0], k->stride[1], 1, 1, CUDNN_CORRELATION, type));
    return CUDA_CALL(s, PART_DNN, cudnnSetConvolutionMathType, plan->convolution, CUDNN_FMA);
}

static bool sums_products(uint32_t direction, int algorithm)
{
    switch (direction) {
    case FW_CONV_FORWARD:
        return algorithm == CUDNN_IMPLICIT_GEMM || algorithm == CUDNN_IMPLICIT_PRECOMPUTED_GEMM ||
               algorithm == CUDNN_EXPLICIT_GEMM;
    case FW_CONV_BACKWARD_DATA:
        return algorithm == CUDNN_DATA_1;
    default:
        return algorithm == CUDNN_FILTER_1;
    }
}

static bool is_welcome(uint32_t direction, const struct cuda_dnn_choice *choice)
{
    return choice->status == 0 && choice->determinism == CUDNN_REPRODUCIBLE &&
           choice->memory <= MOST_WORK &&
           (choice->math == CUDNN_FMA || choice->math == CUDNN_DEFAULT) &&
           sums_products(direction, choice->algorithm);
}

/* 2000 ... 3999: arguments or shapes that it does not take. */
static bool is_refusal(int status)
{
    return status >= 2000 && status < 4000;
}

static fw_status choose(struct fw_kernels_session *s, struct convolution_plan *plan)
{
    struct cuda_dnn_choice choices[CHOICES] = {{0}};
    const struct fw_conv2d_at none = {0};
    const struct sides sides = sides_of(plan, &none);
    int found = 0, status;
    int(*find) CUDA_DNN_FIND = s->api->cudnnGetConvolutionForwardAlgorithm_v7;

    if (plan->key.direction == FW_CONV_BACKWARD_DATA) {
        find = s->api->cudnnGetConvolutionBackwardDataAlgorithm_v7;
    } else if (plan->key.direction == FW_CONV_BACKWARD_FILTER) {
        find = s->api->cudnnGetConvolutionBackwardFilterAlgorithm_v7;
    }
    status = find(s->dnn, sides.shape[0], sides.shape[1], plan->convolution, sides.shape[2],
                  CHOICES, &found, choices);
    if (is_refusal(status)) {
        return FW_OK;
    }
    for (int i = 0; i < found && !plan->usable; i++) {
        plan->usable = is_welcome(plan->key.direction, &choices[i]);
        plan->algorithm = choices[i].algorithm;
        plan->work = choices[i].memory;
    }
    return session_result(s, PART_DNN, "cudnnGetConvolution...Algorithm_v7", status);
}

static void destroy(struct fw_kernels_session *s, struct convolution_plan *plan)
{
    if (plan->input != NULL) {
        (void)s->api->cudnnDestroyTensorDescriptor(plan->input);
    }
    if (plan->output != NULL) {
        (void)s->api->cudnnDestroyTensorDescriptor(plan->output);
    }
    if (plan->filter != NULL) {
        (void)s->api->cudnnDestroyFilterDescriptor(plan->filter);
    }
    if (plan->convolution != NULL) {
        (void)s->api->cudnnDestroyConvolutionDescriptor(plan->convolution);
    }
    free(plan);
}

void convolutions_forget(struct fw_kernels_session *session)
{
    while (session->convolutions != NULL) {
        struct convolution_plan *plan = session->convolutions;
        session->convolutions = plan->next;
        destroy(session, plan);
    }
}

static fw_status new_plan(struct fw_kernels_session *session, const struct key *key,
                          struct convolution_plan **ret_plan)
{
    struct convolution_plan *plan = calloc(1, sizeof *plan);
    fw_status status;

    if (plan == NULL) {
        return FW_FAIL(session->host, FW_E_NOMEM, .what = "out of memory for a convolution's plan",
                       .where = session->op);
    }
    plan->key = *key;
    status = describe(session, plan);
    status = status == FW_OK ? choose(session, plan) : status;
    if (status != FW_OK) {
        destroy(session, plan);
        return status;
    }
    plan->next = session->convolutions;
    session->convolutions = plan;
    *ret_plan = plan;
    return FW_OK;
}

fw_status convolution_plan(struct fw_kernels_session *session, const struct fw_conv2d *op,
                           const struct fw_conv2d_at *at, struct convolution_plan **ret_plan)
{
    struct key key;
    struct convolution_plan *plan;

    *ret_plan = NULL;
    if (session->dnn == NULL || !is_small(op, at)) {
        return FW_OK;
    }
    key = key_of(op, at);
    for (plan = session->convolutions; plan != NULL; plan = plan->next) {
        if (memcmp(&plan->key, &key, sizeof key) == 0) {
            *ret_plan = plan->usable ? plan : NULL;
            return FW_OK;
        }
    }
    CUDA_TRY(new_plan(session, &key, &plan));
    *ret_plan = plan->usable ? plan : NULL;
    return FW_OK;
}

fw_status convolution_run(struct fw_kernels_session *session, const struct convolution_plan *plan,
                          const struct fw_conv2d *op, const struct fw_conv2d_at *at, bool *ret_done)
{
    const struct sides sides = sides_of(plan, at);
    const float alpha = (float)op->alpha, beta = (float)op->beta;
    bool wide = op->dtype == FW_F64;
    int(*run) CUDA_DNN_RUN = session->api->cudnnConvolutionForward;
    void *work = NULL;
    int status;

    if (op->direction == FW_CONV_BACKWARD_DATA) {
        run = session->api->cudnnConvolutionBackwardData;
    } else if (op->direction == FW_CONV_BACKWARD_FILTER) {
        run = session->api->cudnnConvolutionBackwardFilter;
    }
    CUDA_TRY(session_scratch(session, plan->work, &work));
    status =
        run(session->dnn, wide ? (const void *)&op->alpha : &alpha, sides.shape[0], sides.memory[0],
            sides.shape[1], sides.memory[1], plan->convolution, plan->algorithm, work, plan->work,
            wide ? (const void *)&op->beta : &beta, sides.shape[2], sides.memory[2]);
    *ret_done = status == 0;
    return is_refusal(status) ? FW_OK
                              : session_result(session, PART_DNN, "cudnnConvolution...", status);
}
