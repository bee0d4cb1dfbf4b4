/* SPDX-License-Identifier: MIT */
#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* The transform by its definition. */
static void reference_fft(uint64_t rows, uint64_t cols, int sign, const double complex *in,
                          double complex *out)
{
    const double turn = 2 * acos(-1) * sign;

    for (uint64_t i = 0; i < rows * cols; i++) {
        double complex sum = 0;
        for (uint64_t j = 0; j < rows * cols; j++) {
            double angle = (double)(i / cols * (j / cols) % rows) / (double)rows +
                           (double)(i % cols * (j % cols) % cols) / (double)cols;
            sum += in[j] * cexp(turn * angle * I);
        }
        out[i] = sum;
    }
}

static void try_fft(struct check *check, uint64_t rows, uint64_t cols, bool inverse)
{
    enum { BATCH = 2 };
    uint64_t n = rows * cols;
    struct array a = array_random(check, 2 * n * BATCH);
    double complex *want = malloc((n * BATCH + 1) * sizeof *want);
    struct fw_fft op = {.struct_size = sizeof op,
                        .dtype = check->dtype,
                        .kind = inverse ? FW_FFT_INVERSE : FW_FFT_FORWARD,
                        .batch = BATCH,
                        .rows = rows,
                        .cols = cols,
                        .scale = 0.5,
                        .in = a.on,
                        .out = a.on};

    for (uint64_t b = 0; b < BATCH; b++) {
        reference_fft(rows, cols, inverse ? 1 : -1,
                      (const double complex *)(const void *)a.v + b * n, want + b * n);
    }
    for (uint64_t i = 0; i < n * BATCH; i++) {
        want[i] *= 0.5;
    }
    if (check_ok(check, check->k->fft(check->session, &op), "fft")) {
        array_expect(&a, (const double *)want, NULL, 8 * sqrt((double)n), "fft");
    }
    array_free(&a);
    free(want);
}

static void transforms_of_any_size(struct check *check)
{
    static const uint64_t sizes[][2] = {{1, 1},   {1, 17}, {8, 8}, {5, 7},
                                        {16, 12}, {31, 3}, {2, 40}};

    for (int i = 0; i < 7; i++) {
        try_fft(check, sizes[i][0], sizes[i][1], false);
        try_fft(check, sizes[i][0], sizes[i][1], true);
    }
}

static void try_real_fft(struct check *check, uint64_t rows, uint64_t cols)
{
    uint64_t n = rows * cols, half = cols / 2 + 1;
    struct array x = array_random(check, n), f = array_zero(check, check->dtype, 2 * rows * half);
    struct array back = array_zero(check, check->dtype, n);
    double complex *in = malloc((n + 1) * sizeof *in), *all = malloc((n + 1) * sizeof *all);
    double complex *want = malloc((rows * half + 1) * sizeof *want);
    struct fw_fft op = {.struct_size = sizeof op,
                        .dtype = check->dtype,
                        .kind = FW_FFT_REAL,
                        .batch = 1,
                        .rows = rows,
                        .cols = cols,
                        .scale = 1,
                        .in = x.on,
                        .out = f.on};

    for (uint64_t i = 0; i < n; i++) {
        in[i] = x.v[i];
    }
    reference_fft(rows, cols, -1, in, all);
    for (uint64_t i = 0; i < rows * half; i++) {
        want[i] = all[i / half * cols + i % half];
    }
    if (check_ok(check, check->k->fft(check->session, &op), "fft")) {
        array_expect(&f, (const double *)want, NULL, 8 * sqrt((double)n), "real");
        op.kind = FW_FFT_TO_REAL;
        op.scale = 1 / (double)n;
        op.in = f.on;
        op.out = back.on;
        (void)check_ok(check, check->k->fft(check->session, &op), "fft");
        array_expect(&back, x.v, NULL, 16, "back");
        array_expect(&f, (const double *)want, NULL, 8 * sqrt((double)n), "the input after it");
    }
    array_free(&x);
    array_free(&f);
    array_free(&back);
    free(in);
    free(all);
    free(want);
}

static void real_transforms_and_back(struct check *check)
{
    try_real_fft(check, 1, 16);
    try_real_fft(check, 6, 9);
    try_real_fft(check, 17, 8);
    try_real_fft(check, 1, 1);
}

