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

#include "fw/testkit.h"
#include "image_fixture.h"
#include "npy/npy.h"
#include "ptycho/group.h"
#include "test_files.h"

static struct fake_kit *kit;
static char *folder;

static fw_status say_fault(const struct fw_host *host, fw_status status,
                           const struct fw_fault *fault)
{
    (void)host;
    print_message("%s: %s\n", fault->where, fault->what);
    return status;
}

static const struct fw_host host = {.struct_size = sizeof host, .fail = say_fault};

static int open_kit(void **state)
{
    (void)state;
    kit = fake_kit_open(COMPARE_SO, PREDICTOR_SO, NULL);
    return 0;
}

static int close_kit(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

static int start(void **state)
{
    (void)state;
    folder = test_folder_create();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

/* --- files --- */

struct array {
    const char *name;
    enum fw_npy_type type;
    uint64_t shape[4];
    unsigned n_dims;
    const void *items;
};

static const char *put(const char *name, const struct array *arrays, size_t n)
{
    static char paths[8][300];
    static unsigned next;
    char *path = paths[next++ % 8];
    struct fw_npz_writer *writer = NULL;
    snprintf(path, sizeof *paths, "%s/%s", folder, name);
    assert_int_equal(fw_npz_writer_create(&host, path, &writer), FW_OK);
    for (size_t i = 0; i < n; i++) {
        size_t size = fw_npy_type_bytes(arrays[i].type);
        for (unsigned k = 0; k < arrays[i].n_dims; k++) {
            size *= arrays[i].shape[k];
        }
        assert_int_equal(fw_npz_writer_begin(writer, arrays[i].name, arrays[i].type,
                                             arrays[i].shape, arrays[i].n_dims),
                         FW_OK);
        assert_int_equal(fw_npz_writer_append(writer, arrays[i].items, size), FW_OK);
    }
    assert_int_equal(fw_npz_writer_finish(writer), FW_OK);
    return path;
}

/* --- a scan over an object: positions on a raster around its middle --- */

enum { SIDE = 64, N = 16, CROP = 8, ROWS = 9, IMAGES = ROWS * ROWS, STRIDE = 4 };

struct scan {
    double complex object[SIDE * SIDE];
    double x[IMAGES], y[IMAGES];
    float diffraction[IMAGES * N * N];
    float complex patches[IMAGES * N * N];
};

static float complex object_at(const struct scan *scan, ptrdiff_t row, ptrdiff_t column)
{
    const bool inside = row >= 0 && column >= 0 && row < SIDE && column < SIDE;
    return inside ? (float complex)scan->object[row * SIDE + column] : 0;
}

static struct scan *make_scan(void)
{
    struct scan *scan = calloc(1, sizeof *scan);
    double *texture = lcg_sequence(SIDE * SIDE, 4);
    assert_non_null(scan);
    for (int i = 0; i < SIDE * SIDE; i++) {
        const double y = i / SIDE, x = i % SIDE;
        const double amplitude = 1 + 0.4 * sin(x / 3) * cos(y / 4) + 0.3 * texture[i];
        scan->object[i] = amplitude * cexp(I * (0.5 * sin(x / 6) + 0.3 * cos(y / 5)));
    }
    for (int i = 0; i < IMAGES; i++) {
        scan->x[i] = SIDE / 2 + STRIDE * (i % ROWS - ROWS / 2);
        scan->y[i] = SIDE / 2 + STRIDE * (i / ROWS - ROWS / 2);
        for (int k = 0; k < N * N; k++) {
            scan->diffraction[i * N * N + k] = 1 + (float)(i % 3);
            scan->patches[i * N * N + k] = object_at(scan, (ptrdiff_t)scan->y[i] - N / 2 + k / N,
                                                     (ptrdiff_t)scan->x[i] - N / 2 + k % N);
        }
    }
    free(texture);
    return scan;
}

static const char *put_scan(const struct scan *scan)
{
    const struct array arrays[] = {
        {"diffraction", FW_NPY_F4, {IMAGES, N, N}, 3, scan->diffraction},
        {"xcoords", FW_NPY_F8, {IMAGES}, 1, scan->x},
        {"ycoords", FW_NPY_F8, {IMAGES}, 1, scan->y},
        {"objectGuess", FW_NPY_C16, {SIDE, SIDE}, 2, scan->object},
    };
    return put("scan.npz", arrays, 4);
}

static const char *put_answers(const char *name, const float complex *patches, uint64_t n)
{
    return put(name, &(const struct array){"object", FW_NPY_C8, {n, N, N}, 3, patches}, 1);
}

/* --- tasks --- */

static struct fake_task *make_task(const char *data)
{
    static const char *const outputs[][2] = {{"result", "result.json"},
                                             {"metrics", "comparison_metrics.csv"},
                                             {"curves", "frc_curves.csv"},
                                             {"reconstructions", "reconstructions.npz"},
                                             {"aligned", "reconstructions_aligned.npz"},
                                             {"blocked", "red"}};
    struct fake_task *t = fake_task_create(kit, "compare_reconstructions");
    fake_task_input(t, "data", data, NULL);
    for (size_t i = 0; i < 6; i++) {
        fake_task_output(t, outputs[i][0], fake_task_path(t, outputs[i][1]));
    }
    fake_task_int(t, "stitch_crop", CROP);
    return t;
}

static struct fake_task *one_arm(const char *data, const char *model, const char *arm)
{
    struct fake_task *t = make_task(data);
    fake_task_input(t, "models", model, NULL);
    fake_task_texts(t, "arms", arm, NULL);
    return t;
}

static const struct fake_result *must(struct fake_task *t)
{
    const struct fake_result *result = fake_task_run(t);
    if (result->status != FW_OK || result->defect != NULL) {
        fail_msg("%s %s", result->fault, result->defect != NULL ? result->defect : "");
    }
    return result;
}

static void must_fail(struct fake_task *t, fw_status status, const char *text)
{
    const struct fake_result *result = fake_task_run(t);
    if (result->status != status || strstr(result->fault, text) == NULL) {
        fail_msg("status %d, expected %d with \"%s\": %s", result->status, status, text,
                 result->fault);
    }
    fake_task_destroy(t);
}

/* A cell of the metrics: column 2 is the amplitude, 3 the phase, 4 the value. NaN: empty. */
static double metric(struct fake_task *t, const char *model, const char *name, int column)
{
    const char *csv = fake_task_read(t, fake_task_path(t, "comparison_metrics.csv"));
    char start[128];
    snprintf(start, sizeof start, "\n%s,%s,", model, name);
    const char *at = strstr(csv, start);
    if (at == NULL) {
        fail_msg("no %s in %s", start + 1, csv);
        return NAN;
    }
    for (at += strlen(start); column > 2; column--) {
        at = strchr(at, ',') + 1;
    }
    return *at == ',' || *at == '\n' ? NAN : strtod(at, NULL);
}

static void assert_text(struct fake_task *t, const char *file, const char *part)
{
    const char *text = fake_task_read(t, fake_task_path(t, file));
    if (strstr(text, part) == NULL) {
        fail_msg("no %s in %s", part, text);
    }
}

/* --- the specification's own case: 24×24, no registration --- */

/* Its phases have no energy in the rings 11 to 14: rings without are not taken for falling below.
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
    const struct array data[] = {{"diffraction", FW_NPY_F4, {2, 20, 20}, 3, frames},
                                 {"xcoords", FW_NPY_F8, {2}, 1, x},
                                 {"ycoords", FW_NPY_F8, {2}, 1, x},
                                 {"objectGuess", FW_NPY_C16, {24, 24}, 2, truth}};
    const struct array given[] = {{"reconstructed_object", FW_NPY_C16, {24, 24}, 2, arm},
                                  {"reconstruction_time", FW_NPY_F8, {0}, 0, &seconds}};
    struct fake_task *t = make_task(put("data.npz", data, 4));
    fake_task_input(t, "models", put("arm.npz", given, 2), put("arm2.npz", given, 2), NULL);
    fake_task_texts(t, "arms", "Tike=reconstruction", "PtyChi=reconstruction", NULL);
    fake_task_int(t, "stitch_crop", 20);
    fake_task_text(t, "registration", "none");
    must(t);
    for (size_t i = 0; i < 7; i++) {
        assert_close(metric(t, "Tike", expected[i].name, 2), expected[i].amplitude, 1e-5);
        assert_close(metric(t, "PtyChi", expected[i].name, 3), expected[i].phase, 1e-5);
    }
    assert_close(metric(t, "Tike", "computation_time_s", 4), 12.5, 1e-9);
    const char *csv = fake_task_read(t, fake_task_path(t, "comparison_metrics.csv"));
    assert_int_equal(strncmp(csv, "model,metric,amplitude,phase,value\n", 35), 0);
    size_t n_rows = 0;
    for (const char *at = csv; (at = strchr(at, '\n')) != NULL; at++) {
        n_rows++;
    }
    assert_int_equal(n_rows, 1 + 16);
    assert_text(t, "result.json", "\"gauge\": 2,");
    assert_text(t, "frc_curves.csv", "PtyChi,14,");
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_TRUE);
    fake_task_destroy(t);
}

/* --- predicted arms --- */

static void stitches_answers_back_to_the_object(void **state)
{
    struct scan *scan = make_scan();
    struct fake_task *t =
        one_arm(put_scan(scan), put_answers("net.npz", scan->patches, IMAGES), "net=npz");
    (void)state;
    fake_task_int(t, "chunk", 7);
    must(t);
    assert_true(metric(t, "net", "mae", 2) <= 1e-6);
    assert_true(metric(t, "net", "mae", 3) <= 1e-6);
    assert_close(metric(t, "net", "ssim", 2), 1, 1e-6);
    assert_close(metric(t, "net", "ms_ssim", 3), 1, 1e-6);
    assert_close(metric(t, "net", "registration_offset_dy", 4), 0, 0);
    assert_text(t, "result.json", "\"coverage\": 1,");
    fake_task_destroy(t);
    free(scan);
}

/* C patches of a group, channels last, each at the place of its own image. */
static void assert_groups(const char *mode, double ssim)
{
    struct scan *scan = make_scan();
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
    const struct array model = {"object", FW_NPY_C8, {IMAGES, N, N, 4}, 4, answers};
    struct fake_task *t = one_arm(put_scan(scan), put("net.npz", &model, 1), "net=npz");
    fake_task_int(t, "gridsize", 2);
    fake_task_int(t, "sample_seed", 5);
    fake_task_text(t, "registration", "none");
    fake_task_text(t, "canvas", mode);
    fake_task_text(t, "answers", "groups");
    must(t);
    assert_true(metric(t, "net", "ssim", 2) > ssim);
    assert_true(metric(t, "net", "frc50", 3) > 10);
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
    static const char *const files[] = {"result.json", "comparison_metrics.csv",
                                        "reconstructions.npz", "reconstructions_aligned.npz"};
    struct scan *scan = make_scan();
    const char *data = put_scan(scan), *model = put_answers("net.npz", scan->patches, IMAGES);
    struct fake_task *first = one_arm(data, model, "net=npz");
    (void)state;
    must(first);
    for (int64_t chunk = 1; chunk <= 81; chunk += 16) {
        struct fake_task *t = one_arm(data, model, "net=npz");
        fake_task_int(t, "chunk", chunk);
        fake_task_int(t, "batch", chunk % 5 + 1);
        fake_task_limits(t)->threads = (uint32_t)chunk % 3 + 1;
        fake_task_restart_after(t, FAKE_EACH_STEP);
        assert_true(must(t)->restarts > 0);
        for (size_t i = 0; i < 4; i++) {
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
    struct scan *scan = make_scan();
    uint32_t chosen[60];
    float complex *answers = calloc((size_t)60 * N * N, sizeof *answers);
    (void)state;
    assert_non_null(answers);
    assert_int_equal(fw_scan_select(60, IMAGES, 3, chosen), 0);
    for (size_t i = 0; i < 60; i++) {
        memcpy(answers + i * N * N, scan->patches + chosen[i] * N * N, N * N * sizeof *answers);
    }
    struct fake_task *t = one_arm(put_scan(scan), put_answers("net.npz", answers, 60), "net=npz");
    fake_task_int(t, "n_subsample", 60);
    fake_task_int(t, "sample_seed", 3);
    fake_task_text(t, "registration", "none");
    must(t);
    assert_text(t, "result.json", "\"images\": 60");
    assert_true(metric(t, "net", "ssim", 2) > 0.9);
    fake_task_destroy(t);
    free(answers);
    free(scan);
}

/* --- registration --- */

static void rejects_an_arm_that_lies_too_far_off(void **state)
{
    struct scan *scan = make_scan();
    double complex far[SIDE * SIDE], near[SIDE * SIDE];
    (void)state;
    for (int i = 0; i < SIDE * SIDE; i++) {
        const int row = i / SIDE, column = i % SIDE;
        far[i] = scan->object[(row + SIDE - 11) % SIDE * SIDE + column];
        near[i] = scan->object[(row + SIDE - 2) % SIDE * SIDE + (column + 1) % SIDE];
    }
    const struct array models[] = {
        {"reconstructed_object", FW_NPY_C16, {SIDE, SIDE}, 2, far},
        {"reconstructed_object", FW_NPY_C16, {SIDE, SIDE}, 2, near},
    };
    struct fake_task *t = make_task(put_scan(scan));
    fake_task_input(t, "models", put("far.npz", &models[0], 1), put("near.npz", &models[1], 1),
                    NULL);
    fake_task_texts(t, "arms", "far=reconstruction", "near=reconstruction", NULL);
    must(t);
    assert_close(metric(t, "near", "registration_offset_dy", 4), -2, 0.1);
    assert_close(metric(t, "near", "registration_offset_dx", 4), 1, 0.1);
    assert_true(fabs(metric(t, "far", "registration_offset_dy", 4)) > 4);
    assert_text(t, "result.json", "\"status\": \"registration_rejected\"");
    assert_int_equal(fake_task_gate(t, "answers"), FW_GATE_FALSE);
    assert_non_null(strstr(fake_task_gate_reason(t, "answers"), "arm far"));
    assert_null(strstr(fake_task_read(t, fake_task_path(t, "comparison_metrics.csv")), "far,mae"));
    fake_task_destroy(t);
    free(scan);
}

/* --- guards --- */

static void assert_tripped(const struct scan *scan, const float complex *answers,
                           const char *reason)
{
    char *blocked = NULL;
    struct fake_task *t =
        one_arm(put_scan(scan), put_answers("net.npz", answers, IMAGES), "net=npz");
    fake_task_int(t, "chunk", 20);
    const struct fake_result *result = must(t);
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
    struct scan *scan = make_scan();
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

static void refuses_before_anything_runs(void **state)
{
    struct scan *scan = make_scan();
    const char *data = put_scan(scan), *model = put_answers("net.npz", scan->patches, IMAGES);
    const char *few = put_answers("few.npz", scan->patches, IMAGES - 1);
    const struct array small = {"object", FW_NPY_C8, {IMAGES, 8, 8}, 3, scan->patches};
    const struct array real = {"object", FW_NPY_F4, {IMAGES, N, N}, 3, scan->diffraction};
    (void)state;
    struct fake_task *t = one_arm(data, model, "net=npz");
    fake_task_int(t, "stitch_crop", 7);
    must_fail(t, FW_E_CONFIG, "even number");
    t = one_arm(data, model, "net=npz");
    fake_task_int(t, "stitch_crop", 18);
    must_fail(t, FW_E_CONFIG, "18 out of 16");
    t = one_arm(data, model, "net=npz");
    fake_task_int(t, "gridsize", 3);
    must_fail(t, FW_E_CONFIG, "groups of 9 out of 7");
    must_fail(one_arm(data, few, "net=npz"), FW_E_DATA, "answers for 80 samples");
    must_fail(one_arm(data, model, "net=reconstruction"), FW_E_MISSING, "reconstructed_object");
    must_fail(one_arm(data, put("small.npz", &small, 1), "net=npz"), FW_E_DATA, "another shape");
    must_fail(one_arm(data, put("real.npz", &real, 1), "net=npz"), FW_E_DATA, "complex");
    must_fail(one_arm(data, model, "net=nothing"), FW_E_MISSING, "npz");
    free(scan);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(measures_a_given_arm_to_the_digits_of_the_specification),
        TEST(stitches_answers_back_to_the_object),
        TEST(stitches_the_patches_of_groups),
        TEST(gives_the_same_bytes_for_any_chunks_threads_and_restarts),
        TEST(takes_a_subsample_and_its_answers),
        TEST(rejects_an_arm_that_lies_too_far_off),
        TEST(blocks_answers_that_are_none),
        TEST(refuses_before_anything_runs),
    };
    return cmocka_run_group_tests_name("compare_reconstructions", tests, open_kit, close_kit);
}
