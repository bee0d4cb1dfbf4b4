/* SPDX-License-Identifier: MIT */
/* Groups of scan positions, and patches on a canvas. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <complex.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image_fixture.h"
#include "ptycho/group.h"
#include "ptycho/stitch.h"

static void draws_what_the_generator_is_known_for(void **state)
{
    static const uint32_t known[] = {0xa15c02b7, 0x7b47f409, 0xba1d3330,
                                     0x83d2f293, 0xbfa4784b, 0xcbed606e};
    struct fw_pcg32 rng;
    (void)state;
    fw_pcg32_init(&rng, 42, 54);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(fw_pcg32_next(&rng), known[i]);
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_true(fw_pcg32_below(&rng, 7) < 7);
    }
    assert_int_equal(fw_pcg32_below(&rng, 1), 0);
}

static void selects_each_number_once_in_order(void **state)
{
    uint32_t chosen[100], again[100];
    (void)state;
    for (uint32_t k = 0; k <= 100; k += 25) {
        assert_int_equal(fw_scan_select(k, 100, 3, chosen), 0);
        assert_int_equal(fw_scan_select(k, 100, 3, again), 0);
        assert_memory_equal(chosen, again, k * sizeof *chosen);
        for (uint32_t i = 1; i < k; i++) {
            assert_true(chosen[i - 1] < chosen[i] && chosen[i] < 100);
        }
    }
    assert_int_equal(fw_scan_select(50, 100, 4, again), 0);
    assert_int_equal(fw_scan_select(50, 100, 3, chosen), 0);
    assert_memory_not_equal(chosen, again, 50 * sizeof *chosen);
    assert_int_equal(fw_scan_select(101, 100, 3, chosen), -EINVAL);
}

/* --- groups --- */

enum { N_POINTS = 700, K = 7 };

/* By looking at all: the K nearest others of a position. */
static void nearest_by_force(const struct fw_scan *scan, uint32_t at, uint32_t *nearest)
{
    bool *taken = calloc(scan->n, sizeof *taken);
    assert_non_null(taken);
    taken[at] = true;
    for (uint32_t k = 0; k < K; k++) {
        double least = INFINITY;
        for (uint32_t i = 0; i < scan->n; i++) {
            double dx = scan->x[i] - scan->x[at], dy = scan->y[i] - scan->y[at];
            if (!taken[i] && dx * dx + dy * dy < least) {
                least = dx * dx + dy * dy;
                nearest[k] = i;
            }
        }
        taken[nearest[k]] = true;
    }
    free(taken);
}

static void assert_nearest(const double *x, const double *y)
{
    const struct fw_scan scan = {x, y, N_POINTS};
    struct fw_neighbours *neighbours = NULL;
    assert_int_equal(fw_neighbours_create(&scan, &neighbours), 0);
    for (uint32_t i = 0; i < N_POINTS; i++) {
        uint32_t found[K], expected[K];
        double scratch[K];
        assert_int_equal(fw_neighbours_of(neighbours, i, K, found, scratch), K);
        nearest_by_force(&scan, i, expected);
        assert_memory_equal(found, expected, sizeof found);
    }
    fw_neighbours_destroy(neighbours);
}

static void finds_the_nearest_on_any_kind_of_scan(void **state)
{
    double *x = lcg_sequence(N_POINTS, 1), *y = lcg_sequence(N_POINTS, 2);
    double *column = calloc(N_POINTS, sizeof *column), *row = calloc(N_POINTS, sizeof *row);
    (void)state;
    assert_non_null(column);
    assert_non_null(row);
    assert_nearest(x, y);
    assert_nearest(column, y);   /* on a line */
    assert_nearest(column, row); /* all in one place: the lowest numbers */
    for (size_t i = 0; i < N_POINTS; i++) {
        column[i] = (double)(i % 26); /* a raster, where most distances are ties */
        row[i] = (double)(i / 26);
        x[i] = x[i] * x[i] * x[i] * 1e4; /* crowded at one end */
    }
    assert_nearest(column, row);
    assert_nearest(x, y);
    free(x);
    free(y);
    free(column);
    free(row);
}

