/* SPDX-License-Identifier: MIT */
#include "census.h"

/* A product has two factors. What lies before the first parameters needs no gradient. */
static uint64_t backward_macs(const struct fw_net *net, const struct fw_net_layer *layer)
{
    bool is_live = false;
    for (uint32_t i = 0; i < layer->n_in; i++) {
        is_live = is_live || net->layers[layer->in[i]].live;
    }
    return is_live ? 2 * layer->macs : layer->live ? layer->macs : 0;
}

struct fw_net_census fw_net_census(const struct fw_net *net)
{
    struct fw_net_census census = {.parameters = net->n_parameters,
                                   .kept = net->n_kept_elements,
                                   .bytes = net->n_parameters * net->element};
    for (uint32_t i = 0; i < net->n_layers; i++) {
        const struct fw_net_layer *layer = &net->layers[i];
        for (uint32_t k = 0; k < layer->n_tensors && layer->op->flags & FW_NET_AFFINE; k++) {
            census.affine += net->tensors[layer->first_tensor + k].count;
        }
        census.macs += layer->macs;
        census.flop_backward += 2 * backward_macs(net, layer);
    }
    census.flop_forward = 2 * census.macs;
    census.flop_train = census.flop_forward + census.flop_backward;
    return census;
}
