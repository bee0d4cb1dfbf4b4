/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "check.h"

static double gelu_slope(double x)
{
    return 0.5 * (1 + erf(x / sqrt(2))) + x * exp(-x * x / 2) / sqrt(2 * acos(-1));
}

static double reference_map(const struct fw_map *op, double a, double b, double c)
{
    switch (op->kind) {
    case FW_MAP_FILL:
        return op->alpha;
    case FW_MAP_LINEAR:
        return op->alpha * a + (op->b.buffer ? op->beta * b : 0);
    case FW_MAP_MULTIPLY:
        return op->alpha * a * b + (op->c.buffer ? op->beta * c : 0);
    case FW_MAP_DIVIDE:
        return op->alpha * a / (b + op->beta);
    case FW_MAP_EXP:
        return exp(op->alpha * a);
    case FW_MAP_LOG:
        return log(a + op->alpha);
    case FW_MAP_SQRT:
        return sqrt(a + op->alpha);
    case FW_MAP_RSQRT:
        return 1 / sqrt(a + op->alpha);
    case FW_MAP_ABS:
        return fabs(a);
    case FW_MAP_CLAMP:
        return a < op->alpha ? op->alpha : a > op->beta ? op->beta : a;
    case FW_MAP_RELU:
        return a > 0 ? a : 0;
    case FW_MAP_RELU_GATE:
        return a > 0 ? b : 0;
    case FW_MAP_GELU:
        return a * 0.5 * (1 + erf(a / sqrt(2)));
    case FW_MAP_GELU_SLOPE:
        return op->alpha * (op->b.buffer ? b : 1) * gelu_slope(a);
    case FW_MAP_GELU_BEND:
        return op->alpha * (op->b.buffer ? b : 1) * exp(-a * a / 2) / sqrt(2 * acos(-1)) *
               (2 - a * a);
    case FW_MAP_SIGMOID:
        return 1 / (1 + exp(-a));
    case FW_MAP_TANH:
        return tanh(a);
    case FW_MAP_SWISH:
        return a / (1 + exp(-a));
    default:
        return log1p(exp(-fabs(a))) + fmax(a, 0) - a * b;
    }
}

static void try_map(struct check *check, uint32_t kind, uint64_t n, bool optional)
{
    struct array a = array_random(check, n), b = array_random(check, n), c = array_random(check, n);
    double *want = malloc((n + 1) * sizeof *want), *scale = malloc((n + 1) * sizeof *scale);
    /* Numbers that both types hold. */
    struct fw_map op = {.struct_size = sizeof op,
                        .dtype = check->dtype,
                        .kind = kind,
                        .n = n,
                        .alpha = 1.5,
                        .beta = kind == FW_MAP_DIVIDE || kind == FW_MAP_CLAMP ? 2 : -0.75,
                        .a = a.on,
                        .out = a.on};

    op.alpha = kind == FW_MAP_CLAMP ? -0.5 : op.alpha;
    for (uint64_t i = 0; i < n && kind >= FW_MAP_GELU; i++) {
        a.v[i] *= 8;
    }
    array_send(&a);
    if (optional || kind == FW_MAP_MULTIPLY || kind == FW_MAP_DIVIDE || kind == FW_MAP_RELU_GATE ||
        kind == FW_MAP_BINARY_ENTROPY) {
        op.b = b.on;
    }
    op.c = optional ? c.on : (struct fw_operand){0};
    for (uint64_t i = 0; i < n; i++) {
        want[i] = reference_map(&op, a.v[i], b.v[i], c.v[i]);
        scale[i] = 1 + fabs(a.v[i]);
    }
    if (check_ok(check, check->k->map(check->session, &op), "map")) {
        array_expect(&a, want, scale, 16, "out");
    }
    array_free(&a);
    array_free(&b);
    array_free(&c);
    free(want);
    free(scale);
}

static void maps_are_what_they_say(struct check *check)
{
    for (uint32_t kind = 0; kind <= FW_MAP_BINARY_ENTROPY; kind++) {
        try_map(check, kind, 0, true);
        try_map(check, kind, 7, false);
        try_map(check, kind, 33000, true);
    }
}

