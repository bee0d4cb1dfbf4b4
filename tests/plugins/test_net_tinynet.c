/* SPDX-License-Identifier: MIT */
/* TINYNET: exact products and what is made of them, against training.md 3.5, AT-5 and AT-6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "analysis/eigen.h"
#include "analysis/probe.h"
#include "analysis/trace.h"
#include "net/resnet.h"
#include "net_fixture.h"

enum { N_MAX = 737, N_SAMPLES = 4, N_PROBES = 50 };

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

static void assert_close(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance)) {
        fail_msg("%.15g is not %.15g within %.3g", actual, expected, tolerance);
    }
}

static void build(struct fw_net *net, const void *arg)
{
    const bool *has_norm = arg;
    const struct fw_resnet tiny = {.image = {3, 6, 6},
                                   .classes = 3,
                                   .stem = 4,
                                   .n_stages = 1,
                                   .stages = {{.channels = 6, .blocks = 1, .stride = 2}},
                                   .has_norm = *has_norm,
                                   .epsilon = 1e-5,
                                   .momentum = 0.1};
    (void)fw_resnet_build(net, &tiny);
}

/* The weights, the batch and the direction of the table. */
static void fill_weights(const struct net_case *c)
{
    double theta[N_MAX];
    const struct fw_net *net = c->net;
    for (uint64_t i = 0; i < net->n_parameters; i++) {
        theta[i] = 0.5 * sin(1.3 * (double)i + 0.7);
    }
    for (uint32_t l = 0; l < net->n_layers; l++) {
        const struct fw_net_tensor *tensor = &net->tensors[net->layers[l].first_tensor];
        for (uint64_t j = 0; net->layers[l].n_kept > 0 && j < tensor->count; j++) {
            theta[tensor[0].offset + j] = 1 + 0.1 * sin((double)j + 1);
            theta[tensor[1].offset + j] = 0.1 * cos((double)j + 1);
        }
    }
    net_put(c, c->pass->parameters, theta, net->n_parameters);
}

static const struct net_batch *batch(void)
{
    static double samples[N_SAMPLES * 3 * 6 * 6];
    static const int32_t labels[N_SAMPLES] = {0, 1, 2, 1};
    static const struct net_batch all = {
        .samples = samples, .labels = labels, .n = N_SAMPLES, .mode = {.batch_statistics = true}};
    for (uint64_t k = 0; k < N_SAMPLES * 108; k++) {
        samples[k] = sin(0.37 * (double)k + 0.2 * (double)(k % 7));
    }
    return &all;
}

/* v_i = cos(0.9 i + 0.1) */
static const double *direction(void)
{
    static double v[N_MAX];
    for (uint64_t i = 0; i < N_MAX; i++) {
        v[i] = cos(0.9 * (double)i + 0.1);
    }
    return v;
}

static double open_tiny(struct net_case *c, bool has_norm, uint32_t dtype)
{
    net_case_open(c, &rig, &(const struct net_setup){build, &has_norm, dtype, N_SAMPLES, true});
    fill_weights(c);
    return net_learn(c, batch());
}

/* --- AT-5 --- */

struct figures {
    uint64_t n_parameters;
    double loss, gradient, slope, bend, product;
};
static const struct figures with_norm = {
    737, 1.196854163222332, 1.646393465194216, -1.442521505387, -44.041937967040, 20.042050811784};
static const struct figures without_norm = {
    693, 1.151366103062764, 0.802869400637213, 1.503916364490, -4.447803765597, 5.658663714587};

