/* SPDX-License-Identifier: MIT */
#include "weights/weights.h"

#include <stdlib.h>
#include <string.h>

#include "file/digest.h"
#include "report/json.h"
#include "train.h"

/* --- copies of all weights: parameters, then what is kept beside them --- */

static struct fw_operand kept_of(const struct train *train)
{
    return (struct fw_operand){.buffer = train->weights->kept};
}

fw_status train_weights_get(struct train *train, void *ret_weights)
{
    const uint64_t n = train->net->n_parameters * sizeof(float);
    const uint64_t kept = train->net->n_kept_elements * sizeof(float);
    fw_status status =
        train->kernels->download(train->session, train->pass->parameters, ret_weights, n);

    return status == FW_OK && kept > 0 ? train->kernels->download(train->session, kept_of(train),
                                                                  (char *)ret_weights + n, kept)
                                       : status;
}

fw_status train_weights_put(struct train *train, const void *weights)
{
    const uint64_t n = train->net->n_parameters * sizeof(float);
    const uint64_t kept = train->net->n_kept_elements * sizeof(float);
    fw_status status = train->kernels->upload(train->session, train->pass->parameters, weights, n);

    return status == FW_OK && kept > 0 ? train->kernels->upload(train->session, kept_of(train),
                                                                (const char *)weights + n, kept)
                                       : status;
}

/* --- files --- */

/* Entries of a file for all weights; their data lie in `all`. */
static fw_status entries_of(const struct train *train, const float *all,
                            struct fw_weights_tensor *ret_entries)
{
    const struct fw_net *net = train->net;

    for (uint32_t i = 0; i < net->n_tensors + net->n_kept; i++) {
        const bool is_kept = i >= net->n_tensors;
        const struct fw_net_tensor *tensor =
            is_kept ? &net->kept[i - net->n_tensors] : &net->tensors[i];
        if (!fw_weights_describe(&ret_entries[i], tensor->name, FW_F32, tensor->shape,
                                 tensor->rank)) {
            return fw_faultf(train->host, FW_E_INTERNAL, tensor->name, NULL,
                             "the tensor's name does not fit into a checkpoint");
        }
        ret_entries[i].data = all + (is_kept ? net->n_parameters : 0) + tensor->offset;
    }
    return FW_OK;
}

static cJSON *document_of(const struct train *train, const struct train_kept *at)
{
    cJSON *document = cJSON_CreateObject(), *hyper = train_parameters_document(train);
    struct fw_text text = {0};
    char hash[FW_SHA256_HEX] = "";

    fw_json_append(&text, hyper);
    const bool whole = !text.failed && fw_sha256(fw_text_get(&text), text.size, hash);
    fw_text_finish(&text);
    cJSON_AddStringToObject(document, "format", "fwrun-checkpoint/1");
    cJSON_AddItemToObject(document, "model", train_model_document(train));
    cJSON_AddItemToObject(document, "data", train_data_document(train));
    cJSON_AddItemToObject(document, "scaling", train_scaling_document(train));
    cJSON_AddItemToObject(document, "hyperparameters", hyper);
    cJSON_AddStringToObject(document, "config_hash", hash);
    cJSON_AddStringToObject(document, "data_hash", train->digest);
    cJSON_AddStringToObject(document, "experiment", train_experiment(train));
    cJSON_AddItemToObject(document, "seed", fw_json_int((int64_t)train->settings.seed));
    cJSON_AddItemToObject(document, "epoch", fw_json_int((int64_t)at->epoch));
    cJSON_AddItemToObject(document, "step", fw_json_int((int64_t)at->step));
    cJSON_AddNumberToObject(document, "val_loss", at->val_loss);
    cJSON_AddNumberToObject(document, "val_auc", at->val_auc);
    if (!whole) {
        cJSON_Delete(document);
        return NULL;
    }
    return document;
}

