/* SPDX-License-Identifier: MIT */
/*
 * R-pair of batch norm. With x = s (X - mean), s = 1 / sqrt(variance + epsilon), weight w, bias b,
 * R of a parameter with a dash, E the mean over a channel of the batch, and q = E[x R(X - mean)]:
 *
 *     Rx  = s (RX - E[RX]) - s q x
 *     RY  = w' x + w Rx + b'
 *     RgX = s (w' - s q w) gY + s w RgY - s^2 w E[gY x] RX + s (2 s q w E[gY x] - k) x + constant
 *     k   = w' E[gY x] + w (E[RgY x] + E[gY Rx])
 *
 * so that both are sums per channel, arithmetic on a few numbers per channel, done here in float64
 * because differences cancel, and one or two passes over the images. Frozen statistics are
 * constants: E[RX] and q are 0, and so is every mean over the batch. The value bends along v by
 *
 *     2 w' Rx + w R{Rx},  R{Rx} = -2 s q Rx - s^2 (E[R(X - mean)^2] - q^2) x
 */
#include <math.h>

#include "batch_norm.h"

/* Rows of a number per channel, float64, filled on the device and computed with on the host. */
enum {
    MEAN,
    VARIANCE,
    WEIGHT,
    BIAS,
    R_WEIGHT,
    R_BIAS,
    RX_PRODUCT, /* sum of RX x */
    RX_SUM,
    FORWARD_ROWS,
    PRODUCT = FORWARD_ROWS, /* sum of gY x, which is the gradient of the weight */
    SUM,                    /* sum of gY, which is that of the bias */
    R_PRODUCT,              /* sum of RgY x */
    R_SUM,
    MOMENT, /* sum of gY RX */
    N_ROWS,
    RX_SQUARE = R_PRODUCT /* sum of RX RX, for the bend alone */
};

/* What the host gives back: factors of images, in the net's type; and R of both gradients. */
enum { OF_RX, OF_X, CONSTANT, OF_GY, OF_RGY, N_FACTORS };
enum { R_OF_PRODUCT, R_OF_SUM, N_RESULTS };
enum { N_NUMBERS = N_ROWS + N_FACTORS + N_RESULTS };

uint64_t fw_batch_norm_r_room(const struct fw_net *net, uint64_t channels)
{
    return channels * (N_ROWS * (sizeof(double) / net->element) + N_FACTORS);
}

uint64_t fw_batch_norm_host_room(uint64_t channels)
{
    return channels * (N_NUMBERS + N_FACTORS);
}

/* One call of the R-pair; what comes after a failure does nothing. */
struct call {
    struct fw_net_pass *pass;
    const struct fw_net_layer *layer;
    uint64_t channels;
    bool is_live;   /* X depends on the parameters */
    bool is_moving; /* and the statistics do */
    fw_status status;
};

static struct call call_of(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const bool is_live = fw_net_is_live(pass, layer->in[0]);
    return (struct call){.pass = pass,
                         .layer = layer,
                         .channels = layer->shape.channels,
                         .is_live = is_live,
                         .is_moving = is_live && pass->mode.batch_statistics};
}

static struct fw_operand row(const struct call *call, uint32_t which)
{
    struct fw_operand operand = call->pass->saved_r[call->layer->index];
    operand.offset += which * call->channels * sizeof(double);
    return operand;
}

static struct fw_operand factor(const struct call *call, uint32_t which)
{
    return fw_net_at(call->pass, row(call, N_ROWS), which * call->channels);
}

/* Two rows from `first` on, of arrays of the net's type that lie one after the other. */
static void widen(struct call *call, uint32_t first, struct fw_operand from)
{
    const uint64_t n = 2 * call->channels;
    const struct fw_copy copy = {.struct_size = (uint32_t)sizeof copy,
                                 .in_type = call->pass->net->dtype,
                                 .out_type = FW_F64,
                                 .shape = {1, 1, 1, n},
                                 .in_stride = {n, n, n, 1},
                                 .out_stride = {n, n, n, 1},
                                 .in = from,
                                 .out = row(call, first)};
    if (call->status == FW_OK) {
        call->status = call->pass->kernels->copy(call->pass->session, &copy);
    }
}

/* Two rows: sums over a channel of a x and of a, which are what norm's backward makes of a. */
static void sum_up(struct call *call, uint32_t first, struct fw_operand a)
{
    struct fw_norm norm = fw_batch_norm_of(call->pass, call->layer);
    norm.backward = 1;
    norm.dy = a;
    norm.dgamma = factor(call, 0);
    norm.dbeta = factor(call, 1);
    if (call->status == FW_OK) {
        call->status = call->pass->kernels->norm(call->pass->session, &norm);
    }
    widen(call, first, factor(call, 0));
}

