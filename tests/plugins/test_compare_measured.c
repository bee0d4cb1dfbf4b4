/* SPDX-License-Identifier: MIT */
/* The stage compare_reconstructions on what comes from a beamline: counts of larger frames, bad
 * pixels, positions in metres along other axes, and no object. What a model sees, and where its
 * answers are laid, must be the same as with a scan that was prepared before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "recon_fixture.h"
#include "test_files.h"

enum { BIN = 2, RAW_ROWS = 36, RAW_COLUMNS = 40, RAW = RAW_ROWS * RAW_COLUMNS };

/* A power of two, so that metres become the same pixels again to the bit. */
static const double pixel = 0x1p-20;

struct measured {
    uint16_t counts[IMAGES * RAW];
    uint32_t mask[RAW];
    float translation[IMAGES * 3];    /* -y, x, 0: in metres */
    float amplitudes[IMAGES * N * N]; /* what is to come of the counts */
    double x[IMAGES], y[IMAGES];      /* and of the translation */
};

static void bin_and_cut(struct measured *all, size_t image)
{
    const size_t top = RAW_ROWS / BIN / 2 - N / 2, left = RAW_COLUMNS / BIN / 2 - N / 2;
    for (size_t i = 0; i < N * N; i++) {
        const size_t row = (top + i / N) * BIN, column = (left + i % N) * BIN;
        double sum = 0;
        for (size_t k = 0; k < BIN * BIN; k++) {
            const size_t at = (row + k / BIN) * RAW_COLUMNS + column + k % BIN;
            sum += all->mask[at] == 0 ? all->counts[image * RAW + at] : 0;
        }
        all->amplitudes[image * N * N + i] = (float)sqrt(sum);
    }
}

static struct measured *measure(void)
{
    struct measured *all = calloc(1, sizeof *all);
    assert_non_null(all);
    all->mask[18 * RAW_COLUMNS + 20] = 1; /* the very middle, and one more */
    all->mask[11 * RAW_COLUMNS + 15] = 4;
    for (uint32_t i = 0; i < IMAGES; i++) {
        for (uint32_t k = 0; k < RAW; k++) {
            all->counts[i * RAW + k] = (uint16_t)((i * 131 + k * k * 7 + k * 13) % 60000);
        }
        all->x[i] = 4.0 * (i % ROWS) - 100.25;
        all->y[i] = 4.0 * (i / ROWS) + 30 + 0.5 * (i % 2);
        all->translation[i * 3] = (float)(-all->y[i] * pixel);
        all->translation[i * 3 + 1] = (float)(all->x[i] * pixel);
        bin_and_cut(all, i);
    }
    return all;
}

static const char *put_measured(const struct measured *all)
{
    const struct recon_array arrays[] = {
        {"diffraction", FW_NPY_U2, {IMAGES, RAW_ROWS, RAW_COLUMNS}, 3, all->counts},
        {"translation", FW_NPY_F4, {IMAGES, 3}, 2, all->translation},
        {"mask", FW_NPY_U4, {RAW_ROWS, RAW_COLUMNS}, 2, all->mask},
    };
    return recon_put("measured.npz", arrays, 3);
}

static const char *put_prepared(const struct measured *all)
{
    const struct recon_array arrays[] = {
        {"diffraction", FW_NPY_F4, {IMAGES, N, N}, 3, all->amplitudes},
        {"xcoords", FW_NPY_F8, {IMAGES}, 1, all->x},
        {"ycoords", FW_NPY_F8, {IMAGES}, 1, all->y},
    };
    return recon_put("prepared.npz", arrays, 3);
}

