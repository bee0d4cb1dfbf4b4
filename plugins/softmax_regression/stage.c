/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <fw/plugin.h>
#include <fw/service/artifact.h>
#include <fw/service/rng.h>

#include "softmax.h"
#include "sql/fault.h"

static void release_set(const struct softmax *softmax, struct softmax_set *set)
{
    softmax->kernels->buffer_destroy(set->features);
    free(set->labels);
}

static void destroy(void *self)
{
    struct softmax *softmax = self;
    struct fw_kernels_buffer *buffers[] = {
        softmax->filter_buffer, softmax->weights,      softmax->bias,   softmax->logits,
        softmax->probabilities, softmax->labels,       softmax->losses, softmax->sums,
        softmax->gradient,      softmax->bias_gradient};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) {
        softmax->kernels->buffer_destroy(buffers[i]);
    }
    release_set(softmax, &softmax->train);
    release_set(softmax, &softmax->test);
    softmax->kernels->close(softmax->session);
    lbfgs_finish(&softmax->lbfgs);
    free(softmax->filters);
    free(softmax->host_weights);
    free(softmax->evaluated);
    free(softmax);
}

static void read_settings(struct softmax *softmax)
{
    const struct fw_task *task = softmax->task;
    const bool filters = strcmp(fw_task_text(task, "features"), "convolutions") == 0;
    softmax->n_filters = filters ? (uint32_t)fw_task_integer(task, "n_filters") : 0;
    softmax->filter_size = (uint32_t)fw_task_integer(task, "filter_size");
    softmax->pool = (uint32_t)fw_task_integer(task, "pool");
    softmax->l2 = fw_task_real(task, "l2");
    softmax->tolerance = fw_task_real(task, "tolerance");
    softmax->max_iterations = (uint64_t)fw_task_integer(task, "max_iterations");
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    struct softmax *softmax = calloc(1, sizeof *softmax);
    if (softmax == NULL) {
        return fw_fault_nomem(host);
    }
    softmax->host = host;
    softmax->task = task;
    softmax->kernels = host->service(host, FW_KERNELS_ID);
    read_settings(softmax);
    fw_status status = softmax->kernels->open(host, &softmax->session);
    if (status != FW_OK) {
        free(softmax);
        return status;
    }
    *ret_self = softmax;
    return FW_OK;
}

/* FW_OK once it has converged, or may search no longer. */
static fw_status search(struct softmax *softmax)
{
    double value = 0;
    fw_status status = softmax_evaluate(softmax, &value);
    if (status != FW_OK) {
        return status;
    }
    const bool on = lbfgs_next(&softmax->lbfgs, value, softmax->evaluated);
    softmax->converged = lbfgs_norm(&softmax->lbfgs) <= softmax->tolerance;
    return on && !softmax->converged && softmax->lbfgs.iterations < softmax->max_iterations
               ? FW_MORE
               : FW_OK;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct softmax *softmax = self;
    fw_status status;
    if (softmax->n_weights == 0) {
        status = softmax_load(softmax);
        status = status == FW_OK ? softmax_prepare(softmax) : status;
        status = status == FW_OK ? FW_MORE : status;
    } else {
        status = search(softmax);
    }
    ret->done = softmax->lbfgs.iterations;
    ret->total = 0;
    ret->items = softmax->train.n;
    ret->unit = "iterations";
    return status == FW_OK ? softmax_write(softmax) : status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_TENSOR, .name = "train", .doc = "samples and classes to fit to, .npz"),
    FW_PORT(.kind = FW_KIND_TENSOR, .flags = FW_PORT_OPTIONAL, .name = "test",
            .doc = "samples to answer for; their classes are not looked at"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_FILE, .name = "model", .file = "model.json",
            .doc = "the net, for the predictor \"weights\""),
    FW_PORT(.kind = FW_KIND_TENSOR, .name = "weights", .file = "weights.npz",
            .doc = "its weights, which lie beside it"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "fit", .file = "fit.json",
            .doc = "loss, largest part of the gradient, iterations, whether it converged"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_OPTIONAL, .name = "answers",
            .file = "answers.npz", .doc = "p of each class for each sample of `test`"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_ENUM, .name = "features", .default_value = "pixels",
             .choices = "pixels|convolutions",
             .doc = "the numbers themselves, or what random filters see, averaged over windows"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "n_filters", .default_value = "32", .min = "1",
             .max = "4096", .doc = "drawn by the seed, each of length 1 and adding up to 0"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "filter_size", .default_value = "5", .min = "3",
             .max = "31", .unit = "pixels", .doc = "odd"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "pool", .default_value = "4", .min = "1", .max = "1024",
             .unit = "pixels", .doc = "windows, side by side"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "l2", .default_value = "1", .min = "0",
             .doc = "how large weights are held back: 1/C of scikit-learn"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "tolerance", .default_value = "1e-4", .min = "1e-8",
             .max = "1",
             .doc = "largest part of the gradient per sample at which it has converged"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "max_iterations", .default_value = "200", .min = "1",
             .max = "100000", .doc = "steps of L-BFGS; `fit` says whether they were enough"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "input", .default_value = "x",
             .doc = "array of the samples"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "target", .default_value = "y",
             .doc = "array of the classes, from 0"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "input_scale", .default_value = "1",
             .doc = "what samples are multiplied by; not part of the model"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "source", .default_value = "",
             .doc = "where the data come from; stands in `fit`"),
};

static const char *const required[] = {FW_KERNELS_ID, FW_RNG_ID, FW_ARTIFACT_ID};

const struct fw_stage softmax_regression_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .caps = FW_CAP_PARALLEL,
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "softmax_regression",
    .doc = "Multinomial logistic regression on pixels, or on what random filters see",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = create,
    .step = step,
    .destroy = destroy,
};

static const struct fw_stage *const stages[] = {&softmax_regression_stage};

FW_PLUGIN("org.fwrun.softmax_regression", "0.1.0", "MIT",
          .doc = "A baseline for classifiers of images", .stages = stages,
          .n_stages = FW_COUNT(stages));