static void box_sums_equal_sums(struct check *check)
{
    enum { B = 2, R = 11, Q = 19, W = 7, OR = R - W + 1, OQ = Q - W + 1 };
    struct array a = array_random(check, B * R * Q), b = array_random(check, B * R * Q);
    struct array out = array_zero(check, FW_F64, B * OR * OQ);
    double want[2][B * OR * OQ] = {{0}};
    struct fw_box_sum op = {.struct_size = sizeof op,
                            .dtype = check->dtype,
                            .out_type = FW_F64,
                            .window = W,
                            .batch = B,
                            .rows = R,
                            .cols = Q,
                            .a = a.on,
                            .out = out.on};

    for (int i = 0; i < B * OR * OQ; i++) {
        for (int j = 0; j < W * W; j++) {
            int at = (i / OQ / OR * R + i / OQ % OR + j / W) * Q + i % OQ + j % W;
            want[0][i] += a.v[at];
            want[1][i] += a.v[at] * b.v[at];
        }
    }
    (void)check_ok(check, check->k->box_sum(check->session, &op), "box_sum");
    check->dtype = FW_F64; /* the sums are in float64 whatever comes in */
    array_expect(&out, want[0], NULL, 64, "sum");
    check->dtype = op.dtype;
    op.b = b.on;
    (void)check_ok(check, check->k->box_sum(check->session, &op), "box_sum");
    check->dtype = FW_F64;
    array_expect(&out, want[1], NULL, 64, "sum of products");
    check->dtype = op.dtype;
    array_free(&a);
    array_free(&b);
    array_free(&out);
}

/* Two patches of 2 x 2, 1 and 3, one and half a pixel apart: the worked figures. */
static void stitching_of_a_known_case(struct check *check)
{
    double values[] = {1, 1, 1, 1, 3, 3, 3, 3}, apart[][4] = {{2, 1, 2, 3}, {2, 1.5, 2, 2.5}};
    double rows[][6] = {{0, 1, 1, 3, 3, 0}, {0, 1, 5.0 / 3, 7.0 / 3, 3, 0}};

    for (int c = 0; c < 2; c++) {
        struct array patches = array_of(check, check->dtype, values, 8);
        struct array at = array_of(check, FW_F64, apart[c], 4);
        struct array image = array_zero(check, FW_F64, 36), weight = array_zero(check, FW_F64, 36);
        struct fw_patches op = {.struct_size = sizeof op,
                                .dtype = check->dtype,
                                .kind = FW_PATCHES_STITCH,
                                .parts = 1,
                                .n = 2,
                                .side = 2,
                                .rows = 6,
                                .cols = 6,
                                .patches = patches.on,
                                .at = at.on,
                                .image = image.on,
                                .weight = weight.on};
        (void)check_ok(check, check->k->patches(check->session, &op), "patches");
        array_fetch(&image);
        array_fetch(&weight);
        for (int i = 0; i < 36; i++) {
            double want = i / 6 == 2 || i / 6 == 3 ? rows[c][i % 6] : 0;
            double got = weight.v[i] > 0 ? image.v[i] / weight.v[i] : 0;
            check_that(check, fabs(got - want) < 1e-12, "case %d, pixel %d: %g, not %g", c, i, got,
                       want);
        }
        array_free(&patches);
        array_free(&at);
        array_free(&image);
        array_free(&weight);
    }
}

struct scene {
    struct array patches;
    struct array at;
    struct array image;
    struct array weight;
    struct fw_patches op;
};

static struct scene new_scene(struct check *check, uint64_t n)
{
    enum { SIDE = 9, ROWS = 40, COLS = 50 };
    struct scene s = {.patches = array_random(check, n * SIDE * SIDE * 2),
                      .at = array_zero(check, FW_F64, 2 * n),
                      .image = array_zero(check, FW_F64, 2UL * ROWS * COLS),
                      .weight = array_zero(check, FW_F64, 1UL * ROWS * COLS)};

    for (uint64_t i = 0; i < 2 * n; i++) {
        s.at.v[i] = check_uniform(check, -12, i % 2 ? COLS + 3 : ROWS + 3);
    }
    array_send(&s.at);
    s.op = (struct fw_patches){.struct_size = sizeof s.op,
                               .dtype = check->dtype,
                               .kind = FW_PATCHES_STITCH,
                               .parts = 2,
                               .n = n,
                               .side = SIDE,
                               .crop = 6,
                               .rows = ROWS,
                               .cols = COLS,
                               .patches = s.patches.on,
                               .at = s.at.on,
                               .image = s.image.on,
                               .weight = s.weight.on};
    return s;
}

