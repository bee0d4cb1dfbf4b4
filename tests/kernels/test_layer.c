/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* Normalised x, and the gradient of sum(dy * y), as the formulas say. `group` numbers the statistic
 * and `affine` the gamma of an element. */
struct norm_case {
    struct fw_norm op;
    uint64_t n;
    uint64_t groups;
    uint64_t affine;
};

static uint64_t group_of(const struct norm_case *c, uint64_t i)
{
    return c->op.kind == FW_NORM_LAYER ? i / c->op.inner : i / c->op.inner % c->op.channels;
}

static uint64_t affine_of(const struct norm_case *c, uint64_t i)
{
    return c->op.kind == FW_NORM_LAYER ? i % c->op.inner : i / c->op.inner % c->op.channels;
}

static void statistics(const struct norm_case *c, const double *x, double *mean, double *variance)
{
    double per = (double)c->n / (double)c->groups;

    for (uint64_t i = 0; i < c->n; i++) {
        mean[group_of(c, i)] += x[i] / per;
    }
    for (uint64_t i = 0; i < c->n; i++) {
        variance[group_of(c, i)] += pow(x[i] - mean[group_of(c, i)], 2) / per;
    }
}

static double *zeros(uint64_t n)
{
    return calloc(n + 1, sizeof(double));
}

static void norm_forward(struct norm_case *c, struct array *x, struct array *gamma,
                         struct array *beta)
{
    struct check *check = x->check;
    struct array mean = array_zero(check, check->dtype, c->groups);
    struct array variance = array_zero(check, check->dtype, c->groups);
    struct array y = array_zero(check, check->dtype, c->n);
    double *m = zeros(c->groups), *v = zeros(c->groups), *want = zeros(c->n);

    statistics(c, x->v, m, v);
    if (c->op.kind == FW_NORM_FROZEN) {
        for (uint64_t g = 0; g < c->groups; g++) {
            mean.v[g] = m[g] = 0.25;
            variance.v[g] = v[g] = 0.5;
        }
        array_send(&mean);
        array_send(&variance);
    }
    for (uint64_t i = 0; i < c->n; i++) {
        uint64_t g = group_of(c, i), a = affine_of(c, i);
        want[i] = (x->v[i] - m[g]) / sqrt(v[g] + c->op.epsilon) * gamma->v[a] + beta->v[a];
    }
    c->op.mean = mean.on;
    c->op.variance = variance.on;
    c->op.y = y.on;
    if (check_ok(check, check->k->norm(check->session, &c->op), "norm")) {
        array_expect(&y, want, NULL, 64, "y");
        array_expect(&mean, m, NULL, 8, "mean");
        array_expect(&variance, v, NULL, 16, "variance");
    }
    array_free(&mean);
    array_free(&variance);
    array_free(&y);
    free(m);
    free(v);
    free(want);
}

