/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "net.h"
#include "splitmix/splitmix.h"
#include "sql/fault.h"

fw_status fw_net_weights_create(const struct fw_net *net, const struct fw_kernels *kernels,
                                struct fw_kernels_session *session,
                                struct fw_net_weights **ret_weights)
{
    if (!net->is_closed) {
        return fw_faultf(net->host, FW_E_ARG, "net", NULL, "weights of a net that is not closed");
    }
    struct fw_net_weights *weights = calloc(1, sizeof *weights);
    if (weights == NULL) {
        return fw_fault_nomem(net->host);
    }
    *weights = (struct fw_net_weights){.net = net, .kernels = kernels, .session = session};
    fw_status status =
        kernels->buffer_create(session, net->n_parameters * net->element, &weights->parameters);
    if (status == FW_OK && net->n_kept_elements > 0) {
        status =
            kernels->buffer_create(session, net->n_kept_elements * net->element, &weights->kept);
    }
    if (status != FW_OK) {
        fw_net_weights_destroy(weights);
        return status;
    }
    *ret_weights = weights;
    return FW_OK;
}

void fw_net_weights_destroy(struct fw_net_weights *weights)
{
    if (weights != NULL) {
        weights->kernels->buffer_destroy(weights->parameters);
        weights->kernels->buffer_destroy(weights->kept);
        free(weights);
    }
}

/* [0, 1) of number j of a stream. */
static double uniform(uint64_t seed, uint64_t j)
{
    return (double)(fw_splitmix(seed, j) >> 11) * 0x1p-53;
}

/* Box-Muller: two numbers of the stream for one, so that each element is by itself. */
static double normal(uint64_t seed, uint64_t i)
{
    const double radius = sqrt(-2 * log(1 - uniform(seed, 2 * i)));
    return radius * cos(2 * M_PI * uniform(seed, 2 * i + 1));
}

static double initial(const struct fw_net_tensor *tensor, uint64_t seed, uint64_t i)
{
    switch (tensor->init) {
    case FW_NET_NORMAL:
        return tensor->spread * normal(seed, i);
    case FW_NET_UNIFORM:
        return tensor->spread * (2 * uniform(seed, i) - 1);
    default:
        return tensor->spread;
    }
}

static fw_status init_tensor(struct fw_net_weights *weights, struct fw_kernels_buffer *buffer,
                             const struct fw_net_tensor *tensor, uint64_t seed)
{
    const struct fw_net *net = weights->net;
    const struct fw_operand to = {.buffer = buffer, .offset = tensor->offset * net->element};
    void *values = malloc(tensor->count * net->element);
    if (values == NULL) {
        return fw_fault_nomem(net->host);
    }
    for (uint64_t i = 0; i < tensor->count; i++) {
        const double value = initial(tensor, seed, i);
        if (net->dtype == FW_F64) {
            ((double *)values)[i] = value;
        } else {
            ((float *)values)[i] = (float)value;
        }
    }
    const fw_status status =
        weights->kernels->upload(weights->session, to, values, tensor->count * net->element);
    free(values);
    return status;
}

fw_status fw_net_weights_init(struct fw_net_weights *weights, uint64_t seed)
{
    const struct fw_net *net = weights->net;
    fw_status status = FW_OK;
    for (uint32_t i = 0; i < net->n_tensors && status == FW_OK; i++) {
        status = init_tensor(weights, weights->parameters, &net->tensors[i], fw_splitmix(seed, i));
    }
    for (uint32_t i = 0; i < net->n_kept && status == FW_OK; i++) {
        status = init_tensor(weights, weights->kept, &net->kept[i], seed);
    }
    return status;
}
