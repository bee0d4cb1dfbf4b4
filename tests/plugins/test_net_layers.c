/* SPDX-License-Identifier: MIT */
/* Single layers against vectors of training.md 3.5, layers of random shapes and nets of random
 * graphs against differences of themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "net/image.h"
#include "net/layers.h"
#include "net/loss.h"
#include "net_fixture.h"
#include "splitmix/splitmix.h"

static struct net_rig rig;

static int open_rig(void **state)
{
    (void)state;
    net_rig_open(&rig, 1);
    return 0;
}

static int close_rig(void **state)
{
    (void)state;
    net_rig_close(&rig);
    return 0;
}

static void assert_all_close(const double *actual, const double *expected, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(actual[i] - expected[i]) <= 1e-8)) {
            fail_msg("number %zu: %.15g is not %.15g", i, actual[i], expected[i]);
        }
    }
}

static void assert_holds(const struct net_case *c, struct fw_operand operand,
                         const double *expected, size_t n)
{
    double actual[8];
    net_get(c, operand, actual, n);
    assert_all_close(actual, expected, n);
}

/* --- vectors --- */

/* A channel of four values that parameters stand before. */
static void build_norm(struct fw_net *net, const void *arg)
{
    (void)arg;
    uint32_t value = fw_net_add_input(net, (struct fw_net_shape){1, 1, 4});
    value = fw_net_add_linear(net, "before", value, 4, false);
    (void)fw_net_add_batch_norm(net, "norm", value, 1e-5, 0.1);
}

static void batch_norm_is_that_of_the_vectors(void **state)
{
    static const double x[] = {1, 2, 3, 4}, weights[] = {2, .5}, gy[] = {1, 0, 0, -1};
    static const double rx[] = {1, -1, 2, 0}, r_weights[] = {.5, -.25}, rgy[] = {.1, .2, .3, .4};
    struct net_case c;
    (void)state;
    net_case_open(&c, &rig, &(const struct net_setup){build_norm, NULL, FW_F64, 1, true});
    const struct fw_net_layer *norm = &c.net->layers[2];
    c.pass->n = 1;
    c.pass->mode.batch_statistics = true;
    net_put(&c, c.pass->y[1], x, 4);
    net_put(&c, c.pass->ry[1], rx, 4);
    net_put(&c, fw_net_part(c.pass, norm, c.pass->parameters, 0), weights, 2);
    net_put(&c, fw_net_part(c.pass, norm, c.pass->v, 0), r_weights, 2);
    net_must(&rig, norm->op->forward(c.pass, norm));
    net_put(&c, c.pass->gy.at[2], gy, 4);
    net_must(&rig, norm->op->backward(c.pass, norm));
    net_must(&rig, norm->op->r_forward(c.pass, norm));
    net_put(&c, c.pass->rgy.at[2], rgy, 4);
    /* R of the value shares nothing with the gradient. */
    static const double y[] = {-2.18327084, -.39442361, 1.39442361, 3.18327084};
    static const double gx[] = {.1788976, -.53664987, .53664987, -.1788976};
    static const double ry[] = {-.0263941, -3.15687674, 2.65687674, -.4736059};
    static const double rgx[] = {1.118022, -1.56522952, 1.56522952, -1.118022};
    static const double gradients[] = {-2.683270839938, 0}, hv[] = {1.341635419969, 1};
    assert_holds(&c, c.pass->y[2], y, 4);
    assert_holds(&c, c.pass->gy.at[1], gx, 4);
    assert_holds(&c, fw_net_part(c.pass, norm, c.pass->gradient, 0), gradients, 2);
    assert_holds(&c, c.pass->ry[2], ry, 4);
    net_must(&rig, norm->op->r_backward(c.pass, norm));
    assert_holds(&c, c.pass->rgy.at[1], rgx, 4);
    assert_holds(&c, fw_net_part(c.pass, norm, c.pass->hv, 0), hv, 2);
    net_case_close(&c);
}

static void build_linear(struct fw_net *net, const void *arg)
{
    (void)arg;
    const uint32_t value = fw_net_add_input(net, (struct fw_net_shape){1, 1, 3});
    (void)fw_net_add_linear(net, "linear", value, 3, false);
}

