/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "dropout.h"
#include "sequence.h"

/*
 * Per sample and head, with Q, K, V columns of the packed input and c = 1 / sqrt(features of a
 * head):
 *
 *     P = softmax(c Q K');  A = mask P;  Y = A V
 *     gP = mask (gY V');  gS = c P (gP - P.gP);  gQ = gS K;  gK = gS' Q;  gV = A' gY
 *     RS = RQ K' + Q RK';  RP = c P (RS - P.RS);  RA = mask RP;  RY = RA V + A RV
 *     RgP = mask (RgY V' + gY RV')
 *     RgS = c P (RgP - P.RgP) + c (RP (gP - P.gP) - P (RP.gP))
 *     RgQ = RgS K + gS RK;  RgK = RgS' Q + gS' RQ;  RgV = RA' gY + A' RgY
 *
 * where a.b is the sum of products of a row.
 */

/* Square arrays, [sample][head][row][row]; those of the mask only where something is dropped. */
enum { SAVED_P, SAVED_GP, SAVED_GS, SAVED_MASK, SAVED_A, N_SAVED };
enum { KEPT_RP, KEPT_RA, N_KEPT };
enum { ROOM_RGS, ROOM_X, N_ROOM }; /* then ROOM_ROWS numbers of a row each */
enum { ROW_P_GP, ROW_RP_GP, N_ROWS };

/* One call's sizes. */
struct heads {
    const struct fw_net_pass *pass;
    const struct fw_net_layer *layer;
    uint64_t n; /* heads */
    uint64_t rows;
    uint64_t width; /* features of a head */
    double scale;
    bool drops;
};

/* A matrix per sample and head inside an array. */
struct side {
    struct fw_operand at;
    uint64_t rows, cols;
    uint64_t ld;
    uint64_t outer, inner; /* strides */
};

static struct heads heads_of(const struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const uint64_t width = layer->shape.cols / layer->as.heads;

    return (struct heads){
        .pass = pass,
        .layer = layer,
        .n = layer->as.heads,
        .rows = layer->shape.rows,
        .width = width,
        .scale = 1 / sqrt((double)width),
        .drops = fw_net_drops(pass, layer),
    };
}

static uint64_t squares(const struct heads *h)
{
    return h->pass->n * h->n * h->rows * h->rows;
}

static struct fw_operand square_array(const struct heads *h, struct fw_operand room, uint64_t i)
{
    return fw_net_at(h->pass, room, i * squares(h));
}

static struct fw_operand saved(const struct heads *h, uint64_t i)
{
    return square_array(h, h->pass->saved[h->layer->index], i);
}

static struct fw_operand kept(const struct heads *h, uint64_t i)
{
    return square_array(h, h->pass->saved_r[h->layer->index], i);
}

static struct fw_operand row_array(const struct heads *h, uint64_t i)
{
    return fw_net_at(h->pass, h->pass->scratch,
                     N_ROOM * squares(h) + i * h->pass->n * h->n * h->rows);
}

/* What rows are mixed with, and R of it. */
static struct fw_operand weights_of(const struct heads *h)
{
    return saved(h, h->drops ? SAVED_A : SAVED_P);
}

static struct fw_operand r_weights_of(const struct heads *h)
{
    return kept(h, h->drops ? KEPT_RA : KEPT_RP);
}

enum { QUERY, KEY, VALUE };

static struct side packed(const struct heads *h, struct fw_operand at, uint64_t which)
{
    const uint64_t d = h->n * h->width;

    return (struct side){
        .at = fw_net_at(h->pass, at, which * d),
        .rows = h->rows,
        .cols = h->width,
        .ld = 3 * d,
        .outer = 3 * d * h->rows,
        .inner = h->width,
    };
}

static struct side square(const struct heads *h, struct fw_operand at)
{
    const uint64_t n = h->rows * h->rows;

    return (struct side){
        .at = at,
        .rows = h->rows,
        .cols = h->rows,
        .ld = h->rows,
        .outer = h->n * n,
        .inner = n,
    };
}

static struct side context(const struct heads *h, struct fw_operand at)
{
    const uint64_t d = h->n * h->width;

    return (struct side){
        .at = at,
        .rows = h->rows,
        .cols = h->width,
        .ld = d,
        .outer = d * h->rows,
        .inner = h->width,
    };
}

