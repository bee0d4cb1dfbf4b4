/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_DROPOUT_H
#define FW_LIB_NET_DROPOUT_H

#include "layers.h"

/** Whether the layer drops anything in this batch. */
static inline bool fw_net_drops(const struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return layer->as.p > 0 && pass->mode.dropout_seed != 0;
}

/** The factors, 0 or 1 / (1 - p), of `per_sample` elements of each sample. */
fw_status fw_net_dropout_mask(const struct fw_net_pass *pass, const struct fw_net_layer *layer,
                              uint64_t per_sample, struct fw_operand mask);

/** Whether p is a probability that something can be kept with; else the net remembers why not. */
bool fw_net_dropout_check(struct fw_net *net, const char *name, double p);

/** out = a * b, n elements; `out` may be any of them. */
fw_status fw_net_multiply(const struct fw_net_pass *pass, uint64_t n, struct fw_operand a,
                          struct fw_operand b, struct fw_operand out);

#endif