static void groups_neighbours_without_the_centre(void **state)
{
    double *x = lcg_sequence(N_POINTS, 5), *y = lcg_sequence(N_POINTS, 6);
    const struct fw_scan scan = {x, y, N_POINTS};
    const struct fw_grouping how = {.per_group = 4, .n_neighbours = K, .seed = 11};
    struct fw_groups groups;
    size_t differing = 0;
    (void)state;
    assert_int_equal(fw_groups_init(&groups, &scan, &how), 0);
    assert_int_equal(groups.n, N_POINTS);
    for (uint32_t g = 0; g < groups.n; g++) {
        const uint32_t *members = groups.members + 4 * g;
        uint32_t nearest[K];
        double sum = 0;
        nearest_by_force(&scan, g, nearest);
        for (size_t c = 0; c < 4; c++) {
            bool is_near = false;
            for (size_t k = 0; k < K; k++) {
                is_near = is_near || nearest[k] == members[c];
            }
            assert_true(is_near && members[c] != g);
            assert_true(c == 0 || members[c] != members[c - 1]);
            assert_close(groups.offsets[2 * g] - groups.relative[8 * g + c], x[members[c]], 1e-12);
            assert_close(groups.offsets[2 * g + 1] - groups.relative[8 * g + 4 + c], y[members[c]],
                         1e-12);
            sum += groups.relative[8 * g + c];
            differing += members[c] != nearest[c] ? 1 : 0;
        }
        assert_close(sum, 0, 1e-12);
    }
    assert_true(differing > N_POINTS); /* drawn, not the first four */
    fw_groups_finish(&groups);
    free(x);
    free(y);
}

static void draws_a_group_alike_among_more_and_fewer(void **state)
{
    double *x = lcg_sequence(N_POINTS, 5), *y = lcg_sequence(N_POINTS, 6);
    const struct fw_scan scan = {x, y, N_POINTS};
    struct fw_grouping how = {.per_group = 4, .n_neighbours = K, .seed = 11};
    struct fw_groups all, some;
    uint32_t centres[100];
    (void)state;
    assert_int_equal(fw_groups_init(&all, &scan, &how), 0);
    how.n_groups = 100;
    assert_int_equal(fw_groups_init(&some, &scan, &how), 0);
    assert_int_equal(some.n, 100);
    assert_int_equal(fw_scan_select(100, N_POINTS, 11, centres), 0);
    for (uint32_t g = 0; g < 100; g++) {
        assert_memory_equal(some.members + 4 * g, all.members + 4 * centres[g],
                            4 * sizeof *all.members);
    }
    fw_groups_finish(&all);
    fw_groups_finish(&some);
    free(x);
    free(y);
}

static uint32_t bits_of(const uint32_t *members)
{
    return 1U << members[0] | 1U << members[1] | 1U << members[2] | 1U << members[3];
}

/* Four of seven: 35 groups around each of 20 positions, and not one more. */
static void oversampling_gives_each_choice_once(void **state)
{
    enum { FEW = 20, CHOICES = 35 };
    double *x = lcg_sequence(FEW, 5), *y = lcg_sequence(FEW, 6);
    const struct fw_scan scan = {x, y, FEW};
    struct fw_grouping how = {.per_group = 4, .n_neighbours = 7, .seed = 11};
    struct fw_groups once, often, all;
    (void)state;
    assert_int_equal(fw_groups_init(&once, &scan, &how), 0);
    how.is_oversampled = true;
    how.n_groups = 50;
    assert_int_equal(fw_groups_init(&often, &scan, &how), 0);
    how.n_groups = FEW * CHOICES;
    assert_int_equal(fw_groups_init(&all, &scan, &how), 0);
    assert_int_equal(all.n, FEW * CHOICES);
    assert_memory_equal(once.members, all.members, sizeof(uint32_t[FEW * 4]));
    assert_memory_equal(often.members, all.members, sizeof(uint32_t[50 * 4]));
    for (uint32_t g = 0; g < FEW * CHOICES; g++) {
        assert_int_equal(__builtin_popcount(bits_of(all.members + 4 * g)), 4);
        assert_true((bits_of(all.members + 4 * g) >> g % FEW & 1U) == 0);
        for (uint32_t other = g % FEW; other < g; other += FEW) {
            assert_int_not_equal(bits_of(all.members + 4 * g), bits_of(all.members + 4 * other));
        }
    }
    how.n_groups++;
    fw_groups_finish(&once);
    assert_int_equal(fw_groups_init(&once, &scan, &how), -EINVAL);
    fw_groups_finish(&often);
    fw_groups_finish(&all);
    free(x);
    free(y);
}

