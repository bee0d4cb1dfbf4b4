/* SPDX-License-Identifier: MIT */
/* The stage compare_reconstructions looked at more closely: one arm that is limited and written
 * down, and the pictures that metrics are computed of. */
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
#include <unistd.h>

#include "grey/grey.h"
#include "image_fixture.h"
#include "ptycho/group.h"
#include "recon_fixture.h"
#include "test_files.h"

enum { SIZE = N * N };

/* --- a limited arm --- */

/* Two arms with the same answers; the first is the baseline. */
static struct fake_task *make_pair(const struct recon_scan *scan, const float complex *answers)
{
    struct fake_task *t = recon_task(recon_scan_put(scan));
    fake_task_input(t, "models", recon_put_answers("net.npz", answers, IMAGES),
                    recon_put_answers("all.npz", scan->patches, IMAGES), NULL);
    fake_task_texts(t, "arms", "net=npz", "all=npz", NULL);
    fake_task_text(t, "registration", "none");
    fake_task_text(t, "baseline", "net");
    fake_task_int(t, "offset", 0);
    return t;
}

static void a_limited_arm_narrows_what_all_are_compared_on(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    struct fake_task *t = make_pair(scan, scan->patches);
    (void)state;
    fake_task_int(t, "baseline_debug_limit", 3 * ROWS);
    recon_must(t);
    recon_assert_text(t, "result.json", "\"debug_limit\": 27,");
    recon_assert_text(t, "result.json", "\"samples\": 27,");
    recon_assert_text(t, "result.json", "\"samples\": 81,");
    /* Of 40 by 40 pixels three rows of patches, four pixels apart, cover 16. */
    recon_assert_text(t, "result.json", "\"compared_pixels\": 640,");
    recon_assert_text(t, "result.json", "\"window_height\": 16,");
    recon_assert_text(t, "result.json", "\"window_width\": 40");
    assert_true(recon_metric(t, "net", "mae", 2) <= 1e-6);
    assert_close(recon_metric(t, "all", "ssim", 2), 1, 1e-6);
    fake_task_destroy(t);
    free(scan);
}

/* Answers of all images that are in none of the first groups are no numbers: nobody asks. */
static void of_single_images_those_of_the_first_groups_are_asked_for(void **state)
{
    enum { LIMIT = 40, SEED = 5 };
    struct recon_scan *scan = recon_scan_make();
    const struct fw_scan places = {scan->x, scan->y, IMAGES};
    const struct fw_grouping how = {.per_group = 4, .n_neighbours = 7, .seed = SEED};
    float complex *answers = calloc((size_t)IMAGES * SIZE, sizeof *answers);
    struct fw_groups groups;
    char text[64];
    int n = 0;
    bool is_member[IMAGES] = {0};
    (void)state;
    assert_non_null(answers);
    assert_int_equal(fw_groups_init(&groups, &places, &how), 0);
    for (int i = 0; i < LIMIT * 4; i++) {
        is_member[groups.members[i]] = true;
    }
    for (int i = 0; i < IMAGES; i++) {
        n += is_member[i] ? 1 : 0;
        for (int k = 0; k < SIZE; k++) {
            answers[i * SIZE + k] = is_member[i] ? scan->patches[i * SIZE + k] : NAN;
        }
    }
    assert_in_range(n, LIMIT, IMAGES - 20);
    for (int64_t chunk = 1; chunk <= 91; chunk += 30) {
        struct fake_task *t = make_pair(scan, answers);
        fake_task_int(t, "gridsize", 2);
        fake_task_int(t, "sample_seed", SEED);
        fake_task_int(t, "baseline_debug_limit", LIMIT);
        fake_task_int(t, "chunk", chunk);
        fake_task_restart_after(t, FAKE_EACH_STEP);
        recon_must(t);
        snprintf(text, sizeof text, "\"samples\": %d,", n);
        recon_assert_text(t, "result.json", text);
        assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_TRUE);
        assert_true(recon_metric(t, "net", "mae", 2) <= 1e-6);
        fake_task_destroy(t);
    }
    fw_groups_finish(&groups);
    free(answers);
    free(scan);
}

