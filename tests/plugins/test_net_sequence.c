/* SPDX-License-Identifier: MIT */
/* Layers of sequences and the binary loss: net_check on shapes that are drawn at random. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/sequence.h"
#include "net_fixture.h"
#include "splitmix/splitmix.h"

enum { ROUNDS = 4 };

/* low ... high, of number j of a stream. */
static uint32_t between(uint64_t j, uint32_t low, uint32_t high)
{
    return low + (uint32_t)(fw_splitmix(99, j) % (high - low + 1));
}

static uint32_t add_input(struct fw_net *net, uint64_t rows, uint64_t cols)
{
    return fw_net_add_input(net, (struct fw_net_shape){1, rows, cols});
}

/* A number of each sample, curved, so that second derivatives go through all of it. */
static void add_end(struct fw_net *net, uint32_t x)
{
    x = fw_net_add_gelu(net, "end_gelu", x);
    x = fw_net_add_flatten(net, "end_flat", x);
    (void)fw_net_add_linear(net, "head", x, 1, true);
}

static void check(net_build *build, uint64_t rounds, uint64_t dropout_seed)
{
    for (uint64_t i = 0; i < rounds; i++) {
        const struct net_claim claim = {.build = build,
                                        .arg = &i,
                                        .n = 4,
                                        .mode = {.dropout_seed = dropout_seed},
                                        .loss = FW_NET_BINARY_ENTROPY};
        net_check(&claim);
    }
}

static void build_revin(struct fw_net *net, const void *arg)
{
    const uint64_t i = *(const uint64_t *)arg;

    add_input(net, between(i, 2, 20), between(i + 50, 1, 6));
    add_end(net, fw_net_add_revin(net, "revin", 0));
}

static void revin_holds(void **state)
{
    (void)state;
    check(build_revin, ROUNDS, 0);
}

static void build_unfold(struct fw_net *net, const void *arg)
{
    const uint64_t i = *(const uint64_t *)arg;
    const uint32_t patch = between(i, 1, 7), stride = between(i + 50, 1, 9);
    uint32_t x = add_input(net, patch + stride * between(i + 80, 0, 4), 3);

    x = fw_net_add_linear(net, "in", x, 3, true);
    add_end(net, fw_net_add_unfold(net, "patches", x, patch, stride));
}

static void unfold_holds(void **state)
{
    (void)state;
    check(build_unfold, 2 * ROUNDS, 0);
}

static void build_position(struct fw_net *net, const void *arg)
{
    const uint64_t i = *(const uint64_t *)arg;
    uint32_t x = add_input(net, between(i, 1, 5), between(i + 50, 1, 5));

    x = i % 2 == 0 ? x : fw_net_add_linear(net, "in", x, 3, true);
    add_end(net, fw_net_add_position(net, "position", x, between(i, 0, 3)));
}

static void position_holds(void **state)
{
    (void)state;
    check(build_position, ROUNDS, 0);
}

/* After the input too, where it has no gradient to give; and beside another reader. */
static void build_layer_norm(struct fw_net *net, const void *arg)
{
    const uint64_t i = *(const uint64_t *)arg;
    uint32_t x = add_input(net, between(i, 1, 5), between(i + 50, 2, 9)), y;

    x = i % 4 == 0 ? x : fw_net_add_linear(net, "in", x, between(i, 2, 9), true);
    y = fw_net_add_layer_norm(net, "norm", x, i % 2 == 0 ? 0.01 : 0.3);
    add_end(net, i % 4 >= 2 ? fw_net_add_sum(net, "sum", x, y) : y);
}

static void layer_norm_holds(void **state)
{
    (void)state;
    check(build_layer_norm, 2 * ROUNDS, 0);
}

static void build_gelu(struct fw_net *net, const void *arg)
{
    const uint64_t i = *(const uint64_t *)arg;
    uint32_t x = add_input(net, between(i, 1, 4), between(i + 50, 1, 6)), y;

    x = fw_net_add_linear(net, "in", x, between(i, 1, 6), true);
    y = fw_net_add_gelu(net, "gelu", x);
    add_end(net, i % 2 == 0 ? y : fw_net_add_sum(net, "sum", x, y));
}

static void gelu_holds(void **state)
{
    (void)state;
    check(build_gelu, ROUNDS, 0);
}

static void build_dropout(struct fw_net *net, const void *arg)
{
    const uint64_t i = *(const uint64_t *)arg, width = between(i, 3, 6);
    uint32_t x = add_input(net, between(i, 1, 4), between(i + 50, 2, 6)), y;

    x = fw_net_add_linear(net, "in", x, width, true);
    y = fw_net_add_dropout(net, "drop", fw_net_add_gelu(net, "gelu", x), 0.4);
    y = fw_net_add_linear(net, "on", y, width, true);
    y = fw_net_add_dropout(net, "again", y, 0.2);
    add_end(net, fw_net_add_sum(net, "sum", x, y));
}

static void dropout_holds(void **state)
{
    (void)state;
    check(build_dropout, ROUNDS, 0);
    check(build_dropout, ROUNDS, 5);
}

static void build_attention(struct fw_net *net, const void *arg)
{
    const uint64_t i = *(const uint64_t *)arg;
    const uint32_t heads = between(i, 1, 3), d = heads * between(i + 50, 1, 4);
    uint32_t x = add_input(net, between(i + 20, 1, 5), between(i + 70, 2, 5));

    x = fw_net_add_linear(net, "qkv", x, 3 * (uint64_t)d, true);
    add_end(net, fw_net_add_attention(net, "attention", x, heads, i % 2 == 0 ? 0 : 0.3));
}