static void maps_of_the_ends_of_numbers(struct check *check)
{
    double ends[] = {-INFINITY, -1000, -0.0, 0, 1000, INFINITY, NAN};
    double grown[] = {0, 0, 1, 1, INFINITY, INFINITY, NAN}, halved[] = {0, 0, 0.5, 0.5, 1, 1, NAN};
    double clipped[] = {0, 0, 0, 0, 1000, INFINITY, NAN};
    const struct {
        uint32_t kind;
        const double *want;
    } cases[] = {{FW_MAP_EXP, grown}, {FW_MAP_SIGMOID, halved}, {FW_MAP_RELU, clipped}};

    for (int i = 0; i < 3; i++) {
        struct array a = array_of(check, check->dtype, ends, 7), out = array_zero(check, a.type, 7);
        struct fw_map op = {.struct_size = sizeof op,
                            .dtype = check->dtype,
                            .kind = cases[i].kind,
                            .n = 7,
                            .alpha = 1,
                            .a = a.on,
                            .out = out.on};
        (void)check_ok(check, check->k->map(check->session, &op), "map");
        array_expect(&out, cases[i].want, NULL, 0, "out");
        array_free(&a);
        array_free(&out);
    }
}

/* gelu' is the slope of gelu, gelu'' that of gelu': central differences, in double. */
static void derivatives_of_gelu(struct check *check)
{
    enum { N = 50 };
    const double h = 1e-5;
    double x[3 * N], f[2][3 * N];
    struct array a, out;

    if (check->dtype != FW_F64) {
        return;
    }
    for (int i = 0; i < N; i++) {
        x[i] = check_uniform(check, -4, 4);
        x[N + i] = x[i] - h;
        x[2 * N + i] = x[i] + h;
    }
    a = array_of(check, FW_F64, x, 3 * N);
    out = array_zero(check, FW_F64, 3 * N);
    for (uint32_t d = 0; d < 2; d++) {
        double slope[3 * N];
        for (uint32_t of = 0; of < 2; of++) {
            struct fw_map op = {.struct_size = sizeof op,
                                .dtype = FW_F64,
                                .kind = FW_MAP_GELU + d + of,
                                .n = 3 * N,
                                .alpha = 1,
                                .a = a.on,
                                .out = out.on};
            (void)check_ok(check, check->k->map(check->session, &op), "map");
            array_fetch(&out);
            for (int i = 0; i < 3 * N; i++) {
                f[of][i] = out.v[i];
            }
        }
        for (int i = 0; i < N; i++) {
            slope[i] = (f[0][2 * N + i] - f[0][N + i]) / (2 * h);
            check_that(check, fabs(slope[i] - f[1][i]) < 1e-8, "gelu^(%u) at %g: %g and %g", d + 1,
                       x[i], slope[i], f[1][i]);
        }
    }
    array_free(&a);
    array_free(&out);
}

static void try_affine(struct check *check, uint64_t outer, uint64_t channels, uint64_t inner)
{
    uint64_t n = outer * channels * inner;
    struct array a = array_random(check, n), b = array_random(check, n), d = array_random(check, n);
    struct array p[4];
    double *want = malloc((n + 1) * sizeof *want);
    struct fw_affine op = {.struct_size = sizeof op,
                           .dtype = check->dtype,
                           .outer = outer,
                           .channels = channels,
                           .inner = inner,
                           .a = a.on,
                           .b = b.on,
                           .d = d.on,
                           .out = b.on};

    for (int i = 0; i < 4; i++) {
        p[i] = array_random(check, channels);
    }
    op.pa = p[0].on;
    op.pd = p[2].on;
    op.p0 = p[3].on;
    for (uint64_t i = 0; i < n; i++) {
        uint64_t c = i / inner % channels;
        want[i] = p[0].v[c] * a.v[i] + b.v[i] + p[2].v[c] * d.v[i] + p[3].v[c];
    }
    if (check_ok(check, check->k->affine(check->session, &op), "affine")) {
        array_expect(&b, want, NULL, 8, "out");
    }
    for (int i = 0; i < 4; i++) {
        array_free(&p[i]);
    }
    array_free(&a);
    array_free(&b);
    array_free(&d);
    free(want);
}

