/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_IMAGE_H
#define FW_LIB_NET_IMAGE_H

#include "net.h"

/* Layers of image nets. Each gives the number of its value; `name` is copied. */

/** Filters [channels][in][kernel][kernel], N(0, 2 / (kernel^2 channels)); a bias begins at 0. */
struct fw_net_conv {
    uint64_t channels;
    uint32_t kernel, stride, pad;
    bool bias;
    double scale; /**< of the initial filters; 0 is taken for 1 */
};
uint32_t fw_net_add_conv(struct fw_net *net, const char *name, uint32_t in,
                         const struct fw_net_conv *conv);

/**
 * (x - mean) / sqrt(variance + epsilon) * weight + bias per channel; weight 1 and bias 0 at first.
 * The running mean and variance (0 and 1 at first, divisor n - 1) move by `momentum` of the way.
 */
uint32_t fw_net_add_batch_norm(struct fw_net *net, const char *name, uint32_t in, double epsilon,
                               double momentum);

/** `kind` is FW_POOL_MAX or FW_POOL_AVERAGE. */
struct fw_net_pool {
    uint32_t kind, kernel, stride, pad;
};
uint32_t fw_net_add_pool(struct fw_net *net, const char *name, uint32_t in,
                         const struct fw_net_pool *pool);

/** The mean of each channel: a vector. */
uint32_t fw_net_add_global_average(struct fw_net *net, const char *name, uint32_t in);

#endif
