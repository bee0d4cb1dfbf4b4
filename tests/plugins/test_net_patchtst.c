/* SPDX-License-Identifier: MIT */
/* PatchTST, T13 of the market's acceptance tests, and what a batch may not change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/patchtst.h"
#include "net/sequence.h"
#include "net_fixture.h"

static const struct fw_patchtst small = {.channels = 3,
                                         .context = 16,
                                         .patch = 8,
                                         .stride = 4,
                                         .spare = 10,
                                         .d_model = 8,
                                         .layers = 1,
                                         .heads = 2,
                                         .d_ff = 16};

static struct fw_patchtst study(uint32_t channels, uint32_t d, uint32_t layers, uint32_t heads)
{
    return (struct fw_patchtst){.channels = channels,
                                .context = 80,
                                .patch = 16,
                                .stride = 8,
                                .spare = 10,
                                .d_model = d,
                                .layers = layers,
                                .heads = heads,
                                .d_ff = 4 * d,
                                .dropout = 0.5};
}

static void build(struct fw_net *net, const void *arg)
{
    (void)fw_patchtst_build(net, arg);
}

static int open_rig(void **state)
{
    struct net_rig *rig = malloc(sizeof *rig);

    net_rig_open(rig, 2);
    *state = rig;
    return 0;
}

static int close_rig(void **state)
{
    net_rig_close(*state);
    free(*state);
    return 0;
}

static struct fw_net *net_of(const struct net_rig *rig, const struct fw_patchtst *as)
{
    struct fw_net *net;

    net_must(rig, fw_net_create(rig->host, FW_F64, &net));
    net_must(rig, fw_patchtst_build(net, as));
    return net;
}

static const struct fw_net_layer *layer_of(const struct fw_net *net, const char *name)
{
    for (uint32_t i = 0; i < net->n_layers; i++) {
        if (strcmp(net->layers[i].name, name) == 0) {
            return &net->layers[i];
        }
    }
    fail_msg("there is no layer %s", name);
    return NULL;
}

static void counts_parameters(void **state)
{
    const struct {
        struct fw_patchtst as;
        uint64_t expected;
    } nets[] = {
        {study(100, 64, 4, 4), 304521},   {study(105, 64, 4, 4), 309651},
        {study(100, 128, 6, 8), 1398601}, {study(105, 128, 6, 8), 1408851},
        {study(100, 256, 8, 8), 6735817}, {study(105, 256, 8, 8), 6756307},
        {study(25, 64, 4, 4), 227571},    {study(55, 64, 4, 4), 258351},
        {study(100, 384, 4, 8), 7724361}, {study(100, 128, 12, 8), 2588233},
    };

    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++) {
        struct fw_net *net = net_of(*state, &nets[i].as);
        assert_int_equal(net->n_parameters, nets[i].expected);
        assert_int_equal(layer_of(net, "patches")->shape.rows, 9);
        fw_net_destroy(net);
    }
}

static const struct fw_net_tensor *tensor_of(const struct fw_net *net, const char *name)
{
    for (uint32_t i = 0; i < net->n_tensors; i++) {
        if (strcmp(net->tensors[i].name, name) == 0) {
            return &net->tensors[i];
        }
    }
    fail_msg("there is no parameter %s", name);
    return NULL;
}

/* Whether the numbers of a tensor lie within `most` of 0, and fill that. */
static void fills(const struct net_case *c, const char *name, double most)
{
    const struct fw_net_tensor *tensor = tensor_of(c->net, name);
    double *values = malloc(tensor->count * sizeof *values), largest = 0;

    net_get(c, (struct fw_operand){c->weights->parameters, tensor->offset * c->net->element},
            values, tensor->count);
    for (uint64_t i = 0; i < tensor->count; i++) {
        largest = fmax(largest, fabs(values[i]));
    }
    if (!(largest <= most && largest >= 0.9 * most)) {
        fail_msg("%s: the largest is %g, not %g", name, largest, most);
    }
    free(values);
}