static void cross_entropy_is_that_of_the_vectors(void **state)
{
    static const double identity[] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, z[] = {1, 2, .5};
    static const double rz[] = {.3, -.2, .1}, g[] = {-.7687761, .62853172, .14024438};
    static const double rg[] = {.07915135, -.09911019, .01995884};
    static const int32_t label = 0;
    double loss;
    uint64_t n_correct;
    struct net_case c;
    (void)state;
    net_case_open(&c, &rig, &(const struct net_setup){build_linear, NULL, FW_F64, 1, true});
    net_put(&c, c.pass->parameters, identity, 9);
    net_must(&rig, fw_net_load(c.pass, z, 1));
    net_must(&rig, fw_net_forward(c.pass, (struct fw_net_mode){0}));
    net_must(&rig, fw_net_loss(c.pass, FW_NET_CROSS_ENTROPY, &label, &loss, &n_correct));
    assert_true(fabs(loss - 1.464368784108) < 1e-12);
    assert_int_equal(n_correct, 0);
    assert_holds(&c, c.pass->gy.at[1], g, 3);
    net_put(&c, c.pass->ry[1], rz, 3);
    net_must(&rig, fw_net_r_loss(c.pass));
    assert_holds(&c, c.pass->rgy.at[1], rg, 3);
    static const int32_t right = 1;
    net_must(&rig, fw_net_loss(c.pass, FW_NET_CROSS_ENTROPY, &right, &loss, &n_correct));
    assert_int_equal(n_correct, 1);
    net_case_close(&c);
}

/* Half of the way from 0 and 1 to the batch's mean and its variance with divisor n - 1. */
static void build_tracked(struct fw_net *net, const void *arg)
{
    (void)arg;
    const uint32_t value = fw_net_add_input(net, (struct fw_net_shape){2, 1, 2});
    (void)fw_net_add_batch_norm(net, "norm", value, 1e-5, 0.5);
}

static void running_statistics_follow_the_batch_when_asked(void **state)
{
    static const double x[] = {1, 2, 10, 10, 3, 4, 10, 10};
    static const double start[] = {0, 0, 1, 1};
    static const double moved[] = {1.25, 5, .5 + .5 * 5 / 3, .5};
    const struct fw_net_mode still = {.batch_statistics = true}, frozen = {.track = true};
    struct net_case c;
    (void)state;
    net_case_open(&c, &rig, &(const struct net_setup){build_tracked, NULL, FW_F64, 2, false});
    const struct fw_operand kept = {.buffer = c.weights->kept};
    net_must(&rig, fw_net_weights_init(c.weights, 1));
    net_must(&rig, fw_net_load(c.pass, x, 2));
    net_must(&rig, fw_net_forward(c.pass, still));
    net_must(&rig, fw_net_forward(c.pass, frozen));
    assert_holds(&c, kept, start, 4);
    net_must(&rig,
             fw_net_forward(c.pass, (struct fw_net_mode){.batch_statistics = true, .track = true}));
    assert_holds(&c, kept, moved, 4);
    net_must(&rig, fw_net_forward(c.pass, frozen));
    const double y0 = (1 - 1.25) / sqrt(.5 + .5 * 5 / 3 + 1e-5);
    assert_holds(&c, c.pass->y[1], &y0, 1);
    net_case_close(&c);
}

/* --- random shapes --- */

/* A number in [from, to] from a state. */
static uint32_t pick(uint64_t *state, uint32_t from, uint32_t to)
{
    return from + (uint32_t)(fw_splitmix_next(state) % (to - from + 1));
}

/* The end that every net has. */
static void build_end(struct fw_net *net, uint32_t value)
{
    value = fw_net_add_global_average(net, "pool", value);
    (void)fw_net_add_linear(net, "fc", value, 3, true);
}

static struct fw_net_conv random_conv(uint64_t *state)
{
    const uint32_t kernel = pick(state, 1, 4);
    return (struct fw_net_conv){.channels = pick(state, 1, 5),
                                .kernel = kernel,
                                .stride = pick(state, 1, 3),
                                .pad = pick(state, 0, kernel - 1),
                                .bias = pick(state, 0, 1) == 1};
}

