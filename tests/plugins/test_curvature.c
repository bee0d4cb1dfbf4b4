/* SPDX-License-Identifier: MIT */
/* Probes, traces and eigenvalues of operators: training.md 1.7 to 1.9, AT-3 and AT-4. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "analysis/eigen.h"
#include "analysis/probe.h"
#include "analysis/trace.h"

enum { N_MAX = 100 };

static void assert_close(double actual, double expected, double tolerance)
{
    if (!(fabs(actual - expected) <= tolerance)) {
        fail_msg("%.15g is not %.15g", actual, expected);
    }
}

/* A dense matrix, row by row. */
struct matrix {
    size_t n;
    const double *cells;
};

static void multiply(void *self, const double *v, double *ret)
{
    const struct matrix *m = self;

    for (size_t i = 0; i < m->n; i++) {
        ret[i] = 0;
        for (size_t k = 0; k < m->n; k++) {
            ret[i] += m->cells[i * m->n + k] * v[k];
        }
    }
}

static struct fw_operator operator_of(struct matrix *m)
{
    return (struct fw_operator){.n = m->n, .self = m, .apply = multiply};
}

static const double three[] = {4, 1, 0, 1, 3, -1, 0, -1, 2};
static struct matrix a = {3, three};

static struct matrix tridiagonal_of_ten(void)
{
    static double cells[100];

    for (int i = 0; i < 10; i++) {
        cells[11 * i] = 2;
        if (i < 9) {
            cells[11 * i + 1] = cells[11 * i + 10] = -1;
        }
    }
    return (struct matrix){10, cells};
}

static void numbers_are_those_of_splitmix(void **state)
{
    (void)state;
    assert_true(fw_splitmix(0, 0) == 0xe220a8397b1dcdafu);
    assert_true(fw_splitmix(0, 1) == 0x6e789e6aa1b965f4u);
    assert_true(fw_splitmix(0, 2) == 0x06c45d188009454fu);
    assert_true(fw_splitmix(1234567, 0) == 6457827717110365317u);
    assert_true(fw_splitmix(1234567, 1) == 3203168211198807973u);
    assert_true(fw_splitmix(1234567, 2) == 9817491932198370423u);
    assert_true(fw_probe_seed(7, 3, 5) == fw_splitmix(7 ^ (3 << 20) ^ 5, 0));
}

static void probes_are_signs_bit_by_bit(void **state)
{
    static const char pattern[] = "+-+-+--+-+++-++-";
    double v[1000], sum = 0;

    (void)state;
    fw_probe_fill(42, 1000, v);
    for (size_t i = 0; i < 1000; i++) {
        assert_true(i >= 16 || v[i] == (pattern[i] == '+' ? 1 : -1));
        assert_true(v[i] == fw_probe_at(42, i));
        sum += v[i];
    }
    assert_true(sum == 68);
}

static struct fw_trace trace_of(struct matrix *m, uint64_t first_seed, size_t n)
{
    const struct fw_operator h = operator_of(m);
    uint64_t seeds[50];
    double room[2 * N_MAX];
    struct fw_trace trace;

    for (size_t i = 0; i < n; i++) {
        seeds[i] = first_seed + i;
    }
    assert_int_equal(fw_trace_estimate(&h, seeds, n, NULL, room, &trace), FW_OUTCOME_OK);
    return trace;
}

static void estimates_traces(void **state)
{
    static const double first[] = {9, 9, 13, 5, 9, 9, 13, 9};
    struct matrix ten = tridiagonal_of_ten();

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        struct fw_trace one = trace_of(&a, 42 + i, 1);
        assert_close(fw_trace_mean(&one), first[i], 0);
        assert_true(isnan(fw_trace_error(&one)));
    }
    struct fw_trace trace = trace_of(&a, 42, 50);
    assert_close(fw_trace_mean(&trace), 9.48, 1e-9);
    assert_close(fw_trace_deviation(&trace), 2.757105847, 1e-9);
    assert_close(fw_trace_error(&trace), 0.389913648, 1e-9);
    trace = trace_of(&ten, 42, 50);
    assert_close(fw_trace_mean(&trace), 20.72, 1e-9);
    assert_close(fw_trace_error(&trace), 0.835459057, 1e-9);
}

