/* SPDX-License-Identifier: MIT */
/* The baseline for images: what scikit-learn finds, a net that answers the same, and what it
 * refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/predictor.h>
#include <fw/testkit.h>

#include "npy/npy.h"
#include "test_files.h"

enum { N_TEST = 60, N_KINDS = 4, SIDE = 6 };

static struct fake_kit *kit;
static char *folder; /* of the sets that the tests make */

static int load(void **state)
{
    (void)state;
    folder = test_folder_create();
    kit = fake_kit_open(SOFTMAX_SO, PREDICTOR_WEIGHTS_SO, KERNELS_CPU_SO, NULL);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    fake_kit_close(kit);
    test_folder_remove(folder);
    return 0;
}

static struct fake_task *task_of(const char *train, const char *test)
{
    static const char *const outputs[][2] = {{"model", "model.json"},
                                             {"weights", "weights.npz"},
                                             {"fit", "fit.json"},
                                             {"answers", "answers.npz"}};
    struct fake_task *t = fake_task_create(kit, "softmax_regression");
    fake_task_input(t, "train", train, NULL);
    if (test != NULL) {
        fake_task_input(t, "test", test, NULL);
    }
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        fake_task_output(t, outputs[i][0], fake_task_path(t, outputs[i][1]));
    }
    return t;
}

static struct fake_task *usual_task(void)
{
    struct fake_task *t = task_of(CASES "/train.npz", CASES "/test.npz");
    fake_task_real(t, "l2", 10);
    fake_task_real(t, "tolerance", 1e-6);
    fake_task_int(t, "max_iterations", 1000);
    return t;
}

static struct fake_task *filters_task(void)
{
    struct fake_task *t = usual_task();
    fake_task_text(t, "features", "convolutions");
    fake_task_int(t, "n_filters", 8);
    fake_task_int(t, "filter_size", 3);
    fake_task_int(t, "pool", 2);
    return t;
}

static void must_run(struct fake_task *t)
{
    const struct fake_result *r = fake_task_run(t);
    if (r->status != FW_OK || r->defect != NULL) {
        fail_msg("%s %s", r->fault, r->defect == NULL ? "" : r->defect);
    }
}