static void build_convs(struct fw_net *net, const void *arg)
{
    uint64_t state = *(const uint64_t *)arg;
    const struct fw_net_shape image = {pick(&state, 1, 4), pick(&state, 8, 14),
                                       pick(&state, 8, 14)};
    const struct fw_net_conv first = random_conv(&state), second = {4, 2, 1, 1, true, 0};
    uint32_t value = fw_net_add_input(net, image);
    value = fw_net_add_conv(net, "first", value, &first);
    value = fw_net_add_relu(net, "relu", value);
    build_end(net, fw_net_add_conv(net, "second", value, &second));
}

static void convs_of_random_shapes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        net_check(&(const struct net_claim){.build = build_convs, .arg = &seed, .n = 1 + seed % 5});
    }
}

static void build_norms(struct fw_net *net, const void *arg)
{
    uint64_t state = *(const uint64_t *)arg;
    const struct fw_net_shape image = {pick(&state, 1, 5), pick(&state, 1, 6), pick(&state, 2, 6)};
    const struct fw_net_conv conv = {pick(&state, 1, 20), 1, 1, 0, false, 0};
    uint32_t value = fw_net_add_input(net, image);
    value = fw_net_add_batch_norm(net, "first", value, 1e-3, 0.1);
    value = fw_net_add_conv(net, "conv", value, &conv);
    build_end(net, fw_net_add_batch_norm(net, "second", value, 1e-3, 0.1));
}

static void norms_of_random_shapes_of_the_batch_and_frozen(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        net_check(&(const struct net_claim){.build = build_norms,
                                            .arg = &seed,
                                            .n = 2 + seed % 3,
                                            .mode = {.batch_statistics = seed % 2 == 0},
                                            .narrow = 1e-3});
    }
}

static void build_pools(struct fw_net *net, const void *arg)
{
    uint64_t state = *(const uint64_t *)arg;
    const struct fw_net_shape image = {2, pick(&state, 5, 9), pick(&state, 5, 9)};
    const struct fw_net_conv conv = {3, 3, 1, 1, false, 0};
    const uint32_t kernel = pick(&state, 1, 4);
    const struct fw_net_pool pool = {.kind = pick(&state, 0, 1) ? FW_POOL_MAX : FW_POOL_AVERAGE,
                                     .kernel = kernel,
                                     .stride = pick(&state, 1, 3),
                                     .pad = pick(&state, 0, kernel - 1)};
    uint32_t value = fw_net_add_conv(net, "conv", fw_net_add_input(net, image), &conv);
    value = fw_net_add_pool(net, "small", value, &pool);
    build_end(net, fw_net_add_conv(net, "again", value, &conv));
}

static void pools_of_random_shapes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        net_check(&(const struct net_claim){.build = build_pools, .arg = &seed, .n = 1 + seed % 4});
    }
}

/* Tokens before the vector: a linear layer works on each row. */
static void build_rows(struct fw_net *net, const void *arg)
{
    uint64_t state = *(const uint64_t *)arg;
    const struct fw_net_shape tokens = {1, pick(&state, 1, 6), pick(&state, 1, 7)};
    uint32_t value = fw_net_add_input(net, tokens);
    value = fw_net_add_linear(net, "first", value, pick(&state, 1, 8), pick(&state, 0, 1) == 1);
    value = fw_net_add_flatten(net, "flat", fw_net_add_relu(net, "relu", value));
    value = fw_net_add_linear(net, "second", value, 5, true);
    (void)fw_net_add_linear(net, "third", value, 3, false);
}

static void linear_layers_of_random_shapes(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        net_check(&(const struct net_claim){.build = build_rows, .arg = &seed, .n = 1 + seed % 5});
    }
}

/* --- random graphs: what shares memory must never be seen --- */

enum { GRAPH_MAX = 16 };

static uint32_t add_random(struct fw_net *net, uint64_t *state, const char *name)
{
    const struct fw_net_conv conv = {2, 3, 1, 1, false, 0};
    const struct fw_net_pool pool = {pick(state, 0, 1), 3, 1, 1};
    const uint32_t last = net->n_layers - 1;
    const uint32_t near = pick(state, last > 3 ? last - 3 : 0, last), any = pick(state, 0, last);
    switch (pick(state, 0, 6)) {
    case 0:
        return fw_net_add_relu(net, name, near);
    case 1:
        return fw_net_add_batch_norm(net, name, near, 1e-2, 0.1);
    case 2:
        return fw_net_add_pool(net, name, near, &pool);
    case 3:
    case 4:
        return near != any ? fw_net_add_sum(net, name, near, any)
                           : fw_net_add_relu(net, name, near);
    default:
        return fw_net_add_conv(net, name, near, &conv);
    }
}