static void refuses_a_baseline_that_is_none(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    const struct recon_array object = {
        "reconstructed_object", FW_NPY_C16, {SIDE, SIDE}, 2, scan->object};
    (void)state;
    struct fake_task *t = make_pair(scan, scan->patches);
    fake_task_text(t, "baseline", "another");
    recon_must_fail(t, FW_E_CONFIG, "another");
    t = make_pair(scan, scan->patches);
    fake_task_text(t, "baseline", "");
    fake_task_int(t, "baseline_debug_limit", 5);
    recon_must_fail(t, FW_E_CONFIG, "baseline");
    t = recon_one_arm(recon_scan_put(scan), recon_put("given.npz", &object, 1),
                      "net=reconstruction");
    fake_task_text(t, "baseline", "net");
    recon_must_fail(t, FW_E_CONFIG, "predicted");
    free(scan);
}

/* --- an arm that is written down --- */

static struct fake_task *make_dumped(const struct recon_scan *scan, const char *word)
{
    struct fake_task *t =
        recon_one_arm(recon_scan_put(scan), recon_write("word", word), "odd=patches");
    fake_task_text(t, "baseline", "odd");
    fake_task_int(t, "baseline_debug", 1);
    fake_task_int(t, "baseline_debug_samples", 40);
    fake_task_int(t, "chunk", 17);
    return t;
}

static void *read_array(struct fake_task *t, const char *name, enum fw_npy_type type, size_t n)
{
    char path[400];
    snprintf(path, sizeof path, "%s/baseline_debug.npz", fake_task_path(t, "baseline_debug"));
    return recon_read(path, name, type, n);
}

static void assert_dump(struct fake_task *t, const struct recon_scan *scan, double factor, int n)
{
    float *input = read_array(t, "baseline_input", FW_NPY_F4, (size_t)n * SIZE);
    double *offsets = read_array(t, "baseline_offsets", FW_NPY_F8, (size_t)n * 2);
    float complex *output = read_array(t, "baseline_output", FW_NPY_C8, (size_t)n * SIZE);
    for (int i = 0; i < n; i++) {
        assert_close(offsets[2 * i], scan->x[i], 0);
        assert_close(offsets[2 * i + 1], scan->y[i], 0);
        for (int k = 0; k < SIZE; k++) {
            const float x = (float)factor * scan->diffraction[i * SIZE + k];
            assert_close(input[i * SIZE + k], x, 1e-6);
            assert_close(cabsf(output[i * SIZE + k] - x * cexpf(I * x)), 0, 1e-5);
        }
    }
    free(input);
    free(offsets);
    free(output);
}

/* What goes in and comes out, by the fixture's formula; chunks and restarts do not show. */
static void writes_the_first_inputs_and_answers_down(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    struct fake_task *t = make_dumped(scan, "good");
    double power = 0;
    (void)state;
    for (int i = 0; i < IMAGES * SIZE; i++) {
        power += (double)scan->diffraction[i] * scan->diffraction[i] / IMAGES;
    }
    const double factor = sqrt(N / 2.0 * (N / 2.0) / power);
    fake_task_restart_after(t, FAKE_EACH_STEP);
    recon_must(t);
    assert_dump(t, scan, factor, 40);
    const char *stats = "baseline_debug/baseline_debug_stats.json";
    char text[100];
    double sum = 0;
    for (int i = 0; i < 40; i++) {
        sum += 1 + i % 3;
    }
    snprintf(text, sizeof text, "\"mean\": %.6f", factor * sum / 40); /* six digits are enough */
    text[strlen(text) - 1] = '\0';
    recon_assert_text(t, stats, text);
    recon_assert_text(t, stats, "\"nonzero_count\": 10240,");
    recon_assert_text(t, stats, "\"size\": 10240");
    recon_assert_text(t, stats, "\"std\": ");
    recon_assert_text(t, stats, "\"min\": 16,");
    recon_assert_text(t, stats, "\"inference_time_seconds\": null");
    fake_task_destroy(t);
    free(scan);
}

static void writes_down_what_a_guard_did_not_let_pass(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    struct fake_task *t = make_dumped(scan, "zero");
    (void)state;
    recon_must(t);
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_FALSE);
    recon_assert_text(t, "baseline_debug/baseline_debug_stats.json", "\"nonzero_count\": 0,");
    float complex *output = read_array(t, "baseline_output", FW_NPY_C8, (size_t)34 * SIZE);
    assert_true(output[0] == 0 && output[(size_t)33 * SIZE] == 0);
    free(output);
    fake_task_destroy(t);
    free(scan);
}

/* --- pictures --- */

