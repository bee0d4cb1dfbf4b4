/* SPDX-License-Identifier: MIT */
/* The stage compare_reconstructions: scans with an object that is known, answers made of it, and
 * answers that must not pass. */
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

#include "image_fixture.h"
#include "ptycho/group.h"
#include "recon_fixture.h"
#include "test_files.h"

/* --- the specification's own case: 24×24, no registration --- */

/* Of a curve: the cell of the phase in this ring. */
static double phase_ring(struct fake_task *t, const char *model, int ring)
{
    char start[64];
    snprintf(start, sizeof start, "\n%s,%d,", model, ring);
    const char *at = strstr(fake_task_read(t, fake_task_path(t, "frc_curves.csv")), start);
    assert_non_null(at);
    at = strchr(at + strlen(start), ',') + 1;
    return *at == '\n' ? NAN : strtod(at, NULL);
}

/*
 * Its phases are of rows and of columns, added up: the rings 11 to 14, which need both, hold less
 * than 1e-30 of the energy, and what falls below one half there is another number with every
 * transform. The specification's own remedy takes them out, and then nothing falls below: 15, not
 * 10.5 and 10.9.
 */
static void measures_a_given_arm_to_the_digits_of_the_specification(void **state)
{
    static const struct {
        const char *name;
        double amplitude, phase;
    } expected[] = {{"mae", 0.050000025, 0.066462406},
                    {"mse", 0.005, 0.005055169},
                    {"psnr", 71.141104, 71.093447},
                    {"ssim", 0.962473155, 0.961202919},
                    {"ms_ssim", 0.994812743, 0.982782894},
                    {"frc50", 15, 15},
                    {"frc1over7", 15, 15}};
    const double x[] = {10, 14}, seconds = 12.5;
    double complex truth[576], arm[576];
    float frames[2 * 400];
    (void)state;
    for (int i = 0; i < 576; i++) {
        const double r = i / 24, c = i % 24;
        const double a = 1 + 0.5 * cos(2 * M_PI * c / 8) * sin(2 * M_PI * r / 12);
        const double phase = 0.3 * sin(2 * M_PI * r / 6) + 0.02 * c;
        truth[i] = a * cexp(I * phase);
        arm[i] = 0.5 * (a + 0.1 * cos(2 * M_PI * r / 4)) *
                 cexp(I * (phase + 0.1 * cos(2 * M_PI * c / 6) + 0.4 - 0.01 * r));
    }
    for (int i = 0; i < 800; i++) {
        frames[i] = 1;
    }
    const struct recon_array data[] = {{"diffraction", FW_NPY_F4, {2, 20, 20}, 3, frames},
                                       {"xcoords", FW_NPY_F8, {2}, 1, x},
                                       {"ycoords", FW_NPY_F8, {2}, 1, x},
                                       {"objectGuess", FW_NPY_C16, {24, 24}, 2, truth}};
    const struct recon_array given[] = {{"reconstructed_object", FW_NPY_C16, {24, 24}, 2, arm},
                                        {"reconstruction_time", FW_NPY_F8, {0}, 0, &seconds}};
    struct fake_task *t = recon_task(recon_put("data.npz", data, 4));
    fake_task_input(t, "models", recon_put("arm.npz", given, 2), recon_put("arm2.npz", given, 2),
                    NULL);
    fake_task_texts(t, "arms", "Tike=reconstruction", "PtyChi=reconstruction", NULL);
    fake_task_int(t, "stitch_crop", 20);
    fake_task_text(t, "registration", "none");
    recon_must(t);
    for (size_t i = 0; i < 7; i++) {
        assert_close(recon_metric(t, "Tike", expected[i].name, 2), expected[i].amplitude, 1e-5);
        assert_close(recon_metric(t, "PtyChi", expected[i].name, 3), expected[i].phase, 1e-5);
    }
    assert_close(recon_metric(t, "Tike", "computation_time_s", 4), 12.5, 1e-9);
    const char *csv = fake_task_read(t, fake_task_path(t, "comparison_metrics.csv"));
    assert_int_equal(strncmp(csv, "model,metric,amplitude,phase,value\n", 35), 0);
    size_t n_rows = 0;
    for (const char *at = csv; (at = strchr(at, '\n')) != NULL; at++) {
        n_rows++;
    }
    assert_int_equal(n_rows, 1 + 16);
    recon_assert_text(t, "result.json", "\"gauge\": 2,");
    assert_close(phase_ring(t, "PtyChi", 10), 0.981981, 1e-6);
    for (int ring = 11; ring < 15; ring++) {
        assert_true(isnan(phase_ring(t, "PtyChi", ring)));
    }
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_TRUE);
    fake_task_destroy(t);
}