/* The gradient by the formula: dx = s (h - E[h] - x E[h x]). */
static void norm_backward(struct norm_case *c, struct array *x, struct array *gamma)
{
    struct check *check = x->check;
    struct array dy = array_random(check, c->n),
                 dgamma = array_zero(check, check->dtype, c->affine);
    struct array dbeta = array_zero(check, check->dtype, c->affine);
    double *m = zeros(c->groups), *v = zeros(c->groups), *want = zeros(c->n),
           *dg = zeros(c->affine);
    double *db = zeros(c->affine), *h = zeros(c->groups), *hx = zeros(c->groups);
    double per = (double)c->n / (double)c->groups;
    struct array mean, variance;

    statistics(c, x->v, m, v);
    for (uint64_t i = 0; i < c->n; i++) {
        uint64_t g = group_of(c, i), a = affine_of(c, i);
        double unit = (x->v[i] - m[g]) / sqrt(v[g] + c->op.epsilon);
        dg[a] += dy.v[i] * unit;
        db[a] += dy.v[i];
        h[g] += dy.v[i] * gamma->v[a] / per;
        hx[g] += dy.v[i] * gamma->v[a] * unit / per;
    }
    for (uint64_t i = 0; i < c->n; i++) {
        uint64_t g = group_of(c, i);
        double s = 1 / sqrt(v[g] + c->op.epsilon), unit = (x->v[i] - m[g]) * s;
        bool constant = c->op.kind == FW_NORM_FROZEN;
        want[i] = s * (dy.v[i] * gamma->v[affine_of(c, i)] - (constant ? 0 : h[g] + unit * hx[g]));
    }
    mean = array_of(check, check->dtype, m, c->groups);
    variance = array_of(check, check->dtype, v, c->groups);
    c->op.backward = 1;
    c->op.mean = mean.on;
    c->op.variance = variance.on;
    c->op.dy = dy.on;
    c->op.dx = dy.on;
    c->op.dgamma = dgamma.on;
    c->op.dbeta = dbeta.on;
    if (check_ok(check, check->k->norm(check->session, &c->op), "norm backward")) {
        array_expect(&dy, want, NULL, 64, "dx");
        array_expect(&dgamma, dg, NULL, 16 * sqrt(per) + 64, "dgamma");
        array_expect(&dbeta, db, NULL, 16 * sqrt(per), "dbeta");
    }
    array_free(&dy);
    array_free(&dgamma);
    array_free(&dbeta);
    array_free(&mean);
    array_free(&variance);
    free(m);
    free(v);
    free(want);
    free(dg);
    free(db);
    free(h);
    free(hx);
}

static void try_norm(struct check *check, uint32_t kind, uint64_t outer, uint64_t channels,
                     uint64_t inner)
{
    struct norm_case c = {.op = {.struct_size = sizeof c.op,
                                 .dtype = check->dtype,
                                 .kind = kind,
                                 .outer = outer,
                                 .channels = channels,
                                 .inner = inner,
                                 .epsilon = 1e-3},
                          .n = outer * channels * inner,
                          .groups = kind == FW_NORM_LAYER ? outer : channels,
                          .affine = kind == FW_NORM_LAYER ? inner : channels};
    struct array x = array_random(check, c.n), gamma = array_random(check, c.affine);
    struct array beta = array_random(check, c.affine);

    c.op.x = x.on;
    c.op.gamma = gamma.on;
    c.op.beta = beta.on;
    norm_forward(&c, &x, &gamma, &beta);
    norm_backward(&c, &x, &gamma);
    array_free(&x);
    array_free(&gamma);
    array_free(&beta);
}

static void norms_and_their_gradients(struct check *check)
{
    try_norm(check, FW_NORM_BATCH, 5, 3, 49);
    try_norm(check, FW_NORM_BATCH, 33, 7, 1);
    try_norm(check, FW_NORM_FROZEN, 4, 5, 9);
    try_norm(check, FW_NORM_LAYER, 130, 1, 64);
    try_norm(check, FW_NORM_LAYER, 3, 1, 17);
}

