/* SPDX-License-Identifier: MIT */
#include "layers.h"
#include "sequence.h"

/*
 * With E the mean over a row, x the normalised input, s = 1 / sqrt(variance + epsilon):
 *
 *     h = gamma gY;  D = h - E[h] - x E[h x];  gX = s D
 *     Rx = s (RX - E[RX] - x q), q = E[x RX];  Rs = -s^2 q
 *     RY = Rgamma x + gamma Rx + Rbeta
 *     Rh = Rgamma gY + gamma RgY
 *     RD = Rh - E[Rh] - Rx E[h x] - x E[Rh x + h Rx];  RgX = Rs D + s RD
 */

/* Numbers of a row each, one array after the other. */
enum { SAVED_MEAN, SAVED_VARIANCE, N_SAVED };
enum { KEPT_S, KEPT_RS, N_KEPT }; /* between the R-pair; x and Rx of the whole value follow */

/* Of r_backward's scratch; h and Rh of the whole value follow. */
enum { ROW_MEAN_H, ROW_H_X, ROW_MEAN_RH, ROW_RH_X, ROW_H_RX, ROW_A, ROW_B, N_ROWS };

/* One call's sizes. */
struct norming {
    const struct fw_net_pass *pass;
    const struct fw_net_layer *layer;
    uint64_t rows;
    uint64_t cols;
};

static struct norming norming_of(const struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    return (struct norming){
        .pass = pass,
        .layer = layer,
        .rows = pass->n * layer->shape.channels * layer->shape.rows,
        .cols = layer->shape.cols,
    };
}

/* Array i of a number per row, and whole value i after `n_before` of those. */
static struct fw_operand row_array(const struct norming *t, struct fw_operand room, uint64_t i)
{
    return fw_net_at(t->pass, room, i * t->rows);
}

static struct fw_operand whole_array(const struct norming *t, struct fw_operand room,
                                     uint64_t n_before, uint64_t i)
{
    return fw_net_at(t->pass, room, t->rows * (n_before + i * t->cols));
}

static struct fw_norm norm_of(const struct norming *t)
{
    const struct fw_operand saved = t->pass->saved[t->layer->index];

    return (struct fw_norm){
        .struct_size = (uint32_t)sizeof(struct fw_norm),
        .dtype = t->pass->net->dtype,
        .kind = FW_NORM_LAYER,
        .outer = t->rows,
        .channels = 1,
        .inner = t->cols,
        .epsilon = t->layer->as.epsilon,
        .x = t->pass->y[t->layer->in[0]],
        .mean = row_array(t, saved, SAVED_MEAN),
        .variance = row_array(t, saved, SAVED_VARIANCE),
    };
}

static fw_status layer_norm_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const struct norming t = norming_of(pass, layer);
    struct fw_norm norm = norm_of(&t);

    norm.gamma = fw_net_part(pass, layer, pass->parameters, 0);
    norm.beta = fw_net_part(pass, layer, pass->parameters, 1);
    norm.y = pass->y[layer->index];
    return pass->kernels->norm(pass->session, &norm);
}

static fw_status layer_norm_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const struct norming t = norming_of(pass, layer);
    const uint32_t in = layer->in[0];
    const bool live = fw_net_is_live(pass, in);
    struct fw_norm norm = norm_of(&t);
    fw_status status;

    norm.backward = 1;
    norm.gamma = fw_net_part(pass, layer, pass->parameters, 0);
    norm.dy = pass->gy.at[layer->index];
    norm.dgamma = fw_net_part(pass, layer, pass->gradient, 0);
    norm.dbeta = fw_net_part(pass, layer, pass->gradient, 1);
    if (live) {
        norm.dx = fw_net_gradient_begin(pass, &pass->gy, in);
    }
    status = pass->kernels->norm(pass->session, &norm);
    return status == FW_OK && live ? fw_net_gradient_end(pass, &pass->gy, in, norm.dx) : status;
}

/* --- the R-pair --- */

static fw_status map(const struct norming *t, uint32_t kind, struct fw_operand a,
                     struct fw_operand b, double alpha, struct fw_operand out)
{
    struct fw_map map = fw_net_map(t->pass, kind, t->rows);