/* A row of sums over a channel of a b. */
static void multiply(struct call *call, uint32_t which, struct fw_operand a, struct fw_operand b)
{
    const struct fw_net_shape *shape = &call->layer->shape;
    const struct fw_reduce reduce = {.struct_size = (uint32_t)sizeof reduce,
                                     .dtype = call->pass->net->dtype,
                                     .kind = FW_REDUCE_DOT,
                                     .out_type = FW_F64,
                                     .outer = call->pass->n,
                                     .channels = call->channels,
                                     .inner = shape->rows * shape->cols,
                                     .alpha = 1,
                                     .a = a,
                                     .b = b,
                                     .out = row(call, which)};
    if (call->status == FW_OK) {
        call->status = call->pass->kernels->reduce(call->pass->session, &reduce);
    }
}

static void fetch(struct call *call, uint32_t n_rows)
{
    if (call->status == FW_OK) {
        call->status =
            call->pass->kernels->download(call->pass->session, row(call, 0), call->pass->host,
                                          n_rows * call->channels * sizeof(double));
    }
}

/* n numbers of the host's as elements of the net's type. */
static void give(struct call *call, struct fw_operand to, const double *numbers, uint64_t n)
{
    const struct fw_net *net = call->pass->net;
    float *narrow = (float *)(void *)(call->pass->host + N_NUMBERS * call->channels);
    for (uint64_t i = 0; i < n && net->dtype == FW_F32; i++) {
        narrow[i] = (float)numbers[i];
    }
    const void *from = net->dtype == FW_F32 ? (const void *)narrow : numbers;
    if (call->status == FW_OK) {
        call->status = call->pass->kernels->upload(call->pass->session, to, from, n * net->element);
    }
}

/* The numbers of one channel, in memory of the host's. */
struct channel {
    double *at; /* of row 0 */
    uint64_t channels;
};

static double get(const struct channel *channel, uint32_t which)
{
    return channel->at[which * channel->channels];
}

static void put(const struct channel *channel, uint32_t which, double value)
{
    channel->at[(N_ROWS + which) * channel->channels] = value;
}

static void forward_factors(const struct call *call, const struct channel *c)
{
    const double n = (double)fw_batch_norm_count(call->pass, call->layer);
    const double s = 1 / sqrt(get(c, VARIANCE) + call->layer->as.epsilon);
    const double mean_r = call->is_moving ? get(c, RX_SUM) / n : 0;
    const double q = call->is_moving ? get(c, RX_PRODUCT) / n : 0;
    const double of_rx = s * get(c, WEIGHT);
    const double of_x = s * (get(c, R_WEIGHT) - of_rx * q);
    put(c, OF_RX, of_rx);
    put(c, OF_X, of_x);
    put(c, CONSTANT, get(c, R_BIAS) - of_rx * mean_r - of_x * get(c, MEAN));
}

fw_status fw_batch_norm_r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];
    struct call call = call_of(pass, layer);
    widen(&call, MEAN, fw_batch_norm_mean(pass, layer));
    widen(&call, WEIGHT, fw_net_part(pass, layer, pass->parameters, 0));
    widen(&call, R_WEIGHT, fw_net_part(pass, layer, pass->v, 0));
    if (call.is_moving) {
        sum_up(&call, RX_PRODUCT, pass->ry[in]);
    }
    fetch(&call, FORWARD_ROWS);
    for (uint64_t i = 0; i < call.channels; i++) {
        forward_factors(&call, &(const struct channel){pass->host + i, call.channels});
    }
    give(&call, factor(&call, 0), pass->host + N_ROWS * call.channels, 3 * call.channels);
    const struct fw_affine affine = {.struct_size = (uint32_t)sizeof affine,
                                     .dtype = pass->net->dtype,
                                     .outer = pass->n,
                                     .channels = call.channels,
                                     .inner = layer->shape.rows * layer->shape.cols,
                                     .a = pass->y[in],
                                     .pa = factor(&call, OF_X),
                                     .b = pass->ry[in],
                                     .pb = call.is_live ? factor(&call, OF_RX)
                                                        : (struct fw_operand){0},
                                     .p0 = factor(&call, CONSTANT),
                                     .out = pass->ry[layer->index]};
    return call.status == FW_OK ? pass->kernels->affine(pass->session, &affine) : call.status;
}

/* What both the gradient and the bend need. */
struct moments {
    double n, s, mean_r, q;
    double g_rx; /* sum of gY Rx; 0 where X depends on no parameter, as MOMENT is */
};

static struct moments moments_of(const struct call *call, const struct channel *c)
{
    const double n = (double)fw_batch_norm_count(call->pass, call->layer);
    const double s = 1 / sqrt(get(c, VARIANCE) + call->layer->as.epsilon);
    const double mean_r = call->is_moving ? get(c, RX_SUM) / n : 0;
    const double q = call->is_moving ? get(c, RX_PRODUCT) / n : 0;
    const double g_rx = s * (get(c, MOMENT) - mean_r * get(c, SUM) - q * get(c, PRODUCT));
    return (struct moments){n, s, mean_r, q, g_rx};
}