static void groups_few_positions_or_refuses(void **state)
{
    static const double x[] = {0, 1, 0, 1}, y[] = {0, 0, 1, NAN};
    struct fw_scan scan = {x, y, 3};
    struct fw_grouping how = {.per_group = 3, .n_neighbours = 7};
    struct fw_groups groups;
    (void)state;
    assert_int_equal(fw_groups_init(&groups, &scan, &how), 0); /* each with its centre */
    for (size_t g = 0; g < 3; g++) {
        assert_close(groups.offsets[2 * g], 1.0 / 3, 1e-12);
    }
    fw_groups_finish(&groups);
    how.per_group = 1;
    how.n_neighbours = 0;
    assert_int_equal(fw_groups_init(&groups, &scan, &how), 0);
    assert_int_equal(groups.members[2], 2);
    assert_true(groups.offsets[3] == 0 && groups.relative[2] == 0);
    fw_groups_finish(&groups);
    how = (struct fw_grouping){.per_group = 4, .n_neighbours = 7};
    assert_int_equal(fw_groups_init(&groups, &scan, &how), -EINVAL); /* k < C */
    how = (struct fw_grouping){.per_group = 3, .n_neighbours = 2};
    assert_int_equal(fw_groups_init(&groups, &scan, &how), -EINVAL); /* K < C */
    how = (struct fw_grouping){.per_group = 1};
    scan.n = 4;
    assert_int_equal(fw_groups_init(&groups, &scan, &how), -EINVAL); /* not a number */
    scan.n = 0;
    assert_int_equal(fw_groups_init(&groups, &scan, &how), -EINVAL);
}

static void scales_diffraction_by_its_mean_power(void **state)
{
    float images[2][16];
    struct fw_scan_mean mean = {0};
    (void)state;
    for (size_t i = 0; i < 16; i++) {
        images[0][i] = 1;
        images[1][i] = 2;
    }
    fw_scan_mean_add(&mean, fw_scan_power(images[0], 16));
    fw_scan_mean_add(&mean, fw_scan_power(images[1], 16));
    assert_close(fw_scan_scale(&mean, 4), 0.316227766, 1e-9);
}

/* --- stitching --- */

static void assert_row(const struct fw_stitch *stitch, const float complex *object, size_t row,
                       const double *expected)
{
    for (size_t i = 0; i < stitch->canvas.side; i++) {
        assert_close(creal(object[row * stitch->canvas.side + i]), expected[i], 1e-7);
        assert_close(cimag(object[row * stitch->canvas.side + i]), -2 * expected[i], 1e-6);
    }
}

/* Two constant patches 2×2 at these columns of row 20; the canvas is 6×6, its middle rows these. */
static void assert_pair(double x0, double x1, const double *expected)
{
    static const double zeros[6] = {0};
    const double positions[] = {x0, 20, x1, 20};
    float complex patches[2][16], object[36];
    bool covered[36];
    struct fw_canvas canvas;
    struct fw_stitch stitch;
    for (size_t i = 0; i < 16; i++) { /* 4×4, of which the middle counts */
        bool is_middle = i == 5 || i == 6 || i == 9 || i == 10;
        patches[0][i] = is_middle ? 1 - 2 * I : 100;
        patches[1][i] = is_middle ? 3 - 6 * I : 100;
    }
    assert_int_equal(fw_canvas_init(&canvas, positions, 2, 4, 2), 0);
    assert_int_equal(canvas.pad, 2);
    assert_int_equal(canvas.side, 6);
    assert_int_equal(fw_stitch_init(&stitch, &canvas), 0);
    assert_int_equal(fw_stitch_add(&stitch, patches[0], positions, 2, 2), 0);
    fw_stitch_result(&stitch, object, covered);
    for (size_t row = 0; row < 6; row++) {
        assert_row(&stitch, object, row, row == 2 || row == 3 ? expected : zeros);
    }
    assert_true(!covered[0] && covered[14] && crealf(object[0]) == 0);
    fw_stitch_finish(&stitch);
}