static void a_diagonal_is_exact_after_one_probe(void **state)
{
    static double cells[N_MAX * N_MAX];
    struct matrix diagonal = {N_MAX, cells};

    (void)state;
    for (size_t i = 0; i < N_MAX; i++) {
        cells[i * N_MAX + i] = (double)i + 1;
    }
    struct fw_trace trace = trace_of(&diagonal, 7, 1);
    assert_true(fw_trace_mean(&trace) == 5050);
}

static void is_unbiased_without_symmetry(void **state)
{
    static const double cells[] = {1, 4, 0, 1};
    struct matrix skew = {2, cells};
    struct fw_trace trace = {0};

    (void)state;
    for (int signs = 0; signs < 4; signs++) {
        double z[] = {signs & 1 ? 1 : -1, signs & 2 ? 1 : -1}, product[2];
        multiply(&skew, z, product);
        fw_trace_add(&trace, z[0] * product[0] + z[1] * product[1]);
    }
    assert_true(fw_trace_mean(&trace) == 2);
}

static void drops_what_is_not_finite(void **state)
{
    struct fw_trace trace = {0};
    static const double cells[] = {NAN};
    struct matrix broken = {1, cells};
    const struct fw_operator h = operator_of(&broken);
    const uint64_t seed = 1;
    double room[2];

    (void)state;
    assert_true(isnan(fw_trace_mean(&trace)));
    fw_trace_add(&trace, 3);
    fw_trace_add(&trace, NAN);
    assert_true(fw_trace_mean(&trace) == 3);
    fw_trace_add(&trace, INFINITY);
    assert_true(isnan(fw_trace_mean(&trace)));
    assert_int_equal(trace.n_dropped, 2);
    assert_int_equal(fw_trace_estimate(&h, &seed, 1, NULL, room, &trace), FW_OUTCOME_NUMERIC);
    assert_int_equal(fw_trace_estimate(&h, &seed, 0, NULL, room, &trace), FW_OUTCOME_INSUFFICIENT);
}

static void stops_when_it_knows_enough(void **state)
{
    const struct fw_operator h = operator_of(&a);
    const struct fw_trace_rules still = {.tolerance = 0.001}, sure = {.relative_error = 0.08};
    uint64_t seeds[50];
    double room[6];
    struct fw_trace trace;

    (void)state;
    for (size_t i = 0; i < 50; i++) {
        seeds[i] = 42 + i;
    }
    /* The first two values are equal. */
    assert_int_equal(fw_trace_estimate(&h, seeds, 50, &still, room, &trace), FW_OUTCOME_OK);
    assert_int_equal(trace.n, 2);
    trace = (struct fw_trace){0};
    assert_int_equal(fw_trace_estimate(&h, seeds + 2, 48, &sure, room, &trace), FW_OUTCOME_OK);
    assert_in_range(trace.n, 3, 47);
    assert_true(fw_trace_error(&trace) <= 0.08 * fw_trace_mean(&trace));
}

static struct fw_eigen power_of(struct matrix *m, const double *start, double tolerance)
{
    const struct fw_operator h = operator_of(m);
    const struct fw_power power = {.tolerance = tolerance, .max = 1000};
    double v[N_MAX], room[N_MAX];
    struct fw_eigen eigen;

    memcpy(v, start, m->n * sizeof *v);
    (void)fw_power_iterate(&h, 0, &power, v, room, &eigen);
    return eigen;
}

static void assert_power(struct matrix *m, const double *start, double tolerance, double value,
                         unsigned products)
{
    struct fw_eigen eigen = power_of(m, start, tolerance);

    assert_close(eigen.value, value, 1e-10);
    assert_int_equal(eigen.n_products, products);
    assert_true(eigen.converged);
}

static void iterates_to_the_dominant_eigenvalue(void **state)
{
    static const double ones[] = {1, 1, 1};
    struct matrix ten = tridiagonal_of_ten();
    double probe[10];

    (void)state;
    assert_power(&a, ones, 1e-3, 4.730226835211, 7);
    assert_power(&a, ones, 1e-6, 4.732047714653, 14);
    assert_power(&a, ones, 1e-10, 4.732050807432, 25);
    fw_probe_fill(42, 10, probe);
    assert_power(&ten, probe, 1e-3, 3.884374260673, 34);
    assert_power(&ten, probe, 1e-6, 3.918959749718, 93);
}

