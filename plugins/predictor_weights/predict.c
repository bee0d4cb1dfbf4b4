/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "model.h"
#include "sql/fault.h"

static fw_status put_input(struct fw_predictor_model *model, size_t i,
                           const struct fw_predictor_batch *batch)
{
    const struct fw_predictor_array *array = &batch->inputs[i];
    const uint64_t wanted = batch->n_samples * net_size(&model->net.values[i].shape);
    uint64_t n = 1;
    for (uint32_t k = 0; k < array->rank; k++) {
        n *= (uint64_t)array->shape[k];
    }
    if (array->element != FW_F32 || n != wanted) {
        return fw_faultf(
            model->host, FW_E_DATA, model->path, NULL,
            "the input %s is of %llu numbers of element type %u, expected %llu float32",
            model->net.values[i].name, (unsigned long long)n, array->element,
            (unsigned long long)wanted);
    }
    return model->net.kernels->upload(model->net.session, net_operand(&model->net, i), array->data,
                                      n * sizeof(float));
}

static fw_status get_part(struct fw_predictor_model *model, size_t value, uint64_t n, float **part)
{
    float *grown = realloc(*part, n * sizeof *grown + 1);
    if (grown == NULL) {
        return fw_fault_nomem(model->host);
    }
    *part = grown;
    return model->net.kernels->download(model->net.session, net_operand(&model->net, value), grown,
                                        n * sizeof *grown);
}

/* Amplitude times e to the i phase. */
static fw_status join(struct fw_predictor_model *model, struct weights_output *output, uint64_t n)
{
    float *joined = realloc(output->data, 2 * n * sizeof *joined + 1);
    if (joined == NULL) {
        return fw_fault_nomem(model->host);
    }
    output->data = joined;
    for (uint64_t i = 0; i < n; i++) {
        const double amplitude = output->parts[0][i], phase = output->parts[1][i];
        joined[2 * i] = (float)(amplitude * cos(phase));
        joined[2 * i + 1] = (float)(amplitude * sin(phase));
    }
    return FW_OK;
}

static fw_status get_output(struct fw_predictor_model *model, size_t i, uint64_t n_samples)
{
    struct weights_output *output = &model->outputs[i];
    struct weights_port *port = &model->ports[model->n_inputs + i];
    const bool joined = output->phase != output->value;
    const uint64_t n = n_samples * net_size(&model->net.values[output->value].shape);
    fw_status status = get_part(model, output->value, n, &output->parts[0]);
    if (status == FW_OK && joined) {
        status = get_part(model, output->phase, n, &output->parts[1]);
    }
    if (status == FW_OK && joined) {
        status = join(model, output, n);
    }
    port->given[0] = (int64_t)n_samples;
    model->arrays[i] =
        (struct fw_predictor_array){.element = port->port.element,
                                    .rank = (uint32_t)port->port.rank,
                                    .shape = port->given,
                                    .data = joined ? output->data : output->parts[0]};
    return status;
}

fw_status weights_predict(struct fw_predictor_model *model, const struct fw_predictor_batch *batch,
                          const struct fw_predictor_array **ret_outputs)
{
    fw_status status = net_reserve(&model->net, batch->n_samples);
    for (size_t i = 0; status == FW_OK && i < model->n_inputs; i++) {
        status = put_input(model, i, batch);
    }
    if (status == FW_OK) {
        status = net_run(&model->net, batch->n_samples);
    }
    for (size_t i = 0; status == FW_OK && i < model->n_outputs; i++) {
        status = get_output(model, i, batch->n_samples);
    }
    if (status == FW_OK) {
        *ret_outputs = model->arrays;
    }
    return status;
}
