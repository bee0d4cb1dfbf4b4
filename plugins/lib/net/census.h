/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_CENSUS_H
#define FW_LIB_NET_CENSUS_H

#include "net.h"

/** What a net is of size and costs, per sample; of the products alone, two FLOP each. */
struct fw_net_census {
    uint64_t parameters;
    uint64_t affine; /**< of these, scales and shifts of norms */
    uint64_t kept;   /**< numbers beside the parameters */
    uint64_t bytes;  /**< of the parameters */
    uint64_t macs;   /**< forward */
    uint64_t flop_forward, flop_backward, flop_train;
};

struct fw_net_census fw_net_census(const struct fw_net *net);

#endif