static void affine_per_channel(struct check *check)
{
    try_affine(check, 3, 5, 7);
    try_affine(check, 70, 300, 1);
    try_affine(check, 2, 3, 1000);
    try_affine(check, 0, 3, 4);
}

static void reference_reduce(const struct fw_reduce *op, const double *a, const double *b,
                             double *want, double *scale)
{
    bool extreme = op->kind >= FW_REDUCE_MAX && op->kind <= FW_REDUCE_ARGMAX;

    for (uint64_t c = 0; c < op->channels; c++) {
        double sum = 0, best = NAN;
        want[c] = op->kind == FW_REDUCE_ARGMAX ? -1
                  : op->kind == FW_REDUCE_MIN  ? INFINITY
                                               : -INFINITY;
        for (uint64_t i = 0; i < op->outer * op->inner; i++) {
            uint64_t at = (i / op->inner * op->channels + c) * op->inner + i % op->inner;
            double sign = op->kind == FW_REDUCE_MIN ? -1 : 1;
            sum += op->kind == FW_REDUCE_DOT   ? a[at] * b[at]
                   : op->kind == FW_REDUCE_SUM ? a[at]
                                               : 0;
            scale[c] += fabs(a[at]);
            if (isnan(best) || sign * a[at] > sign * best) {
                best = a[at];
                want[c] = op->kind == FW_REDUCE_ARGMAX ? (double)i : best * op->alpha;
            }
        }
        want[c] = extreme ? want[c] : sum * op->alpha;
    }
}

static void try_reduce(struct check *check, uint32_t kind, const uint64_t shape[3])
{
    uint64_t n = shape[0] * shape[1] * shape[2];
    uint32_t type = kind == FW_REDUCE_ARGMAX ? FW_I32 : check_random(check, 2) ? FW_F64 : FW_F32;
    struct array a = array_random(check, n), b = array_random(check, n);
    struct array out = array_zero(check, type, shape[1]);
    double *want = calloc(shape[1] + 1, sizeof *want), *scale = calloc(shape[1] + 1, sizeof *scale);
    struct fw_reduce op = {.struct_size = sizeof op,
                           .dtype = check->dtype,
                           .kind = kind,
                           .out_type = type,
                           .outer = shape[0],
                           .channels = shape[1],
                           .inner = shape[2],
                           .alpha = 0.5,
                           .a = a.on,
                           .b = b.on,
                           .out = out.on};

    reference_reduce(&op, a.v, b.v, want, scale);
    if (check_ok(check, check->k->reduce(check->session, &op), "reduce")) {
        array_expect(&out, want, scale, 4, "out");
    }
    array_free(&a);
    array_free(&b);
    array_free(&out);
    free(want);
    free(scale);
}

static void reductions_over_both_sides(struct check *check)
{
    static const uint64_t shapes[][3] = {{1, 1, 40000}, {3, 5, 17}, {40, 130, 1}, {2, 70, 3},
                                         {0, 4, 5},     {1, 3, 0},  {7, 1, 1},    {4, 2, 20000}};

    for (uint32_t kind = 0; kind <= FW_REDUCE_NONFINITE; kind++) {
        for (int i = 0; i < 8; i++) {
            try_reduce(check, kind, shapes[i]);
        }
    }
}

static void reductions_see_nan(struct check *check)
{
    double values[40], want[] = {NAN, NAN, 30, 2};
    static const uint32_t kinds[] = {FW_REDUCE_MAX, FW_REDUCE_MIN, FW_REDUCE_ARGMAX,
                                     FW_REDUCE_NONFINITE};
    struct array a;

    for (int i = 0; i < 40; i++) {
        values[i] = i;
    }
    values[30] = NAN;
    values[35] = INFINITY;
    a = array_of(check, check->dtype, values, 40);
    for (int i = 0; i < 4; i++) {
        struct array out = array_zero(check, kinds[i] == FW_REDUCE_ARGMAX ? FW_I32 : FW_F64, 1);
        struct fw_reduce op = {.struct_size = sizeof op,
                               .dtype = check->dtype,
                               .kind = kinds[i],
                               .out_type = out.type,
                               .outer = 1,
                               .channels = 1,
                               .inner = 40,
                               .alpha = 1,
                               .a = a.on,
                               .out = out.on};
        (void)check_ok(check, check->k->reduce(check->session, &op), "reduce");
        array_expect(&out, &want[i], NULL, 0, "out");
        array_free(&out);
    }
    array_free(&a);
}