static void backward_factors(const struct call *call, const struct channel *c)
{
    const struct moments m = moments_of(call, c);
    const double n = m.n, s = m.s, mean_r = m.mean_r, q = m.q, g_rx = m.g_rx;
    const double mean = get(c, MEAN), w = get(c, WEIGHT), r_w = get(c, R_WEIGHT);
    const double product = get(c, R_PRODUCT) + g_rx;
    /* E[h] and E[h x] of h = w gY, and R of both. */
    const double hx = call->is_moving ? w * get(c, PRODUCT) / n : 0;
    const double k = call->is_moving ? (r_w * get(c, PRODUCT) + w * product) / n : 0;
    const double h = w * get(c, SUM) / n; /* frozen: times a q of 0 */
    const double r_h = call->is_moving ? (r_w * get(c, SUM) + w * get(c, R_SUM)) / n : 0;
    const double of_x = s * s * (2 * s * q * hx - k);
    put(c, OF_GY, s * (r_w - s * q * w));
    put(c, OF_RGY, s * w);
    put(c, OF_RX, -s * s * hx);
    put(c, OF_X, of_x);
    put(c, CONSTANT, s * (s * mean_r * hx + s * q * h - r_h) - of_x * mean);
    put(c, N_FACTORS + R_OF_PRODUCT, product);
    put(c, N_FACTORS + R_OF_SUM, get(c, R_SUM));
}

/* RgX: three images in one pass, and RX where the statistics move. */
static fw_status spread(struct call *call, struct fw_operand out)
{
    struct fw_net_pass *pass = call->pass;
    const struct fw_net_layer *layer = call->layer;
    const uint32_t in = layer->in[0];
    struct fw_affine affine = {.struct_size = (uint32_t)sizeof affine,
                               .dtype = pass->net->dtype,
                               .outer = pass->n,
                               .channels = call->channels,
                               .inner = layer->shape.rows * layer->shape.cols,
                               .a = pass->rgy.at[layer->index],
                               .pa = factor(call, OF_RGY),
                               .b = pass->gy.at[layer->index],
                               .pb = factor(call, OF_GY),
                               .p0 = factor(call, CONSTANT),
                               .out = out};
    if (call->is_moving) {
        affine.d = pass->y[in];
        affine.pd = factor(call, OF_X);
    }
    fw_status status = pass->kernels->affine(pass->session, &affine);
    if (status != FW_OK || !call->is_moving) {
        return status;
    }
    affine.a = out;
    affine.b = pass->ry[in];
    affine.pb = factor(call, OF_RX);
    affine.pa = affine.d = affine.pd = affine.p0 = (struct fw_operand){0};
    return pass->kernels->affine(pass->session, &affine);
}

fw_status fw_batch_norm_r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint32_t in = layer->in[0];
    const struct fw_operand r = pass->rgy.at[layer->index];
    struct call call = call_of(pass, layer);
    const uint64_t n = call.channels;
    widen(&call, PRODUCT, fw_net_part(pass, layer, pass->gradient, 0));
    sum_up(&call, R_PRODUCT, r);
    if (call.is_live) {
        multiply(&call, MOMENT, pass->gy.at[layer->index], pass->ry[in]);
    }
    fetch(&call, N_ROWS);
    for (uint64_t i = 0; i < n; i++) {
        backward_factors(&call, &(const struct channel){pass->host + i, n});
    }
    give(&call, factor(&call, 0), pass->host + N_ROWS * n, N_FACTORS * n);
    give(&call, fw_net_part(pass, layer, pass->hv, 0), pass->host + (N_ROWS + N_FACTORS) * n,
         N_RESULTS * n);
    if (call.status != FW_OK || !call.is_live) {
        return call.status;
    }
    const struct fw_operand out = fw_net_gradient_begin(pass, &pass->rgy, in);
    const fw_status status = spread(&call, out);
    return status == FW_OK ? fw_net_gradient_end(pass, &pass->rgy, in, out) : status;
}

static double bend_of(const struct call *call, const struct channel *c)
{
    const struct moments m = moments_of(call, c);
    const double square =
        call->is_moving ? get(c, RX_SQUARE) / m.n - m.mean_r * m.mean_r - m.q * m.q : 0;
    return 2 * (get(c, R_WEIGHT) - get(c, WEIGHT) * m.s * m.q) * m.g_rx -
           get(c, WEIGHT) * m.s * m.s * square * get(c, PRODUCT);
}

/* The rows of the forward half are those of r_forward, which was just called. */
fw_status fw_batch_norm_bend(struct fw_net_pass *pass, const struct fw_net_layer *layer,
                             double *ret_bend)
{
    const struct fw_operand r = pass->ry[layer->in[0]];
    struct call call = call_of(pass, layer);
    double sum = 0;
    if (!call.is_live) {
        return FW_OK;
    }
    widen(&call, PRODUCT, fw_net_part(pass, layer, pass->gradient, 0));
    multiply(&call, MOMENT, pass->gy.at[layer->index], r);
    if (call.is_moving) {
        multiply(&call, RX_SQUARE, r, r);
    }
    fetch(&call, N_ROWS);
    for (uint64_t i = 0; i < call.channels && call.status == FW_OK; i++) {
        sum += bend_of(&call, &(const struct channel){pass->host + i, call.channels});
    }
    *ret_bend = sum;
    return call.status;
}
