/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "layers.h"
#include "sequence.h"

#define DEVIATION_FLOOR 1e-5

/* Under the root of the kernel's norm, and taken out again: any number that no root loses. */
#define ROOT_FLOOR 1e-10

/* Of one call: `series` of `rows` numbers in all, one of each feature of each sample. */
struct series {
    const struct fw_net_pass *pass;
    const struct fw_net_layer *layer;
    uint64_t rows, cols;
    uint64_t n; /* series */
    struct fw_operand turned, normal, mean, variance, factor;
};

static struct series series_of(const struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint64_t rows = layer->shape.rows, cols = layer->shape.cols, n = pass->n * cols;
    const struct fw_operand room = pass->scratch;

    return (struct series){
        .pass = pass,
        .layer = layer,
        .rows = rows,
        .cols = cols,
        .n = n,
        .turned = room,
        .normal = fw_net_at(pass, room, n * rows),
        .mean = fw_net_at(pass, room, 2 * n * rows),
        .variance = fw_net_at(pass, room, 2 * n * rows + n),
        .factor = fw_net_at(pass, room, 2 * n * rows + 2 * n),
    };
}

/* [sample][a][b] -> [sample][b][a] */
static fw_status turn(const struct series *t, uint64_t a, uint64_t b, struct fw_operand from,
                      struct fw_operand to)
{
    const struct fw_copy copy = {
        .struct_size = sizeof copy,
        .in_type = t->pass->net->dtype,
        .out_type = t->pass->net->dtype,
        .shape = {1, t->pass->n, b, a},
        .in_stride = {0, a * b, 1, b},
        .out_stride = {0, a * b, a, 1},
        .in = from,
        .out = to,
    };

    return t->pass->kernels->copy(t->pass->session, &copy);
}

/* normal = (x - mean) / sqrt(variance + floor), variance with divisor rows */
static fw_status standardise(const struct series *t)
{
    const struct fw_norm norm = {
        .struct_size = sizeof norm,
        .dtype = t->pass->net->dtype,
        .kind = FW_NORM_LAYER,
        .outer = t->n,
        .channels = 1,
        .inner = t->rows,
        .epsilon = ROOT_FLOOR,
        .x = t->turned,
        .mean = t->mean,
        .variance = t->variance,
        .y = t->normal,
    };

    return t->pass->kernels->norm(t->pass->session, &norm);
}

static fw_status root(const struct series *t, double floor, struct fw_operand out)
{
    struct fw_map map = fw_net_map(t->pass, FW_MAP_SQRT, t->n);

    map.a = t->variance;
    map.alpha = floor;
    map.out = out;
    return t->pass->kernels->map(t->pass->session, &map);
}

/* factor = sqrt(variance + floor) / (deviation + 1e-5), deviation with divisor rows - 1 */
static fw_status find_factor(const struct series *t)
{
    const double ratio = sqrt(((double)t->rows - 1) / (double)t->rows); /* of both deviations */
    struct fw_map divide = fw_net_map(t->pass, FW_MAP_DIVIDE, t->n);
    fw_status status = root(t, ROOT_FLOOR, t->factor);

    divide.a = t->factor;
    divide.b = t->variance;
    divide.alpha = ratio;
    divide.beta = DEVIATION_FLOOR * ratio;
    divide.out = t->factor;
    status = status == FW_OK ? root(t, 0, t->variance) : status;
    return status == FW_OK ? t->pass->kernels->map(t->pass->session, &divide) : status;
}

/* y = gamma x + beta, of a pair in a flat array. */
static fw_status scale(const struct fw_net_pass *pass, const struct fw_net_layer *layer,
                       struct fw_operand flat, struct fw_operand y)
{
    const struct fw_affine affine = {
        .struct_size = sizeof affine,
        .dtype = pass->net->dtype,
        .outer = pass->n * layer->shape.rows,
        .channels = layer->shape.cols,
        .inner = 1,
        .a = pass->saved[layer->index],
        .pa = fw_net_part(pass, layer, flat, 0),
        .p0 = fw_net_part(pass, layer, flat, 1),
        .out = y,
    };

