/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_RESNET_H
#define FW_LIB_NET_RESNET_H

#include "net.h"

/*
 * Residual nets of basic blocks (He et al. 2016) for small images: a 3 x 3 stem without pooling,
 * stages of blocks conv - norm - ReLU - conv - norm - (+ shortcut) - ReLU, the mean of each channel
 * and a linear layer. A shortcut is the identity, or a 1 x 1 conv and norm where the shape changes.
 */

enum { FW_RESNET_STAGES_MAX = 8 };

struct fw_resnet_stage {
    uint32_t channels, blocks, stride;
};

struct fw_resnet {
    struct fw_net_shape image;
    uint32_t classes, stem; /**< channels of the stem */
    uint32_t n_stages;
    struct fw_resnet_stage stages[FW_RESNET_STAGES_MAX];
    bool has_norm;            /**< batch norm after each conv */
    bool has_bias;            /**< of the convs */
    double epsilon, momentum; /**< of the norms */
};

/** How wide a net is: stage s has max(min_channels, round(base * mult * 2^s)) channels. */
struct fw_resnet_width {
    uint32_t base, stages, blocks; /**< blocks of each stage */
    double mult;
    uint32_t min_channels;
};

/**
 * ResNet-18 for 32 x 32 images of 3 channels and 10 classes is base 64, 4 stages of 2 blocks, mult
 * 1, min_channels 8. The first stage has stride 1, the others 2; norms have epsilon 1e-5 and
 * momentum 0.1. Without norms the convs have a bias instead.
 */
struct fw_resnet fw_resnet_of(struct fw_net_shape image, uint32_t classes,
                              const struct fw_resnet_width *width, bool has_norm);

/**
 * Builds it into an empty net and closes that. Layers are named "stem", "1.0.c1", "1.0.n1", ...,
 * "fc". Without norms the last conv of a block begins at half its size, because otherwise each
 * block would double the variance.
 */
fw_status fw_resnet_build(struct fw_net *net, const struct fw_resnet *resnet);

#endif