/* The figures that are written down for one channel. */
static void batch_norm_of_a_known_case(struct check *check)
{
    double x[] = {1, 2, 3, 4}, two[] = {2}, half[] = {0.5}, dy[] = {1, 0, 0, -1};
    double y[] = {-2.18327084, -.39442361, 1.39442361, 3.18327084};
    double dx[] = {.1788976, -.53664987, .53664987, -.1788976}, dgamma[] = {-2.683270839938};
    struct array ax = array_of(check, check->dtype, x, 4),
                 g = array_of(check, check->dtype, two, 1);
    struct array b = array_of(check, check->dtype, half, 1),
                 ay = array_zero(check, check->dtype, 4);
    struct array m = array_zero(check, check->dtype, 1), v = array_zero(check, check->dtype, 1);
    struct array ady = array_of(check, check->dtype, dy, 4),
                 dg = array_zero(check, check->dtype, 1);
    struct fw_norm op = {.struct_size = sizeof op,
                         .dtype = check->dtype,
                         .outer = 1,
                         .channels = 1,
                         .inner = 4,
                         .epsilon = 1e-5,
                         .x = ax.on,
                         .gamma = g.on,
                         .beta = b.on,
                         .mean = m.on,
                         .variance = v.on,
                         .y = ay.on,
                         .dy = ady.on,
                         .dx = ady.on,
                         .dgamma = dg.on};
    double digits = 1e-8 / check->epsilon + 8;

    (void)check_ok(check, check->k->norm(check->session, &op), "norm");
    array_expect(&ay, y, NULL, digits, "y");
    op.backward = 1;
    (void)check_ok(check, check->k->norm(check->session, &op), "norm");
    array_expect(&ady, dx, NULL, digits, "dx");
    array_expect(&dg, dgamma, NULL, digits, "dgamma");
    array_free(&ax);
    array_free(&g);
    array_free(&b);
    array_free(&ay);
    array_free(&m);
    array_free(&v);
    array_free(&ady);
    array_free(&dg);
}

/* The cells of window (r, q): calls back with their places. */
static uint64_t cells(const struct fw_pool *op, uint64_t r, uint64_t q, uint64_t *ret_cells)
{
    uint64_t n = 0;

    for (uint64_t i = 0; i < (uint64_t)op->kernel_rows * op->kernel_cols; i++) {
        uint64_t y = r * op->stride_rows + i / op->kernel_cols - op->pad_rows;
        uint64_t x = q * op->stride_cols + i % op->kernel_cols - op->pad_cols;
        if (y < op->in_rows && x < op->in_cols) {
            ret_cells[n++] = y * op->in_cols + x;
        }
    }
    return n;
}

static void reference_pool(const struct fw_pool *op, uint64_t rows, uint64_t cols, const double *x,
                           const double *g, double *const ret[3])
{
    double *y = ret[0], *index = ret[1], *back = ret[2];

    for (uint64_t i = 0; i < op->planes * rows * cols; i++) {
        uint64_t in[64] = {0}, n = cells(op, i / cols % rows, i % cols, in), best = in[0];
        uint64_t plane = i / (rows * cols) * op->in_rows * op->in_cols;
        double share = op->kind == FW_POOL_AVERAGE ? 1.0 / (double)n : 1, sum = 0;
        for (uint64_t j = 0; j < n; j++) {
            best = x[plane + in[j]] > x[plane + best] ? in[j] : best;
            sum += x[plane + in[j]] * share;
            back[plane + in[j]] += op->kind == FW_POOL_MAX ? 0 : g[i] * share;
        }
        y[i] = op->kind == FW_POOL_MAX ? x[plane + best] : sum;
        index[i] = (double)best;
        back[plane + best] += op->kind == FW_POOL_MAX ? g[i] : 0;
    }
}

static void try_pool(struct check *check, struct fw_pool op)
{
    uint64_t rows = (op.in_rows + 2 * op.pad_rows - op.kernel_rows) / op.stride_rows + 1;
    uint64_t cols = (op.in_cols + 2 * op.pad_cols - op.kernel_cols) / op.stride_cols + 1;
    uint64_t in = op.planes * op.in_rows * op.in_cols, out = op.planes * rows * cols;
    struct array x = array_random(check, in), y = array_zero(check, check->dtype, out);
    struct array g = array_random(check, out), index = array_zero(check, FW_I32, out);
    double *want[3] = {zeros(out), zeros(out), zeros(in)};

    op.struct_size = sizeof op;
    op.dtype = check->dtype;
    op.x = x.on;
    op.y = y.on;
    op.index = index.on;
    reference_pool(&op, rows, cols, x.v, g.v, want);
    (void)check_ok(check, check->k->pool(check->session, &op), "pool");
    array_expect(&y, want[0], NULL, 16, "y");
    if (op.kind == FW_POOL_MAX) {
        array_expect(&index, want[1], NULL, 0, "index");
        op.direction = FW_POOL_PICK;
        (void)check_ok(check, check->k->pool(check->session, &op), "pick");
        array_expect(&y, want[0], NULL, 0, "picked");
    }
    op.direction = FW_POOL_BACKWARD;
    op.y = g.on;
    (void)check_ok(check, check->k->pool(check->session, &op), "pool backward");
    array_expect(&x, want[2], NULL, 16, "dx");
    array_free(&x);
    array_free(&y);
    array_free(&g);
    array_free(&index);
    for (int i = 0; i < 3; i++) {
        free(want[i]);
    }
}

