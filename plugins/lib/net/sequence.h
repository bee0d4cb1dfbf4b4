/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_NET_SEQUENCE_H
#define FW_LIB_NET_SEQUENCE_H

#include "net.h"

/*
 * Layers of sequences, 1 x rows x features of a sample; each with its R-pair. In the formulas of
 * the sources R{f} is the derivative of f along v, g the gradient of the loss by a value.
 */

/**
 * Each feature of each sample by its own mean and deviation over the rows (divisor rows - 1, and
 * 1e-5 added to it), then times gamma plus beta, a pair per feature. Of the input only: nothing
 * flows back through the statistics.
 */
uint32_t fw_net_add_revin(struct fw_net *net, const char *name, uint32_t in);

/**
 * Patches of `patch` rows, `stride` apart, each a row of patch x features numbers in the order that
 * they have in memory: row by row. The last patch must end with the last row.
 */
uint32_t fw_net_add_unfold(struct fw_net *net, const char *name, uint32_t in, uint32_t patch,
                           uint32_t stride);

/** Adds a learnt row to each row; the table has `spare` rows more, which no gradient reaches. */
uint32_t fw_net_add_position(struct fw_net *net, const char *name, uint32_t in, uint32_t spare);

/**
 * Drops elements with probability p and scales the others by 1 / (1 - p), where the mode has a
 * seed; else gives what it got. What is dropped depends on the seed, the layer and the number of
 * the sample and element alone.
 */
uint32_t fw_net_add_dropout(struct fw_net *net, const char *name, uint32_t in, double p);

/** Every row by its own mean and variance (divisor features), times gamma plus beta. */
uint32_t fw_net_add_layer_norm(struct fw_net *net, const char *name, uint32_t in, double epsilon);

/** x * (1 + erf(x / sqrt(2))) / 2 */
uint32_t fw_net_add_gelu(struct fw_net *net, const char *name, uint32_t in);

/**
 * Rows of queries, keys and values next to each other, 3 d numbers, to rows of d: every row sees
 * all rows of its sample, through `heads` heads of d / heads features each; of the weights, those
 * that p says are dropped as by a dropout layer.
 */
uint32_t fw_net_add_attention(struct fw_net *net, const char *name, uint32_t in, uint32_t heads,
                              double p);

#endif
