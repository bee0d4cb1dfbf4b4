/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_LOSS_H
#define FW_LIB_NET_LOSS_H

#include "net.h"

/** A loss: the mean over the samples of a function of the last value and a label. */
struct fw_net_loss_op {
    uint64_t cols; /**< elements that the last value must have; 0: two or more, one per class */

    /** Writes answer.loss, .probability, .choice, the class that the net holds for the likeliest,
     * and the gradient of the last value; reads the label. */
    fw_status (*forward)(struct fw_net_pass *pass);

    /** R of that gradient, from R of the last value. */
    fw_status (*r)(struct fw_net_pass *pass);
};

extern const struct fw_net_loss_op fw_net_binary_entropy;

/** The number of the value that a loss is taken of. */
uint32_t fw_net_answer_value(const struct fw_net_pass *pass);

/** R of the gradient of the last value, of the loss that was asked for. */
fw_status fw_net_r_loss(struct fw_net_pass *pass);

#endif
