/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_MLP_H
#define FW_LIB_NET_MLP_H

#include "net.h"

enum { FW_MLP_RELU = 0, FW_MLP_GELU = 1 };

/**
 * A perceptron over the elements of a sample in their order: hidden layers of linear, activation
 * and dropout, and a linear layer at the end. Without hidden layers that is logistic regression,
 * with one output binary (FW_NET_BINARY_ENTROPY), with more of classes (FW_NET_CROSS_ENTROPY).
 */
struct fw_mlp {
    struct fw_net_shape input;
    const uint32_t *hidden; /**< units of each hidden layer */
    uint32_t n_hidden;
    uint32_t activation; /**< FW_MLP_ */
    uint32_t outputs;
    double dropout; /**< after each activation */
};

/** Builds it into an empty net and closes that: layers "hidden0", "hidden1", ..., "head". */
fw_status fw_mlp_build(struct fw_net *net, const struct fw_mlp *as);

#endif
