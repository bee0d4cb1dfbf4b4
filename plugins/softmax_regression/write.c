/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "file/digest.h"
#include "report/report.h"
#include "softmax.h"
#include "sql/fault.h"

/* --- the weights, as the net's layers want them --- */

static fw_status add_array(struct fw_npz_writer *writer, const char *name, const uint64_t *shape,
                           unsigned n_dims, const float *items)
{
    uint64_t n = 1;
    for (unsigned i = 0; i < n_dims; i++) {
        n *= shape[i];
    }
    fw_status status = fw_npz_writer_begin(writer, name, FW_NPY_F4, shape, n_dims);
    return status == FW_OK ? fw_npz_writer_append(writer, items, n * sizeof *items) : status;
}

static fw_status write_weights(struct softmax *softmax, const char *path)
{
    const uint64_t d = softmax->n_features, k = softmax->train.n_classes;
    const uint64_t filters[] = {softmax->n_filters, softmax->train.channels, softmax->filter_size,
                                softmax->filter_size};
    struct fw_npz_writer *writer = NULL;
    fw_status status = fw_npz_writer_create(softmax->host, path, &writer);
    for (size_t i = 0; i < softmax->n_weights; i++) {
        softmax->host_weights[i] = (float)softmax->lbfgs.x[i];
    }
    if (status == FW_OK && softmax->n_filters > 0) {
        status = add_array(writer, "filters", filters, 4, softmax->filters);
    }
    if (status == FW_OK) {
        status = add_array(writer, "weight", (uint64_t[]){d, k}, 2, softmax->host_weights);
    }
    if (status == FW_OK) {
        status = add_array(writer, "bias", &k, 1, softmax->host_weights + d * k);
    }
    if (status != FW_OK) {
        fw_npz_writer_destroy(writer);
        return status;
    }
    return fw_npz_writer_finish(writer);
}

/* --- the document (plugins/predictor_weights/README.md) --- */

static cJSON *layer(cJSON *layers, const char *op, const char *in, const char *out)
{
    cJSON *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "op", op);
    cJSON_AddStringToObject(item, "in", in);
    cJSON_AddStringToObject(item, "out", out);
    cJSON_AddItemToArray(layers, item);
    return item;
}

static cJSON *layers_of(const struct softmax *softmax)
{
    cJSON *layers = cJSON_CreateArray(), *item;
    if (softmax->n_filters > 0) {
        item = layer(layers, "conv2d", "x", "seen");
        cJSON_AddStringToObject(item, "filter", "filters");
        cJSON_AddStringToObject(item, "post", "relu");
        item = layer(layers, "avgpool", "seen", "features");
        cJSON_AddNumberToObject(item, "size", softmax->pool);
    }
    item = layer(layers, "dense", softmax->n_filters > 0 ? "features" : "x", "logits");
    cJSON_AddStringToObject(item, "weight", "weight");
    cJSON_AddStringToObject(item, "bias", "bias");
    layer(layers, "softmax", "logits", "p");
    return layers;
}

static cJSON *inputs_of(const struct softmax *softmax)
{
    const struct softmax_set *set = &softmax->train;
    const int shape[] = {(int)set->channels, (int)set->rows, (int)set->cols};
    cJSON *inputs = cJSON_CreateArray(), *item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", "x");
    cJSON_AddItemToObject(item, "shape", cJSON_CreateIntArray(shape, 3));
    cJSON_AddItemToArray(inputs, item);
    return inputs;
}

static fw_status write_model(struct softmax *softmax)
{
    static const char *const outputs[] = {"p"};
    const struct fw_output *weights = fw_task_output(softmax->task, "weights");
    const struct fw_output *model = fw_task_output(softmax->task, "model");
    char hex[FW_SHA256_HEX] = "";
    fw_status status = write_weights(softmax, weights->path);
    if (status == FW_OK) {
        status = fw_file_sha256(softmax->host, weights->path, hex);
    }
    if (status != FW_OK) {
        return status;
    }
    struct fw_report report = {.title = "Model"};
    fw_report_text(&report, "format", "fwrun-net/1");
    fw_report_text(&report, "weights", weights->name);
    fw_report_text(&report, "sha256", hex);
    fw_report_add(&report, "inputs", inputs_of(softmax));
    fw_report_add(&report, "layers", layers_of(softmax));
    fw_report_add(&report, "outputs", cJSON_CreateStringArray(outputs, 1));
    status = fw_report_write_facts(&report, softmax->host, model->path, NULL);
    fw_report_finish(&report);
    return status;
}

/* --- answers for the test part, and how the fit went --- */

static fw_status write_answers(struct softmax *softmax)
{
    const struct fw_output *answers = fw_task_output(softmax->task, "answers");
    const uint64_t shape[] = {softmax->test.n, softmax->train.n_classes};
    float *probabilities = NULL;
    struct fw_npz_writer *writer = NULL;
    if (answers == NULL || softmax->test.n == 0) {
        return FW_OK;
    }
    fw_status status = softmax_predict(softmax, &softmax->test, &probabilities);
    if (status == FW_OK) {
        status = fw_npz_writer_create(softmax->host, answers->path, &writer);
    }
    if (status == FW_OK) {
        status = add_array(writer, "p", shape, 2, probabilities);
    }
    free(probabilities);
    if (status != FW_OK) {
        fw_npz_writer_destroy(writer);
        return status;
    }
    return fw_npz_writer_finish(writer);
}

static fw_status write_fit(struct softmax *softmax)
{
    struct fw_report report = {.title = "Softmax regression"};
    fw_report_text(&report, "source", fw_task_text(softmax->task, "source"));
    fw_report_text(&report, "features", softmax->n_filters > 0 ? "convolutions" : "pixels");
    fw_report_int(&report, "samples", (int64_t)softmax->train.n);
    fw_report_int(&report, "classes", (int64_t)softmax->train.n_classes);
    fw_report_int(&report, "weights", (int64_t)softmax->n_weights);
    fw_report_real(&report, "loss", softmax->lbfgs.value);
    fw_report_real(&report, "gradient", lbfgs_norm(&softmax->lbfgs));
    fw_report_int(&report, "iterations", (int64_t)softmax->lbfgs.iterations);
    fw_report_int(&report, "evaluations", (int64_t)softmax->evaluations);
    fw_report_bool(&report, "converged", softmax->converged);
    fw_status status = fw_report_write_facts(&report, softmax->host,
                                             fw_task_output(softmax->task, "fit")->path, NULL);
    fw_report_finish(&report);
    return status;
}

fw_status softmax_write(struct softmax *softmax)
{
    fw_status status = write_model(softmax);
    if (status == FW_OK) {
        status = write_answers(softmax);
    }
    return status == FW_OK ? write_fit(softmax) : status;
}