static void copies_transpose_and_convert(struct check *check)
{
    struct array in = array_random(check, 5 * 7 * 11), out = array_zero(check, FW_F64, 11 * 5 * 7);
    double want[385];
    struct fw_copy op = {.struct_size = sizeof op,
                         .in_type = check->dtype,
                         .out_type = FW_F64,
                         .shape = {1, 5, 7, 11},
                         .in_stride = {0, 77, 11, 1},
                         .out_stride = {0, 7, 1, 35},
                         .in = in.on,
                         .out = out.on};

    for (int i = 0; i < 385; i++) {
        want[i / 11 % 7 + i / 77 * 7 + i % 11 * 35] = in.v[i];
    }
    (void)check_ok(check, check->k->copy(check->session, &op), "copy");
    array_expect(&out, want, NULL, 0, "out");
    array_free(&in);
    array_free(&out);
}

/* out[i0][i3][i1][i2] = in[i0][i1][i2][i3] and other orders, either side's last one first. */
static void copies_exchange_dimensions(struct check *check)
{
    enum { A = 2, B = 3, C = 37, D = 70, N = A * B * C * D };
    static const uint64_t strides[][4] = {
        {B * C * D, C, 1, B * C}, {1, A * C * D, A, A * C}, {B * C * D, 1, B, B * C}};
    static const uint64_t shape[4] = {A, B, C, D}, plain[4] = {B * C * D, C * D, D, 1};
    struct array in = array_random(check, N), out = array_zero(check, check->dtype, N);
    double *want = malloc(N * sizeof *want);

    for (int s = 0; s < 6 && want != NULL; s++) {
        const uint64_t *from = s < 3 ? plain : strides[s - 3], *to = s < 3 ? strides[s] : plain;
        struct fw_copy op = {.struct_size = sizeof op,
                             .in_type = check->dtype,
                             .out_type = check->dtype,
                             .in = in.on,
                             .out = out.on};
        for (int d = 0; d < 4; d++) {
            op.shape[d] = shape[d];
            op.in_stride[d] = from[d];
            op.out_stride[d] = to[d];
        }
        for (uint64_t i = 0; i < N; i++) {
            uint64_t at[4] = {i / plain[0], i / plain[1] % B, i / plain[2] % C, i % D};
            want[at[0] * to[0] + at[1] * to[1] + at[2] * to[2] + at[3] * to[3]] =
                in.v[at[0] * from[0] + at[1] * from[1] + at[2] * from[2] + at[3] * from[3]];
        }
        (void)check_ok(check, check->k->copy(check->session, &op), "copy");
        array_expect(&out, want, NULL, 0, "out");
    }
    array_free(&in);
    array_free(&out);
    free(want);
}

static void copies_round_and_clamp(struct check *check)
{
    double values[] = {-3, 0.5, 1.5, 254.5, 255.6, 1e9, NAN}, bytes[] = {0, 0, 2, 254, 255, 255, 0};
    double repeated[] = {0, 0, 0, 0};
    struct array in = array_of(check, check->dtype, values, 7), out = array_zero(check, FW_U8, 7);
    struct array four = array_zero(check, FW_U8, 4);
    struct fw_copy op = {.struct_size = sizeof op,
                         .in_type = check->dtype,
                         .out_type = FW_U8,
                         .shape = {1, 1, 1, 7},
                         .in_stride = {0, 0, 0, 1},
                         .out_stride = {0, 0, 0, 1},
                         .in = in.on,
                         .out = out.on};

    (void)check_ok(check, check->k->copy(check->session, &op), "copy");
    array_expect(&out, bytes, NULL, 0, "out");
    op.in.offset += 2 * (check->dtype == FW_F64 ? 8U : 4U);
    op.in_stride[3] = 0;
    op.shape[3] = 4;
    op.out = four.on;
    for (int i = 0; i < 4; i++) {
        repeated[i] = 2;
    }
    (void)check_ok(check, check->k->copy(check->session, &op), "copy");
    array_expect(&four, repeated, NULL, 0, "repeated");
    array_free(&in);
    array_free(&out);
    array_free(&four);
}