/* The optimiser's two arrays, as they are on the device, behind the weights. */
static fw_status add_state(struct train *train, float *room, struct fw_weights_tensor *entries,
                           size_t *n)
{
    static const char *const names[] = {"optimiser.m", "optimiser.v"};
    struct fw_kernels_buffer *const buffers[] = {train->optimiser.m, train->optimiser.v};
    const uint64_t size = train->net->n_parameters;
    fw_status status = FW_OK;

    for (int i = 0; i < 2 && status == FW_OK; i++) {
        const struct fw_operand from = {.buffer = buffers[i]};
        if (buffers[i] != NULL && fw_weights_describe(&entries[*n], names[i], FW_F32, &size, 1)) {
            status = train->kernels->download(train->session, from, room + (uint64_t)i * size,
                                              size * sizeof *room);
            entries[(*n)++].data = room + (uint64_t)i * size;
        }
    }
    return status;
}

static fw_status write_file(struct train *train, const char *path, const struct train_kept *at,
                            struct fw_weights_tensor *entries, size_t n)
{
    cJSON *document = document_of(train, at);
    fw_status status = document != NULL ? fw_weights_write(train->host, path, document, entries, n)
                                        : fw_fault_nomem(train->host);

    cJSON_Delete(document);
    return status;
}

fw_status train_weights_write(struct train *train, const char *path, const struct train_kept *at,
                              bool with_state)
{
    const struct fw_net *net = train->net;
    const uint64_t all = net->n_parameters + net->n_kept_elements;
    float *room = malloc((all + (with_state ? 2 : 0) * net->n_parameters) * sizeof *room);
    size_t n = net->n_tensors + net->n_kept;
    struct fw_weights_tensor *entries = calloc(n + 2, sizeof *entries);
    fw_status status = room != NULL && entries != NULL ? train_weights_get(train, room)
                                                       : fw_fault_nomem(train->host);

    if (status == FW_OK) {
        status = entries_of(train, room, entries);
    }
    if (status == FW_OK && with_state) {
        status = add_state(train, room + all, entries, &n);
    }
    if (status == FW_OK) {
        status = write_file(train, path, at, entries, n);
    }
    free(entries);
    free(room);
    return status;
}

/* --- weights to begin with --- */

static fw_status check(const struct train *train, const struct fw_weights *file)
{
    static const char *const members[] = {"model", "data"};
    cJSON *wanted = cJSON_CreateObject();

    cJSON_AddItemToObject(wanted, "model", train_model_document(train));
    cJSON_AddItemToObject(wanted, "data", train_data_document(train));
    fw_status status = fw_weights_expect(file, wanted, members, FW_COUNT(members));
    cJSON_Delete(wanted);
    return status;
}

static fw_status copy_all(const struct train *train, const struct fw_weights *file, float *all,
                          struct fw_weights_tensor *entries)
{
    const size_t n = train->net->n_tensors + train->net->n_kept;
    fw_status status = entries_of(train, all, entries);

    for (size_t i = 0; i < n && status == FW_OK; i++) {
        status = fw_weights_expect_tensor(file, &entries[i]);
        if (status == FW_OK) {
            /* entries_of points into `all` */
            memcpy(all + ((const float *)entries[i].data - all),
                   fw_weights_find(file, entries[i].name)->data, fw_weights_bytes(&entries[i]));
        }
    }
    return status;
}

static fw_status take(struct train *train, const struct fw_weights *file)
{
    const struct fw_net *net = train->net;
    float *all = calloc(net->n_parameters + net->n_kept_elements, sizeof *all);
    struct fw_weights_tensor *entries = calloc(net->n_tensors + net->n_kept + 1, sizeof *entries);
    fw_status status = all != NULL && entries != NULL ? copy_all(train, file, all, entries)
                                                      : fw_fault_nomem(train->host);

    if (status == FW_OK) {
        status = train_weights_put(train, all);
    }
    free(all);
    free(entries);
    return status;
}

fw_status train_weights_begin(struct train *train)
{
    const struct fw_input *input = fw_task_input(train->task, "weights");
    struct fw_weights *file = NULL;

    if (input == NULL) {
        return fw_net_weights_init(train->weights, train->settings.seed);
    }
    fw_status status = fw_weights_open(train->host, input->paths[0], &file);
    if (status == FW_OK) {
        status = check(train, file);
    }
    if (status == FW_OK) {
        status = take(train, file);
    }
    fw_weights_close(file);
    return status;
}