static void end_scene(struct scene *s)
{
    array_free(&s->patches);
    array_free(&s->at);
    array_free(&s->image);
    array_free(&s->weight);
}

static void spread(const struct scene *s, uint64_t p, uint64_t i, double *image, double *weight)
{
    const struct fw_patches *op = &s->op;
    uint64_t front = (op->side - op->crop) / 2, r = front + i / op->crop, q = front + i % op->crop;
    double y = (double)r + s->at.v[2 * p], x = (double)q + s->at.v[2 * p + 1];
    const double *value = &s->patches.v[((p * op->side + r) * op->side + q) * 2];

    for (int corner = 0; corner < 4; corner++) {
        double fy = y - floor(y), fx = x - floor(x), down = floor(y) + corner / 2;
        double right = floor(x) + corner % 2;
        double share = (corner / 2 ? fy : 1 - fy) * (corner % 2 ? fx : 1 - fx);
        if (down >= 0 && right >= 0 && down < (double)op->rows && right < (double)op->cols) {
            uint64_t to = (uint64_t)down * op->cols + (uint64_t)right;
            image[2 * to] += share * value[0];
            image[2 * to + 1] += share * value[1];
            weight[to] += share;
        }
    }
}

static void stitching_is_the_sum_of_spread_pixels(struct check *check)
{
    struct scene s = new_scene(check, 60);
    double *image = calloc(s.image.n, sizeof *image), *weight = calloc(s.weight.n, sizeof *weight);

    for (uint64_t p = 0; p < s.op.n; p++) {
        for (uint64_t i = 0; i < s.op.crop * s.op.crop; i++) {
            spread(&s, p, i, image, weight);
        }
    }
    (void)check_ok(check, check->k->patches(check->session, &s.op), "patches");
    check->dtype = FW_F64;
    array_expect(&s.image, image, NULL, 256, "image");
    array_expect(&s.weight, weight, NULL, 256, "weight");
    check->dtype = s.op.dtype;
    free(image);
    free(weight);
    end_scene(&s);
}

/* Chunks one after the other have the bits of all at once. */
static void stitching_in_chunks(struct check *check)
{
    struct scene s = new_scene(check, 50);
    struct array image = array_zero(check, FW_F64, s.image.n);
    struct array weight = array_zero(check, FW_F64, s.weight.n);
    struct fw_patches op = s.op;
    uint64_t size = check->dtype == FW_F64 ? 8 : 4;

    (void)check_ok(check, check->k->patches(check->session, &s.op), "patches");
    array_fetch(&s.image);
    op.image = image.on;
    op.weight = weight.on;
    for (uint64_t done = 0; done < 50; done += op.n) {
        op.n = done == 0 ? 7 : 43;
        op.patches.offset = s.patches.on.offset + done * 81 * 2 * size;
        op.at.offset = s.at.on.offset + done * 16;
        (void)check_ok(check, check->k->patches(check->session, &op), "patches");
    }
    if (check->k->device == FW_KERNELS_CPU) {
        array_expect(&image, s.image.v, NULL, 0, "image");
    }
    array_free(&image);
    array_free(&weight);
    end_scene(&s);
}

static void gathering_samples_bilinearly(struct check *check)
{
    double ramp[48], place[] = {1.5, 2.25, -1, 0};
    double want[] = {12 + 2.25, 12 + 3.25, 20 + 2.25, 20 + 3.25, 0, 0, 0, 1};
    struct array image, at = array_of(check, FW_F64, place, 4),
                        out = array_zero(check, check->dtype, 8);
    struct fw_patches op = {.struct_size = sizeof op,
                            .dtype = check->dtype,
                            .parts = 1,
                            .n = 2,
                            .side = 2,
                            .rows = 6,
                            .cols = 8,
                            .patches = out.on,
                            .at = at.on};

    for (int i = 0; i < 48; i++) {
        ramp[i] = i;
    }
    image = array_of(check, check->dtype, ramp, 48);
    op.image = image.on;
    (void)check_ok(check, check->k->patches(check->session, &op), "patches");
    array_expect(&out, want, NULL, 4, "patches");
    array_free(&image);
    array_free(&at);
    array_free(&out);
}

