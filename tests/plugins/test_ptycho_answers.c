/* SPDX-License-Identifier: MIT */
/* What predictors answered: which pixels it covers, and whether it is anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image_fixture.h"
#include "ptycho/guard.h"
#include "ptycho/mask.h"

/* --- masks --- */

enum { ROWS = 9, COLUMNS = 11 };

static void draw_mask(bool *mask, unsigned seed, double part)
{
    double *random = lcg_sequence((size_t)ROWS * COLUMNS, seed);
    for (int i = 0; i < ROWS * COLUMNS; i++) {
        mask[i] = random[i] < part;
    }
    free(random);
}

static bool is_full(const bool *mask, const struct fw_box *box)
{
    bool full = true;
    for (size_t row = box->top; row < box->bottom; row++) {
        for (size_t column = box->left; column < box->right; column++) {
            full = full && mask[row * COLUMNS + column];
        }
    }
    return full;
}

static size_t area(const struct fw_box *box)
{
    return (box->bottom - box->top) * (box->right - box->left);
}

/* Of all rectangles; number `at` counts corners. */
static size_t largest_by_force(const bool *mask)
{
    size_t best = 0;
    for (size_t at = 0; at < (size_t)ROWS * ROWS * COLUMNS * COLUMNS; at++) {
        const size_t top = at % ROWS, bottom = at / ROWS % ROWS;
        const size_t left = at / ROWS / ROWS % COLUMNS, right = at / ROWS / ROWS / COLUMNS;
        const struct fw_box box = {top, bottom + 1, left, right + 1};
        if (top <= bottom && left <= right && area(&box) > best && is_full(mask, &box)) {
            best = area(&box);
        }
    }
    return best;
}

static void finds_the_largest_covered_rectangle(void **state)
{
    bool mask[ROWS * COLUMNS];
    struct fw_box box;
    (void)state;
    for (unsigned seed = 1; seed <= 40; seed++) {
        draw_mask(mask, seed, seed == 1 ? 0 : seed == 2 ? 2 : 0.5 + 0.012 * seed);
        assert_int_equal(fw_mask_largest(mask, ROWS, COLUMNS, &box), 0);
        assert_true(is_full(mask, &box));
        assert_int_equal(area(&box), largest_by_force(mask));
    }
}

static void takes_out_what_lies_next_to_nothing(void **state)
{
    const struct fw_image_margins margins = {.top = 2, .bottom = 1, .left = 0, .right = 3};
    bool mask[ROWS * COLUMNS], shrunk[ROWS * COLUMNS];
    (void)state;
    for (unsigned seed = 1; seed <= 20; seed++) {
        draw_mask(mask, seed, 0.9);
        memcpy(shrunk, mask, sizeof mask);
        assert_int_equal(fw_mask_shrink(shrunk, ROWS, COLUMNS, &margins), 0);
        for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
            const size_t row = i / COLUMNS, column = i % COLUMNS;
            const struct fw_box around = {row < 2 ? 0 : row - 2, row + 2 > ROWS ? ROWS : row + 2,
                                          column, column + 4 > COLUMNS ? COLUMNS : column + 4};
            assert_int_equal(shrunk[i], is_full(mask, &around));
        }
    }
}

/* --- guards --- */

static const struct fw_output_limits limits = {.min_nonzero = 0.01, .max_empty = 0.5};

static void assert_verdict(const float complex *values, size_t n, enum fw_output_verdict expected)
{
    struct fw_output_stats stats = {0};
    fw_output_stats_add(&stats, values, n / 2, &limits);
    fw_output_stats_add(&stats, values + n / 2, n - n / 2, &limits);
    assert_string_equal(fw_output_verdict_name(fw_output_judge(&stats, &limits)),
                        fw_output_verdict_name(expected));
}