static void stitches_two_patches(void **state)
{
    (void)state;
    assert_pair(10, 12, (const double[]){0, 1, 1, 3, 3, 0});
    assert_pair(10, 11, (const double[]){0, 1, 5.0 / 3, 7.0 / 3, 3, 0});
}

enum { G = 50, N = 16, M = 8 };

static void stitch_in_chunks(const float complex *patches, const double *positions, size_t chunk,
                             unsigned n_threads, struct fw_stitch *stitch)
{
    struct fw_canvas canvas;
    assert_int_equal(fw_canvas_init(&canvas, positions, G, N, M), 0);
    assert_int_equal(fw_stitch_init(stitch, &canvas), 0);
    for (size_t i = 0; i < G; i += chunk) {
        size_t n = G - i < chunk ? G - i : chunk;
        assert_int_equal(
            fw_stitch_add(stitch, patches + i * N * N, positions + 2 * i, n, n_threads), 0);
    }
}

static void stitches_alike_in_any_chunks_and_threads(void **state)
{
    double *positions = lcg_sequence(2 * (size_t)G, 8);
    float complex *patches = malloc(sizeof *patches * G * N * N);
    struct fw_stitch whole, parts;
    (void)state;
    assert_non_null(patches);
    for (size_t i = 0; i < (size_t)G * N * N; i++) {
        patches[i] = (float)(i / (N * N) + 1);
    }
    for (size_t i = 0; i < 2 * (size_t)G; i++) {
        positions[i] *= 90;
    }
    stitch_in_chunks(patches, positions, G, 1, &whole);
    size_t n = whole.canvas.side * whole.canvas.side;
    for (unsigned threads = 1; threads <= 3; threads++) {
        static const size_t chunks[] = {1, 7, 16, 50};
        for (size_t i = 0; i < 4; i++) {
            stitch_in_chunks(patches, positions, chunks[i], threads, &parts);
            assert_memory_equal(parts.sum, whole.sum, n * sizeof *whole.sum);
            assert_memory_equal(parts.weight, whole.weight, n * sizeof *whole.weight);
            fw_stitch_finish(&parts);
        }
    }
    fw_stitch_finish(&whole);
    free(patches);
    free(positions);
}

/* The plain way: every patch on a canvas of its own, moved by bilinear sampling, and added. */
static void add_plainly(const struct fw_canvas *canvas, const float complex *patch,
                        const double *position, double complex *sum, double *weight)
{
    size_t side = canvas->side, skip = N / 2 - M / 2;
    double dx = (float)(position[0] - canvas->x), dy = (float)(position[1] - canvas->y);
    for (size_t i = 0; i < side * side; i++) {
        double y = (double)(i / side) - dy, x = (double)(i % side) - dx;
        for (int corner = 0; corner < 4; corner++) {
            double row = floor(y) + corner / 2, column = floor(x) + corner % 2;
            double part = (1 - fabs(y - row)) * (1 - fabs(x - column));
            double r = row - (double)canvas->pad, c = column - (double)canvas->pad;
            if (r >= 0 && c >= 0 && r < M && c < M) {
                sum[i] += part * patch[(skip + (size_t)r) * N + skip + (size_t)c];
                weight[i] += part;
            }
        }
    }
}

