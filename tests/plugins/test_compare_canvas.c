/* SPDX-License-Identifier: MIT */
/* The stage compare_reconstructions: on which pixels arms are compared. Values are those of
 * tests/reference/canvas_reference.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image_fixture.h"
#include "ptycho/group.h"
#include "recon_fixture.h"

/* The scan of the reference: positions that are denser on the left, patches with noise. */
enum { ALL = 60, CHOSEN = 25, SEED = 3, HEIGHT = 36, WIDTH = 38 };
static const double origin[] = {18.25, 16.5};

static double complex field(double x, double y)
{
    return (1 + 0.4 * sin(x / 3) * cos(y / 4)) * cexp(I * (0.5 * sin(x / 6) + 0.3 * cos(y / 5)));
}

struct skewed {
    double complex object[SIDE * SIDE], solved[HEIGHT * WIDTH];
    double x[ALL], y[ALL];
    float frames[ALL * N * N];
    float complex answers[CHOSEN * N * N]; /* of the images that are chosen */
};

static void put_answers(struct skewed *scan, const double *noise)
{
    uint32_t chosen[CHOSEN];
    assert_int_equal(fw_scan_select(CHOSEN, ALL, SEED, chosen), 0);
    for (size_t i = 0; i < (size_t)CHOSEN * N * N; i++) {
        const uint32_t image = chosen[i / (N * N)];
        const size_t pixel = i % (N * N);
        const double x = scan->x[image] + (double)(pixel % N) - N / 2;
        const double y = scan->y[image] + (double)(pixel / N) - N / 2;
        scan->answers[i] =
            (float complex)(0.8 * field(x, y) * (1 + 0.1 * (noise[image * N * N + pixel] - 0.5)));
    }
}

static struct skewed *make_skewed(void)
{
    struct skewed *scan = calloc(1, sizeof *scan);
    double *u = lcg_sequence((size_t)2 * ALL, 7), *noise = lcg_sequence((size_t)ALL * N * N, 8);
    assert_non_null(scan);
    for (int i = 0; i < ALL; i++) {
        scan->x[i] = 18 + 28 * u[2 * i] * u[2 * i];
        scan->y[i] = 20 + 24 * u[2 * i + 1];
    }
    for (int i = 0; i < ALL * N * N; i++) {
        scan->frames[i] = 1;
    }
    for (int i = 0; i < SIDE * SIDE; i++) {
        scan->object[i] = field(i % SIDE, i / SIDE);
    }
    for (int i = 0; i < HEIGHT * WIDTH; i++) {
        scan->solved[i] = 0.5 * field(i % WIDTH + origin[1], i / WIDTH + origin[0]) * cexp(0.2 * I);
    }
    put_answers(scan, noise);
    free(u);
    free(noise);
    return scan;
}

static const char *put_solved(const struct skewed *scan, const double *at, uint64_t n)
{
    const struct recon_array arrays[] = {
        {"reconstructed_object", FW_NPY_C16, {HEIGHT, WIDTH}, 2, scan->solved},
        {"origin_yx", FW_NPY_F8, {n}, 1, at}};
    return recon_put("solved.npz", arrays, 2);
}

/* The first n of the answers, `chosen` images. */
static struct fake_task *make_task(const struct skewed *scan, const char *solved, int chosen)
{
    const struct recon_array arrays[] = {
        {"diffraction", FW_NPY_F4, {ALL, N, N}, 3, scan->frames},
        {"xcoords", FW_NPY_F8, {ALL}, 1, scan->x},
        {"ycoords", FW_NPY_F8, {ALL}, 1, scan->y},
        {"objectGuess", FW_NPY_C16, {SIDE, SIDE}, 2, scan->object}};
    struct fake_task *t = recon_task(recon_put("scan.npz", arrays, 4));
    fake_task_input(t, "models", recon_put_answers("net.npz", scan->answers, (uint64_t)chosen),
                    solved, NULL);
    fake_task_texts(t, "arms", "net=npz", "solved=reconstruction", NULL);
    fake_task_int(t, "n_subsample", chosen);
    fake_task_int(t, "sample_seed", SEED);
    fake_task_text(t, "registration", "none");
    return t;
}

/* --- the reference's rows --- */

struct row {
    char key[16]; /* "fixed,legacy,model" */
    int shape[5]; /* height, width, pixels, window's height and width */
    double values[10];
};

static struct row read_row(const char *wanted)
{
    char line[400];
    struct row row = {0};
    FILE *file = fopen(GOLDEN, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char *at = line + strlen(wanted);
        if (strncmp(line, wanted, strlen(wanted)) != 0) {
            continue;
        }
        for (int i = 0; i < 15; i++) {
            const double value = strtod(at, &at);
            at++;
            if (i < 5) {
                row.shape[i] = (int)value;
            } else {
                row.values[i - 5] = value;
            }
        }
        fclose(file);
        return row;
    }
    fail_msg("no row %s", wanted);
    return row;
}