static void compare(bool has_norm, uint32_t dtype, double tolerance)
{
    const struct figures *expected = has_norm ? &with_norm : &without_norm;
    double gradient[N_MAX], hv[N_MAX];
    const double *v = direction();
    struct net_case c;
    const double loss = open_tiny(&c, has_norm, dtype);
    const uint64_t n = c.net->n_parameters;
    assert_int_equal(n, expected->n_parameters);
    net_get(&c, c.pass->gradient, gradient, n);
    net_product(&c, v, hv);
    assert_close(loss, expected->loss, tolerance * fabs(expected->loss));
    assert_close(sqrt(net_dot(gradient, gradient, n)), expected->gradient,
                 tolerance * expected->gradient);
    assert_close(net_dot(gradient, v, n), expected->slope, tolerance * fabs(expected->slope));
    assert_close(net_dot(v, hv, n), expected->bend, tolerance * fabs(expected->bend));
    assert_close(net_bend(&c, v), expected->bend, tolerance * fabs(expected->bend));
    assert_close(sqrt(net_dot(hv, hv, n)), expected->product, tolerance * expected->product);
    net_case_close(&c);
}

static void products_are_those_of_the_table(void **state)
{
    (void)state;
    compare(true, FW_F64, 1e-9);
    compare(false, FW_F64, 1e-9);
}

static void products_in_float32_are_close(void **state)
{
    (void)state;
    compare(true, FW_F32, 2e-4);
    compare(false, FW_F32, 2e-4);
}

static void products_are_symmetric_and_linear(void **state)
{
    (void)state;
    for (int has_norm = 0; has_norm < 2; has_norm++) {
        double w[N_MAX], both[N_MAX], hv[N_MAX], hw[N_MAX], h_both[N_MAX];
        const double *v = direction();
        struct net_case c;
        (void)open_tiny(&c, has_norm, FW_F64);
        const uint64_t n = c.net->n_parameters;
        for (uint64_t i = 0; i < n; i++) {
            w[i] = sin(0.3 * (double)i);
            both[i] = 2 * v[i] - 3 * w[i];
        }
        net_product(&c, v, hv);
        net_product(&c, w, hw);
        net_product(&c, both, h_both);
        assert_close(net_dot(v, hw, n), net_dot(w, hv, n), 1e-10);
        for (uint64_t i = 0; i < n; i++) {
            assert_close(h_both[i], 2 * hv[i] - 3 * hw[i], 1e-10);
        }
        net_case_close(&c);
    }
}

/* Float32: the asymmetry is below 1e-4 of the product. */
static void products_in_float32_are_nearly_symmetric(void **state)
{
    (void)state;
    double w[N_MAX], hv[N_MAX], hw[N_MAX];
    const double *v = direction();
    struct net_case c;
    (void)open_tiny(&c, true, FW_F32);
    const uint64_t n = c.net->n_parameters;
    net_noise(3, w, n);
    net_product(&c, v, hv);
    net_product(&c, w, hw);
    assert_close(net_dot(v, hw, n), net_dot(w, hv, n),
                 1e-4 * sqrt(net_dot(hv, hv, n) * net_dot(w, w, n)));
    net_case_close(&c);
}

static void products_agree_with_differences(void **state)
{
    (void)state;
    const bool answers[] = {false, true};
    for (size_t i = 0; i < 2; i++) {
        net_check(&(const struct net_claim){.build = build,
                                            .arg = &answers[i],
                                            .n = N_SAMPLES,
                                            .mode = {.batch_statistics = true},
                                            .narrow = 1e-3});
    }
}

/* --- AT-6 --- */

struct curvature {
    double first[3], mean, deviation, error, trace, variance;
    double largest_10, smallest_10, largest, smallest;
    double power, shifted;
    uint32_t n_power, n_shifted;
};
static const struct curvature of_norm = {
    .first = {-36.4844029927, -49.2203577201, -41.5338655868},
    .mean = -36.207589567948,
    .deviation = 22.447895816,
    .error = 3.174611871,
    .trace = -30.629519696777,
    .variance = 672.266011348,
    .largest_10 = 4.8231459646,
    .smallest_10 = -9.0252204157,
    .largest = 4.823435157527,
    .smallest = -9.025273491052,
    .power = -9.0091929163,
    .shifted = 4.7962562450,
    .n_power = 19,
    .n_shifted = 18,
};
static const struct curvature of_none = {
    .first = {2.3374553602, -7.5873891805, 9.4348212155},
    .mean = 4.469713566279,
    .deviation = 7.721978476,
    .error = 1.092052669,
    .trace = 3.823058006633,
    .variance = 63.071889600,
    .largest_10 = 2.3359871206,
    .smallest_10 = -1.5681432240,
    .largest = 2.335995150074,
    .smallest = -1.570744610539,
    .power = 2.3333319929,
    .n_power = 13,
};