static void stitches_as_whole_canvases_do(void **state)
{
    double *positions = lcg_sequence(2 * (size_t)G, 8),
           *values = lcg_sequence(2 * (size_t)G * N * N, 9);
    float complex *patches = malloc(sizeof *patches * G * N * N);
    struct fw_stitch stitch;
    (void)state;
    assert_non_null(patches);
    for (size_t i = 0; i < (size_t)G * N * N; i++) {
        patches[i] = (float)values[2 * i] + I * (float)values[2 * i + 1];
    }
    for (size_t i = 0; i < 2 * (size_t)G; i++) {
        positions[i] *= 40;
    }
    stitch_in_chunks(patches, positions, 16, 2, &stitch);
    size_t n = stitch.canvas.side * stitch.canvas.side;
    double complex *sum = calloc(n, sizeof *sum);
    double *weight = calloc(n, sizeof *weight);
    assert_non_null(sum);
    assert_non_null(weight);
    for (size_t i = 0; i < G; i++) {
        add_plainly(&stitch.canvas, patches + i * N * N, positions + 2 * i, sum, weight);
    }
    for (size_t i = 0; i < n; i++) {
        assert_close(cabs(sum[i] - stitch.sum[i]), 0, 1e-12);
        assert_close(stitch.weight[i], weight[i], 1e-12);
    }
    free(sum);
    free(weight);
    fw_stitch_finish(&stitch);
    free(values);
    free(patches);
    free(positions);
}

static void refuses_canvases_that_cannot_be(void **state)
{
    static const double positions[] = {0, 0, 5, INFINITY};
    struct fw_canvas canvas;
    (void)state;
    assert_int_equal(fw_canvas_init(&canvas, positions, 1, 16, 8), 0);
    assert_int_equal(fw_canvas_init(&canvas, positions, 1, 16, 7), -EINVAL);
    assert_int_equal(fw_canvas_init(&canvas, positions, 1, 16, 0), -EINVAL);
    assert_int_equal(fw_canvas_init(&canvas, positions, 1, 16, 18), -EINVAL);
    assert_int_equal(fw_canvas_init(&canvas, positions, 0, 16, 8), -EINVAL);
    assert_int_equal(fw_canvas_init(&canvas, positions, 2, 16, 8), -EINVAL);
}

static void places_the_canvas_on_the_scanned_box(void **state)
{
    static const double positions[] = {40.2, 30.7, 60.5, 50.9};
    const size_t shape[] = {100, 100}, small[] = {10, 10};
    struct fw_canvas canvas;
    struct fw_box box;
    ptrdiff_t first[2];
    double rest[2];
    (void)state;
    assert_int_equal(fw_scan_box(positions, 2, 20, shape, &box), 0);
    assert_true(box.top == 20 && box.bottom == 60 && box.left == 30 && box.right == 70);
    assert_int_equal(fw_canvas_init(&canvas, positions, 2, 64, 20), 0);
    assert_int_equal(canvas.pad, 12);
    assert_int_equal(canvas.side, 44);
    fw_canvas_place(&canvas, &box, first, rest); /* the mean is (50.35, 40.8) */
    assert_int_equal(first[0], 1);
    assert_int_equal(first[1], 2);
    assert_close(rest[0], 0.2, 1e-12);
    assert_close(rest[1], -0.35, 1e-12);
    assert_int_equal(fw_scan_box(positions, 2, 20, small, &box), -EINVAL);
    fw_canvas_round(&canvas); /* to (50, 41), with a pixel more around */
    assert_int_equal(canvas.side, 48);
    assert_int_equal(fw_scan_box(positions, 2, 20, shape, &box), 0);
    fw_canvas_place(&canvas, &box, first, rest);
    assert_int_equal(first[0], 3);
    assert_int_equal(first[1], 4);
    assert_true(rest[0] == 0 && rest[1] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_what_the_generator_is_known_for),
        cmocka_unit_test(selects_each_number_once_in_order),
        cmocka_unit_test(finds_the_nearest_on_any_kind_of_scan),
        cmocka_unit_test(groups_neighbours_without_the_centre),
        cmocka_unit_test(draws_a_group_alike_among_more_and_fewer),
        cmocka_unit_test(oversampling_gives_each_choice_once),
        cmocka_unit_test(groups_few_positions_or_refuses),
        cmocka_unit_test(scales_diffraction_by_its_mean_power),
        cmocka_unit_test(stitches_two_patches),
        cmocka_unit_test(stitches_alike_in_any_chunks_and_threads),
        cmocka_unit_test(stitches_as_whole_canvases_do),
        cmocka_unit_test(refuses_canvases_that_cannot_be),
        cmocka_unit_test(places_the_canvas_on_the_scanned_box),
    };
    return cmocka_run_group_tests_name("ptycho", tests, NULL, NULL);
}
