/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fw/testkit.h>

#include "npy/npy.h"
#include "onnx_tensor.h"
#include "test_files.h"

/* ONNX's own cases and a digit classifier, through the service; skipped without the library. */

struct fixture {
    struct fake_kit *kit;
    struct fake_task *task;
    const struct fw_predictor *predictor;
    char *data; /* NULL: the shared data are not there */
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->kit = fake_kit_open(PREDICTOR_ONNX_SO, NULL);
    f->task = fake_task_create(f->kit, NULL);
    f->predictor = fake_kit_service(f->kit, FW_PREDICTOR_ID "#0");
    f->data = test_shared_data("onnx");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    fake_task_destroy(f->task);
    fake_kit_close(f->kit);
    free(f->data);
    free(f);
    return 0;
}

static void need_library(const struct fixture *f)
{
    struct fw_predictor_model *model = NULL;
    if (f->data == NULL) {
        skip();
    }
    fw_status status = f->predictor->open(fake_task_host(f->task), "/no/such.onnx", &model);
    const char *fault = fake_task_take_fault(f->task);
    assert_int_equal(status, FW_E_MISSING);
    if (strstr(fault, "libonnxruntime.so.1") != NULL) {
        print_message("SKIPPED: ONNX Runtime is not there: scripts/setup --with-onnx\n");
        skip();
    }
}

/* --- ONNX's own cases --- */

struct tally {
    unsigned passed, unsupported, others;
};

enum { MAX_TENSORS = 8 };

static size_t read_tensors(const char *folder, const char *kind, struct onnx_tensor *tensors)
{
    for (size_t n = 0; n < MAX_TENSORS; n++) {
        char *path = test_path(folder, "test_data_set_0/%s_%zu.pb", kind, n);
        bool there = access(path, F_OK) == 0;
        if (there) {
            onnx_tensor_read(path, &tensors[n]);
        }
        free(path);
        if (!there) {
            return n;
        }
    }
    fail_msg("%s: more tensors than the test has room for", folder);
    return 0;
}

static void compare(const char *name, const struct onnx_tensor *expected,
                    const struct fw_predictor_array *got)
{
    if (got->element != expected->element || got->rank != expected->rank ||
        (got->rank > 0 &&
         memcmp(got->shape, expected->shape, got->rank * sizeof *got->shape) != 0)) {
        fail_msg("%s: another shape or type", name);
    }
    for (uint64_t i = 0; i < expected->n; i++) {
        double want = onnx_number(expected->element, expected->data, i);
        double is = onnx_number(got->element, got->data, i);
        if (!(fabs(is - want) <= 1e-5 + 1e-3 * fabs(want)) && !(isnan(is) && isnan(want))) {
            fail_msg("%s: element %llu: %g, expected %g", name, (unsigned long long)i, is, want);
        }
    }
}

static void run_model(const struct fixture *f, struct fw_predictor_model *model, const char *folder)
{
    const struct fw_predictor_info *info = f->predictor->info(model);
    struct onnx_tensor in[MAX_TENSORS] = {0}, out[MAX_TENSORS] = {0};
    struct fw_predictor_array arrays[MAX_TENSORS] = {0};
    const struct fw_predictor_array *got = NULL;
    size_t n_in = read_tensors(folder, "input", in), n_out = read_tensors(folder, "output", out);
    assert_int_equal(info->n_inputs, n_in);
    assert_int_equal(info->n_outputs, n_out);
    for (size_t i = 0; i < n_in; i++) {
        arrays[i] = (struct fw_predictor_array){
            .element = in[i].element, .rank = in[i].rank, .shape = in[i].shape, .data = in[i].data};
    }
    const struct fw_predictor_batch batch = {
        .struct_size = (uint32_t)sizeof batch,
        .n_samples = n_in > 0 && in[0].rank > 0 ? (uint64_t)in[0].shape[0] : 1,
        .inputs = arrays};
    if (f->predictor->predict(model, &batch, &got) != FW_OK) {
        fail_msg("%s: %s", folder, fake_task_take_fault(f->task));
    }
    for (size_t i = 0; i < n_out; i++) {
        compare(folder, &out[i], &got[i]);
        free(out[i].data);
    }
    for (size_t i = 0; i < n_in; i++) {
        free(in[i].data);
    }
}

/* What the library cannot load, and what is no tensor, must say so; the rest must be right. */
static void run_case(const struct fixture *f, const char *folder, struct tally *tally)
{
    struct fw_predictor_model *model = NULL;
    char *path = test_path(folder, "model.onnx");
    fw_status status = f->predictor->open(fake_task_host(f->task), path, &model);
    if (status == FW_OK) {
        run_model(f, model, folder);
        tally->passed++;
    } else {
        const char *fault = fake_task_take_fault(f->task);
        assert_int_not_equal(fault[0], '\0');
        tally->unsupported += status == FW_E_UNSUPPORTED;
        tally->others += status != FW_E_UNSUPPORTED;
    }
    f->predictor->close(model);
    free(path);
}