static void assert_int(struct fake_task *t, const char *name, int value)
{
    char text[64];
    snprintf(text, sizeof text, "\"%s\": %d,", name, value);
    recon_assert_text(t, "result.json", text);
}

static void assert_row(struct fake_task *t, int fixed, int legacy, const char *model)
{
    static const char *const names[] = {"mae", "mse", "ssim", "ms_ssim", "frc50"};
    char key[32];
    snprintf(key, sizeof key, "%d,%d,%s,", fixed, legacy, model);
    const struct row row = read_row(key);
    assert_int(t, "height", row.shape[0]);
    assert_int(t, "width", row.shape[1]);
    assert_int(t, "compared_pixels", row.shape[2]);
    assert_int(t, "window_height", row.shape[3]);
    recon_assert_text(t, "result.json", "\"window_width\": ");
    for (int i = 0; i < 10; i++) {
        assert_close(recon_metric(t, model, names[i % 5], 2 + i / 5), row.values[i], 2e-6);
    }
}

static void compares_the_pixels_that_the_reference_does(void **state)
{
    struct skewed *scan = make_skewed();
    (void)state;
    for (int way = 0; way < 4; way++) {
        const int fixed = way / 2, legacy = way % 2;
        struct fake_task *t = make_task(scan, put_solved(scan, origin, 2), CHOSEN);
        fake_task_int(t, "fixed_canvas", fixed);
        fake_task_int(t, "legacy_center_crop", legacy);
        fake_task_text(t, "canvas", legacy != 0 ? "mean" : "pixel");
        recon_must(t);
        assert_row(t, fixed, legacy, "net");
        assert_row(t, fixed, legacy, "solved");
        fake_task_destroy(t);
    }
    free(scan);
}

/* The box does not follow the images that take part. */
static void a_fixed_canvas_is_that_of_all_positions(void **state)
{
    struct skewed *scan = make_skewed();
    int heights[2][2];
    (void)state;
    for (int fixed = 0; fixed < 2; fixed++) {
        for (int fewer = 0; fewer < 2; fewer++) {
            struct fake_task *t =
                make_task(scan, put_solved(scan, origin, 2), fewer == 1 ? 16 : CHOSEN);
            fake_task_int(t, "fixed_canvas", fixed);
            recon_must(t);
            const char *at =
                strstr(fake_task_read(t, fake_task_path(t, "result.json")), "\"height\": ");
            assert_non_null(at);
            heights[fixed][fewer] = atoi(at + strlen("\"height\": "));
            fake_task_destroy(t);
        }
    }
    assert_true(heights[0][1] < heights[0][0]);
    assert_int_equal(heights[1][0], heights[1][1]);
    free(scan);
}

/* A hole in the answers is compared with nothing: numbers there do not matter. */
static void what_no_arm_covers_does_not_count(void **state)
{
    struct skewed *scan = make_skewed();
    double values[2];
    (void)state;
    for (int way = 0; way < 2; way++) {
        for (int i = 0; way == 1 && i < 22 * SIDE; i++) {
            scan->object[i] = i % SIDE >= 44 ? 100 : scan->object[i]; /* the upper right corner */
        }
        struct fake_task *t = make_task(scan, put_solved(scan, origin, 2), CHOSEN);
        fake_task_int(t, "fixed_canvas", 1);
        recon_must(t);
        values[way] = recon_metric(t, "net", "mae", 2);
        fake_task_destroy(t);
    }
    assert_close(values[0], values[1], 0);
    free(scan);
}

static void refuses_what_cannot_be_laid_down(void **state)
{
    static const double far[] = {1e9, 0, 0}, away[] = {-500, -500};
    struct skewed *scan = make_skewed();
    (void)state;
    recon_must_fail(make_task(scan, put_solved(scan, far, 3), CHOSEN), FW_E_DATA,
                    "origin_yx has 3 numbers");
    recon_must_fail(make_task(scan, put_solved(scan, far, 2), CHOSEN), FW_E_DATA,
                    "no place in an object");
    recon_must_fail(make_task(scan, put_solved(scan, away, 2), CHOSEN), FW_E_DATA,
                    "leaving out what some arm has no answer for");
    struct fake_task *t = make_task(scan, put_solved(scan, origin, 2), CHOSEN);
    fake_task_int(t, "offset", 3);
    recon_must_fail(t, FW_E_CONFIG, "offset");
    free(scan);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, recon_start, recon_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(compares_the_pixels_that_the_reference_does),
        TEST(a_fixed_canvas_is_that_of_all_positions),
        TEST(what_no_arm_covers_does_not_count),
        TEST(refuses_what_cannot_be_laid_down),
    };
    return cmocka_run_group_tests_name("compare_canvas", tests, recon_open_kit, recon_close_kit);
}