static void the_largest_is_not_the_dominant_one(void **state)
{
    static const double cells[] = {3, 0, 0, 0, -5, 0, 0, 0, 1}, ones[] = {1, 1, 1};
    struct matrix m = {3, cells};
    const struct fw_operator h = operator_of(&m);
    const struct fw_power power = {.tolerance = 1e-10, .max = 1000};
    double room[12];
    struct fw_eigen_ends ends;

    (void)state;
    assert_int_equal(fw_eigen_by_power(&h, &power, ones, room, &ends), FW_OUTCOME_OK);
    assert_close(ends.largest.value, 3, 1e-6);
    assert_close(ends.other.value, -5, 1e-6);
    assert_int_equal(fw_eigen_by_lanczos(&h, 20, 1e-6, ones, room, &ends), FW_OUTCOME_OK);
    assert_close(ends.largest.value, 3, 1e-12);
    assert_close(ends.other.value, -5, 1e-12);
    const struct fw_operator plain = operator_of(&a);
    assert_int_equal(fw_eigen_by_power(&plain, &power, ones, room, &ends), FW_OUTCOME_OK);
    assert_close(ends.largest.value, 3 + sqrt(3), 1e-6);
    assert_true(isnan(ends.other.value));
}

static void nothing_has_the_eigenvalue_0(void **state)
{
    static const double zeros[9], ones[] = {1, 1, 1};
    struct matrix m = {3, zeros};
    struct fw_eigen eigen = power_of(&m, ones, 1e-3);
    const struct fw_operator h = operator_of(&m);
    double room[12];
    struct fw_eigen_ends ends;

    (void)state;
    assert_true(eigen.value == 0 && eigen.converged && eigen.n_products == 1);
    assert_int_equal(fw_eigen_by_lanczos(&h, 3, 1e-6, ones, room, &ends), FW_OUTCOME_OK);
    assert_true(ends.largest.value == 0 && ends.largest.converged);
}

static void a_value_that_stands_still_is_not_enough(void **state)
{
    static const double cells[] = {2, 0, 0, -2}, ones[] = {1, 1}, zeros[] = {0, 0};
    struct matrix m = {2, cells};
    struct fw_eigen eigen = power_of(&m, ones, 1e-3);
    const struct fw_operator h = operator_of(&m);
    const struct fw_power power = {.tolerance = 1e-3, .max = 10};
    double v[2] = {0, 0}, room[2];

    (void)state;
    assert_close(eigen.value, 0, 1e-12);
    assert_close(eigen.residual, 2, 1e-12);
    assert_false(eigen.converged);
    assert_memory_equal(v, zeros, sizeof v);
    assert_int_equal(fw_power_iterate(&h, 0, &power, v, room, &eigen), FW_OUTCOME_BAD_ARGUMENT);
}

static void lanczos_finds_both_ends(void **state)
{
    struct matrix ten = tridiagonal_of_ten();
    const struct fw_operator h = operator_of(&ten);
    double probe[10], room[110];
    struct fw_eigen_ends ends;

    (void)state;
    fw_probe_fill(42, 10, probe);
    assert_int_equal(fw_eigen_by_lanczos(&h, 10, 1e-12, probe, room, &ends), FW_OUTCOME_OK);
    assert_close(ends.largest.value, 3.918985947229, 1e-10);
    assert_close(ends.other.value, 2 - 2 * cos(M_PI / 11), 1e-10);
    assert_int_equal(fw_eigen_by_lanczos(&h, 3, 1e-12, probe, room, &ends),
                     FW_OUTCOME_INSUFFICIENT);
    assert_int_equal(ends.largest.n_products, 3);
    /* Some eigenvalue is within the residual, perhaps not the largest one. */
    double nearest = INFINITY;
    for (int k = 1; k <= 10; k++) {
        nearest = fmin(nearest, fabs(ends.largest.value - (2 - 2 * cos(k * M_PI / 11))));
    }
    assert_true(nearest <= ends.largest.residual);
}

