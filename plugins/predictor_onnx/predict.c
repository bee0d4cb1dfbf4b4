/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "element.h"
#include "model.h"
#include "onnx.h"

/* A run of the model over some of the samples of a batch. */
struct run {
    struct fw_predictor_model *model;
    const struct fw_predictor_batch *batch;
    uint64_t slice; /* samples that the model takes at a time; 0: as many as there are */
    uint64_t first; /* of the batch's samples, */
    uint64_t rows;  /* so many */
    void **values;  /* inputs, then outputs; released by whoever made them */
    void **scratch; /* per input, a slice that is not full, with zeros behind it; or NULL */
};

/* A model may be made for a fixed number of samples, often one. */
static uint64_t slice_of(const struct fw_predictor_model *model,
                         const struct fw_predictor_batch *batch)
{
    int64_t fixed = 0;
    for (size_t i = 0; i < model->inputs.n; i++) {
        const struct fw_predictor_port *port = &model->inputs.items[i].port;
        const struct fw_predictor_array *array = &batch->inputs[i];
        if (port->rank == 0 || array->rank != port->rank || port->shape[0] <= 0 ||
            array->shape[0] == port->shape[0] || (uint64_t)array->shape[0] != batch->n_samples ||
            (fixed > 0 && fixed != port->shape[0])) {
            return 0; /* as it is: the library says what does not fit */
        }
        fixed = port->shape[0];
    }
    return (uint64_t)fixed;
}

static uint64_t bytes_of(const struct fw_predictor_array *array, uint32_t from)
{
    uint64_t bytes = fw_element_size(array->element);
    for (uint32_t i = from; i < array->rank; i++) {
        bytes *= (uint64_t)array->shape[i];
    }
    return bytes;
}

static fw_status no_memory(const struct run *run)
{
    return FW_FAIL(run->model->host, FW_E_NOMEM, .what = "no memory for a batch of a model",
                   .where = run->model->path);
}

/* The bytes of the run's rows; the last ones of a slice that is not full are zeros. */
static fw_status rows_of(const struct run *run, size_t input, void **ret_data, uint64_t *ret_bytes)
{
    const struct fw_predictor_array *array = &run->batch->inputs[input];
    uint64_t row = bytes_of(array, 1);
    void *data = (unsigned char *)(uintptr_t)array->data + run->first * row;
    if (run->rows < run->slice) {
        void *padded = calloc(run->slice, row > 0 ? row : 1);
        if (padded == NULL) {
            return no_memory(run);
        }
        memcpy(padded, data, run->rows * row);
        run->scratch[input] = data = padded;
    }
    *ret_data = data;
    *ret_bytes = run->slice * row;
    return FW_OK;
}

static fw_status make_input(const struct run *run, size_t input)
{
    const struct fw_predictor_model *model = run->model;
    const struct fw_predictor_array *array = &run->batch->inputs[input];
    int64_t shape[ORT_MAX_RANK];
    void *data = (void *)(uintptr_t)array->data;
    uint64_t bytes = bytes_of(array, 0);
    fw_status status = FW_OK;
    if (ort_from_element(array->element) == 0 || array->rank > ORT_MAX_RANK) {
        return FW_FAIL(model->host, FW_E_UNSUPPORTED,
                       .what = "a model's input has an element type or rank that is not handled",
                       .where = model->inputs.names[input]);
    }
    memcpy(shape, array->shape, array->rank * sizeof *shape);
    if (run->slice > 0) {
        shape[0] = (int64_t)run->slice;
        status = rows_of(run, input, &data, &bytes);
    }
    return status != FW_OK
               ? status
               : ort_check(model->host, &model->runtime->api,
                           model->runtime->api.borrow_tensor(
                               model->memory, data, bytes, shape, array->rank,
                               ort_from_element(array->element), &run->values[input]),
                           "an input of the model cannot be used", model->inputs.names[input]);
}

static fw_status execute(const struct run *run)
{
    const struct fw_predictor_model *model = run->model;
    const struct ort_api *api = &model->runtime->api;
    void **outputs = run->values + model->inputs.n;
    return ort_check(model->host, api,
                     api->run(model->session, NULL, model->inputs.names, run->values,
                              model->inputs.n, model->outputs.names, model->outputs.n, outputs),
                     "the model cannot be run on this batch", model->path);
}

static fw_status keep(const struct run *run)
{
    struct fw_predictor_model *model = run->model;
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < model->outputs.n; i++) {
        const struct ort_part part = {.index = i,
                                      .name = model->outputs.names[i],
                                      .value = run->values[model->inputs.n + i],
                                      .slice = run->slice,
                                      .rows = run->rows};
        status = ort_answers_add(model->host, &model->runtime->api, &model->answers, &part);
    }
    return status;
}

static void release(const struct run *run)
{
    const struct fw_predictor_model *model = run->model;
    for (size_t i = 0; i < model->inputs.n + model->outputs.n; i++) {
        model->runtime->api.release_value(run->values[i]);
        run->values[i] = NULL;
    }
    for (size_t i = 0; i < model->inputs.n; i++) {
        free(run->scratch[i]);
        run->scratch[i] = NULL;
    }
}

static fw_status run_slice(const struct run *run)
{
    fw_status status = FW_OK;
    for (size_t i = 0; status == FW_OK && i < run->model->inputs.n; i++) {
        status = make_input(run, i);
    }
    if (status == FW_OK) {
        status = execute(run);
    }
    if (status == FW_OK) {
        status = keep(run);
    }
    release(run);
    return status;
}

static fw_status run_all(struct run *run)
{
    const uint64_t n = run->batch->n_samples;
    fw_status status = FW_OK;
    run->slice = slice_of(run->model, run->batch);
    if (run->slice == 0) {
        return run_slice(run);
    }
    while (status == FW_OK && run->first < n) {
        run->rows = n - run->first < run->slice ? n - run->first : run->slice;
        status = run_slice(run);
        run->first += run->rows;
    }
    return status;
}

fw_status onnx_predict(struct fw_predictor_model *model, const struct fw_predictor_batch *batch,
                       const struct fw_predictor_array **ret_outputs)
{
    struct run run = {.model = model, .batch = batch};
    run.values = calloc(model->inputs.n + model->outputs.n + 1, sizeof *run.values);
    run.scratch = calloc(model->inputs.n + 1, sizeof *run.scratch);
    ort_answers_clear(&model->answers);
    fw_status status = run.values == NULL || run.scratch == NULL ? no_memory(&run) : run_all(&run);
    free(run.values);
    free(run.scratch);
    if (status == FW_OK) {
        *ret_outputs = model->answers.arrays;
    }
    return status;
}
