/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/predictor.h>
#include <fw/testkit.h>

#include "npy/npy.h"
#include "test_files.h"

/* Nets against PyTorch's answers in double precision (tests/reference/net_reference.py). */

struct fixture {
    struct fake_kit *kit;
    struct fake_task *task;
    const struct fw_predictor *predictor;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->kit = fake_kit_open(PREDICTOR_WEIGHTS_SO, KERNELS_CPU_SO, NULL);
    f->task = fake_task_create(f->kit, NULL);
    f->predictor = fake_kit_service(f->kit, FW_PREDICTOR_ID);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    fake_task_destroy(f->task);
    fake_kit_close(f->kit);
    free(f);
    return 0;
}

static struct fw_predictor_model *open_net(const struct fixture *f, const char *path)
{
    struct fw_predictor_model *model = NULL;
    if (f->predictor->open(fake_task_host(f->task), path, &model) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    return model;
}

/* An array of answers.npz as doubles, or pairs of doubles. */
static double *read_answers(const struct fixture *f, const char *name, const char *array,
                            struct fw_npy_header *ret_header)
{
    void *items = NULL;
    struct fw_npz *npz = NULL;
    struct fw_npy *npy = NULL;
    char path[512];
    snprintf(path, sizeof path, CASES "/%s/answers.npz", name);
    assert_int_equal(fw_npz_open(fake_task_host(f->task), path, &npz), FW_OK);
    assert_int_equal(fw_npy_open(npz, array, &npy), FW_OK);
    *ret_header = *fw_npy_header(npy);
    const enum fw_npy_type as = ret_header->type == FW_NPY_C16 ? FW_NPY_C16 : FW_NPY_F8;
    assert_int_equal(fw_npy_read_all(npy, as, &items), FW_OK);
    fw_npy_close(npy);
    fw_npz_close(npz);
    return items;
}

/* Samples [first, first + n) of an output. */
static void compare(const struct fixture *f, const char *name, const char *array,
                    const struct fw_predictor_array *got, uint64_t first, uint64_t n)
{
    struct fw_npy_header header;
    double *want = read_answers(f, name, array, &header);
    const uint64_t parts = header.type == FW_NPY_C16 ? 2 : 1;
    const uint64_t row = header.n_items / header.shape[0] * parts;
    assert_int_equal(got->element, parts == 2 ? FW_C64 : FW_F32);
    assert_int_equal(got->rank, header.n_dims);
    assert_int_equal(got->shape[0], n);
    for (unsigned i = 1; i < header.n_dims; i++) {
        assert_int_equal(got->shape[i], header.shape[i]);
    }
    for (uint64_t i = 0; i < n * row; i++) {
        const double is = ((const float *)got->data)[i], expected = want[first * row + i];
        if (!(fabs(is - expected) <= 1e-5 * fmax(1, fabs(expected)))) {
            fail_msg("%s, %s: number %llu is %.9g, expected %.9g", name, array,
                     (unsigned long long)i, is, expected);
        }
    }
    free(want);
}

static const struct fw_predictor_array *predict(const struct fixture *f,
                                                struct fw_predictor_model *model, const char *name,
                                                uint64_t first, uint64_t n)
{
    struct fw_npy_header header;
    double *x = read_answers(f, name, "x", &header);
    const uint64_t row = header.n_items / header.shape[0];
    const int64_t shape[] = {(int64_t)n, (int64_t)header.shape[1], (int64_t)header.shape[2],
                             (int64_t)header.shape[3]};
    float *data = malloc(n * row * sizeof *data);
    for (uint64_t i = 0; i < n * row; i++) {
        data[i] = (float)x[first * row + i];
    }
    const struct fw_predictor_array array = {
        .element = FW_F32, .rank = 4, .shape = shape, .data = data};
    const struct fw_predictor_batch batch = {
        .struct_size = (uint32_t)sizeof batch, .first = first, .n_samples = n, .inputs = &array};
    const struct fw_predictor_array *got = NULL;
    if (f->predictor->predict(model, &batch, &got) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    free(data);
    free(x);
    return got;
}

static void a_classifier_answers_as_pytorch_does(void **state)
{
    const struct fixture *f = *state;
    struct fw_predictor_model *model = open_net(f, CASES "/classifier/model.json");
    const struct fw_predictor_info *info = f->predictor->info(model);
    assert_int_equal(info->n_inputs, 1);
    assert_int_equal(info->n_outputs, 2);
    assert_int_equal(info->inputs[0]->shape[2], 12);
    const uint64_t ranges[][2] = {{0, 2}, {0, 5}, {3, 1}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        const struct fw_predictor_array *got =
            predict(f, model, "classifier", ranges[i][0], ranges[i][1]);
        compare(f, "classifier", "p", &got[0], ranges[i][0], ranges[i][1]);
        compare(f, "classifier", "logits", &got[1], ranges[i][0], ranges[i][1]);
    }
    f->predictor->close(model);
}

static void a_u_shaped_net_gives_a_complex_object(void **state)
{
    const struct fixture *f = *state;
    struct fw_predictor_model *model = open_net(f, CASES "/u_shape/model.json");
    const struct fw_predictor_array *got = predict(f, model, "u_shape", 0, 3);
    compare(f, "u_shape", "object", &got[0], 0, 3);
    compare(f, "u_shape", "both", &got[1], 0, 3);
    compare(f, "u_shape", "ratio", &got[2], 0, 3);
    f->predictor->close(model);
}

/* A sample's answer does not depend on the others that go with it, nor on threads. */
static void the_batch_and_the_threads_change_no_bit(void **state)
{
    const struct fixture *f = *state;
    float whole[5 * 3];
    struct fw_predictor_model *model = open_net(f, CASES "/classifier/model.json");
    memcpy(whole, predict(f, model, "classifier", 0, 5)[1].data, sizeof whole);
    f->predictor->close(model);
    fake_task_limits(f->task)->threads = 1;
    model = open_net(f, CASES "/classifier/model.json");
    for (uint64_t i = 0; i < 5; i++) {
        const float *one = predict(f, model, "classifier", i, 1)[1].data;
        assert_memory_equal(one, whole + 3 * i, 3 * sizeof *one);
    }
    f->predictor->close(model);
}

/* --- what cannot be a net --- */

static void copy_file(const char *from, const char *folder, const char *name)
{
    size_t size;
    char *bytes = test_file_read(from, &size), *path = test_path(folder, "%s", name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    free(bytes);
    free(path);
}

/* The classifier with one text of its document replaced. */
static void check_refused(const struct fixture *f, const char *text, const char *by,
                          const char *says)
{
    struct fw_predictor_model *model = NULL;
    char *folder = test_folder_create(), *path = test_path(folder, "model.json"), changed[4096];
    char *document = test_file_read(CASES "/classifier/model.json", NULL);
    char *at = strstr(document, text);
    assert_non_null(at);
    snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - document), document, by,
             at + strlen(text));
    test_file_write(folder, "model.json", changed);
    copy_file(CASES "/classifier/weights.npz", folder, "weights.npz");
    assert_int_not_equal(f->predictor->open(fake_task_host(f->task), path, &model), FW_OK);
    const char *fault = fake_task_take_fault(f->task);
    if (strstr(fault, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", fault, says);
    }
    assert_null(model);
    free(document);
    free(path);
    test_folder_remove(folder);
}

static void says_what_is_wrong_with_a_document(void **state)
{
    const struct fixture *f = *state;
    check_refused(f, "fwrun-net/1", "fwrun-net/9", "no description of a net");
    check_refused(f, "ce", "ff", "not those of the model");
    check_refused(f, "\"weights.npz\"", "\"gone.npz\"", "gone.npz");
    check_refused(f, "\"weights.npz\"", "\"../weights.npz\"", "beside it");
    check_refused(f, "\"op\": \"conv2d\"", "\"op\": \"conv7d\"", "there is no operation");
    check_refused(f, "\"in\": \"v1\"", "\"in\": \"v99\"", "v99");
    check_refused(f, "\"filter\": \"w0\"", "\"filter\": \"w2\"", "the image has 1");
    check_refused(f, "\"filter\": \"w0\"", "\"filter\": \"none\"", "none");
    check_refused(f, "\"bias\": \"w1\"", "\"bias\": \"w0\"", "the bias has 36 numbers");
    check_refused(f, "\"post\": \"relu\"", "\"post\": \"swish\"", "a layer of their own");
    check_refused(f, "\"size\": 2", "\"size\": 40", "nothing is left");
    check_refused(f, "\"maxpool\",\n   \"in\": \"v1\",\n   \"out\": \"v2\",\n   \"size\": 2",
                  "\"upsample\", \"in\": \"v1\", \"out\": \"v2\", \"size\": 1025", "at most 1024");
    check_refused(f, "\"outputs\": [", "\"outputs\": [ \"v77\", ", "v77");
}

static void refuses_samples_of_another_size(void **state)
{
    const struct fixture *f = *state;
    struct fw_predictor_model *model = open_net(f, CASES "/classifier/model.json");
    static const float data[200];
    const int64_t shape[] = {1, 1, 12, 11};
    const struct fw_predictor_array array = {
        .element = FW_F32, .rank = 4, .shape = shape, .data = data};
    const struct fw_predictor_batch batch = {
        .struct_size = (uint32_t)sizeof batch, .n_samples = 1, .inputs = &array};
    const struct fw_predictor_array *got = NULL;
    assert_int_equal(f->predictor->predict(model, &batch, &got), FW_E_DATA);
    assert_non_null(strstr(fake_task_take_fault(f->task), "132 numbers"));
    assert_null(got);
    f->predictor->close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_classifier_answers_as_pytorch_does, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_u_shaped_net_gives_a_complex_object, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_batch_and_the_threads_change_no_bit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_what_is_wrong_with_a_document, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_samples_of_another_size, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("predictor_weights", tests, NULL, NULL);
}