/* A model that answers with what it is given. */
static const char *put_echo(void)
{
    static const float one = 1;
    char hex[65], text[600];
    recon_digest(
        recon_put("weights.npz", &(struct recon_array){"k", FW_NPY_F4, {1, 1, 1, 1}, 4, &one}, 1),
        hex);
    snprintf(text, sizeof text,
             "{\"format\": \"fwrun-net/1\", \"weights\": \"weights.npz\", \"sha256\": \"%s\","
             " \"inputs\": [{\"name\": \"x\", \"shape\": [1, %d, %d]}], \"layers\": ["
             "{\"op\": \"conv2d\", \"in\": \"x\", \"out\": \"same\", \"filter\": \"k\"},"
             "{\"op\": \"scale\", \"in\": \"x\", \"out\": \"phase\", \"by\": 0.25}],"
             " \"outputs\": [{\"name\": \"object\", \"amplitude\": \"same\", \"phase\": "
             "\"phase\"}]}",
             hex, N, N);
    return recon_write("model.json", text);
}

static struct fake_task *measured_task(const char *data)
{
    struct fake_task *t = recon_one_arm(data, put_echo(), "echo=weights");
    fake_task_text(t, "frames", "counts");
    fake_task_int(t, "frame_bin", BIN);
    fake_task_int(t, "frame_side", N);
    fake_task_real(t, "pixel_size", pixel);
    fake_task_int(t, "swap_xy", 1);
    fake_task_text(t, "mirror", "y");
    return t;
}

static bool are_same(struct fake_task *a, struct fake_task *b, const char *file)
{
    size_t sizes[2];
    char *bytes[] = {test_file_read(fake_task_path(a, file), &sizes[0]),
                     test_file_read(fake_task_path(b, file), &sizes[1])};
    const bool same = sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0;
    free(bytes[0]);
    free(bytes[1]);
    return same;
}

static void frames_become_what_was_prepared_before(void **state)
{
    struct measured *all = measure();
    struct fake_task *prepared = recon_one_arm(put_prepared(all), put_echo(), "echo=weights");
    (void)state;
    recon_must(prepared);
    for (int64_t chunk = 5; chunk <= 81; chunk += 38) {
        struct fake_task *t = measured_task(put_measured(all));
        fake_task_int(t, "chunk", chunk);
        fake_task_limits(t)->threads = (uint32_t)(chunk % 3) + 1;
        fake_task_restart_after(t, FAKE_EACH_STEP);
        assert_true(recon_must(t)->restarts > 0);
        assert_true(are_same(prepared, t, "reconstructions.npz"));
        assert_true(are_same(prepared, t, "panels/echo_phase.png"));
        recon_assert_text(t, "result.json",
                          "counts of 36 by 40 pixels, binned by 2, the middle 16 by 16");
        recon_assert_text(t, "result.json", "\"masked_pixels\": 2");
        fake_task_destroy(t);
    }
    struct fake_task *t = measured_task(put_measured(all)); /* every one of these counts */
    fake_task_text(t, "mask", "none");
    recon_must(t);
    assert_false(are_same(prepared, t, "reconstructions.npz"));
    fake_task_destroy(t);
    t = measured_task(put_measured(all));
    fake_task_text(t, "mirror", "none");
    recon_must(t);
    assert_false(are_same(prepared, t, "reconstructions.npz"));
    fake_task_destroy(t);
    fake_task_destroy(prepared);
    free(all);
}

/* Old files have the images along the last axis: [rows][columns][n]. */
static const char *put_turned(const struct measured *all)
{
    uint16_t *turned = calloc((size_t)IMAGES * RAW, sizeof *turned);
    assert_non_null(turned);
    for (size_t i = 0; i < (size_t)IMAGES * RAW; i++) {
        turned[i % RAW * IMAGES + i / RAW] = all->counts[i];
    }
    const struct recon_array arrays[] = {
        {"diffraction", FW_NPY_U2, {RAW_ROWS, RAW_COLUMNS, IMAGES}, 3, turned},
        {"mask", FW_NPY_U4, {RAW_ROWS, RAW_COLUMNS}, 2, all->mask},
        {"translation", FW_NPY_F4, {IMAGES, 3}, 2, all->translation}};
    const char *path = recon_put("turned.npz", arrays, 3);
    free(turned);
    return path;
}