enum { PLAIN = 0, TURN_A = 1, TURN_B = 2 };

/* C = op(A) op(B) + beta C of all samples and heads. */
static fw_status product(const struct heads *h, uint32_t turn, struct side a, struct side b,
                         double beta, struct side c)
{
    const struct fw_gemm gemm = {
        .struct_size = sizeof gemm,
        .dtype = h->pass->net->dtype,
        .transpose_a = (turn & TURN_A) != 0,
        .transpose_b = (turn & TURN_B) != 0,
        .m = c.rows,
        .n = c.cols,
        .k = turn & TURN_A ? a.rows : a.cols,
        .lda = a.ld,
        .ldb = b.ld,
        .ldc = c.ld,
        .outer = h->pass->n,
        .inner = h->n,
        .stride_a_outer = a.outer,
        .stride_a_inner = a.inner,
        .stride_b_outer = b.outer,
        .stride_b_inner = b.inner,
        .stride_c_outer = c.outer,
        .stride_c_inner = c.inner,
        .alpha = 1,
        .beta = beta,
        .a = a.at,
        .b = b.at,
        .c = c.at,
    };

    return h->pass->kernels->gemm(h->pass->session, &gemm);
}

static struct fw_softmax softmax_of(const struct heads *h, uint32_t kind)
{
    return (struct fw_softmax){
        .struct_size = (uint32_t)sizeof(struct fw_softmax),
        .dtype = h->pass->net->dtype,
        .kind = kind,
        .rows = h->pass->n * h->n * h->rows,
        .cols = h->rows,
        .scale = h->scale,
        .y = saved(h, SAVED_P),
    };
}

/* out = c P (from - P.from): the derivative of the softmax is its own transpose. */
static fw_status softmax_slope(const struct heads *h, struct fw_operand from, struct fw_operand out)
{
    struct fw_softmax softmax = softmax_of(h, FW_SOFTMAX_BACKWARD);

    softmax.dy = from;
    softmax.x = out;
    return h->pass->kernels->softmax(h->pass->session, &softmax);
}

/* Multiplies a square array by the mask where there is one; `to` may be `from`. */
static fw_status mask(const struct heads *h, struct fw_operand from, struct fw_operand to)
{
    return h->drops ? fw_net_multiply(h->pass, squares(h), saved(h, SAVED_MASK), from, to) : FW_OK;
}

static fw_status attention_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const struct heads h = heads_of(pass, layer);
    const struct fw_operand in = pass->y[layer->in[0]], p = saved(&h, SAVED_P);
    struct fw_softmax softmax = softmax_of(&h, FW_SOFTMAX_FORWARD);
    fw_status status =
        product(&h, TURN_B, packed(&h, in, QUERY), packed(&h, in, KEY), 0, square(&h, p));

    softmax.x = p;
    status = status == FW_OK ? pass->kernels->softmax(pass->session, &softmax) : status;
    if (status == FW_OK && h.drops) {
        status = fw_net_dropout_mask(pass, layer, h.n * h.rows * h.rows, saved(&h, SAVED_MASK));
    }
    status = status == FW_OK ? mask(&h, p, weights_of(&h)) : status;
    return status == FW_OK ? product(&h, PLAIN, square(&h, weights_of(&h)), packed(&h, in, VALUE),
                                     0, context(&h, pass->y[layer->index]))
                           : status;
}

static fw_status attention_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const struct heads h = heads_of(pass, layer);
    const struct fw_operand in = pass->y[layer->in[0]];
    const struct side gy = context(&h, pass->gy.at[layer->index]);
    const struct side gs = square(&h, saved(&h, SAVED_GS));
    const struct fw_operand gp = saved(&h, SAVED_GP);
    struct fw_operand gx;
    fw_status status;
    double beta;

    if (!fw_net_is_live(pass, layer->in[0])) {
        return FW_OK;
    }
    status = product(&h, TURN_B, gy, packed(&h, in, VALUE), 0, square(&h, gp));
    status = status == FW_OK ? mask(&h, gp, gp) : status;
    status = status == FW_OK ? softmax_slope(&h, gp, gs.at) : status;
    if (status != FW_OK) {
        return status;
    }
    gx = fw_net_gradient_of(pass, &pass->gy, layer->in[0], &beta);
    status = product(&h, PLAIN, gs, packed(&h, in, KEY), beta, packed(&h, gx, QUERY));
    status = status == FW_OK
                 ? product(&h, TURN_A, gs, packed(&h, in, QUERY), beta, packed(&h, gx, KEY))
                 : status;
    return status == FW_OK
               ? product(&h, TURN_A, square(&h, weights_of(&h)), gy, beta, packed(&h, gx, VALUE))
               : status;
}