/* The same with vectors, and views of them. */
static uint32_t add_random_vector(struct fw_net *net, uint64_t *state, const char *name)
{
    const uint32_t last = net->n_layers - 1;
    const uint32_t near = pick(state, last > 3 ? last - 3 : 0, last), any = pick(state, 0, last);
    switch (pick(state, 0, 4)) {
    case 0:
        return fw_net_add_relu(net, name, near);
    case 1:
        return fw_net_add_flatten(net, name, near);
    case 2:
        return near != any ? fw_net_add_sum(net, name, near, any)
                           : fw_net_add_flatten(net, name, near);
    default:
        return fw_net_add_linear(net, name, near, 5, false);
    }
}

/* Sums of what nobody has read so far, until one value is left. */
static uint32_t add_ends(struct fw_net *net)
{
    bool is_read[2 * GRAPH_MAX] = {false};
    for (uint32_t i = 0; i < net->n_layers; i++) {
        for (uint32_t k = 0; k < net->layers[i].n_in; k++) {
            is_read[net->layers[i].in[k]] = true;
        }
    }
    uint32_t value = net->n_layers - 1, n = value;
    for (uint32_t i = 0; i < n; i++) {
        value = is_read[i] ? value : fw_net_add_sum(net, "end", i, value);
    }
    return value;
}

static void build_graph(struct fw_net *net, const void *arg)
{
    uint64_t state = *(const uint64_t *)arg;
    const uint32_t n = pick(&state, 4, GRAPH_MAX - 3);
    (void)fw_net_add_input(net, (struct fw_net_shape){2, 4, 3});
    for (uint32_t i = 0; i < n; i++) {
        (void)add_random(net, &state, "layer");
    }
    build_end(net, add_ends(net));
}

static void build_vectors(struct fw_net *net, const void *arg)
{
    uint64_t state = *(const uint64_t *)arg;
    const uint32_t n = pick(&state, 4, GRAPH_MAX - 3);
    (void)fw_net_add_input(net, (struct fw_net_shape){1, 1, 5});
    for (uint32_t i = 0; i < n; i++) {
        (void)add_random_vector(net, &state, "layer");
    }
    (void)fw_net_add_linear(net, "fc", add_ends(net), 3, true);
}

static void nets_of_random_graphs(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 300; seed++) {
        net_check(&(const struct net_claim){.build = seed < 200 ? build_graph : build_vectors,
                                            .arg = &seed,
                                            .n = 2 + seed % 3,
                                            .mode = {.batch_statistics = seed % 4 != 0},
                                            .step = 1e-6,
                                            .tolerance = 1e-6,
                                            .narrow = 1e-2});
    }
}

static void build_relu(struct fw_net *net, const void *arg)
{
    (void)arg;
    const uint32_t value = fw_net_add_input(net, (struct fw_net_shape){1, 1, 4});
    (void)fw_net_add_linear(net, "fc", fw_net_add_relu(net, "relu", value), 2, true);
}

static void the_input_is_left_as_it_was_loaded(void **state)
{
    static const double x[] = {-1, 2, -3, 4};
    static const int32_t label = 1;
    struct net_case c;
    (void)state;
    net_case_open(&c, &rig, &(const struct net_setup){build_relu, NULL, FW_F64, 1, false});
    (void)net_learn(&c, &(const struct net_batch){.samples = x, .labels = &label, .n = 1});
    assert_holds(&c, c.pass->y[0], x, 4);
    net_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batch_norm_is_that_of_the_vectors),
        cmocka_unit_test(cross_entropy_is_that_of_the_vectors),
        cmocka_unit_test(running_statistics_follow_the_batch_when_asked),
        cmocka_unit_test(convs_of_random_shapes),
        cmocka_unit_test(norms_of_random_shapes_of_the_batch_and_frozen),
        cmocka_unit_test(pools_of_random_shapes),
        cmocka_unit_test(linear_layers_of_random_shapes),
        cmocka_unit_test(nets_of_random_graphs),
        cmocka_unit_test(the_input_is_left_as_it_was_loaded),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