static void must_fail(struct fake_task *t, fw_status status, const char *text)
{
    const struct fake_result *r = fake_task_run(t);
    assert_int_equal(r->status, status);
    assert_null(r->defect);
    if (strstr(r->fault, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", r->fault, text);
    }
    fake_task_destroy(t);
}

/* An array of a file as doubles; the caller frees. */
static double *array_of(struct fake_task *t, const char *path, const char *name, uint64_t n_items)
{
    void *items = NULL;
    struct fw_npz *npz = NULL;
    struct fw_npy *npy = NULL;
    assert_int_equal(fw_npz_open(fake_task_host(t), path, &npz), FW_OK);
    assert_int_equal(fw_npy_open(npz, name, &npy), FW_OK);
    assert_int_equal(fw_npy_header(npy)->n_items, n_items);
    assert_int_equal(fw_npy_read_all(npy, FW_NPY_F8, &items), FW_OK);
    fw_npy_close(npy);
    fw_npz_close(npz);
    return items;
}

static double *answers_of(struct fake_task *t)
{
    return array_of(t, fake_task_path(t, "answers.npz"), "p", (uint64_t)N_TEST * N_KINDS);
}

static double fit_of(struct fake_task *t, const char *name)
{
    cJSON *fit = cJSON_Parse(fake_task_read(t, fake_task_path(t, "fit.json")));
    const cJSON *item = cJSON_GetObjectItem(fit, name);
    assert_non_null(item);
    const double value = cJSON_IsBool(item) ? cJSON_IsTrue(item) : item->valuedouble;
    cJSON_Delete(fit);
    return value;
}

static void assert_near(const double *is, const double *expected, size_t n, double tolerance)
{
    for (size_t i = 0; i < n; i++) {
        if (!(fabs(is[i] - expected[i]) <= tolerance)) {
            fail_msg("number %zu is %.9g, expected %.9g", i, is[i], expected[i]);
        }
    }
}

/* --- what it finds --- */

static void finds_what_scikit_learn_finds(void **state)
{
    (void)state;
    struct fake_task *t = usual_task();
    must_run(t);
    double *is = answers_of(t);
    double *expected = array_of(t, CASES "/golden.npz", "p", (uint64_t)N_TEST * N_KINDS);
    double *loss = array_of(t, CASES "/golden.npz", "loss", 1);
    assert_near(is, expected, (size_t)N_TEST * N_KINDS, 2e-5);
    assert_true(fabs(fit_of(t, "loss") - *loss) <= 1e-6);
    assert_true(fit_of(t, "converged") == 1);
    assert_true(fit_of(t, "gradient") <= 1e-6);
    free(is);
    free(expected);
    free(loss);
    fake_task_destroy(t);
}

static void says_when_it_did_not_converge(void **state)
{
    (void)state;
    struct fake_task *t = usual_task();
    fake_task_int(t, "max_iterations", 3);
    must_run(t);
    assert_true(fit_of(t, "converged") == 0);
    assert_true(fit_of(t, "iterations") == 3);
    fake_task_destroy(t);
}

/* The net that it wrote, run by the predictor, on the test images. */
static double *net_answers(struct fake_task *t)
{
    const struct fw_predictor *predictor = fake_kit_service(kit, FW_PREDICTOR_ID);
    const uint64_t n = (uint64_t)N_TEST * SIDE * SIDE;
    const int64_t shape[] = {N_TEST, 1, SIDE, SIDE};
    double *x = array_of(t, CASES "/test.npz", "x", n);
    double *p = malloc((size_t)N_TEST * N_KINDS * sizeof *p);
    float *data = malloc(n * sizeof *data);
    for (uint64_t i = 0; i < n; i++) {
        data[i] = (float)x[i];
    }
    struct fw_predictor_model *model = NULL;
    const struct fw_predictor_array *got = NULL;
    const struct fw_predictor_array array = {
        .element = FW_F32, .rank = 4, .shape = shape, .data = data};
    const struct fw_predictor_batch batch = {
        .struct_size = (uint32_t)sizeof batch, .n_samples = N_TEST, .inputs = &array};
    if (predictor->open(fake_task_host(t), fake_task_path(t, "model.json"), &model) != FW_OK ||
        predictor->predict(model, &batch, &got) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(t));
    }
    for (size_t i = 0; i < (size_t)N_TEST * N_KINDS; i++) {
        p[i] = ((const float *)got->data)[i];
    }
    predictor->close(model);
    free(data);
    free(x);
    return p;
}

static void the_net_gives_the_answers(void **state)
{
    (void)state;
    struct fake_task *tasks[] = {usual_task(), filters_task()};
    for (size_t i = 0; i < 2; i++) {
        must_run(tasks[i]);
        double *is = net_answers(tasks[i]), *expected = answers_of(tasks[i]);
        assert_near(is, expected, (size_t)N_TEST * N_KINDS, 1e-6);
        free(is);
        free(expected);
        fake_task_destroy(tasks[i]);
    }
}

/* Filters are drawn by the seed alone. */
static void the_threads_change_no_bit_and_the_seed_does(void **state)
{
    (void)state;
    struct fake_task *one = filters_task(), *two = filters_task(), *other = filters_task();
    fake_task_limits(one)->threads = 1;
    fake_task_limits(two)->threads = 2;
    fake_task_seed(other, 7);
    must_run(one);
    must_run(two);
    must_run(other);
    double *a = answers_of(one), *b = answers_of(two), *c = answers_of(other);
    assert_memory_equal(a, b, (size_t)N_TEST * N_KINDS * sizeof *a);
    assert_memory_not_equal(a, c, (size_t)N_TEST * N_KINDS * sizeof *a);
    free(a);
    free(b);
    free(c);
    fake_task_destroy(one);
    fake_task_destroy(two);
    fake_task_destroy(other);
}

/* --- what it refuses --- */

struct made {
    uint64_t rows, side, n_labels;
    float x; /* of sample 2 */
    double y;
    double others; /* what each other sample's class is; below 0: 0, 1, 0, 1 ... */
};