/* --- predicted arms --- */

static void assert_same_files(struct fake_task *t, const char *a, const char *b)
{
    size_t sizes[2];
    char *bytes[] = {test_file_read(fake_task_path(t, a), &sizes[0]),
                     test_file_read(fake_task_path(t, b), &sizes[1])};
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static void stitches_answers_back_to_the_object(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    struct fake_task *t = recon_one_arm(
        recon_scan_put(scan), recon_put_answers("net.npz", scan->patches, IMAGES), "net=npz");
    (void)state;
    fake_task_int(t, "chunk", 7);
    recon_must(t);
    assert_true(recon_metric(t, "net", "mae", 2) <= 1e-6);
    assert_true(recon_metric(t, "net", "mae", 3) <= 1e-6);
    assert_close(recon_metric(t, "net", "ssim", 2), 1, 1e-6);
    assert_close(recon_metric(t, "net", "ms_ssim", 3), 1, 1e-6);
    assert_close(recon_metric(t, "net", "registration_offset_dy", 4), 0, 0);
    recon_assert_text(t, "result.json", "\"coverage\": 1,");
    recon_assert_text(t, "panels/limits.json", "\"net_phase.png\":\t{");
    assert_same_files(t, "panels/net_amplitude.png", "panels/ground_truth_amplitude.png");
    fake_task_destroy(t);
    free(scan);
}

/* C patches of a group, channels last, each at the place of its own image. */
static void assert_groups(const char *mode, double ssim)
{
    struct recon_scan *scan = recon_scan_make();
    const struct fw_scan places = {scan->x, scan->y, IMAGES};
    const struct fw_grouping how = {.per_group = 4, .n_neighbours = 7, .seed = 5};
    float complex *answers = calloc((size_t)IMAGES * N * N * 4, sizeof *answers);
    struct fw_groups groups;
    assert_non_null(answers);
    assert_int_equal(fw_groups_init(&groups, &places, &how), 0);
    for (size_t i = 0; i < (size_t)IMAGES * N * N * 4; i++) {
        const size_t group = i / (N * N * 4), pixel = i / 4 % (N * N);
        answers[i] = scan->patches[groups.members[group * 4 + i % 4] * N * N + pixel];
    }
    const struct recon_array model = {"object", FW_NPY_C8, {IMAGES, N, N, 4}, 4, answers};
    struct fake_task *t =
        recon_one_arm(recon_scan_put(scan), recon_put("net.npz", &model, 1), "net=npz");
    fake_task_int(t, "gridsize", 2);
    fake_task_int(t, "sample_seed", 5);
    fake_task_text(t, "registration", "none");
    fake_task_text(t, "canvas", mode);
    fake_task_text(t, "answers", "groups");
    recon_must(t);
    assert_true(recon_metric(t, "net", "ssim", 2) > ssim);
    assert_true(recon_metric(t, "net", "frc50", 3) > 10);
    fake_task_destroy(t);
    fw_groups_finish(&groups);
    free(answers);
    free(scan);
}

static void stitches_the_patches_of_groups(void **state)
{
    (void)state;
    assert_groups("pixel", 0.999999);
    assert_groups("mean", 0.9); /* no whole pixel: patches are interpolated, the rest moved back */
}

static void gives_the_same_bytes_for_any_chunks_threads_and_restarts(void **state)
{
    static const char *const files[] = {"result.json",           "comparison_metrics.csv",
                                        "reconstructions.npz",   "reconstructions_aligned.npz",
                                        "panels/comparison.png", "panels/limits.json"};
    struct recon_scan *scan = recon_scan_make();
    const char *data = recon_scan_put(scan),
               *model = recon_put_answers("net.npz", scan->patches, IMAGES);
    struct fake_task *first = recon_one_arm(data, model, "net=npz");
    (void)state;
    recon_must(first);
    for (int64_t chunk = 1; chunk <= 81; chunk += 16) {
        struct fake_task *t = recon_one_arm(data, model, "net=npz");
        fake_task_int(t, "chunk", chunk);
        fake_task_int(t, "batch", chunk % 5 + 1);
        fake_task_limits(t)->threads = (uint32_t)chunk % 3 + 1;
        fake_task_restart_after(t, FAKE_EACH_STEP);
        assert_true(recon_must(t)->restarts > 0);
        for (size_t i = 0; i < 6; i++) {
            size_t sizes[2];
            char *bytes[] = {test_file_read(fake_task_path(first, files[i]), &sizes[0]),
                             test_file_read(fake_task_path(t, files[i]), &sizes[1])};
            assert_int_equal(sizes[0], sizes[1]);
            assert_memory_equal(bytes[0], bytes[1], sizes[0]);
            free(bytes[0]);
            free(bytes[1]);
        }
        fake_task_destroy(t);
    }
    fake_task_destroy(first);
    free(scan);
}

static void takes_a_subsample_and_its_answers(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    uint32_t chosen[60];
    float complex *answers = calloc((size_t)60 * N * N, sizeof *answers);
    (void)state;
    assert_non_null(answers);
    assert_int_equal(fw_scan_select(60, IMAGES, 3, chosen), 0);
    for (size_t i = 0; i < 60; i++) {
        memcpy(answers + i * N * N, scan->patches + chosen[i] * N * N, N * N * sizeof *answers);
    }
    struct fake_task *t =
        recon_one_arm(recon_scan_put(scan), recon_put_answers("net.npz", answers, 60), "net=npz");
    fake_task_int(t, "n_subsample", 60);
    fake_task_int(t, "sample_seed", 3);
    fake_task_text(t, "registration", "none");
    recon_must(t);
    recon_assert_text(t, "result.json", "\"images\": 60");
    assert_true(recon_metric(t, "net", "ssim", 2) > 0.9);
    fake_task_destroy(t);
    free(answers);
    free(scan);
}

static struct fake_task *with_list(const char *data, const char *model, const char *list)
{
    struct fake_task *t = recon_one_arm(data, model, "net=npz");
    fake_task_input(t, "images", recon_write("list.txt", list), NULL);
    fake_task_text(t, "registration", "none");
    return t;
}

static void takes_the_images_that_a_list_names(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    const char *data = recon_scan_put(scan);
    const char *model = recon_put_answers("net.npz", scan->patches, 60);
    struct fake_task *drawn = recon_one_arm(data, model, "net=npz");
    (void)state;
    fake_task_int(drawn, "n_subsample", 60);
    fake_task_int(drawn, "sample_seed", 3);
    fake_task_text(drawn, "registration", "none");
    recon_must(drawn);
    char *list = test_file_read(fake_task_path(drawn, "images.txt"), &(size_t){0});
    char *csv = test_file_read(fake_task_path(drawn, "comparison_metrics.csv"), &(size_t){0});
    struct fake_task *t = with_list(data, model, list);
    fake_task_int(t, "sample_seed", 3);
    recon_must(t);
    assert_string_equal(fake_task_read(t, fake_task_path(t, "comparison_metrics.csv")), csv);
    assert_string_equal(fake_task_read(t, fake_task_path(t, "images.txt")), list);
    fake_task_destroy(t);
    t = with_list(data, model, list);
    fake_task_int(t, "n_subsample", 60);
    recon_must_fail(t, FW_E_CONFIG, "images are drawn");
    recon_must_fail(with_list(data, model, "3\n4\n4\n"), FW_E_DATA, "line 3 does not ascend");
    recon_must_fail(with_list(data, model, "3\n81\n"), FW_E_DATA, "line 2 names no image");
    recon_must_fail(with_list(data, model, "3\n\n4\n"), FW_E_DATA, "line 2 is no number");
    recon_must_fail(with_list(data, model, ""), FW_E_DATA, "no image at all");
    fake_task_destroy(drawn);
    free(list);
    free(csv);
    free(scan);
}

static void more_groups_than_images_must_be_asked_for(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    const char *data = recon_scan_put(scan);
    const char *model = recon_put_answers("net.npz", scan->patches, IMAGES);
    (void)state;
    for (int64_t asked = 0; asked <= 1; asked++) {
        struct fake_task *t = recon_one_arm(data, model, "net=npz");
        fake_task_int(t, "gridsize", 2);
        fake_task_int(t, "n_groups", 200);
        fake_task_int(t, "oversampling", asked);
        if (asked == 0) {
            recon_must_fail(t, FW_E_CONFIG, "81 images for 200 groups");
            continue;
        }
        recon_must(t);
        recon_assert_text(t, "result.json", "\"groups\": 200");
        assert_true(recon_metric(t, "net", "ssim", 2) > 0.99);
        fake_task_destroy(t);
    }
    free(scan);
}

/* --- registration --- */

static void rejects_an_arm_that_lies_too_far_off(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    double complex far[SIDE * SIDE], near[SIDE * SIDE];
    (void)state;
    for (int i = 0; i < SIDE * SIDE; i++) {
        const int row = i / SIDE, column = i % SIDE;
        far[i] = scan->object[(row + SIDE - 11) % SIDE * SIDE + column];
        near[i] = scan->object[(row + SIDE - 2) % SIDE * SIDE + (column + 1) % SIDE];
    }
    const struct recon_array models[] = {
        {"reconstructed_object", FW_NPY_C16, {SIDE, SIDE}, 2, far},
        {"reconstructed_object", FW_NPY_C16, {SIDE, SIDE}, 2, near},
    };
    struct fake_task *t = recon_task(recon_scan_put(scan));
    fake_task_input(t, "models", recon_put("far.npz", &models[0], 1),
                    recon_put("near.npz", &models[1], 1), NULL);
    fake_task_texts(t, "arms", "far=reconstruction", "near=reconstruction", NULL);
    recon_must(t);
    assert_close(recon_metric(t, "near", "registration_offset_dy", 4), -2, 0.1);
    assert_close(recon_metric(t, "near", "registration_offset_dx", 4), 1, 0.1);
    assert_true(fabs(recon_metric(t, "far", "registration_offset_dy", 4)) > 4);
    recon_assert_text(t, "result.json", "\"status\": \"registration_rejected\"");
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_FALSE);
    assert_non_null(strstr(fake_task_gate_reason(t, "answers"), "arm far"));
    assert_null(strstr(fake_task_read(t, fake_task_path(t, "comparison_metrics.csv")), "far,mae"));
    fake_task_destroy(t);
    free(scan);
}

