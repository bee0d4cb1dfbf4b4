/* SPDX-License-Identifier: MIT */
/* What is dropped: how much, and that it is the seed's doing alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "net/sequence.h"
#include "net_fixture.h"

enum { N = 12, ROWS = 5, COLS = 60, SIZE = ROWS * COLS };

/* Two dropout layers of the input, side by side. */
static void build(struct fw_net *net, const void *arg)
{
    const double p = *(const double *)arg;
    const uint32_t x = fw_net_add_input(net, (struct fw_net_shape){1, ROWS, COLS});
    const uint32_t a = fw_net_add_dropout(net, "a", x, p);
    const uint32_t b = fw_net_add_dropout(net, "b", x, p);
    const uint32_t flat = fw_net_add_flatten(net, "flat", fw_net_add_sum(net, "sum", a, b));

    (void)fw_net_add_linear(net, "head", flat, 1, true);
}

/* The masks of both layers, 2 x N x SIZE: the samples are ones. `cut` samples go first. */
static void masks(uint32_t threads, double p, uint64_t seed, uint64_t cut, double *ret)
{
    double ones[N * SIZE];
    struct net_rig rig;
    struct net_case c;

    for (int i = 0; i < N * SIZE; i++) {
        ones[i] = 1;
    }
    net_rig_open(&rig, threads);
    net_case_open(&c, &rig, &(const struct net_setup){build, &p, FW_F64, N, false});
    for (uint64_t first = 0; first < N; first = first == 0 && cut > 0 ? cut : N) {
        const uint64_t n = first == 0 && cut > 0 ? cut : N - first;
        const struct fw_net_mode mode = {.dropout_seed = seed, .first_sample = first};
        net_must(&rig, fw_net_load(c.pass, ones, n));
        net_must(&rig, fw_net_forward(c.pass, mode));
        net_get(&c, c.pass->saved[1], ret + first * SIZE, n * SIZE);
        net_get(&c, c.pass->saved[2], ret + (N + first) * SIZE, n * SIZE);
    }
    net_case_close(&c);
    net_rig_close(&rig);
}

/* Fails where there is another factor than 0 and `kept`. The share of zeros. */
static double share_dropped(const double *mask, double kept)
{
    double n = 0;

    for (int i = 0; i < N * SIZE; i++) {
        assert_true(mask[i] == 0 || mask[i] == kept);
        n += mask[i] == 0;
    }
    return n / (N * SIZE);
}

static void drops_as_many_as_it_says(void **state)
{
    const double ps[] = {0.1, 0.3, 0.5, 0.7};
    double *mask = malloc(2 * N * SIZE * sizeof *mask);

    (void)state;
    for (int i = 0; i < 4; i++) {
        const double p = ps[i], most = 4 * sqrt(p * (1 - p) / (N * SIZE));
        masks(1, p, 17, 0, mask);
        assert_true(fabs(share_dropped(mask, 1 / (1 - p)) - p) < most);
        assert_true(fabs(share_dropped(mask + N * SIZE, 1 / (1 - p)) - p) < most);
    }
    free(mask);
}

/* Two masks of p = 1/2 that know nothing of each other agree in half of their places. */
static void assert_strangers(const double *a, const double *b)
{
    double n = 0;

    for (int i = 0; i < N * SIZE; i++) {
        n += (a[i] == 0) == (b[i] == 0);
    }
    assert_true(fabs(n / (N * SIZE) - 0.5) < 4 * 0.5 / sqrt(N * SIZE));
}

static void layers_and_seeds_drop_others(void **state)
{
    double *mask = malloc(2 * N * SIZE * sizeof *mask);
    double *other = malloc(2 * N * SIZE * sizeof *other);

    (void)state;
    masks(1, 0.5, 17, 0, mask);
    masks(1, 0.5, 18, 0, other);
    assert_strangers(mask, mask + N * SIZE);
    assert_strangers(mask, other);
    assert_strangers(mask, other + N * SIZE);
    free(mask);
    free(other);
}

static void neither_threads_nor_cuts_change_it(void **state)
{
    double *mask = malloc(2 * N * SIZE * sizeof *mask);
    double *other = malloc(2 * N * SIZE * sizeof *other);

    (void)state;
    masks(1, 0.3, 17, 0, mask);
    masks(2, 0.3, 17, 0, other);
    assert_memory_equal(mask, other, 2 * N * SIZE * sizeof *mask);
    masks(2, 0.3, 17, 5, other);
    assert_memory_equal(mask, other, 2 * N * SIZE * sizeof *mask);
    masks(1, 0.3, 17, 11, other);
    assert_memory_equal(mask, other, 2 * N * SIZE * sizeof *mask);
    free(mask);
    free(other);
}

/* --- nothing dropped --- */

/* The share of places where both layers drop what is there. */
static double share_zero(const double *x, const double *y, int n)
{
    double zeros = 0;

    for (int i = 0; i < n; i++) {
        zeros += y[i] == 0 && x[i] != 0;
    }
    return zeros / n;
}

static void without_a_seed_nothing_is_dropped(void **state)
{
    const double p = 0.5;
    struct net_rig rig;
    struct net_case c;
    double x[2 * SIZE], y[2 * SIZE];

    (void)state;
    net_rig_open(&rig, 1);
    net_case_open(&c, &rig, &(const struct net_setup){build, &p, FW_F64, 2, false});
    net_noise(3, x, 2 * SIZE);
    net_must(&rig, fw_net_load(c.pass, x, 2));
    net_must(&rig, fw_net_forward(c.pass, (struct fw_net_mode){0}));
    net_get(&c, c.pass->y[3], y, 2 * SIZE);
    for (int i = 0; i < 2 * SIZE; i++) {
        assert_true(y[i] == 2 * x[i]);
    }
    net_must(&rig, fw_net_forward(c.pass, (struct fw_net_mode){.dropout_seed = 1}));
    net_get(&c, c.pass->y[3], y, 2 * SIZE);
    assert_true(fabs(share_zero(x, y, 2 * SIZE) - 0.25) < 0.08);
    net_case_close(&c);
    net_rig_close(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(drops_as_many_as_it_says),
        cmocka_unit_test(layers_and_seeds_drop_others),
        cmocka_unit_test(neither_threads_nor_cuts_change_it),
        cmocka_unit_test(without_a_seed_nothing_is_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
