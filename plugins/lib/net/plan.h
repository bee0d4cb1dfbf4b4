/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_PLAN_H
#define FW_LIB_NET_PLAN_H

#include "net.h"

/*
 * Which arrays of a net may share memory. Deciding it once, from what operations say of
 * themselves, keeps them free of it: ReLU and sums work in place, the gradient of a sum is that of
 * its inputs, and gradients that nobody needs any more make room for others.
 */

/** An array per value: which value's memory it is, and where that begins, for `capacity` samples.
 */
struct fw_net_plan {
    uint32_t *root;
    uint64_t *offset; /**< bytes; of roots */
    uint64_t bytes;   /**< of all */
};

/** Values, or R of them. Only live ones where `live_only`. FW_E_NOMEM without a fault. */
fw_status fw_net_plan_values(const struct fw_net *net, uint64_t capacity, bool live_only,
                             struct fw_net_plan *ret_plan);

/**
 * Gradients of live values. With `keep` those that r_backward reads last until the next batch;
 * otherwise an array lasts until the layer that makes the value has done its backward.
 */
fw_status fw_net_plan_gradients(const struct fw_net *net, uint64_t capacity, bool keep,
                                struct fw_net_plan *ret_plan);

void fw_net_plan_finish(struct fw_net_plan *plan);

#endif