static void begins_as_the_reference_does(void **state)
{
    const struct fw_patchtst as = study(25, 64, 1, 4);
    struct net_case c;

    net_case_open(&c, *state, &(const struct net_setup){build, &as, FW_F64, 1, false});
    net_must(c.rig, fw_net_weights_init(c.weights, 42));
    fills(&c, "revin.gamma", 1);
    fills(&c, "revin.beta", 0);
    fills(&c, "patch.weight", 1 / sqrt(16 * 25));
    fills(&c, "patch.bias", 1 / sqrt(16 * 25));
    fills(&c, "layer0.qkv.weight", sqrt(6.0 / (64 + 192)));
    fills(&c, "layer0.qkv.bias", 0);
    fills(&c, "layer0.out.weight", 1 / sqrt(64));
    fills(&c, "layer0.out.bias", 0);
    fills(&c, "layer0.ff2.bias", 1 / sqrt(256));
    fills(&c, "norm.gamma", 1);
    assert_int_equal(tensor_of(c.net, "position.table")->init, FW_NET_NORMAL);
    net_case_close(&c);
}

static void refuses(struct net_rig *rig, struct fw_patchtst as, const char *text)
{
    struct fw_net *net;
    const char *fault;

    net_must(rig, fw_net_create(rig->host, FW_F64, &net));
    assert_int_equal(fw_patchtst_build(net, &as), FW_E_CONFIG);
    fault = fake_task_take_fault(rig->task);
    if (strstr(fault, text) == NULL) {
        fail_msg("'%s' does not contain '%s'", fault, text);
    }
    fw_net_destroy(net);
}

static void refuses_what_does_not_fit(void **state)
{
    struct fw_patchtst as = small;

    as.heads = 3;
    refuses(*state, as, "d_model 8 is not a multiple of 3 heads");
    as.heads = 0;
    refuses(*state, as, "0 heads");
    as = small;
    as.context = 17;
    refuses(*state, as, "do not end with row 17");
    as = small;
    as.patch = 20;
    refuses(*state, as, "patches of 20 rows");
    as = small;
    as.d_ff = 0;
    refuses(*state, as, "nothing to compute with");
    as = small;
    as.dropout = 1;
    refuses(*state, as, "below 1");
}

/* --- the numbers of T13 --- */

static void build_revin(struct fw_net *net, const void *arg)
{
    const uint64_t cols = *(const uint64_t *)arg;
    uint32_t x = fw_net_add_input(net, (struct fw_net_shape){1, 4, cols});

    x = fw_net_add_flatten(net, "flat", fw_net_add_revin(net, "revin", x));
    (void)fw_net_add_linear(net, "head", x, 1, true);
}

static void normalises_by_the_sample_deviation(void **state)
{
    const uint64_t cols = 3;
    const double x[] = {1, 0.1, 5e8, 2, 0.1, 5e8, 3, 0.1, 5e8, 4, 0.1, 5e8};
    const double ramp[] = {-1.161886004, -.387295335, .387295335, 1.161886004};
    float narrow[12];
    double y[12];

    for (uint32_t dtype = FW_F32; dtype <= FW_F64; dtype++) {
        struct net_case c;
        net_case_open(&c, *state, &(const struct net_setup){build_revin, &cols, dtype, 1, false});
        net_must(c.rig, fw_net_weights_init(c.weights, 1));
        for (int i = 0; i < 12; i++) {
            narrow[i] = (float)x[i];
        }
        net_must(c.rig, fw_net_load(c.pass, dtype == FW_F64 ? (const void *)x : narrow, 1));
        net_must(c.rig, fw_net_forward(c.pass, (struct fw_net_mode){0}));
        net_get(&c, c.pass->y[1], y, 12);
        for (int t = 0; t < 4; t++) {
            assert_true(fabs(y[3 * t] - ramp[t]) < (dtype == FW_F64 ? 1e-9 : 1e-6));
            assert_true(y[3 * t + 1] == 0 && y[3 * t + 2] == 0); /* constant windows */
        }
        net_case_close(&c);
    }
}

