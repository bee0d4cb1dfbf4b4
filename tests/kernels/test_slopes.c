/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "check.h"

/*
 * Gradients against central differences of the forward operation itself, in double: for
 * L(x) = sum(dy * f(x)) and a random direction v, (L(x + hv) - L(x - hv)) / 2h = sum(dx * v).
 */
enum { ROWS = 6, COLS = 20, N = ROWS * COLS };

struct slope {
    struct check *check;
    struct array x;
    struct array y;
    struct array dy;
    struct array dx;
    struct array some[3]; /* gamma, mean, variance */
};

typedef void slope_call(struct slope *s);

static double loss(struct slope *s, const double *x, const double *v, double h, slope_call *forward)
{
    double sum = 0;

    for (int i = 0; i < N; i++) {
        s->x.v[i] = x[i] + h * v[i];
    }
    array_send(&s->x);
    forward(s);
    array_fetch(&s->y);
    for (int i = 0; i < N; i++) {
        sum += s->dy.v[i] * s->y.v[i];
    }
    return sum;
}

static void try_slope(struct check *check, const char *name, slope_call *forward,
                      slope_call *backward)
{
    struct slope s = {.check = check,
                      .x = array_random(check, N),
                      .y = array_zero(check, FW_F64, N),
                      .dy = array_random(check, N),
                      .dx = array_zero(check, FW_F64, N),
                      .some = {array_random(check, N), array_zero(check, FW_F64, N),
                               array_zero(check, FW_F64, N)}};
    double x[N], v[N], measured, exact = 0;
    const double h = 1e-6;

    memcpy(x, s.x.v, sizeof x);
    for (int i = 0; i < N; i++) {
        v[i] = check_uniform(check, -1, 1);
    }
    measured = loss(&s, x, v, h, forward) - loss(&s, x, v, -h, forward);
    (void)loss(&s, x, v, 0, forward);
    backward(&s);
    array_fetch(&s.dx);
    for (int i = 0; i < N; i++) {
        exact += s.dx.v[i] * v[i];
    }
    check_that(check, fabs(measured / (2 * h) - exact) < 1e-7 * (1 + fabs(exact)),
               "%s: the difference gives %.12g, the gradient %.12g", name, measured / (2 * h),
               exact);
    array_free(&s.x);
    array_free(&s.y);
    array_free(&s.dy);
    array_free(&s.dx);
    for (int i = 0; i < 3; i++) {
        array_free(&s.some[i]);
    }
}

static void call_norm(struct slope *s, uint32_t kind, uint32_t backward)
{
    bool layer = kind == FW_NORM_LAYER;
    struct fw_norm op = {.struct_size = sizeof op,
                         .dtype = FW_F64,
                         .kind = kind,
                         .backward = backward,
                         .outer = layer ? ROWS : 2,
                         .channels = layer ? 1 : ROWS / 2,
                         .inner = COLS,
                         .epsilon = 1e-5,
                         .x = s->x.on,
                         .gamma = s->some[0].on,
                         .mean = s->some[1].on,
                         .variance = s->some[2].on,
                         .y = s->y.on,
                         .dy = s->dy.on,
                         .dx = s->dx.on};

    (void)check_ok(s->check, s->check->k->norm(s->check->session, &op), "norm");
}

static void batch_forward(struct slope *s)
{
    call_norm(s, FW_NORM_BATCH, 0);
}

static void batch_backward(struct slope *s)
{
    call_norm(s, FW_NORM_BATCH, 1);
}

static void layer_forward(struct slope *s)
{
    call_norm(s, FW_NORM_LAYER, 0);
}

static void layer_backward(struct slope *s)
{
    call_norm(s, FW_NORM_LAYER, 1);
}

static void call_softmax(struct slope *s, uint32_t kind, struct fw_operand x)
{
    struct fw_softmax op = {.struct_size = sizeof op,
                            .dtype = FW_F64,
                            .kind = kind,
                            .rows = ROWS,
                            .cols = COLS,
                            .scale = 0.7,
                            .x = x,
                            .y = s->y.on,
                            .dy = s->dy.on};

    (void)check_ok(s->check, s->check->k->softmax(s->check->session, &op), "softmax");
}

static void softmax_forward(struct slope *s)
{
    call_softmax(s, FW_SOFTMAX_FORWARD, s->x.on);
}

static void softmax_backward(struct slope *s)
{
    call_softmax(s, FW_SOFTMAX_BACKWARD, s->dx.on);
}

static void call_conv(struct slope *s, uint32_t direction, struct fw_operand in,
                      struct fw_operand out)
{
    struct fw_conv2d op = {.struct_size = sizeof op,
                           .dtype = FW_F64,
                           .direction = direction,
                           .batch = 1,
                           .in_channels = 1,
                           .in_rows = ROWS,
                           .in_cols = COLS,
                           .out_channels = 1,
                           .kernel_rows = 3,
                           .kernel_cols = 3,
                           .stride_rows = 1,
                           .stride_cols = 1,
                           .pad_rows = 1,
                           .pad_cols = 1,
                           .alpha = 1,
                           .input = in,
                           .filter = s->some[0].on,
                           .output = out};

    (void)check_ok(s->check, s->check->k->conv2d(s->check->session, &op), "conv2d");
}

static void conv_forward(struct slope *s)
{
    call_conv(s, FW_CONV_FORWARD, s->x.on, s->y.on);
}

static void conv_backward(struct slope *s)
{
    call_conv(s, FW_CONV_BACKWARD_DATA, s->dx.on, s->dy.on);
}

static void gradients_are_slopes(struct check *check)
{
    if (check->dtype != FW_F64) {
        return;
    }
    try_slope(check, "batch norm", batch_forward, batch_backward);
    try_slope(check, "layer norm", layer_forward, layer_backward);
    try_slope(check, "softmax", softmax_forward, softmax_backward);
    try_slope(check, "convolution", conv_forward, conv_backward);
}

const struct test tests_slopes[] = {
    {"gradients_are_slopes", gradients_are_slopes},
    {NULL, NULL},
};