static void judges_a_predictors_output(void **state)
{
    float complex values[1000] = {0};
    struct fw_output_stats stats = {0};
    (void)state;
    assert_verdict(values, 0, FW_OUTPUT_EMPTY);
    assert_verdict(values, 1000, FW_OUTPUT_ALL_ZERO);
    values[3] = 2;
    assert_verdict(values, 1000, FW_OUTPUT_SPARSE);
    for (size_t i = 0; i < 1000; i++) {
        values[i] = 3 - 4 * I;
    }
    assert_verdict(values, 1000, FW_OUTPUT_CONSTANT);
    fw_output_stats_add(&stats, values, 1000, &limits);
    assert_close(fw_output_stats_mean(&stats), 5, 1e-12);
    assert_close(stats.max, 5, 1e-12);
    assert_int_equal(stats.n_nonzero, 1000);
    values[500] = 1;
    assert_verdict(values, 1000, FW_OUTPUT_GOOD);
    values[999] = NAN;
    assert_verdict(values, 1000, FW_OUTPUT_NOT_FINITE);
    values[999] = I * INFINITY;
    assert_verdict(values, 1000, FW_OUTPUT_NOT_FINITE);
}

/* Ten patches with 16,086 values that are not 0 out of 163,840, nearly all in one patch: a study
 * passed these. */
static void nine_empty_patches_in_ten_are_none(void **state)
{
    enum { SIDE = 128, SIZE = SIDE * SIDE, VALUES = 16086 };
    const struct fw_output_limits strict = {.min_nonzero = 0.001, .max_empty = 0.1};
    const struct fw_output_limits lenient = {.min_nonzero = 0.001, .max_empty = 0.9};
    float complex *patch = calloc(SIZE, sizeof *patch);
    struct fw_output_stats stats = {0};
    (void)state;
    assert_non_null(patch);
    for (size_t i = 0; i < 10; i++) {
        for (size_t k = 0; k < SIZE; k++) {
            patch[k] = i == 4 && k < VALUES - 9 ? (float)k + 1 : 0;
        }
        patch[i] = i == 4 ? patch[i] : 1; /* one value makes no patch */
        fw_output_stats_add(&stats, patch, SIZE, &strict);
        assert_false(fw_output_stats_is_due(&stats));
    }
    assert_int_equal(stats.n, 163840);
    assert_int_equal(stats.n_nonzero, VALUES);
    assert_int_equal(stats.n_patches, 10);
    assert_int_equal(stats.n_empty, 9);
    assert_int_equal(fw_output_judge(&stats, &strict), FW_OUTPUT_EMPTY_PATCHES);
    assert_string_equal(fw_output_verdict_name(FW_OUTPUT_EMPTY_PATCHES), "empty_patches");
    assert_int_equal(fw_output_judge(&stats, &lenient), FW_OUTPUT_GOOD);
    free(patch);
}

static void a_verdict_is_due_after_32_patches_and_each_time_twice_as_many(void **state)
{
    static const uint64_t due[] = {32, 64, 128, 256, 512};
    struct fw_output_stats stats = {0};
    const float complex one = 1, none = NAN;
    size_t n_due = 0;
    (void)state;
    for (uint64_t i = 1; i <= 600; i++) {
        fw_output_stats_add(&stats, &one, 1, &limits);
        if (fw_output_stats_is_due(&stats)) {
            assert_in_range(n_due, 0, 4);
            assert_int_equal(i, due[n_due++]);
        }
    }
    assert_int_equal(n_due, 5);
    fw_output_stats_add(&stats, &none, 1, &limits);
    assert_true(fw_output_stats_is_due(&stats));
    assert_int_equal(stats.n_empty, 0); /* what is not finite is not empty */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_largest_covered_rectangle),
        cmocka_unit_test(takes_out_what_lies_next_to_nothing),
        cmocka_unit_test(judges_a_predictors_output),
        cmocka_unit_test(nine_empty_patches_in_ten_are_none),
        cmocka_unit_test(a_verdict_is_due_after_32_patches_and_each_time_twice_as_many),
    };
    return cmocka_run_group_tests_name("ptycho_answers", tests, NULL, NULL);
}