static void pools_and_their_gradients(struct check *check)
{
    static const uint32_t shapes[][7] = {/* planes, rows, cols, kernel, stride, pad, - */
                                         {6, 8, 8, 2, 2, 0, 0},
                                         {3, 7, 9, 3, 2, 1, 0},
                                         {2, 4, 4, 4, 1, 0, 0},
                                         {2, 5, 6, 3, 1, 2, 0}};

    for (uint32_t kind = 0; kind <= FW_POOL_SUM; kind++) {
        for (int i = 0; i < 4; i++) {
            const uint32_t *s = shapes[i];
            try_pool(check, (struct fw_pool){.kind = kind,
                                             .planes = s[0],
                                             .in_rows = s[1],
                                             .in_cols = s[2],
                                             .kernel_rows = s[3],
                                             .kernel_cols = s[3],
                                             .stride_rows = s[4],
                                             .stride_cols = s[4],
                                             .pad_rows = s[5],
                                             .pad_cols = s[5]});
        }
    }
}

static void reference_softmax(const double *x, uint64_t cols, double scale, double *y)
{
    double top = -INFINITY, sum = 0;

    for (uint64_t i = 0; i < cols; i++) {
        top = fmax(top, scale * x[i]);
    }
    for (uint64_t i = 0; i < cols; i++) {
        sum += y[i] = exp(scale * x[i] - top);
    }
    for (uint64_t i = 0; i < cols; i++) {
        y[i] /= sum;
    }
}

static void try_softmax(struct check *check, uint64_t rows, uint64_t cols, double scale)
{
    struct array x = array_random(check, rows * cols), y = array_zero(check, check->dtype, x.n);
    struct array dy = array_random(check, x.n);
    double *want = zeros(x.n), *back = zeros(x.n);
    struct fw_softmax op = {.struct_size = sizeof op,
                            .dtype = check->dtype,
                            .rows = rows,
                            .cols = cols,
                            .scale = scale,
                            .x = x.on,
                            .y = y.on};

    for (uint64_t r = 0; r < rows; r++) {
        double sum = 0;
        reference_softmax(x.v + r * cols, cols, scale, want + r * cols);
        for (uint64_t i = r * cols; i < (r + 1) * cols; i++) {
            sum += dy.v[i] * want[i];
        }
        for (uint64_t i = r * cols; i < (r + 1) * cols; i++) {
            back[i] = scale * want[i] * (dy.v[i] - sum);
        }
    }
    (void)check_ok(check, check->k->softmax(check->session, &op), "softmax");
    array_expect(&y, want, NULL, 32, "y");
    op.kind = FW_SOFTMAX_BACKWARD;
    op.x = dy.on;
    op.dy = dy.on;
    (void)check_ok(check, check->k->softmax(check->session, &op), "softmax backward");
    array_expect(&dy, back, NULL, 64 * (1 + fabs(scale)), "dx");
    array_free(&x);
    array_free(&y);
    array_free(&dy);
    free(want);
    free(back);
}

static void softmax_and_its_gradient(struct check *check)
{
    try_softmax(check, 37, 10, 1);
    try_softmax(check, 3, 1, 1);
    try_softmax(check, 100, 9, 0.25);
    try_softmax(check, 2, 1000, 30);
    try_softmax(check, 5, 17, -2);
}