    map.a = a;
    map.b = b;
    map.alpha = alpha;
    map.out = out;
    return t->pass->kernels->map(t->pass->session, &map);
}

/* out = E[a], or E[a b], of every row. */
static fw_status row_mean(const struct norming *t, struct fw_operand a, struct fw_operand b,
                          struct fw_operand out)
{
    const struct fw_reduce reduce = {
        .struct_size = sizeof reduce,
        .dtype = t->pass->net->dtype,
        .kind = b.buffer ? FW_REDUCE_DOT : FW_REDUCE_SUM,
        .out_type = t->pass->net->dtype,
        .outer = 1,
        .channels = t->rows,
        .inner = t->cols,
        .alpha = 1 / (double)t->cols,
        .a = a,
        .b = b,
        .out = out,
    };

    return t->pass->kernels->reduce(t->pass->session, &reduce);
}

/* out = the sum of a, or of a b, over the rows. */
static fw_status col_sum(const struct norming *t, struct fw_operand a, struct fw_operand b,
                         struct fw_operand out)
{
    const struct fw_reduce reduce = {
        .struct_size = sizeof reduce,
        .dtype = t->pass->net->dtype,
        .kind = b.buffer ? FW_REDUCE_DOT : FW_REDUCE_SUM,
        .out_type = t->pass->net->dtype,
        .outer = t->rows,
        .channels = t->cols,
        .inner = 1,
        .alpha = 1,
        .a = a,
        .b = b,
        .out = out,
    };

    return t->pass->kernels->reduce(t->pass->session, &reduce);
}

/* An affine whose coefficients are numbers of a row, or of a column. */
static struct fw_affine affine_of(const struct norming *t, bool by_row)
{
    return (struct fw_affine){
        .struct_size = (uint32_t)sizeof(struct fw_affine),
        .dtype = t->pass->net->dtype,
        .outer = by_row ? 1 : t->rows,
        .channels = by_row ? t->rows : t->cols,
        .inner = by_row ? t->cols : 1,
    };
}

static fw_status affine(const struct norming *t, struct fw_affine op, struct fw_operand out)
{
    op.out = out;
    return t->pass->kernels->affine(t->pass->session, &op);
}

/* x once more, without gamma and beta; mean and variance come out as they were. */
static fw_status normalise_again(const struct norming *t, struct fw_operand x)
{
    struct fw_norm norm = norm_of(t);

    norm.y = x;
    return t->pass->kernels->norm(t->pass->session, &norm);
}

/* s, Rs and Rx; the rows' scratch holds E[RX] and q on the way. */
static fw_status r_normalise(const struct norming *t, struct fw_operand x, struct fw_operand ret_rx)
{
    const struct fw_net_pass *pass = t->pass;
    const struct fw_operand kept = pass->saved_r[t->layer->index], none = {0};
    const struct fw_operand in = pass->ry[t->layer->in[0]];
    const struct fw_operand s = row_array(t, kept, KEPT_S), rs = row_array(t, kept, KEPT_RS);
    const struct fw_operand mean = row_array(t, pass->scratch, 0);
    const struct fw_operand slope = row_array(t, pass->scratch, 1);
    struct fw_affine op = affine_of(t, true);
    fw_status status = map(t, FW_MAP_RSQRT, norm_of(t).variance, none, t->layer->as.epsilon, s);

    status = status == FW_OK ? row_mean(t, in, none, mean) : status;
    status = status == FW_OK ? map(t, FW_MAP_MULTIPLY, s, mean, -1, mean) : status;
    status = status == FW_OK ? row_mean(t, x, in, slope) : status;
    status = status == FW_OK ? map(t, FW_MAP_MULTIPLY, s, slope, -1, slope) : status;
    status = status == FW_OK ? map(t, FW_MAP_MULTIPLY, s, slope, 1, rs) : status;
    op.a = in;
    op.pa = s;
    op.b = x;
    op.pb = slope;
    op.p0 = mean;
    return status == FW_OK ? affine(t, op, ret_rx) : status;
}

