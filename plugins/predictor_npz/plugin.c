/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <fw/plugin.h>
#include <fw/service/predictor.h>

#include "npy/npy.h"
#include "sql/fault.h"

/* Answers that were made before, by whatever program: arrays of a NumPy file, a row per sample. */

struct output {
    struct fw_predictor_port port;
    int64_t declared[FW_NPY_MAX_DIMS];
    int64_t given[FW_NPY_MAX_DIMS]; /* of the last answer */
    struct fw_npy *npy;
    void *data;
};

struct fw_predictor_model {
    const struct fw_host *host;
    const char *path;
    struct fw_npz *npz;
    struct output *outputs;
    size_t n;
    const struct fw_predictor_port **list;
    struct fw_predictor_array *arrays;
    struct fw_predictor_info info;
};

static void model_close(struct fw_predictor_model *model)
{
    if (model == NULL) {
        return;
    }
    for (size_t i = 0; i < model->n; i++) {
        fw_npy_close(model->outputs[i].npy);
        free(model->outputs[i].data);
    }
    fw_npz_close(model->npz);
    free(model->outputs);
    free(model->list);
    free(model->arrays);
    free(model);
}

static fw_status open_output(struct fw_predictor_model *model, size_t i)
{
    struct output *output = &model->outputs[i];
    const char *name = fw_npz_name(model->npz, i);
    fw_status status = fw_npy_open(model->npz, name, &output->npy);
    if (status != FW_OK) {
        return status;
    }
    const struct fw_npy_header *header = fw_npy_header(output->npy);
    const uint64_t rows = header->n_dims == 0 ? 0 : header->shape[0];
    if (fw_npy_element(header->type) == 0 || rows == 0 ||
        (model->info.n_samples != 0 && rows != model->info.n_samples)) {
        return fw_faultf(model->host, FW_E_DATA, model->path,
                         "give it arrays of numbers alone, each with a row for each sample",
                         "%s (%s, %llu rows) cannot be an answer beside %llu rows", name,
                         header->descr, (unsigned long long)rows,
                         (unsigned long long)model->info.n_samples);
    }
    model->info.n_samples = rows;
    for (unsigned k = 0; k < header->n_dims; k++) {
        output->declared[k] = k == 0 ? -1 : (int64_t)header->shape[k];
    }
    output->port = (struct fw_predictor_port){.struct_size = (uint32_t)sizeof output->port,
                                              .element = fw_npy_element(header->type),
                                              .name = name,
                                              .rank = header->n_dims,
                                              .shape = output->declared};
    model->list[i] = &output->port;
    return FW_OK;
}

static fw_status open_outputs(struct fw_predictor_model *model)
{
    const size_t n = fw_npz_n_arrays(model->npz);
    fw_status status = FW_OK;
    model->outputs = calloc(n + 1, sizeof *model->outputs);
    model->list = calloc(n + 1, sizeof *model->list);
    model->arrays = calloc(n + 1, sizeof *model->arrays);
    if (model->outputs == NULL || model->list == NULL || model->arrays == NULL) {
        return fw_fault_nomem(model->host);
    }
    model->info = (struct fw_predictor_info){.struct_size = (uint32_t)sizeof model->info,
                                             .n_outputs = n,
                                             .outputs = model->list,
                                             .describes = "answers made before"};
    while (status == FW_OK && model->n < n) {
        status = open_output(model, model->n++);
    }
    return status;
}

static fw_status model_open(const struct fw_host *host, const char *path,
                            struct fw_predictor_model **ret_model)
{
    struct fw_predictor_model *model = calloc(1, sizeof *model);
    if (model == NULL) {
        return fw_fault_nomem(host);
    }
    model->host = host;
    model->path = path;
    fw_status status = fw_npz_open(host, path, &model->npz);
    if (status == FW_OK) {
        status = open_outputs(model);
    }
    if (status != FW_OK) {
        model_close(model);
        return status;
    }
    *ret_model = model;
    return FW_OK;
}

static const struct fw_predictor_info *model_info(const struct fw_predictor_model *model)
{
    return &model->info;
}

static fw_status answer(struct fw_predictor_model *model, size_t i,
                        const struct fw_predictor_batch *batch)
{
    struct output *output = &model->outputs[i];
    const struct fw_npy_header *header = fw_npy_header(output->npy);
    const uint64_t row = header->n_items / header->shape[0] * header->item_bytes;
    void *data = realloc(output->data, batch->n_samples * row + 1);
    if (data == NULL) {
        return fw_fault_nomem(model->host);
    }
    output->data = data;
    for (unsigned k = 0; k < header->n_dims; k++) {
        output->given[k] = k == 0 ? (int64_t)batch->n_samples : (int64_t)header->shape[k];
    }
    model->arrays[i] = (struct fw_predictor_array){.element = output->port.element,
                                                   .rank = header->n_dims,
                                                   .shape = output->given,
                                                   .data = data};
    return fw_npy_read(output->npy, batch->first, batch->n_samples, data);
}

static fw_status model_predict(struct fw_predictor_model *model,
                               const struct fw_predictor_batch *batch,
                               const struct fw_predictor_array **ret_outputs)
{
    fw_status status = FW_OK;
    if (batch->first > model->info.n_samples ||
        batch->n_samples > model->info.n_samples - batch->first) {
        return fw_faultf(model->host, FW_E_DATA, model->path, NULL,
                         "it has answers for %llu samples, and is asked for %llu from %llu",
                         (unsigned long long)model->info.n_samples,
                         (unsigned long long)batch->n_samples, (unsigned long long)batch->first);
    }
    for (size_t i = 0; status == FW_OK && i < model->n; i++) {
        status = answer(model, i, batch);
    }
    if (status == FW_OK) {
        *ret_outputs = model->arrays;
    }
    return status;
}

static const struct fw_predictor table = {
    .struct_size = (uint32_t)sizeof table,
    .kind = "npz",
    .doc = "Answers made before: a .npz or .npy of numbers, a row per sample",
    .open = model_open,
    .info = model_info,
    .predict = model_predict,
    .close = model_close,
};

static const struct fw_service service = {
    .struct_size = (uint32_t)sizeof service,
    .id = FW_PREDICTOR_ID,
    .doc = "Answers made before, in NumPy's files",
    .table = &table,
};

static const struct fw_service *const services[] = {&service};

FW_PLUGIN("org.fwrun.predictor_npz", "0.1.0", "MIT", .doc = "Answers made before, as a predictor",
          .services = services, .n_services = FW_COUNT(services));