static void images_may_lie_along_the_last_axis(void **state)
{
    struct measured *all = measure();
    struct fake_task *first = measured_task(put_measured(all));
    (void)state;
    recon_must(first);
    for (int64_t chunk = 1; chunk <= 81; chunk += 40) {
        struct fake_task *last = measured_task(put_turned(all));
        fake_task_int(last, "chunk", chunk);
        recon_must(last);
        assert_true(are_same(first, last, "reconstructions.npz"));
        assert_true(are_same(first, last, "result.json"));
        fake_task_destroy(last);
    }
    fake_task_destroy(first);
    free(all);
}

static void without_an_object_there_are_pictures_and_no_numbers(void **state)
{
    struct measured *all = measure();
    struct fake_task *t = measured_task(put_measured(all));
    (void)state;
    recon_must(t);
    assert_int_equal(access(fake_task_path(t, "comparison_metrics.csv"), F_OK), -1);
    assert_int_equal(access(fake_task_path(t, "reconstructions_aligned.npz"), F_OK), -1);
    assert_int_equal(access(fake_task_path(t, "panels/comparison.png"), F_OK), 0);
    assert_int_equal(access(fake_task_path(t, "panels/ground_truth_phase.png"), F_OK), -1);
    recon_assert_text(t, "result.json", "\"has_truth\": false");
    recon_assert_text(t, "result.json", "\"height\": 40"); /* 32.5 pixels of scan, a crop of 8 */
    recon_assert_text(t, "result.json", "\"width\": 40");
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_TRUE);
    fake_task_destroy(t);
    free(all);
}

/* The same scan around another zero: the origin says where the object's is. */
static void an_origin_puts_positions_onto_the_object(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    const double origin[] = {SIDE / 2, SIDE / 2 + 1};
    (void)state;
    for (int i = 0; i < IMAGES; i++) {
        scan->x[i] -= origin[0];
        scan->y[i] -= origin[1];
    }
    struct fake_task *t = recon_one_arm(
        recon_scan_put(scan), recon_put_answers("net.npz", scan->patches, IMAGES), "net=npz");
    fake_task_reals(t, "origin", origin, 2);
    fake_task_text(t, "registration", "none");
    recon_must(t);
    assert_true(recon_metric(t, "net", "mae", 2) <= 1e-6);
    fake_task_destroy(t);
    free(scan);
}

static void refuses_frames_and_positions_that_do_not_fit(void **state)
{
    struct measured *all = measure();
    (void)state;
    struct fake_task *t = measured_task(put_measured(all));
    fake_task_int(t, "frame_bin", 3);
    recon_must_fail(t, FW_E_CONFIG, "36 by 40 pixels cannot be binned by 3");
    t = measured_task(put_measured(all));
    fake_task_int(t, "frame_side", 20);
    recon_must_fail(t, FW_E_CONFIG, "a square of 20 pixels cannot be cut out of 18 by 20");
    t = measured_task(put_measured(all));
    fake_task_int(t, "frame_side", 0);
    recon_must_fail(t, FW_E_DATA, "18 by 20 pixels");
    t = measured_task(put_measured(all));
    fake_task_real(t, "pixel_size", 0);
    recon_must_fail(t, FW_E_CONFIG, "in metres");
    t = measured_task(put_measured(all));
    fake_task_real(t, "pixel_size", 1e-12);
    recon_must_fail(t, FW_E_DATA, "pixels along x");
    t = measured_task(put_measured(all));
    fake_task_reals(t, "origin", &pixel, 1);
    recon_must_fail(t, FW_E_CONFIG, "it has 1 numbers");
    all->translation[7] = NAN;
    recon_must_fail(measured_task(put_measured(all)), FW_E_DATA, "image 2 is not finite");
    free(all);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, recon_start, recon_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_become_what_was_prepared_before),
        TEST(images_may_lie_along_the_last_axis),
        TEST(without_an_object_there_are_pictures_and_no_numbers),
        TEST(an_origin_puts_positions_onto_the_object),
        TEST(refuses_frames_and_positions_that_do_not_fit),
    };
    return cmocka_run_group_tests_name("compare_measured", tests, recon_open_kit, recon_close_kit);
}