/* |Hv - value v|, of a vector whose length is 1. */
static double off_by(struct matrix *m, const double *v, double value)
{
    double product[N_MAX], off = 0, length = 0;

    multiply(m, v, product);
    for (size_t i = 0; i < m->n; i++) {
        off += (product[i] - value * v[i]) * (product[i] - value * v[i]);
        length += v[i] * v[i];
    }
    assert_close(length, 1, 1e-12);
    return sqrt(off);
}

static void the_eigenvector_is_left_behind(void **state)
{
    static const double cells[] = {3, 0, 0, 0, -5, 0, 0, 0, 1}, ones[] = {1, 1, 1};
    static const double not_above_0[] = {-3, 0, 0, 0, -5, 0, 0, 0, 0}, zeros[9];
    struct matrix ten = tridiagonal_of_ten(), m = {3, cells};
    struct matrix negative = {3, not_above_0}, nothing = {3, zeros};
    const struct fw_power power = {.tolerance = 1e-14, .max = 1000};
    struct fw_operator h = operator_of(&ten);
    double probe[10], room[110];
    struct fw_eigen_ends ends;

    (void)state;
    fw_probe_fill(42, 10, probe);
    for (uint32_t k = 1; k <= 10; k++) {
        (void)fw_eigen_by_lanczos(&h, k, 1e-12, probe, room, &ends);
        assert_close(off_by(&ten, room, ends.largest.value), ends.largest.residual, 1e-10);
    }
    (void)fw_eigen_by_power(&h, &power, probe, room, &ends);
    assert_close(off_by(&ten, room, ends.largest.value), 0, 1e-5);
    h = operator_of(&m);
    (void)fw_eigen_by_lanczos(&h, 3, 1e-12, ones, room, &ends);
    assert_close(fabs(room[0]), 1, 1e-10);
    (void)fw_eigen_by_power(&h, &power, ones, room, &ends);
    assert_close(fabs(room[0]), 1, 1e-6);
    h = operator_of(&negative);
    (void)fw_eigen_by_lanczos(&h, 3, 1e-12, ones, room, &ends);
    assert_close(fabs(room[2]), 1, 1e-10);
    h = operator_of(&nothing);
    (void)fw_eigen_by_lanczos(&h, 3, 1e-12, ones, room, &ends);
    assert_close(off_by(&nothing, room, 0), 0, 1e-12);
}

static void curvature_of_a_softmax(void **state)
{
    static const double p[] = {.7, .2, .1};
    double cells[9], room[12], probe[3];
    struct matrix m = {3, cells};
    const struct fw_operator h = operator_of(&m);
    struct fw_eigen_ends ends;

    (void)state;
    for (int i = 0; i < 9; i++) {
        cells[i] = (i / 3 == i % 3 ? p[i / 3] : 0) - p[i / 3] * p[i % 3];
    }
    fw_probe_fill(3, 3, probe);
    probe[0] = 0.3; /* not along a symmetry */
    assert_int_equal(fw_eigen_by_lanczos(&h, 3, 1e-6, probe, room, &ends), FW_OUTCOME_OK);
    assert_close(ends.largest.value, .3344030651, 1e-10);
    assert_close(ends.other.value, 0, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_those_of_splitmix),
        cmocka_unit_test(probes_are_signs_bit_by_bit),
        cmocka_unit_test(estimates_traces),
        cmocka_unit_test(a_diagonal_is_exact_after_one_probe),
        cmocka_unit_test(is_unbiased_without_symmetry),
        cmocka_unit_test(drops_what_is_not_finite),
        cmocka_unit_test(stops_when_it_knows_enough),
        cmocka_unit_test(iterates_to_the_dominant_eigenvalue),
        cmocka_unit_test(the_largest_is_not_the_dominant_one),
        cmocka_unit_test(nothing_has_the_eigenvalue_0),
        cmocka_unit_test(a_value_that_stands_still_is_not_enough),
        cmocka_unit_test(lanczos_finds_both_ends),
        cmocka_unit_test(the_eigenvector_is_left_behind),
        cmocka_unit_test(curvature_of_a_softmax),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
