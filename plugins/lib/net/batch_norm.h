/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_BATCH_NORM_H
#define FW_LIB_NET_BATCH_NORM_H

#include "layers.h"

/* Between the two halves of batch norm. */

/** Values per channel of the batch. */
uint64_t fw_batch_norm_count(const struct fw_net_pass *pass, const struct fw_net_layer *layer);

/** The statistics that forward used: the batch's, or the running ones. */
struct fw_operand fw_batch_norm_mean(const struct fw_net_pass *pass,
                                     const struct fw_net_layer *layer);
struct fw_operand fw_batch_norm_variance(const struct fw_net_pass *pass,
                                         const struct fw_net_layer *layer);

/** What all calls of the kernels' norm have in common. */
struct fw_norm fw_batch_norm_of(const struct fw_net_pass *pass, const struct fw_net_layer *layer);

fw_status fw_batch_norm_r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer);
fw_status fw_batch_norm_r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer);
fw_status fw_batch_norm_bend(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                             double *ret_bend);

/** Elements that the R-pair keeps, and numbers of the host's that it computes with. */
uint64_t fw_batch_norm_r_room(const struct fw_net *net, uint64_t channels);
uint64_t fw_batch_norm_host_room(uint64_t channels);

#endif