static void traces_are_those_of_the_table(void **state)
{
    (void)state;
    for (int has_norm = 0; has_norm < 2; has_norm++) {
        const struct curvature *expected = has_norm ? &of_norm : &of_none;
        static double room[2 * N_MAX];
        uint64_t seeds[N_PROBES];
        struct fw_trace trace;
        struct net_case c;
        (void)open_tiny(&c, has_norm, FW_F64);
        const struct fw_operator h = net_operator(&c);
        for (uint64_t i = 0; i < N_PROBES; i++) {
            seeds[i] = 1000 + i;
        }
        for (uint64_t i = 0; i < 3; i++) {
            assert_int_equal(fw_trace_estimate(&h, &seeds[i], 1, NULL, room, &trace),
                             FW_OUTCOME_OK);
            assert_close(fw_trace_mean(&trace), expected->first[i], 1e-9);
        }
        assert_int_equal(fw_trace_estimate(&h, seeds, N_PROBES, NULL, room, &trace), FW_OUTCOME_OK);
        assert_close(fw_trace_mean(&trace), expected->mean, 1e-9);
        assert_close(fw_trace_deviation(&trace), expected->deviation, 1e-8);
        assert_close(fw_trace_error(&trace), expected->error, 1e-8);
        assert_true(fabs(fw_trace_mean(&trace) - expected->trace) <
                    4 * sqrt(expected->variance / N_PROBES));
        net_case_close(&c);
    }
}

/* The whole matrix, a column each: its trace, its size, and how far probes scatter. */
static void the_matrix_is_that_of_the_table(void **state)
{
    static const double squares[] = {31.722906870, 343.495695172};
    static const double diagonal[] = {0.186962070, 7.362689498};
    (void)state;
    for (int has_norm = 0; has_norm < 2; has_norm++) {
        const struct curvature *expected = has_norm ? &of_norm : &of_none;
        double unit[N_MAX] = {0}, column[N_MAX], trace = 0, all = 0, on = 0;
        struct net_case c;
        (void)open_tiny(&c, has_norm, FW_F64);
        const uint64_t n = c.net->n_parameters;
        for (uint64_t i = 0; i < n; i++) {
            unit[i] = 1;
            net_product(&c, unit, column);
            unit[i] = 0;
            trace += column[i];
            on += column[i] * column[i];
            all += net_dot(column, column, n);
        }
        assert_close(trace, expected->trace, 1e-9);
        assert_close(all, squares[has_norm], 1e-8);
        assert_close(on, diagonal[has_norm], 1e-8);
        assert_close(2 * (all - on), expected->variance, 1e-7);
        net_case_close(&c);
    }
}

static void both_ends_are_those_of_the_table(void **state)
{
    static double room[21 * N_MAX];
    (void)state;
    for (int has_norm = 0; has_norm < 2; has_norm++) {
        const struct curvature *expected = has_norm ? &of_norm : &of_none;
        double start[N_MAX];
        struct fw_eigen_ends ends;
        struct net_case c;
        (void)open_tiny(&c, has_norm, FW_F64);
        const struct fw_operator h = net_operator(&c);
        fw_probe_fill(1000, c.net->n_parameters, start);
        (void)fw_eigen_by_lanczos(&h, 10, 1e-3, start, room, &ends);
        assert_close(ends.largest.value, expected->largest_10, 1e-9);
        assert_close(ends.other.value, expected->smallest_10, 1e-9);
        (void)fw_eigen_by_lanczos(&h, 20, 1e-3, start, room, &ends);
        assert_close(ends.largest.value, expected->largest, 1e-6);
        assert_close(ends.other.value, expected->smallest, 1e-6);
        net_case_close(&c);
    }
}