    return pass->kernels->affine(pass->session, &affine);
}

static fw_status revin_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const struct series t = series_of(pass, layer);
    const struct fw_affine rescale = {
        .struct_size = sizeof rescale,
        .dtype = pass->net->dtype,
        .outer = 1,
        .channels = t.n,
        .inner = t.rows,
        .a = t.normal,
        .pa = t.factor,
        .out = t.normal,
    };
    fw_status status = turn(&t, t.rows, t.cols, pass->y[layer->in[0]], t.turned);

    status = status == FW_OK ? standardise(&t) : status;
    status = status == FW_OK ? find_factor(&t) : status;
    status = status == FW_OK ? pass->kernels->affine(pass->session, &rescale) : status;
    status =
        status == FW_OK ? turn(&t, t.cols, t.rows, t.normal, pass->saved[layer->index]) : status;
    return status == FW_OK ? scale(pass, layer, pass->parameters, pass->y[layer->index]) : status;
}

/* ggamma = sum of gY x, gbeta = sum of gY */
static fw_status sum_pair(const struct fw_net_pass *pass, const struct fw_net_layer *layer,
                          struct fw_operand gy, struct fw_operand flat)
{
    struct fw_reduce reduce = {
        .struct_size = (uint32_t)sizeof reduce,
        .dtype = pass->net->dtype,
        .kind = FW_REDUCE_DOT,
        .out_type = pass->net->dtype,
        .outer = pass->n * layer->shape.rows,
        .channels = layer->shape.cols,
        .inner = 1,
        .alpha = 1,
        .a = gy,
        .b = pass->saved[layer->index],
        .out = fw_net_part(pass, layer, flat, 0),
    };
    fw_status status = pass->kernels->reduce(pass->session, &reduce);

    reduce.kind = FW_REDUCE_SUM;
    reduce.b = (struct fw_operand){0};
    reduce.out = fw_net_part(pass, layer, flat, 1);
    return status == FW_OK ? pass->kernels->reduce(pass->session, &reduce) : status;
}

static fw_status revin_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return sum_pair(pass, layer, pass->gy.at[layer->index], pass->gradient);
}

/* The input does not depend on parameters, nor does what it was made into: only the pair does. */
static fw_status revin_r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return scale(pass, layer, pass->v, pass->ry[layer->index]);
}

static fw_status revin_r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return sum_pair(pass, layer, pass->rgy.at[layer->index], pass->hv);
}

static const struct fw_net_op revin = {
    .name = "revin",
    .flags = FW_NET_AFFINE,
    .forward = revin_forward,
    .backward = revin_backward,
    .r_forward = revin_r_forward,
    .r_backward = revin_r_backward,
};

uint32_t fw_net_add_revin(struct fw_net *net, const char *name, uint32_t in)
{
    const struct fw_net_shape shape = fw_net_shape_of(net, in);
    const uint64_t size = fw_net_size(shape);
    const struct fw_net_layer layer = {
        .op = &revin,
        .in = {in},
        .n_in = 1,
        .shape = shape,
        .saved = {.per_sample = size},
        .scratch = {.per_sample = 2 * size + 3 * shape.cols},
    };
    struct fw_net_tensor tensor = {.shape = {shape.cols}, .rank = 1, .spread = 1};

    if (in != 0) {
        return fw_net_refuse(net, name, "normalises value %u; it is for the input, value 0", in);
    }
    if (shape.channels != 1 || shape.rows < 2) {
        return fw_net_refuse(net, name,
                             "a sequence of two rows or more is wanted for a deviation; the input "
                             "is %llu x %llu rows",
                             (unsigned long long)shape.channels, (unsigned long long)shape.rows);
    }
    fw_net_add_parameter(net, name, "gamma", &tensor);
    tensor.spread = 0;
    fw_net_add_parameter(net, name, "beta", &tensor);
    return fw_net_append(net, name, &layer);
}
