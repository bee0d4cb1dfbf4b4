/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_PATCHTST_H
#define FW_LIB_NET_PATCHTST_H

#include "net.h"

/**
 * A classifier of windows, `context` rows of `channels` features: patches of all channels together
 * are the tokens of a pre-norm transformer, and the last value is a logit (FW_NET_BINARY_ENTROPY).
 */
struct fw_patchtst {
    uint32_t channels;
    uint32_t context; /**< rows of a window */
    uint32_t patch;   /**< rows of a patch */
    uint32_t stride;  /**< rows from patch to patch; divides context - patch */
    uint32_t spare;   /**< rows of the position table beyond the patches */
    uint32_t d_model; /**< a multiple of heads */
    uint32_t layers;
    uint32_t heads;
    uint32_t d_ff;
    double dropout; /**< of tokens, attention weights and feed-forward parts */
    double head_dropout;
};

/**
 * Builds it into an empty net and closes that: "revin", "patch", "position", "layer0.norm1",
 * "layer0.qkv", "layer0.out", "layer0.norm2", "layer0.ff1", "layer0.ff2", ..., "norm", "head" are
 * the layers with parameters.
 */
fw_status fw_patchtst_build(struct fw_net *net, const struct fw_patchtst *as);

#endif