static fw_status attention_r_forward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const struct heads h = heads_of(pass, layer);
    const struct fw_operand in = pass->y[layer->in[0]], r = pass->ry[layer->in[0]];
    const struct fw_operand rp = kept(&h, KEPT_RP);
    const struct side y = context(&h, pass->ry[layer->index]);
    fw_status status =
        product(&h, TURN_B, packed(&h, r, QUERY), packed(&h, in, KEY), 0, square(&h, rp));

    status = status == FW_OK
                 ? product(&h, TURN_B, packed(&h, in, QUERY), packed(&h, r, KEY), 1, square(&h, rp))
                 : status;
    status = status == FW_OK ? softmax_slope(&h, rp, rp) : status;
    status = status == FW_OK ? mask(&h, rp, r_weights_of(&h)) : status;
    status = status == FW_OK
                 ? product(&h, PLAIN, square(&h, r_weights_of(&h)), packed(&h, in, VALUE), 0, y)
                 : status;
    return status == FW_OK
               ? product(&h, PLAIN, square(&h, weights_of(&h)), packed(&h, r, VALUE), 1, y)
               : status;
}

/* out = a.b of every row */
static fw_status row_dot(const struct heads *h, struct fw_operand a, struct fw_operand b,
                         struct fw_operand out)
{
    const struct fw_reduce reduce = {
        .struct_size = sizeof reduce,
        .dtype = h->pass->net->dtype,
        .kind = FW_REDUCE_DOT,
        .out_type = h->pass->net->dtype,
        .outer = 1,
        .channels = h->pass->n * h->n * h->rows,
        .inner = h->rows,
        .alpha = -1,
        .a = a,
        .b = b,
        .out = out,
    };

    return h->pass->kernels->reduce(h->pass->session, &reduce);
}

/* out += c (RP (gP - P.gP) - P (RP.gP)): how the slope of the softmax itself changes. */
static fw_status add_bend(const struct heads *h, struct fw_operand out)
{
    const struct fw_net_pass *pass = h->pass;
    const struct fw_operand p = saved(h, SAVED_P), gp = saved(h, SAVED_GP);
    const struct fw_operand rp = kept(h, KEPT_RP);
    const struct fw_operand room = square_array(h, pass->scratch, ROOM_X);
    struct fw_affine affine = {
        .struct_size = (uint32_t)sizeof affine,
        .dtype = pass->net->dtype,
        .outer = 1,
        .channels = pass->n * h->n * h->rows,
        .inner = h->rows,
        .a = gp,
        .p0 = row_array(h, ROW_P_GP),
        .out = room,
    };
    fw_status status = row_dot(h, p, gp, row_array(h, ROW_P_GP));

    status = status == FW_OK ? row_dot(h, rp, gp, row_array(h, ROW_RP_GP)) : status;
    status = status == FW_OK ? pass->kernels->affine(pass->session, &affine) : status;
    status = status == FW_OK ? fw_net_multiply(pass, squares(h), rp, room, room) : status;
    affine.a = room;
    affine.p0 = (struct fw_operand){0};
    affine.b = p;
    affine.pb = row_array(h, ROW_RP_GP);
    status = status == FW_OK ? pass->kernels->affine(pass->session, &affine) : status;
    return status == FW_OK ? fw_net_combine(pass, squares(h), out, h->scale, room, out) : status;
}

/* RgS, of which gY and RgY are the contexts' gradients. */
static fw_status r_scores(const struct heads *h, struct side gy, struct side rgy,
                          struct fw_operand ret_rgs)
{
    const struct fw_operand in = h->pass->y[h->layer->in[0]], r = h->pass->ry[h->layer->in[0]];
    fw_status status = product(h, TURN_B, rgy, packed(h, in, VALUE), 0, square(h, ret_rgs));