/* --- guards --- */

static void assert_tripped(const struct recon_scan *scan, const float complex *answers,
                           const char *reason)
{
    char *blocked = NULL;
    struct fake_task *t = recon_one_arm(recon_scan_put(scan),
                                        recon_put_answers("net.npz", answers, IMAGES), "net=npz");
    fake_task_int(t, "chunk", 20);
    const struct fake_result *result = recon_must(t);
    assert_in_range(result->steps, 1, 5 + 2); /* powers in five, then few chunks of the arm */
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_FALSE);
    assert_non_null(strstr(fake_task_gate_reason(t, "answers"), reason));
    assert_int_equal(access(fake_task_path(t, "comparison_metrics.csv"), F_OK), -1);
    assert_int_equal(asprintf(&blocked, "ls %s/blocked_*_%s.md >/dev/null",
                              fake_task_path(t, "red"), reason) > 0,
                     1);
    assert_int_equal(system(blocked), 0);
    free(blocked);
    fake_task_destroy(t);
}

static void blocks_answers_that_are_none(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    float complex *answers = calloc((size_t)IMAGES * N * N, sizeof *answers);
    (void)state;
    assert_non_null(answers);
    assert_tripped(scan, answers, "all_zero");
    answers[3] = 1;
    assert_tripped(scan, answers, "sparse");
    for (size_t i = 0; i < (size_t)IMAGES * N * N; i++) {
        answers[i] = 0.25F;
    }
    assert_tripped(scan, answers, "constant");
    memcpy(answers, scan->patches, sizeof scan->patches);
    answers[30 * N * N] = NAN; /* of the second chunk */
    assert_tripped(scan, answers, "non_finite");
    free(answers);
    free(scan);
}