static fw_status layer_norm_r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const struct norming t = norming_of(pass, layer);
    const struct fw_operand kept = pass->saved_r[layer->index];
    const struct fw_operand x = whole_array(&t, kept, N_KEPT, 0);
    const struct fw_operand rx = whole_array(&t, kept, N_KEPT, 1);
    struct fw_affine op = affine_of(&t, false);
    fw_status status = normalise_again(&t, x);

    op.a = x;
    op.pa = fw_net_part(pass, layer, pass->v, 0);
    op.p0 = fw_net_part(pass, layer, pass->v, 1);
    if (status == FW_OK && fw_net_is_live(pass, layer->in[0])) {
        op.b = rx;
        op.pb = fw_net_part(pass, layer, pass->parameters, 0);
        status = r_normalise(&t, x, rx);
    }
    return status == FW_OK ? affine(&t, op, pass->ry[layer->index]) : status;
}

/* Rggamma = sum of RgY x + gY Rx, Rgbeta = sum of RgY */
static fw_status r_parameters(const struct norming *t)
{
    const struct fw_net_pass *pass = t->pass;
    const struct fw_net_layer *layer = t->layer;
    const struct fw_operand kept = pass->saved_r[layer->index], none = {0};
    const struct fw_operand gy = pass->gy.at[layer->index], rgy = pass->rgy.at[layer->index];
    const struct fw_operand gamma = fw_net_part(pass, layer, pass->hv, 0);
    fw_status status = col_sum(t, rgy, whole_array(t, kept, N_KEPT, 0), gamma);

    if (status == FW_OK && fw_net_is_live(pass, layer->in[0])) {
        status = col_sum(t, gy, whole_array(t, kept, N_KEPT, 1), pass->scratch);
        if (status == FW_OK) {
            status = fw_net_combine(pass, t->cols, gamma, 1, pass->scratch, gamma);
        }
    }
    return status == FW_OK ? col_sum(t, rgy, none, fw_net_part(pass, layer, pass->hv, 1)) : status;
}

/* h and Rh of the whole, and the five means of a row. */
static fw_status r_means(const struct norming *t)
{
    const struct fw_net_pass *pass = t->pass;
    const struct fw_operand kept = pass->saved_r[t->layer->index], none = {0};
    const struct fw_operand x = whole_array(t, kept, N_KEPT, 0);
    const struct fw_operand rx = whole_array(t, kept, N_KEPT, 1);
    const struct fw_operand h = whole_array(t, pass->scratch, N_ROWS, 0);
    const struct fw_operand rh = whole_array(t, pass->scratch, N_ROWS, 1);
    struct fw_affine op = affine_of(t, false);
    fw_status status;

    op.a = pass->gy.at[t->layer->index];
    op.pa = fw_net_part(pass, t->layer, pass->parameters, 0);
    status = affine(t, op, h);
    op.b = pass->rgy.at[t->layer->index];
    op.pb = op.pa;
    op.pa = fw_net_part(pass, t->layer, pass->v, 0);
    status = status == FW_OK ? affine(t, op, rh) : status;
    const struct {
        struct fw_operand a, b;
        uint64_t to;
    } means[] = {{h, none, ROW_MEAN_H},
                 {h, x, ROW_H_X},
                 {rh, none, ROW_MEAN_RH},
                 {rh, x, ROW_RH_X},
                 {h, rx, ROW_H_RX}};
    for (int i = 0; i < 5 && status == FW_OK; i++) {
        status = row_mean(t, means[i].a, means[i].b, row_array(t, pass->scratch, means[i].to));
    }
    return status;
}

/* out = -(p a + q b), of rows. */
static fw_status minus_products(const struct norming *t, const struct fw_operand p,
                                struct fw_operand a, struct fw_operand q, struct fw_operand b,
                                struct fw_operand out)
{
    struct fw_map both = fw_net_map(t->pass, FW_MAP_MULTIPLY, t->rows);
    fw_status status = map(t, FW_MAP_MULTIPLY, p, a, -1, out);

    both.alpha = -1;
    both.beta = 1;
    both.a = q;
    both.b = b;
    both.c = out;
    both.out = out;
    return status == FW_OK ? t->pass->kernels->map(t->pass->session, &both) : status;
}