static void attention_holds(void **state)
{
    (void)state;
    check(build_attention, 2 * ROUNDS, 0);
    check(build_attention, 2 * ROUNDS, 6);
}

/* Two readers of the packed array: what attention gives it is added to what is there. */
static void build_shared_attention(struct fw_net *net, const void *arg)
{
    const uint32_t qkv = fw_net_add_linear(net, "qkv", add_input(net, 3, 4), 12, true);
    const uint32_t y = fw_net_add_attention(net, "attention", qkv, 2, 0);

    (void)arg;
    add_end(net, fw_net_add_sum(net, "sum", y, fw_net_add_linear(net, "other", qkv, 4, true)));
}

static void attention_adds_its_gradient(void **state)
{
    (void)state;
    check(build_shared_attention, 1, 0);
}

/* --- the binary loss --- */

static void build_binary(struct fw_net *net, const void *arg)
{
    (void)arg;
    (void)fw_net_add_linear(net, "head", add_input(net, 1, 1), 1, true);
    assert_int_equal(fw_net_close(net), FW_OK);
}

/* The logits are the samples themselves. */
static void losses_are_those_of_probabilities(void **state)
{
    const double z[] = {0, 2, -2, 30, -30, 400, -400};
    const int32_t labels[] = {0, 1, 1, 0, 0, 0, 1};
    const double expected[] = {0.6931471805599453,
                               0.12692801104297263,
                               2.1269280110429727,
                               30,
                               9.357622968840175e-14,
                               100,
                               100};
    const double identity[] = {1, 0};
    struct net_rig rig;
    struct net_case c;
    double loss[7], total = 0, mean;
    uint64_t n_correct;

    (void)state;
    net_rig_open(&rig, 1);
    net_case_open(&c, &rig, &(const struct net_setup){build_binary, NULL, FW_F64, 7, false});
    net_put(&c, c.pass->parameters, identity, 2);
    net_must(&rig, fw_net_load(c.pass, z, 7));
    net_must(&rig, fw_net_forward(c.pass, (struct fw_net_mode){0}));
    net_must(&rig, fw_net_loss(c.pass, FW_NET_BINARY_ENTROPY, labels, &mean, &n_correct));
    net_get(&c, c.pass->answer.loss, loss, 7);
    for (int i = 0; i < 7; i++) {
        assert_true(loss[i] - expected[i] <= 1e-13 && expected[i] - loss[i] <= 1e-13);
        total += loss[i];
    }
    assert_true(mean - total / 7 < 1e-12 && total / 7 - mean < 1e-12);
    assert_int_equal(n_correct, 2); /* 1/2 is positive: the first is wrong */
    net_case_close(&c);
    net_rig_close(&rig);
}

/* --- what has no meaning --- */

static void refuses(struct net_rig *rig, struct fw_net *net, const char *text)
{
    const char *fault;

    assert_int_equal(fw_net_close(net), FW_E_CONFIG);
    fault = fake_task_take_fault(rig->task);
    if (strstr(fault, text) == NULL) {
        fail_msg("'%s' does not contain '%s'", fault, text);
    }
    fw_net_destroy(net);
}

static struct fw_net *net_of(struct net_rig *rig, uint64_t rows, uint64_t cols)
{
    struct fw_net *net;

    net_must(rig, fw_net_create(rig->host, FW_F64, &net));
    (void)add_input(net, rows, cols);
    return net;
}

static void refuses_what_has_no_meaning(void **state)
{
    struct net_rig rig;
    struct fw_net *net;

    (void)state;
    net_rig_open(&rig, 1);
    net = net_of(&rig, 1, 4);
    fw_net_add_revin(net, "revin", 0);
    refuses(&rig, net, "two rows or more");
    net = net_of(&rig, 10, 4);
    fw_net_add_revin(net, "revin", fw_net_add_linear(net, "in", 0, 4, true));
    refuses(&rig, net, "it is for the input");
    net = net_of(&rig, 10, 4);
    fw_net_add_unfold(net, "patches", 0, 4, 4);
    refuses(&rig, net, "leave the last 2 of 10 rows out");
    net = net_of(&rig, 10, 4);
    fw_net_add_unfold(net, "patches", 0, 11, 1);
    refuses(&rig, net, "at most all rows");
    net = net_of(&rig, 10, 4);
    fw_net_add_layer_norm(net, "norm", 0, 0);
    refuses(&rig, net, "a number above 0");
    net = net_of(&rig, 10, 4);
    fw_net_add_dropout(net, "drop", 0, 1);
    refuses(&rig, net, "at least 0 and below 1");
    net = net_of(&rig, 10, 4);
    fw_net_add_attention(net, "attention", 0, 1, 0);
    refuses(&rig, net, "queries, keys and values");
    net = net_of(&rig, 10, 12);
    fw_net_add_attention(net, "attention", 0, 3, 0);
    refuses(&rig, net, "4 features are not a multiple of 3 heads");
    net = net_of(&rig, 10, 12);
    fw_net_add_attention(net, "attention", 0, 2, -0.5);
    refuses(&rig, net, "drops with probability -0.5");
    net_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(revin_holds),
        cmocka_unit_test(unfold_holds),
        cmocka_unit_test(position_holds),
        cmocka_unit_test(layer_norm_holds),
        cmocka_unit_test(gelu_holds),
        cmocka_unit_test(dropout_holds),
        cmocka_unit_test(attention_holds),
        cmocka_unit_test(attention_adds_its_gradient),
        cmocka_unit_test(losses_are_those_of_probabilities),
        cmocka_unit_test(refuses_what_has_no_meaning),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
