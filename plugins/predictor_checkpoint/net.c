/* SPDX-License-Identifier: MIT */
#include "checkpoint.h"
#include "sql/fault.h"

static const void *relay_service(const struct fw_host *host, const char *id)
{
    const struct checkpoint_relay *relay = (const struct checkpoint_relay *)(const void *)host;

    return relay->target->service(relay->target, id);
}

static fw_status relay_fail(const struct fw_host *host, fw_status status,
                            const struct fw_fault *fault)
{
    const struct checkpoint_relay *relay = (const struct checkpoint_relay *)(const void *)host;

    return status == FW_E_CONFIG
               ? fw_faultf(relay->target, FW_E_DATA, relay->path, CHECKPOINT_REMEDY,
                           "no net can be built of the checkpoint's document: %s: %s", fault->where,
                           fault->what)
               : relay->target->fail(relay->target, status, fault);
}

static fw_status find_tensor(const struct fw_predictor_model *model,
                             const struct fw_net_tensor *tensor, const void **ret_data)
{
    struct fw_weights_tensor wanted;

    if (!fw_weights_describe(&wanted, tensor->name, FW_F32, tensor->shape, tensor->rank)) {
        return checkpoint_refuse(model, "name of a tensor");
    }
    fw_status status = fw_weights_expect_tensor(model->file, &wanted);
    if (status == FW_OK) {
        *ret_data = fw_weights_find(model->file, tensor->name)->data;
    }
    return status;
}

static fw_status put_tensor(struct fw_predictor_model *model, const struct fw_net_tensor *tensor,
                            struct fw_kernels_buffer *to)
{
    const struct fw_operand at = {.buffer = to, .offset = tensor->offset * sizeof(float)};
    const void *data = NULL;
    fw_status status = find_tensor(model, tensor, &data);

    return status == FW_OK
               ? model->kernels->upload(model->session, at, data, tensor->count * sizeof(float))
               : status;
}

/* Before there is room for them: no net takes more memory for its weights than its file has. */
static fw_status check_tensors(const struct fw_predictor_model *model)
{
    const struct fw_net *net = model->net;
    const void *data;
    fw_status status = FW_OK;

    for (uint32_t i = 0; i < net->n_tensors && status == FW_OK; i++) {
        status = find_tensor(model, &net->tensors[i], &data);
    }
    for (uint32_t i = 0; i < net->n_kept && status == FW_OK; i++) {
        status = find_tensor(model, &net->kept[i], &data);
    }
    return status;
}

static fw_status put_weights(struct fw_predictor_model *model)
{
    const struct fw_net *net = model->net;
    fw_status status = FW_OK;

    for (uint32_t i = 0; i < net->n_tensors && status == FW_OK; i++) {
        status = put_tensor(model, &net->tensors[i], model->weights->parameters);
    }
    for (uint32_t i = 0; i < net->n_kept && status == FW_OK; i++) {
        status = put_tensor(model, &net->kept[i], model->weights->kept);
    }
    return status;
}

static void begin_relay(struct fw_predictor_model *model)
{
    model->relay =
        (struct checkpoint_relay){.host = *model->host, .target = model->host, .path = model->path};
    model->relay.host.service = relay_service;
    model->relay.host.fail = relay_fail;
}

fw_status checkpoint_make_net(struct fw_predictor_model *model)
{
    begin_relay(model);
    model->kernels = model->host->service(model->host, FW_KERNELS_ID);
    if (model->kernels == NULL) {
        return fw_faultf(model->host, FW_E_MISSING, FW_KERNELS_ID,
                         "put the plugin kernels_cpu into the search path",
                         "checkpoints are computed by " FW_KERNELS_ID ", which no plugin provides");
    }
    fw_status status = model->kernels->open(model->host, &model->session);
    if (status == FW_OK) {
        status = fw_model_build(&model->relay.host, &model->model, &model->net);
        status = status == FW_E_CONFIG ? FW_E_DATA : status;
    }
    if (status == FW_OK) {
        status = check_tensors(model);
    }
    if (status == FW_OK) {
        status = fw_net_weights_create(model->net, model->kernels, model->session, &model->weights);
    }
    if (status == FW_OK) {
        status = put_weights(model);
    }
    return status == FW_OK
               ? fw_net_pass_create(model->weights, CHECKPOINT_BATCH, false, &model->pass)
               : status;
}