/* All patches but each tenth: what a study passed, for some values were not 0. */
static void blocks_answers_that_are_mostly_empty(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    float complex *answers = calloc((size_t)IMAGES * N * N, sizeof *answers);
    (void)state;
    assert_non_null(answers);
    for (size_t i = 0; i < IMAGES; i += 10) {
        memcpy(answers + i * N * N, scan->patches + i * N * N, N * N * sizeof *answers);
    }
    assert_tripped(scan, answers, "empty_patches");
    free(answers);
    free(scan);
}

static struct fake_task *chunked(const struct recon_scan *scan, const float complex *answers,
                                 int64_t chunk)
{
    struct fake_task *t = recon_one_arm(recon_scan_put(scan),
                                        recon_put_answers("net.npz", answers, IMAGES), "net=npz");
    fake_task_int(t, "chunk", chunk);
    recon_must(t);
    return t;
}

/* The first three of 81 and five more: a chunk of these is no reason, nor is a tenth of all. */
static void a_few_empty_patches_are_no_reason_in_chunks_of_any_size(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    (void)state;
    memset(scan->patches, 0, (size_t)3 * N * N * sizeof *scan->patches);
    memset(scan->patches + 60 * N * N, 0, (size_t)3 * N * N * sizeof *scan->patches);
    memset(scan->patches + 70 * N * N, 0, (size_t)2 * N * N * sizeof *scan->patches);
    for (int64_t chunk = 1; chunk <= 81; chunk += 40) {
        struct fake_task *t = chunked(scan, scan->patches, chunk);
        assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_TRUE);
        recon_assert_text(t, "result.json", "\"output_empty_patches\": 8,");
        assert_non_null(strstr(fake_task_log(t), "DIAGNOSTIC net_output chunk, samples to "));
        assert_non_null(strstr(fake_task_log(t), "DIAGNOSTIC net_output total, samples to 80 "
                                                 "stats: mean="));
        assert_non_null(strstr(fake_task_log(t), "empty_patches=8/81"));
        assert_non_null(strstr(fake_task_log(t), "DIAGNOSTIC net_output first patch amplitude: "
                                                 "mean=0.000000, max=0.000000, nonzero_count=0/"));
        fake_task_destroy(t);
    }
    memset(scan->patches + 30 * N * N, 0, N * N * sizeof *scan->patches); /* the ninth */
    for (int64_t chunk = 1; chunk <= 81; chunk += 40) {
        struct fake_task *t = chunked(scan, scan->patches, chunk);
        assert_non_null(strstr(fake_task_gate_reason(t, "answers"), "of 32 patches 4 are empty"));
        fake_task_destroy(t);
    }
    free(scan);
}