/* The signs and outputs that are written down for seed 42 and seed 0. */
static void random_numbers_are_the_known_ones(struct check *check)
{
    static const double signs[] = {1, -1, 1, -1, 1, -1, -1, 1, -1, 1, 1, 1, -1, 1, 1, -1};
    static const uint64_t outputs[] = {0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f};
    struct array all = array_zero(check, check->dtype, 1000);
    double sum = 0, want[3];
    struct fw_random op = {.struct_size = sizeof op,
                           .dtype = check->dtype,
                           .kind = FW_RANDOM_SIGN,
                           .seed = 42,
                           .n = 1000,
                           .out = all.on};

    (void)check_ok(check, check->k->random(check->session, &op), "random");
    array_fetch(&all);
    for (int i = 0; i < 1000; i++) {
        sum += all.v[i];
        check_that(check, i >= 16 || all.v[i] == signs[i], "sign %d is %g", i, all.v[i]);
    }
    check_that(check, sum == 68, "the first 1000 signs add up to %g, not 68", sum);
    array_free(&all);
    all = array_zero(check, check->dtype, 3);
    op = (struct fw_random){.struct_size = sizeof op,
                            .dtype = check->dtype,
                            .kind = FW_RANDOM_UNIFORM,
                            .n = 3,
                            .out = all.on};
    for (int i = 0; i < 3; i++) {
        want[i] = check->dtype == FW_F64 ? (double)(outputs[i] >> 11) * 0x1p-53
                                         : (double)(outputs[i] >> 40) * 0x1p-24;
    }
    (void)check_ok(check, check->k->random(check->session, &op), "random");
    array_expect(&all, want, NULL, 0, "uniform");
    array_free(&all);
}

/* Any part of a stream is the same as that part of the whole. */
static void random_numbers_can_be_had_from_the_middle(struct check *check)
{
    for (uint32_t kind = 0; kind <= FW_RANDOM_INDEX; kind++) {
        uint32_t type = kind == FW_RANDOM_INDEX ? FW_I32 : check->dtype;
        struct array all = array_zero(check, type, 40000), part = array_zero(check, type, 100);
        struct fw_random op = {.struct_size = sizeof op,
                               .dtype = type,
                               .kind = kind,
                               .seed = 7,
                               .n = 40000,
                               .limit = 13,
                               .p = 0.25,
                               .out = all.on};
        double mean = 0;
        (void)check_ok(check, check->k->random(check->session, &op), "random");
        array_fetch(&all);
        for (int i = 0; i < 40000; i++) {
            mean += all.v[i] / 40000;
        }
        check_that(check, fabs(mean - (double[]){0, 0.5, 1, 6}[kind]) < 0.1, "kind %u: mean %g",
                   kind, mean);
        op.first = 33333;
        op.n = 100;
        op.out = part.on;
        (void)check_ok(check, check->k->random(check->session, &op), "random");
        array_expect(&part, all.v + 33333, NULL, 0, "part");
        array_free(&all);
        array_free(&part);
    }
}

const struct test tests_array[] = {
    {"maps_are_what_they_say", maps_are_what_they_say},
    {"maps_of_the_ends_of_numbers", maps_of_the_ends_of_numbers},
    {"derivatives_of_gelu", derivatives_of_gelu},
    {"affine_per_channel", affine_per_channel},
    {"reductions_over_both_sides", reductions_over_both_sides},
    {"reductions_see_nan", reductions_see_nan},
    {"copies_transpose_and_convert", copies_transpose_and_convert},
    {"copies_exchange_dimensions", copies_exchange_dimensions},
    {"copies_round_and_clamp", copies_round_and_clamp},
    {"random_numbers_are_the_known_ones", random_numbers_are_the_known_ones},
    {"random_numbers_can_be_had_from_the_middle", random_numbers_can_be_had_from_the_middle},
    {NULL, NULL},
};
