/* SPDX-License-Identifier: MIT */
/*
 * v'Hv without Hv. Along v the loss bends by how it bends in the last value, and, for each layer,
 * by how the layer's value bends in its input and its parameters, weighed by the gradient of the
 * value:
 *
 *     v'Hv = RZ' (d2L / dZ dZ) RZ + sum over layers of gY . D2Y[(RX, v), (RX, v)]
 *
 * R-forward gives all of it: no R-backward, so that a convolution costs three products, not six.
 */
#include "layers.h"
#include "loss.h"
#include "sql/fault.h"

fw_status fw_net_dot(const struct fw_net_pass *pass, uint64_t n, struct fw_operand a,
                     struct fw_operand b, double *ret_sum)
{
    const struct fw_reduce reduce = {.struct_size = (uint32_t)sizeof reduce,
                                     .dtype = pass->net->dtype,
                                     .kind = FW_REDUCE_DOT,
                                     .out_type = FW_F64,
                                     .outer = 1,
                                     .channels = 1,
                                     .inner = n,
                                     .alpha = 1,
                                     .a = a,
                                     .b = b,
                                     .out = pass->answer.total};
    fw_status status = pass->kernels->reduce(pass->session, &reduce);
    return status == FW_OK
               ? pass->kernels->download(pass->session, reduce.out, ret_sum, sizeof *ret_sum)
               : status;
}

fw_status fw_net_bend_bilinear(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                               double *ret_bend)
{
    double sum = 0;
    fw_status status = fw_net_dot(pass, fw_net_batch_size(pass, layer->index),
                                  pass->gy.at[layer->index], pass->rgy.at[layer->index], &sum);
    *ret_bend = 2 * sum;
    return status;
}

static uint64_t n_parameters_of(const struct fw_net *net, const struct fw_net_layer *layer)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < layer->n_tensors; i++) {
        n += net->tensors[layer->first_tensor + i].count;
    }
    return n;
}

/* With an RgY of 0 r_backward gives D2Y[(RX, v), .]' gY: the rest is a dot product. */
fw_status fw_net_bend_by_pair(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                              double *ret_bend)
{
    const uint32_t in = layer->in[0];
    const uint64_t n = n_parameters_of(pass->net, layer);
    struct fw_map zero = fw_net_map(pass, FW_MAP_FILL, fw_net_batch_size(pass, layer->index));
    double of_input = 0, of_parameters = 0;
    zero.alpha = 0;
    zero.out = pass->rgy.at[layer->index];
    pass->rgy.given[in] = false;
    fw_status status = pass->kernels->map(pass->session, &zero);
    if (status == FW_OK) {
        status = layer->op->r_backward(pass, layer);
    }
    if (status == FW_OK && fw_net_is_live(pass, in)) {
        status = fw_net_dot(pass, fw_net_batch_size(pass, in), pass->rgy.at[in], pass->ry[in],
                            &of_input);
    }
    if (status == FW_OK && n > 0) {
        status = fw_net_dot(pass, n, fw_net_part(pass, layer, pass->hv, 0),
                            fw_net_part(pass, layer, pass->v, 0), &of_parameters);
    }
    *ret_bend = of_input + of_parameters;
    return status;
}

static fw_status bend_of_loss(struct fw_net_pass *pass, double *ret_bend)
{
    const uint32_t last = pass->net->n_layers - 1;
    fw_status status = fw_net_r_loss(pass);
    return status == FW_OK ? fw_net_dot(pass, fw_net_batch_size(pass, last), pass->rgy.at[last],
                                        pass->ry[last], ret_bend)
                           : status;
}

fw_status fw_net_r_bend(struct fw_net_pass *pass, double *ret_bend)
{
    const struct fw_net *net = pass->net;
    fw_status status = fw_net_r_check(pass);
    double sum = 0;
    for (uint32_t i = 1; i < net->n_layers && status == FW_OK; i++) {
        const struct fw_net_layer *layer = &net->layers[i];
        double bend = 0;
        if (layer->live) {
            status = layer->op->r_forward(pass, layer);
        }
        if (layer->live && layer->op->bend != NULL && status == FW_OK) {
            status = layer->op->bend(pass, layer, &bend);
        }
        sum += bend;
    }
    double of_loss = 0;
    if (status == FW_OK) {
        status = bend_of_loss(pass, &of_loss);
    }
    if (status == FW_OK) {
        *ret_bend = sum + of_loss;
    }
    return status;
}