static void assert_same(struct fake_task *t, const char *a, const char *b, bool same)
{
    size_t sizes[2];
    char *bytes[] = {test_file_read(fake_task_path(t, a), &sizes[0]),
                     test_file_read(fake_task_path(t, b), &sizes[1])};
    const bool is = sizes[0] == sizes[1] && memcmp(bytes[0], bytes[1], sizes[0]) == 0;
    assert_true(is == same);
    free(bytes[0]);
    free(bytes[1]);
}

/* |object| where it was compared, drawn here. */
static void draw_expected(struct fake_task *t, const struct recon_scan *scan, const char *name)
{
    enum { FIRST = 14, LAST = 50, WIDE = LAST - FIRST }; /* the box is [12, 52), 2 are trimmed */
    static const struct fw_host host = {.struct_size = sizeof host};
    const uint32_t corner[] = {0, 0}, shape[] = {WIDE, WIDE};
    double pixels[WIDE * WIDE];
    struct fw_grey grey;
    struct fw_grey_limits limits = {INFINITY, -INFINITY};
    for (int i = 0; i < WIDE * WIDE; i++) {
        pixels[i] = cabs(scan->object[(FIRST + i / WIDE) * SIDE + FIRST + i % WIDE]);
        limits.lower = fmin(limits.lower, pixels[i]);
        limits.upper = fmax(limits.upper, pixels[i]);
    }
    assert_int_equal(fw_grey_init(&grey, &host, WIDE, WIDE), FW_OK);
    fw_grey_draw(&grey, corner, shape, pixels, &limits);
    assert_int_equal(fw_grey_write(&grey, &host, fake_task_path(t, name)), FW_OK);
    fw_grey_finish(&grey);
}

static struct fake_task *make_pictures(const struct recon_scan *scan, double sigma)
{
    struct fake_task *t = recon_one_arm(
        recon_scan_put(scan), recon_put_answers("net.npz", scan->patches, IMAGES), "net=npz");
    fake_task_text(t, "registration", "none");
    fake_task_int(t, "save_debug_images", 1);
    fake_task_real(t, "ms_ssim_sigma", sigma);
    recon_must(t);
    return t;
}

static void draws_what_similarities_are_computed_of(void **state)
{
    static const char *const names[] = {
        "net_amp_pred_for_ms-ssim",     "net_amp_target_for_ms-ssim", "net_phase_pred_for_ms-ssim",
        "net_phase_target_for_ms-ssim", "net_amp_pred_for_frc",       "net_amp_target_for_frc",
        "net_phi_pred_for_frc",         "net_phi_target_for_frc"};
    struct recon_scan *scan = recon_scan_make();
    struct fake_task *blurred = make_pictures(scan, 1);
    char path[100];
    (void)state;
    for (size_t i = 0; i < 8; i++) {
        snprintf(path, sizeof path, "debug_images/%s.png", names[i]);
        assert_int_equal(access(fake_task_path(blurred, path), R_OK), 0);
    }
    draw_expected(blurred, scan, "expected.png");
    assert_same(blurred, "debug_images/net_amp_target_for_frc.png", "expected.png", true);
    assert_same(blurred, "debug_images/net_amp_target_for_ms-ssim.png", "expected.png", false);
    fake_task_destroy(blurred);
    for (int i = 0; i < IMAGES * SIZE; i++) { /* another arm, other pictures of it */
        scan->patches[i] *= cexpf(I * (float)(i % 7) / 5);
    }
    struct fake_task *sharp = make_pictures(scan, 0);
    draw_expected(sharp, scan, "expected.png");
    assert_same(sharp, "debug_images/net_amp_target_for_ms-ssim.png", "expected.png", true);
    assert_same(sharp, "debug_images/net_phi_pred_for_frc.png",
                "debug_images/net_phi_target_for_frc.png", false);
    fake_task_destroy(sharp);
    free(scan);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, recon_start, recon_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_limited_arm_narrows_what_all_are_compared_on),
        TEST(of_single_images_those_of_the_first_groups_are_asked_for),
        TEST(refuses_a_baseline_that_is_none),
        TEST(writes_the_first_inputs_and_answers_down),
        TEST(writes_down_what_a_guard_did_not_let_pass),
        TEST(draws_what_similarities_are_computed_of),
    };
    return cmocka_run_group_tests_name("compare_debug", tests, recon_open_kit, recon_close_kit);
}