static struct tally run_set(const struct fixture *f, const char *set)
{
    struct tally tally = {0};
    char *folder = test_path(f->data, "%s", set);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *item = readdir(dir); item != NULL; item = readdir(dir)) {
        if (item->d_name[0] != '.') {
            char *path = test_path(folder, "%s", item->d_name);
            run_case(f, path, &tally);
            free(path);
        }
    }
    closedir(dir);
    free(folder);
    print_message("%s: %u right, %u refused as unsupported, %u refused otherwise\n", set,
                  tally.passed, tally.unsupported, tally.others);
    return tally;
}

/* The counts are those of ONNX Runtime 1.30, which has no kernels for opsets below 7 and no
 * locale for two cases; a sequence is no tensor. */
static void answers_onnx_s_own_cases(void **state)
{
    const struct fixture *f = *state;
    need_library(f);
    struct tally converted = run_set(f, "pytorch-converted");
    struct tally operators = run_set(f, "pytorch-operator");
    struct tally simple = run_set(f, "simple");
    assert_true(converted.passed >= 57);
    assert_int_equal(converted.passed + converted.unsupported, 80);
    assert_true(operators.passed >= 23);
    assert_int_equal(operators.passed + operators.unsupported, 34);
    assert_true(simple.passed >= 15);
    assert_int_equal(simple.passed + simple.unsupported + simple.others, 23);
}

/* --- a classifier of digits, made for one sample at a time --- */

struct digits {
    float *input;   /* 100 × 1 × 28 × 28 */
    double *output; /* 100 × 10, computed in double */
};

static void read_array(const struct fw_npz *npz, const char *name, enum fw_npy_type type,
                       void **ret_items)
{
    struct fw_npy *npy = NULL;
    assert_int_equal(fw_npy_open(npz, name, &npy), FW_OK);
    assert_int_equal(fw_npy_read_all(npy, type, ret_items), FW_OK);
    fw_npy_close(npy);
}

static struct digits read_digits(const struct fixture *f)
{
    struct digits digits;
    struct fw_npz *npz = NULL;
    void *input = NULL, *output = NULL;
    char *path = test_path(f->data, "ort_examples_mnist_vectors.npz");
    assert_int_equal(fw_npz_open(fake_task_host(f->task), path, &npz), FW_OK);
    read_array(npz, "input", FW_NPY_F4, &input);
    read_array(npz, "output", FW_NPY_F8, &output);
    digits.input = input;
    digits.output = output;
    fw_npz_close(npz);
    free(path);
    return digits;
}