/* RgX = Rs h + s Rh - (Rs E[h] + s E[Rh]) - s E[h x] Rx - (Rs E[h x] + s E[Rh x + h Rx]) x */
static fw_status r_gradient(const struct norming *t, struct fw_operand gx)
{
    const struct fw_net_pass *pass = t->pass;
    const struct fw_operand kept = pass->saved_r[t->layer->index], room = pass->scratch;
    const struct fw_operand s = row_array(t, kept, KEPT_S), rs = row_array(t, kept, KEPT_RS);
    const struct fw_operand a = row_array(t, room, ROW_A), b = row_array(t, room, ROW_B);
    const struct fw_operand h_x = row_array(t, room, ROW_H_X);
    const struct fw_operand crossed = row_array(t, room, ROW_RH_X);
    struct fw_affine op = affine_of(t, true);
    fw_status status = minus_products(t, rs, row_array(t, room, ROW_MEAN_H), s,
                                      row_array(t, room, ROW_MEAN_RH), a);

    op.a = whole_array(t, room, N_ROWS, 0);
    op.pa = rs;
    op.b = whole_array(t, room, N_ROWS, 1);
    op.pb = s;
    op.p0 = a;
    status = status == FW_OK ? affine(t, op, gx) : status;
    if (status == FW_OK) {
        status = fw_net_combine(pass, t->rows, crossed, 1, row_array(t, room, ROW_H_RX), crossed);
    }
    status = status == FW_OK ? minus_products(t, rs, h_x, s, crossed, a) : status;
    status = status == FW_OK ? map(t, FW_MAP_MULTIPLY, s, h_x, -1, b) : status;
    op = affine_of(t, true);
    op.a = gx;
    op.b = whole_array(t, kept, N_KEPT, 0);
    op.pb = a;
    op.d = whole_array(t, kept, N_KEPT, 1);
    op.pd = b;
    return status == FW_OK ? affine(t, op, gx) : status;
}

static fw_status layer_norm_r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const struct norming t = norming_of(pass, layer);
    const uint32_t in = layer->in[0];
    struct fw_operand gx;
    fw_status status = r_parameters(&t);

    if (status != FW_OK || !fw_net_is_live(pass, in)) {
        return status;
    }
    status = r_means(&t);
    if (status != FW_OK) {
        return status;
    }
    gx = fw_net_gradient_begin(pass, &pass->rgy, in);
    status = r_gradient(&t, gx);
    return status == FW_OK ? fw_net_gradient_end(pass, &pass->rgy, in, gx) : status;
}

static const struct fw_net_op layer_norm = {
    .name = "layer_norm",
    .flags = FW_NET_GRADIENT_IN_PLACE | FW_NET_R_READS_GRADIENT | FW_NET_AFFINE,
    .forward = layer_norm_forward,
    .backward = layer_norm_backward,
    .r_forward = layer_norm_r_forward,
    .r_backward = layer_norm_r_backward,
    .bend = fw_net_bend_by_pair,
};

uint32_t fw_net_add_layer_norm(struct fw_net *net, const char *name, uint32_t in, double epsilon)
{
    const struct fw_net_shape shape = fw_net_shape_of(net, in);
    const uint64_t rows = shape.channels * shape.rows, size = fw_net_size(shape);
    const struct fw_net_layer layer = {
        .op = &layer_norm,
        .in = {in},
        .n_in = 1,
        .shape = shape,
        .saved = {.per_sample = N_SAVED * rows},
        .saved_r = {.per_sample = N_KEPT * rows + 2 * size},
        .scratch = {.fixed = shape.cols, .per_sample = N_ROWS * rows + 2 * size},
        .as = {.epsilon = epsilon},
    };
    struct fw_net_tensor tensor = {.shape = {shape.cols}, .rank = 1, .spread = 1};

    if (!(epsilon > 0)) {
        return fw_net_refuse(net, name, "epsilon is %g; a number above 0 is wanted", epsilon);
    }
    fw_net_add_parameter(net, name, "gamma", &tensor);
    tensor.spread = 0;
    fw_net_add_parameter(net, name, "beta", &tensor);
    return fw_net_append(net, name, &layer);
}