static void refuses_before_anything_runs(void **state)
{
    struct recon_scan *scan = recon_scan_make();
    const char *data = recon_scan_put(scan),
               *model = recon_put_answers("net.npz", scan->patches, IMAGES);
    const char *few = recon_put_answers("few.npz", scan->patches, IMAGES - 1);
    const struct recon_array small = {"object", FW_NPY_C8, {IMAGES, 8, 8}, 3, scan->patches};
    const struct recon_array real = {"object", FW_NPY_F4, {IMAGES, N, N}, 3, scan->diffraction};
    (void)state;
    struct fake_task *t = recon_one_arm(data, model, "net=npz");
    fake_task_int(t, "stitch_crop", 7);
    recon_must_fail(t, FW_E_CONFIG, "even number");
    t = recon_one_arm(data, model, "net=npz");
    fake_task_int(t, "stitch_crop", 18);
    recon_must_fail(t, FW_E_CONFIG, "18 out of 16");
    t = recon_one_arm(data, model, "net=npz");
    fake_task_int(t, "gridsize", 3);
    recon_must_fail(t, FW_E_CONFIG, "81 groups of 9 out of 7");
    recon_must_fail(recon_one_arm(data, few, "net=npz"), FW_E_DATA, "answers for 80 samples");
    recon_must_fail(recon_one_arm(data, model, "net=reconstruction"), FW_E_MISSING,
                    "reconstructed_object");
    recon_must_fail(recon_one_arm(data, recon_put("small.npz", &small, 1), "net=npz"), FW_E_DATA,
                    "another shape");
    recon_must_fail(recon_one_arm(data, recon_put("real.npz", &real, 1), "net=npz"), FW_E_DATA,
                    "complex");
    recon_must_fail(recon_one_arm(data, model, "net=nothing"), FW_E_MISSING, "npz");
    free(scan);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, recon_start, recon_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(measures_a_given_arm_to_the_digits_of_the_specification),
        TEST(stitches_answers_back_to_the_object),
        TEST(stitches_the_patches_of_groups),
        TEST(gives_the_same_bytes_for_any_chunks_threads_and_restarts),
        TEST(takes_a_subsample_and_its_answers),
        TEST(takes_the_images_that_a_list_names),
        TEST(more_groups_than_images_must_be_asked_for),
        TEST(rejects_an_arm_that_lies_too_far_off),
        TEST(blocks_answers_that_are_none),
        TEST(blocks_answers_that_are_mostly_empty),
        TEST(a_few_empty_patches_are_no_reason_in_chunks_of_any_size),
        TEST(refuses_before_anything_runs),
    };
    return cmocka_run_group_tests_name("compare_reconstructions", tests, recon_open_kit,
                                       recon_close_kit);
}
