/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "layers.h"
#include "loss.h"
#include "sql/fault.h"

/* --- gradients of values --- */

struct fw_operand fw_net_gradient_of(struct fw_net_pass *pass, struct fw_net_field *field,
                                     uint32_t value, double *ret_beta)
{
    (void)pass;
    *ret_beta = field->given[value] ? 1 : 0;
    field->given[value] = true;
    return field->at[value];
}

struct fw_operand fw_net_gradient_begin(struct fw_net_pass *pass, struct fw_net_field *field,
                                        uint32_t value)
{
    return field->given[value] ? pass->spill : field->at[value];
}

fw_status fw_net_gradient_end(struct fw_net_pass *pass, struct fw_net_field *field, uint32_t value,
                              struct fw_operand written)
{
    if (!field->given[value]) {
        field->given[value] = true;
        return FW_OK;
    }
    return fw_net_combine(pass, fw_net_batch_size(pass, value), field->at[value], 1, written,
                          field->at[value]);
}

fw_status fw_net_gradient_pass_on(struct fw_net_pass *pass, struct fw_net_field *field,
                                  const struct fw_net_layer *layer, uint32_t value)
{
    const struct fw_operand from = field->at[layer->index];
    double beta;
    const struct fw_operand to = fw_net_gradient_of(pass, field, value, &beta);
    if (to.buffer == from.buffer && to.offset == from.offset) {
        return FW_OK;
    }
    return fw_net_combine(pass, fw_net_batch_size(pass, value), from, beta,
                          beta > 0 ? to : (struct fw_operand){0}, to);
}

fw_status fw_net_combine(const struct fw_net_pass *pass, uint64_t n, struct fw_operand a,
                         double beta, struct fw_operand b, struct fw_operand out)
{
    struct fw_map map = fw_net_map(pass, FW_MAP_LINEAR, n);
    map.beta = beta;
    map.a = a;
    map.b = b;
    map.out = out;
    return pass->kernels->map(pass->session, &map);
}

fw_status fw_net_r_give(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                        fw_net_give *give)
{
    fw_status status = give(pass, layer, &pass->rgy, pass->rgy.at[layer->index], pass->parameters);
    return status == FW_OK ? give(pass, layer, &pass->rgy, pass->gy.at[layer->index], pass->v)
                           : status;
}

/* --- the four runs --- */

static fw_status check(const struct fw_net_pass *pass, enum fw_net_stage least, const char *call)
{
    static const char *const before[] = {"", "a batch is loaded", "forward", "the loss",
                                         "backward"};
    return pass->stage >= least ? FW_OK
                                : fw_faultf(pass->net->host, FW_E_ARG, "net", NULL,
                                            "%s was asked for before %s", call, before[least]);
}

fw_status fw_net_load(struct fw_net_pass *pass, const void *samples, uint64_t n)
{
    const struct fw_net *net = pass->net;
    if (n == 0 || n > pass->capacity) {
        return fw_faultf(net->host, FW_E_ARG, "net", NULL, "a batch of %llu samples, room for %llu",
                         (unsigned long long)n, (unsigned long long)pass->capacity);
    }
    pass->n = n;
    pass->stage = FW_NET_LOADED;
    return pass->kernels->upload(pass->session, pass->y[0], samples,
                                 fw_net_batch_size(pass, 0) * net->element);
}

fw_status fw_net_forward(struct fw_net_pass *pass, struct fw_net_mode mode)
{
    const struct fw_net *net = pass->net;
    fw_status status = check(pass, FW_NET_LOADED, "forward");
    if (status == FW_OK) {
        pass->mode = mode;
        pass->stage = FW_NET_LOADED;
    }
    for (uint32_t i = 1; i < net->n_layers && status == FW_OK; i++) {
        status = net->layers[i].op->forward(pass, &net->layers[i]);
    }
    if (status == FW_OK) {
        pass->stage = FW_NET_FORWARD;
    }
    return status;
}

static void forget(const struct fw_net_pass *pass, struct fw_net_field *field)
{
    memset(field->given, 0, pass->net->n_layers * sizeof *field->given);
}

/* Once only: it may write over gradients that it has read. */
fw_status fw_net_backward(struct fw_net_pass *pass)
{
    const struct fw_net *net = pass->net;
    fw_status status = check(pass, FW_NET_LOSS, "backward");
    if (status == FW_OK && pass->stage == FW_NET_BACKWARD) {
        return fw_faultf(net->host, FW_E_ARG, "net", NULL, "backward was asked for twice");
    }
    forget(pass, &pass->gy);
    for (uint32_t i = net->n_layers; i-- > 1 && status == FW_OK;) {
        if (net->layers[i].live) {
            status = net->layers[i].op->backward(pass, &net->layers[i]);
        }
    }
    if (status == FW_OK) {
        pass->stage = FW_NET_BACKWARD;
    }
    return status;
}

fw_status fw_net_r_check(const struct fw_net_pass *pass)
{
    fw_status status = check(pass, FW_NET_BACKWARD, "a product");
    return status != FW_OK || pass->has_r
               ? status
               : fw_faultf(pass->net->host, FW_E_ARG, "net", NULL, "a product of a pass without R");
}

fw_status fw_net_r_product(struct fw_net_pass *pass)
{
    const struct fw_net *net = pass->net;
    fw_status status = fw_net_r_check(pass);
    for (uint32_t i = 1; i < net->n_layers && status == FW_OK; i++) {
        if (net->layers[i].live) {
            status = net->layers[i].op->r_forward(pass, &net->layers[i]);
        }
    }
    if (status == FW_OK) {
        status = fw_net_r_loss(pass);
    }
    forget(pass, &pass->rgy);
    for (uint32_t i = net->n_layers; i-- > 1 && status == FW_OK;) {
        if (net->layers[i].live) {
            status = net->layers[i].op->r_backward(pass, &net->layers[i]);
        }
    }
    return status;
}