static void knows_nothing_without_weights(void **state)
{
    const int32_t labels[] = {1, 0};
    struct net_case c;
    double *x = malloc(2 * 48 * sizeof *x), p[2], loss;
    uint64_t n_correct;

    net_case_open(&c, *state, &(const struct net_setup){build, &small, FW_F64, 2, false});
    net_noise(1, x, 96);
    net_must(c.rig, fw_net_load(c.pass, x, 2));
    net_must(c.rig, fw_net_forward(c.pass, (struct fw_net_mode){0}));
    net_must(c.rig, fw_net_loss(c.pass, FW_NET_BINARY_ENTROPY, labels, &loss, &n_correct));
    net_get(&c, c.pass->answer.probability, p, 2);
    assert_true(p[0] == 0.5 && p[1] == 0.5);
    assert_true(fabs(loss - 0.693147180559945) < 1e-15);
    assert_int_equal(n_correct, 1);
    net_case_close(&c);
    free(x);
}

/* The logit of a sample. */
static double logit(const struct net_case *c, const double *x)
{
    double z;

    net_must(c->rig, fw_net_load(c->pass, x, 1));
    net_must(c->rig, fw_net_forward(c->pass, (struct fw_net_mode){0}));
    net_get(c, c->pass->y[c->net->n_layers - 1], &z, 1);
    return z;
}

/* Of `rows` rows of channels: what was channel (f + 1) mod 3 comes to f. */
static void rotate(double *values, uint64_t rows)
{
    for (uint64_t r = 0; r < rows; r++, values += 3) {
        const double first = values[0];
        values[0] = values[1];
        values[1] = values[2];
        values[2] = first;
    }
}

static void channels_may_change_places(void **state)
{
    static const char *const names[] = {"revin.gamma", "revin.beta", "patch.weight"};
    struct net_case c;
    double x[48], before, *theta;

    net_case_open(&c, *state, &(const struct net_setup){build, &small, FW_F64, 1, false});
    net_stir(&c, 3, 0.3);
    net_noise(4, x, 48);
    before = logit(&c, x);
    theta = malloc(c.net->n_parameters * sizeof *theta);
    net_get(&c, c.pass->parameters, theta, c.net->n_parameters);
    rotate(x, 16);
    assert_true(fabs(logit(&c, x) - before) > 1e-3);
    for (int i = 0; i < 3; i++) {
        const struct fw_net_tensor *tensor = tensor_of(c.net, names[i]);
        rotate(theta + tensor->offset, tensor->count / 3);
    }
    net_put(&c, c.pass->parameters, theta, c.net->n_parameters);
    assert_true(fabs(logit(&c, x) - before) < 1e-12);
    net_case_close(&c);
    free(theta);
}

