/* SPDX-License-Identifier: MIT */
#include "layers.h"
#include "loss.h"

/*
 * Of a logit z and a label t of 0 or 1: log(1 + exp(z)) - z t, which is the entropy of the
 * probability p = sigmoid(z) without the digits that p loses near 0 and 1. Losses are clamped at
 * 100, as those are that take the logarithm of p; gradients, (p - t) / n, are not.
 */
#define LOSS_MOST 100

static fw_status map_of(const struct fw_net_pass *pass, uint32_t kind, struct fw_operand a,
                        struct fw_operand b, struct fw_operand out)
{
    struct fw_map map = fw_net_map(pass, kind, pass->n);

    map.a = a;
    map.b = b;
    map.out = out;
    return pass->kernels->map(pass->session, &map);
}

static fw_status convert(const struct fw_net_pass *pass, uint32_t in_type, struct fw_operand in,
                         uint32_t out_type, struct fw_operand out)
{
    const struct fw_copy copy = {
        .struct_size = sizeof copy,
        .in_type = in_type,
        .out_type = out_type,
        .shape = {1, 1, 1, pass->n},
        .in_stride = {0, 0, 0, 1},
        .out_stride = {0, 0, 0, 1},
        .in = in,
        .out = out,
    };

    return pass->kernels->copy(pass->session, &copy);
}

/* 1 where p >= 1/2. Rounding p would send the middle down, so that 1 - p is rounded instead. */
static fw_status choose(const struct fw_net_pass *pass, struct fw_operand ones,
                        struct fw_operand room)
{
    const struct fw_net_answer *answer = &pass->answer;
    const uint32_t dtype = pass->net->dtype;
    fw_status status = map_of(pass, FW_MAP_FILL, ones, ones, ones);

    if (status == FW_OK) {
        status = fw_net_combine(pass, pass->n, ones, -1, answer->probability, room);
    }
    if (status == FW_OK) {
        status = convert(pass, dtype, room, FW_I32, answer->choice);
    }
    if (status == FW_OK) {
        status = convert(pass, FW_I32, answer->choice, dtype, room);
    }
    if (status == FW_OK) {
        status = fw_net_combine(pass, pass->n, ones, -1, room, room);
    }
    return status == FW_OK ? convert(pass, dtype, room, FW_I32, answer->choice) : status;
}

static fw_status entropy(const struct fw_net_pass *pass, struct fw_operand z)
{
    const struct fw_operand loss = pass->answer.loss; /* holds the labels */
    struct fw_map clamp = fw_net_map(pass, FW_MAP_CLAMP, pass->n);
    const fw_status status = map_of(pass, FW_MAP_BINARY_ENTROPY, z, loss, loss);

    clamp.alpha = 0;
    clamp.beta = LOSS_MOST;
    clamp.a = loss;
    clamp.out = loss;
    return status == FW_OK ? pass->kernels->map(pass->session, &clamp) : status;
}

static fw_status gradient(const struct fw_net_pass *pass, struct fw_operand gz)
{
    struct fw_map map = fw_net_map(pass, FW_MAP_LINEAR, pass->n);

    map.alpha = 1 / (double)pass->n;
    map.beta = -map.alpha;
    map.a = pass->answer.probability;
    map.b = pass->answer.loss; /* holds the labels */
    map.out = gz;
    return pass->kernels->map(pass->session, &map);
}

static fw_status forward(struct fw_net_pass *pass)
{
    const uint32_t last = fw_net_answer_value(pass);
    const struct fw_operand z = pass->y[last], gz = pass->gy.at[last];
    const struct fw_net_answer *answer = &pass->answer;
    fw_status status = map_of(pass, FW_MAP_SIGMOID, z, (struct fw_operand){0}, answer->probability);

    if (status == FW_OK) {
        status = choose(pass, gz, answer->loss);
    }
    if (status == FW_OK) {
        status = convert(pass, FW_I32, answer->label, pass->net->dtype, answer->loss);
    }
    if (status == FW_OK) {
        status = gradient(pass, gz);
    }
    return status == FW_OK ? entropy(pass, z) : status;
}

/* Rg = p (1 - p) RZ / n */
static fw_status r_gradient(struct fw_net_pass *pass)
{
    const uint32_t last = fw_net_answer_value(pass);
    const struct fw_operand rgz = pass->rgy.at[last];
    struct fw_map map = fw_net_map(pass, FW_MAP_MULTIPLY, pass->n);
    fw_status status;

    map.alpha = 1 / (double)pass->n;
    map.a = pass->answer.probability;
    map.b = pass->ry[last];
    map.out = rgz;
    status = pass->kernels->map(pass->session, &map);
    map.alpha = -1;
    map.beta = 1;
    map.b = rgz;
    map.c = rgz;
    return status == FW_OK ? pass->kernels->map(pass->session, &map) : status;
}

const struct fw_net_loss_op fw_net_binary_entropy = {1, forward, r_gradient};