static struct fw_predictor_model *open_digits(const struct fixture *f)
{
    struct fw_predictor_model *model = NULL;
    char *path = test_path(f->data, "ort_examples_mnist.onnx");
    if (f->predictor->open(fake_task_host(f->task), path, &model) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    free(path);
    return model;
}

/* Samples [first, first + n) in one batch. */
static void check_digits(const struct fixture *f, struct fw_predictor_model *model,
                         const struct digits *digits, uint64_t first, uint64_t n)
{
    const int64_t shape[] = {(int64_t)n, 1, 28, 28};
    const struct fw_predictor_array array = {
        .element = FW_F32, .rank = 4, .shape = shape, .data = digits->input + first * 784};
    const struct fw_predictor_batch batch = {
        .struct_size = (uint32_t)sizeof batch, .first = first, .n_samples = n, .inputs = &array};
    const struct fw_predictor_array *got = NULL;
    if (f->predictor->predict(model, &batch, &got) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    assert_int_equal(got->rank, 2);
    assert_int_equal(got->shape[0], n);
    assert_int_equal(got->shape[1], 10);
    for (uint64_t i = 0; i < 10 * n; i++) {
        double want = digits->output[first * 10 + i], is = ((const float *)got->data)[i];
        if (!(fabs(is - want) <= 0.01)) {
            fail_msg("sample %llu: %g, expected %g", (unsigned long long)(first + i / 10), is,
                     want);
        }
    }
}

static void a_model_for_one_sample_answers_batches(void **state)
{
    const struct fixture *f = *state;
    need_library(f);
    struct digits digits = read_digits(f);
    struct fw_predictor_model *model = open_digits(f), *second = open_digits(f);
    check_digits(f, model, &digits, 0, 100);
    check_digits(f, second, &digits, 3, 1);
    f->predictor->close(second);
    check_digits(f, model, &digits, 17, 32);
    const struct fw_predictor_info *info = f->predictor->info(model);
    assert_int_equal(info->inputs[0]->element, FW_F32);
    assert_int_equal(info->inputs[0]->shape[0], 1);
    assert_non_null(strstr(info->describes, "ONNX Runtime 1."));
    f->predictor->close(model);
    free(digits.input);
    free(digits.output);
}

/* The model has 3 samples at a time: the last slice of seven is one sample and two of padding. */
static void a_slice_that_is_not_full_gives_its_own_rows_only(void **state)
{
    const struct fixture *f = *state;
    need_library(f);
    struct fw_predictor_model *model = NULL;
    char *path = test_path(f->data, "pytorch-operator/test_operator_exp/model.onnx");
    assert_int_equal(f->predictor->open(fake_task_host(f->task), path, &model), FW_OK);
    const struct fw_predictor_port *port = f->predictor->info(model)->inputs[0];
    const int64_t fixed = port->shape[0];
    assert_int_equal(port->rank, 2);
    assert_true(fixed > 1);
    const int64_t width = port->shape[1], shape[] = {2 * fixed + 1, width};
    float *values = calloc((size_t)(shape[0] * width), sizeof *values);
    for (int64_t i = 0; i < shape[0] * width; i++) {
        values[i] = (float)i / 8;
    }
    const struct fw_predictor_array array = {
        .element = FW_F32, .rank = 2, .shape = shape, .data = values};
    const struct fw_predictor_batch batch = {
        .struct_size = (uint32_t)sizeof batch, .n_samples = (uint64_t)shape[0], .inputs = &array};
    const struct fw_predictor_array *got = NULL;
    assert_int_equal(f->predictor->predict(model, &batch, &got), FW_OK);
    assert_int_equal(got->shape[0], shape[0]);
    for (int64_t i = 0; i < shape[0] * width; i++) {
        assert_true(fabsf(((const float *)got->data)[i] / expf(values[i]) - 1) < 1e-5F);
    }
    f->predictor->close(model);
    free(values);
    free(path);
}

/* --- what goes wrong --- */

static void expect(const struct fixture *f, fw_status is, fw_status want, const char *says)
{
    const char *fault = fake_task_take_fault(f->task);
    if (is != want) {
        fail_msg("%d: %s", (int)is, fault);
    }
    if (strstr(fault, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", fault, says);
    }
}

static void names_what_is_wrong_with_a_file(void **state)
{
    const struct fixture *f = *state;
    need_library(f);
    struct fw_predictor_model *model = NULL;
    char *folder = test_folder_create(), *path = test_path(folder, "bad.onnx");
    const struct fw_host *host = fake_task_host(f->task);
    expect(f, f->predictor->open(host, "/no/such.onnx", &model), FW_E_MISSING, "/no/such.onnx");
    test_file_write(folder, "bad.onnx", "this is no model at all, is it");
    expect(f, f->predictor->open(host, path, &model), FW_E_DATA, "bad.onnx");
    test_file_write(folder, "bad.onnx", "");
    expect(f, f->predictor->open(host, path, &model), FW_E_DATA, "bad.onnx");
    assert_null(model);
    free(path);
    test_folder_remove(folder);
}

static void refuses_another_shape_or_type(void **state)
{
    const struct fixture *f = *state;
    need_library(f);
    struct fw_predictor_model *model = open_digits(f);
    const int64_t shape[] = {1, 1, 28, 27};
    static const double values[784];
    struct fw_predictor_array array = {
        .element = FW_F32, .rank = 4, .shape = shape, .data = values};
    const struct fw_predictor_batch batch = {
        .struct_size = (uint32_t)sizeof batch, .n_samples = 1, .inputs = &array};
    const struct fw_predictor_array *got = NULL;
    expect(f, f->predictor->predict(model, &batch, &got), FW_E_DATA, "27");
    array.element = FW_F64;
    expect(f, f->predictor->predict(model, &batch, &got), FW_E_DATA, "float");
    array.element = FW_C64;
    expect(f, f->predictor->predict(model, &batch, &got), FW_E_UNSUPPORTED, "element type");
    assert_null(got);
    f->predictor->close(model);
}

static unsigned count_threads(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/task");
    assert_non_null(dir);
    for (const struct dirent *item = readdir(dir); item != NULL; item = readdir(dir)) {
        n += item->d_name[0] != '.';
    }
    closedir(dir);
    return n;
}

static void takes_the_budget_s_threads_and_no_more(void **state)
{
    const struct fixture *f = *state;
    need_library(f);
    unsigned before = count_threads();
    fake_task_limits(f->task)->threads = 3;
    struct fw_predictor_model *model = open_digits(f);
    assert_int_equal(count_threads() - before, 2);
    f->predictor->close(model);
    fake_task_limits(f->task)->threads = 1;
    model = open_digits(f);
    assert_int_equal(count_threads(), before);
    f->predictor->close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_onnx_s_own_cases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_model_for_one_sample_answers_batches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_slice_that_is_not_full_gives_its_own_rows_only, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(names_what_is_wrong_with_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_another_shape_or_type, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_the_budget_s_threads_and_no_more, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("predictor_onnx", tests, NULL, NULL);
}