/* Along a direction inside each tensor, so that none hides behind another. */
static void gradient_is_that_of_differences(void **state)
{
    const double step = 1e-5;
    const int32_t labels[] = {1, 0, 0, 1, 1};
    double x[5 * 48], *theta, *moved, *g, *v;
    struct net_batch batch = {x, labels, 5, {0}, FW_NET_BINARY_ENTROPY};
    struct net_case c;

    net_case_open(&c, *state, &(const struct net_setup){build, &small, FW_F64, 5, false});
    const uint64_t n = c.net->n_parameters;
    theta = malloc(n * sizeof *theta), moved = malloc(n * sizeof *moved);
    g = malloc(n * sizeof *g), v = malloc(n * sizeof *v);
    net_stir(&c, 5, 0.3);
    net_noise(6, x, 5 * 48);
    net_noise(7, v, n);
    net_get(&c, c.pass->parameters, theta, n);
    net_put(&c, c.pass->gradient, v, n); /* of spare positions, too, nothing may be left */
    (void)net_learn(&c, &batch);
    net_get(&c, c.pass->gradient, g, n);
    for (uint32_t t = 0; t < c.net->n_tensors; t++) {
        const struct fw_net_tensor *tensor = &c.net->tensors[t];
        double losses[2], slope;
        for (int side = 0; side < 2; side++) {
            memcpy(moved, theta, n * sizeof *theta);
            for (uint64_t i = tensor->offset; i < tensor->offset + tensor->count; i++) {
                moved[i] += (side ? step : -step) * v[i];
            }
            net_put(&c, c.pass->parameters, moved, n);
            losses[side] = net_learn(&c, &batch);
        }
        slope = (losses[1] - losses[0]) / (2 * step);
        if (!(fabs(net_dot(g + tensor->offset, v + tensor->offset, tensor->count) - slope) <
              2e-9 * fmax(1, fabs(slope)))) {
            fail_msg("the gradient of %s", tensor->name);
        }
    }
    free(theta), free(moved), free(g), free(v);
    net_case_close(&c);
}

static void products_hold(void **state)
{
    struct fw_patchtst as = small;
    struct net_claim claim = {
        .build = build, .arg = &as, .n = 4, .loss = FW_NET_BINARY_ENTROPY, .narrow = 1e-3};

    (void)state;
    as.layers = 2;
    net_check(&claim);
    as.dropout = 0.3;
    as.head_dropout = 0.2;
    claim.mode.dropout_seed = 11;
    net_check(&claim);
}

/* --- batches --- */

/* Logits of n samples, `at_once` by `at_once`, in evaluation. */
static void evaluate(struct net_rig *rig, const float *x, uint64_t n, uint64_t at_once, double *ret)
{
    const struct fw_patchtst as = study(7, 32, 2, 4);
    const uint64_t size = UINT64_C(80) * 7;
    struct net_case c;

    net_case_open(&c, rig, &(const struct net_setup){build, &as, FW_F32, at_once, false});
    net_must(rig, fw_net_weights_init(c.weights, 42));
    for (uint64_t i = 0; i < n; i += at_once) {
        const uint64_t part = n - i < at_once ? n - i : at_once;
        net_must(rig, fw_net_load(c.pass, x + i * size, part));
        net_must(rig, fw_net_forward(c.pass, (struct fw_net_mode){0}));
        net_get(&c, c.pass->y[c.net->n_layers - 1], ret + i, part);
    }
    net_case_close(&c);
}

static void answers_do_not_depend_on_the_batch(void **state)
{
    enum { N = 13, SIZE = 80 * 7 };
    double whole[N], parts[N], *noise = malloc(N * SIZE * sizeof *noise);
    float *x = malloc(N * SIZE * sizeof *x);
    struct net_rig one;

    net_noise(9, noise, N * SIZE);
    for (int i = 0; i < N * SIZE; i++) {
        x[i] = (float)noise[i];
    }
    evaluate(*state, x, N, N, whole);
    net_rig_open(&one, 1);
    for (uint64_t at_once = 1; at_once <= 8; at_once += 3) {
        evaluate(at_once == 1 ? *state : &one, x, N, at_once, parts);
        assert_memory_equal(parts, whole, sizeof whole);
    }
    assert_true(whole[0] != whole[1]);
    net_rig_close(&one);
    free(noise);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_parameters),
        cmocka_unit_test(begins_as_the_reference_does),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(normalises_by_the_sample_deviation),
        cmocka_unit_test(knows_nothing_without_weights),
        cmocka_unit_test(channels_may_change_places),
        cmocka_unit_test(gradient_is_that_of_differences),
        cmocka_unit_test(products_hold),
        cmocka_unit_test(answers_do_not_depend_on_the_batch),
    };

    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