    status = status == FW_OK ? product(h, TURN_B, gy, packed(h, r, VALUE), 1, square(h, ret_rgs))
                             : status;
    status = status == FW_OK ? mask(h, ret_rgs, ret_rgs) : status;
    status = status == FW_OK ? softmax_slope(h, ret_rgs, ret_rgs) : status;
    return status == FW_OK ? add_bend(h, ret_rgs) : status;
}

/* C = beta C + op(A) B + op(A2) B2 */
static fw_status two_products(const struct heads *h, uint32_t turn, const struct side ab[4],
                              double beta, struct side c)
{
    const fw_status status = product(h, turn, ab[0], ab[1], beta, c);

    return status == FW_OK ? product(h, turn, ab[2], ab[3], 1, c) : status;
}

static fw_status attention_r_backward(struct fw_net_pass *pass, const struct fw_net_layer *layer)
{
    const struct heads h = heads_of(pass, layer);
    const struct fw_operand in = pass->y[layer->in[0]], r = pass->ry[layer->in[0]];
    const struct side gy = context(&h, pass->gy.at[layer->index]);
    const struct side rgy = context(&h, pass->rgy.at[layer->index]);
    const struct side gs = square(&h, saved(&h, SAVED_GS));
    const struct side rgs = square(&h, square_array(&h, pass->scratch, ROOM_RGS));
    struct fw_operand gx;
    fw_status status;
    double beta;

    if (!fw_net_is_live(pass, layer->in[0])) {
        return FW_OK;
    }
    status = r_scores(&h, gy, rgy, rgs.at);
    if (status != FW_OK) {
        return status;
    }
    gx = fw_net_gradient_of(pass, &pass->rgy, layer->in[0], &beta);
    const struct side q[] = {rgs, packed(&h, in, KEY), gs, packed(&h, r, KEY)};
    const struct side k[] = {rgs, packed(&h, in, QUERY), gs, packed(&h, r, QUERY)};
    const struct side v[] = {square(&h, r_weights_of(&h)), gy, square(&h, weights_of(&h)), rgy};
    status = two_products(&h, PLAIN, q, beta, packed(&h, gx, QUERY));
    status = status == FW_OK ? two_products(&h, TURN_A, k, beta, packed(&h, gx, KEY)) : status;
    return status == FW_OK ? two_products(&h, TURN_A, v, beta, packed(&h, gx, VALUE)) : status;
}

static const struct fw_net_op attention = {
    .name = "attention",
    .flags = FW_NET_R_READS_GRADIENT,
    .forward = attention_forward,
    .backward = attention_backward,
    .r_forward = attention_r_forward,
    .r_backward = attention_r_backward,
    .bend = fw_net_bend_by_pair,
};

uint32_t fw_net_add_attention(struct fw_net *net, const char *name, uint32_t in, uint32_t heads,
                              double p)
{
    const struct fw_net_shape from = fw_net_shape_of(net, in);
    const uint64_t d = from.cols / 3, square = heads * from.rows * from.rows;
    const struct fw_net_layer layer = {
        .op = &attention,
        .in = {in},
        .n_in = 1,
        .shape = {1, from.rows, d},
        .saved = {.per_sample = (p > 0 ? N_SAVED : SAVED_MASK) * square},
        .saved_r = {.per_sample = N_KEPT * square},
        .scratch = {.per_sample = N_ROOM * square + (uint64_t)N_ROWS * heads * from.rows},
        .macs = 2 * from.rows * from.rows * d,
        .as = {.heads = heads, .p = p},
    };

    if (from.channels != 1 || from.cols == 0 || from.cols % 3 != 0) {
        return fw_net_refuse(net, name,
                             "reads %llu x %llu features; queries, keys and values of one "
                             "sequence are wanted next to each other",
                             (unsigned long long)from.channels, (unsigned long long)from.cols);
    }
    if (heads == 0 || d % heads != 0) {
        return fw_net_refuse(net, name, "%llu features are not a multiple of %u heads",
                             (unsigned long long)d, heads);
    }
    return fw_net_dropout_check(net, name, p) ? fw_net_append(net, name, &layer) : 0;
}