static void make_set(const struct fw_host *host, const char *path, const struct made *made)
{
    const uint64_t x_shape[] = {made->rows, made->side, made->side};
    struct fw_npz_writer *writer = NULL;
    assert_int_equal(fw_npz_writer_create(host, path, &writer), FW_OK);
    assert_int_equal(fw_npz_writer_begin(writer, "x", FW_NPY_F4, x_shape, 3), FW_OK);
    for (uint64_t i = 0; i < made->rows * made->side * made->side; i++) {
        const uint64_t sample = i / (made->side * made->side);
        const float item = sample == 2 ? made->x : (float)(i * 7 % 5);
        assert_int_equal(fw_npz_writer_append(writer, &item, sizeof item), FW_OK);
    }
    assert_int_equal(fw_npz_writer_begin(writer, "y", FW_NPY_F8, &made->n_labels, 1), FW_OK);
    for (uint64_t i = 0; i < made->n_labels; i++) {
        const double other = made->others < 0 ? (double)(i % 2) : made->others;
        const double label = i == 2 ? made->y : other;
        assert_int_equal(fw_npz_writer_append(writer, &label, sizeof label), FW_OK);
    }
    assert_int_equal(fw_npz_writer_finish(writer), FW_OK);
}

static struct fake_task *made_task(struct made made)
{
    char path[512];
    struct fake_task *scratch = fake_task_create(kit, NULL);
    snprintf(path, sizeof path, "%s/made.npz", folder);
    make_set(fake_task_host(scratch), path, &made);
    fake_task_destroy(scratch);
    return task_of(path, NULL);
}

static void refuses_labels_that_are_none(void **state)
{
    (void)state;
    const double labels[] = {-1, 0.5, NAN, 1e9};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        must_fail(made_task((struct made){8, 6, 8, 1, labels[i], -1}), FW_E_DATA,
                  "the target of sample 2 is");
    }
}

static void refuses_one_class(void **state)
{
    (void)state;
    must_fail(made_task((struct made){8, 6, 8, 1, 0, 0}), FW_E_DATA,
              "all 8 samples are of class 0: there is nothing to tell apart");
}

static void refuses_pixels_that_are_no_numbers(void **state)
{
    (void)state;
    must_fail(made_task((struct made){8, 6, 8, NAN, 0, -1}), FW_E_DATA,
              "sample 2 holds a number that is not finite");
}

static void refuses_samples_without_their_classes(void **state)
{
    (void)state;
    must_fail(made_task((struct made){8, 6, 7, 1, 0, -1}), FW_E_DATA, "8 samples beside 7 classes");
}

static void refuses_a_test_part_of_another_shape(void **state)
{
    (void)state;
    struct fake_task *t = made_task((struct made){8, 5, 8, 1, 0, -1});
    fake_task_input(t, "test", CASES "/test.npz", NULL);
    must_fail(t, FW_E_DATA, "samples are of 1 x 6 x 6, those of the training part of 1 x 5 x 5");
}

static void refuses_filters_that_do_not_fit(void **state)
{
    (void)state;
    const int64_t sizes[][2] = {{4, 2}, {7, 2}, {3, 7}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct fake_task *t = filters_task();
        fake_task_int(t, "filter_size", sizes[i][0]);
        fake_task_int(t, "pool", sizes[i][1]);
        must_fail(t, FW_E_CONFIG, "do not suit images of 6 x 6");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_scikit_learn_finds),
        cmocka_unit_test(says_when_it_did_not_converge),
        cmocka_unit_test(the_net_gives_the_answers),
        cmocka_unit_test(the_threads_change_no_bit_and_the_seed_does),
        cmocka_unit_test(refuses_labels_that_are_none),
        cmocka_unit_test(refuses_one_class),
        cmocka_unit_test(refuses_pixels_that_are_no_numbers),
        cmocka_unit_test(refuses_samples_without_their_classes),
        cmocka_unit_test(refuses_a_test_part_of_another_shape),
        cmocka_unit_test(refuses_filters_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
