/* SPDX-License-Identifier: MIT */
#include "mlp.h"

#include <stdio.h>

#include "layers.h"
#include "sequence.h"

static uint32_t add_hidden(struct fw_net *net, const struct fw_mlp *as, uint32_t i, uint32_t x)
{
    char name[64];

    (void)snprintf(name, sizeof name, "hidden%u", i);
    x = fw_net_add_linear(net, name, x, as->hidden[i], true);
    (void)snprintf(name, sizeof name, "active%u", i);
    x = as->activation == FW_MLP_GELU ? fw_net_add_gelu(net, name, x)
                                      : fw_net_add_relu(net, name, x);
    if (as->dropout == 0) {
        return x;
    }
    (void)snprintf(name, sizeof name, "drop%u", i);
    return fw_net_add_dropout(net, name, x, as->dropout);
}

fw_status fw_mlp_build(struct fw_net *net, const struct fw_mlp *as)
{
    uint32_t x;

    if (as->activation > FW_MLP_GELU) {
        fw_net_refuse(net, "mlp", "activation %u; relu is 0, gelu 1", as->activation);
        return net->status;
    }
    x = fw_net_add_flatten(net, "flatten", fw_net_add_input(net, as->input));
    for (uint32_t i = 0; i < as->n_hidden; i++) {
        x = add_hidden(net, as, i, x);
    }
    (void)fw_net_add_linear(net, "head", x, as->outputs, true);
    return fw_net_close(net);
}