static void ranks_average_ties(struct check *check)
{
    double x[] = {3, -1, 3, NAN, 0, -0.0, 3, -INFINITY}, want[] = {6, 2, 6, 8, 3.5, 3.5, 6, 1};
    struct array a = array_of(check, check->dtype, x, 8), out = array_zero(check, FW_F64, 8);
    struct fw_ranks op = {.struct_size = sizeof op,
                          .dtype = check->dtype,
                          .rows = 1,
                          .n = 8,
                          .x = a.on,
                          .out = out.on};

    (void)check_ok(check, check->k->ranks(check->session, &op), "ranks");
    array_expect(&out, want, NULL, 0, "ranks");
    array_free(&a);
    array_free(&out);
}

static uint64_t splitmix(uint64_t seed, uint64_t i)
{
    uint64_t z = seed + (i + 1) * UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* AUC of one resample by counting pairs. */
static double reference_auc(const struct fw_bootstrap *op, uint64_t r, const double *score,
                            const double *label)
{
    uint64_t blocks = (op->n + op->block - 1) / op->block, drawn[64], n = 0;
    double above = 0, pairs = 0;

    for (uint64_t j = 0; j < blocks; j++) {
        uint64_t start =
            (uint64_t)((__extension__(unsigned __int128) splitmix(op->seed, r * blocks + j) *
                        op->n) >>
                       64);
        for (uint64_t t = 0; t < op->block && n < op->n; t++) {
            drawn[n++] = (start + t) % op->n;
        }
    }
    for (uint64_t i = 0; i < n * n; i++) {
        uint64_t p = drawn[i / n], q = drawn[i % n];
        if (label[p] != 0 && label[q] == 0) {
            above += score[p] > score[q] ? 1 : score[p] == score[q] ? 0.5 : 0;
            pairs++;
        }
    }
    return pairs > 0 ? above / pairs : NAN;
}

static void try_bootstrap(struct check *check, uint64_t block)
{
    enum { N = 23, MODELS = 2, RESAMPLES = 50 };
    double score[N * MODELS], label[N], want[RESAMPLES * MODELS];
    struct array s, l, out = array_zero(check, FW_F64, RESAMPLES * MODELS);
    struct fw_bootstrap op = {.struct_size = sizeof op,
                              .models = MODELS,
                              .n = N,
                              .block = block,
                              .first = 5,
                              .resamples = RESAMPLES,
                              .seed = 99};

    for (int i = 0; i < N * MODELS; i++) {
        score[i] = (double)check_random(check, 9) / 8;
        label[i % N] = i % N < 2;
    }
    s = array_of(check, FW_F64, score, N * MODELS);
    l = array_of(check, FW_I32, label, N);
    op.score = s.on;
    op.label = l.on;
    op.out = out.on;
    for (uint64_t i = 0; i < RESAMPLES * MODELS; i++) {
        want[i] = reference_auc(&op, op.first + i / MODELS, score + i % MODELS * N, label);
    }
    (void)check_ok(check, check->k->bootstrap(check->session, &op), "bootstrap");
    array_expect(&out, want, NULL, 4, "auc");
    array_free(&s);
    array_free(&l);
    array_free(&out);
}

static void bootstrap_counts_pairs_of_resamples(struct check *check)
{
    try_bootstrap(check, 1);
    try_bootstrap(check, 5);
    try_bootstrap(check, 40);
}

const struct test tests_image[] = {
    {"transforms_of_any_size", transforms_of_any_size},
    {"real_transforms_and_back", real_transforms_and_back},
    {"box_sums_equal_sums", box_sums_equal_sums},
    {"stitching_of_a_known_case", stitching_of_a_known_case},
    {"stitching_is_the_sum_of_spread_pixels", stitching_is_the_sum_of_spread_pixels},
    {"stitching_in_chunks", stitching_in_chunks},
    {"gathering_samples_bilinearly", gathering_samples_bilinearly},
    {"ranks_average_ties", ranks_average_ties},
    {"bootstrap_counts_pairs_of_resamples", bootstrap_counts_pairs_of_resamples},
    {NULL, NULL},
};