static void cross_entropy_of_a_known_case(struct check *check)
{
    double z[] = {1, 2, .5, 1, 2, .5, 1, 2, .5}, labels[] = {0, -1, 3};
    double loss[] = {1.464368784108, 0, NAN};
    double g[] = {-.7687761, .62853172, .14024438, 0, 0, 0, NAN, NAN, NAN};
    struct array x = array_of(check, check->dtype, z, 9),
                 label = array_of(check, FW_I32, labels, 3);
    struct array out = array_zero(check, check->dtype, 3), y = array_zero(check, check->dtype, 9);
    struct fw_softmax op = {.struct_size = sizeof op,
                            .dtype = check->dtype,
                            .kind = FW_CROSS_ENTROPY,
                            .rows = 3,
                            .cols = 3,
                            .scale = 1,
                            .x = x.on,
                            .y = y.on,
                            .label = label.on,
                            .loss = out.on};
    double digits = 1e-8 / check->epsilon + 8;

    (void)check_ok(check, check->k->softmax(check->session, &op), "cross entropy");
    array_expect(&out, loss, NULL, digits, "loss");
    op.kind = FW_CROSS_ENTROPY_BACKWARD;
    (void)check_ok(check, check->k->softmax(check->session, &op), "cross entropy backward");
    array_expect(&x, g, NULL, digits, "dx");
    op.kind = FW_CROSS_ENTROPY;
    op.x = (struct fw_operand){0};
    check_that(check, check->k->softmax(check->session, &op) == FW_E_ARG, "no x is taken");
    array_free(&x);
    array_free(&label);
    array_free(&out);
    array_free(&y);
}

/* Three steps each, as they are written down. */
static void optimisers_of_known_cases(struct check *check)
{
    static const double sgd[] = {0.949, 0.852151, 0.714134749};
    static const double adamw[] = {0.899000002, 0.798101003998, 0.697302904994};
    double one = 1, half = 0.5;

    for (uint32_t kind = FW_UPDATE_SGD; kind <= FW_UPDATE_ADAMW; kind += FW_UPDATE_ADAMW) {
        struct array w = array_of(check, check->dtype, &one, 1);
        struct array g = array_of(check, check->dtype, &half, 1);
        struct array m = array_zero(check, check->dtype, 1), v = array_zero(check, check->dtype, 1);
        for (uint64_t step = 1; step <= 3; step++) {
            struct fw_update op = {.struct_size = sizeof op,
                                   .dtype = check->dtype,
                                   .kind = kind,
                                   .n = 1,
                                   .step = step,
                                   .rate = 0.1,
                                   .beta1 = 0.9,
                                   .beta2 = 0.999,
                                   .epsilon = 1e-8,
                                   .decay = 0.01,
                                   .gradient_scale = 1,
                                   .w = w.on,
                                   .g = g.on,
                                   .m = m.on,
                                   .v = v.on};
            (void)check_ok(check, check->k->update(check->session, &op), "update");
            array_expect(&w, kind == FW_UPDATE_SGD ? &sgd[step - 1] : &adamw[step - 1], NULL,
                         1e-9 / check->epsilon + 8, "w");
        }
        array_free(&w);
        array_free(&g);
        array_free(&m);
        array_free(&v);
    }
}

const struct test tests_layer[] = {
    {"norms_and_their_gradients", norms_and_their_gradients},
    {"batch_norm_of_a_known_case", batch_norm_of_a_known_case},
    {"pools_and_their_gradients", pools_and_their_gradients},
    {"softmax_and_its_gradient", softmax_and_its_gradient},
    {"cross_entropy_of_a_known_case", cross_entropy_of_a_known_case},
    {"optimisers_of_known_cases", optimisers_of_known_cases},
    {NULL, NULL},
};