static void power_iteration_never_takes_the_negative_end(void **state)
{
    static double room[2 * N_MAX];
    const struct fw_power power = {.tolerance = 1e-3, .max = 100};
    double start[N_MAX];
    struct fw_eigen_ends ends;
    struct net_case c;
    (void)state;
    (void)open_tiny(&c, true, FW_F64);
    struct fw_operator h = net_operator(&c);
    fw_probe_fill(1000, c.net->n_parameters, start);
    (void)fw_eigen_by_power(&h, &power, start, room, &ends);
    assert_close(ends.other.value, of_norm.power, 1e-9);
    assert_int_equal(ends.other.n_products, of_norm.n_power);
    assert_close(ends.largest.value, of_norm.shifted, 1e-8);
    assert_int_equal(ends.largest.n_products, of_norm.n_power + of_norm.n_shifted);
    assert_true(ends.largest.value > 0 && fabs(ends.largest.value - of_norm.largest) < 0.05);
    net_case_close(&c);
    (void)open_tiny(&c, false, FW_F64);
    h = net_operator(&c);
    fw_probe_fill(1000, c.net->n_parameters, start);
    (void)fw_eigen_by_power(&h, &power, start, room, &ends);
    assert_close(ends.largest.value, of_none.power, 1e-9);
    assert_int_equal(ends.largest.n_products, of_none.n_power);
    net_case_close(&c);
}

/* --- noise: the same net on parts of the batch --- */

static void gradients_of_parts_are_those_of_the_table(void **state)
{
    static const double squares[] = {5.94975036, 2.08097469, 6.36208422, 2.43701616};
    double part[N_SAMPLES][N_MAX], half[2][N_MAX], apart[N_MAX], total = 0;
    struct net_case c;
    (void)state;
    (void)open_tiny(&c, false, FW_F64);
    const uint64_t n = c.net->n_parameters;
    struct net_batch some = *batch();
    for (uint64_t i = 0; i < N_SAMPLES; i++) {
        some.samples = batch()->samples + i * 108;
        some.labels = batch()->labels + i;
        some.n = 1;
        (void)net_learn(&c, &some);
        net_get(&c, c.pass->gradient, part[i], n);
        assert_close(net_dot(part[i], part[i], n), squares[i], 1e-7);
    }
    for (uint64_t i = 0; i < 2; i++) {
        some.samples = batch()->samples + i * 216;
        some.labels = batch()->labels + 2 * i;
        some.n = 2;
        (void)net_learn(&c, &some);
        net_get(&c, c.pass->gradient, half[i], n);
    }
    for (uint64_t k = 0; k < n; k++) {
        double mean = (part[0][k] + part[1][k] + part[2][k] + part[3][k]) / 4;
        for (uint64_t i = 0; i < N_SAMPLES; i++) {
            total += (part[i][k] - mean) * (part[i][k] - mean) / 3;
        }
        apart[k] = half[0][k] - half[1][k];
    }
    assert_close(total, 4.750476112616, 1e-9);
    assert_close(net_dot(apart, apart, n), 3.863064295, 1e-8);
    net_case_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_are_those_of_the_table),
        cmocka_unit_test(products_in_float32_are_close),
        cmocka_unit_test(products_are_symmetric_and_linear),
        cmocka_unit_test(products_in_float32_are_nearly_symmetric),
        cmocka_unit_test(products_agree_with_differences),
        cmocka_unit_test(traces_are_those_of_the_table),
        cmocka_unit_test(the_matrix_is_that_of_the_table),
        cmocka_unit_test(both_ends_are_those_of_the_table),
        cmocka_unit_test(power_iteration_never_takes_the_negative_end),
        cmocka_unit_test(gradients_of_parts_are_those_of_the_table),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
