/* SPDX-License-Identifier: MIT */
/* What of checkpoints the predictor refuses, and that answers depend on nothing but their sample.
 */
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

#include "test_files.h"
#include "train_fixture.h"
#include "weights/weights.h"

enum { N = 200, SIZE = 3 * 8 * 8, CLASSES = 4 };

static struct fake_task *trained; /* its model.ckpt is what all tests begin with */

static int load(void **state)
{
    train_load(state);
    trained = train_task();
    fake_task_param(trained, "epochs", "2");
    train_run(trained);
    return 0;
}

static int unload(void **state)
{
    fake_task_destroy(trained);
    return train_unload(state);
}

static const struct fw_predictor *predictor(void)
{
    return fake_kit_service(train_kit(), FW_PREDICTOR_ID);
}

static struct fw_predictor_model *open_trained(void)
{
    struct fw_predictor_model *model = NULL;
    assert_int_equal(
        predictor()->open(fake_task_host(trained), fake_task_path(trained, "model.ckpt"), &model),
        FW_OK);
    return model;
}

static void must_refuse(const char *path, const char *text)
{
    struct fw_predictor_model *model = NULL;
    const fw_status status = predictor()->open(fake_task_host(trained), path, &model);
    const char *fault = fake_task_take_fault(trained);
    if (status != FW_E_DATA || model != NULL || strstr(fault, text) == NULL ||
        strstr(fault, path) == NULL) {
        fail_msg("status %d, \"%s\" should name the file and say \"%s\"", status, fault, text);
    }
}

/* --- documents --- */

struct document {
    const char *member, *name; /* what is replaced, in which member of the document */
    const char *json;          /* NULL: nothing is put there */
    const char *text;          /* of the sentence */
};

#define STAGE "{\"channels\":4,\"blocks\":1,\"stride\":1}"
#define NINE_STAGES                                                                                \
    "[" STAGE "," STAGE "," STAGE "," STAGE "," STAGE "," STAGE "," STAGE "," STAGE "," STAGE "]"
#define PATCHTST                                                                                   \
    "\"kind\":\"patchtst\",\"patch_len\":4,\"patch_stride\":4,\"spare_positions\":0,"              \
    "\"d_model\":8,\"heads\":2,\"d_ff\":8,\"dropout\":0,\"head_dropout\":0"

/* The same tensors with another document. */
static const char *rewritten(const struct document *as)
{
    const char *path = fake_task_path(trained, "rewritten.ckpt");
    struct fw_weights *file = NULL;
    assert_int_equal(
        fw_weights_open(fake_task_host(trained), fake_task_path(trained, "model.ckpt"), &file),
        FW_OK);
    cJSON *document = cJSON_Duplicate(fw_weights_document(file), true);
    cJSON *member =
        as->member != NULL ? cJSON_GetObjectItemCaseSensitive(document, as->member) : document;
    assert_true(cJSON_HasObjectItem(member, as->name));
    cJSON_DeleteItemFromObjectCaseSensitive(member, as->name);
    if (as->json != NULL) {
        cJSON_AddItemToObject(member, as->name, cJSON_Parse(as->json));
    }
    assert_int_equal(fw_weights_write(fake_task_host(trained), path, document,
                                      fw_weights_at(file, 0), fw_weights_n(file)),
                     FW_OK);
    cJSON_Delete(document);
    fw_weights_close(file);
    return path;
}

static void refuses_documents_of_which_no_net_can_be_built(void **state)
{
    (void)state;
    static const struct document documents[] = {
        {NULL, "format", "\"other/1\"", "no format \"fwrun-checkpoint/1\""},
        {NULL, "data", NULL, "no shape of data"},
        {"data", "rows", "8.5", "no shape of data"},
        {"data", "cols", "1e300", "no shape of data"},
        {"data", "channels", "-1", "no shape of data"},
        {NULL, "model", "[]", "no kind that is known: none"},
        {"model", "kind", "\"oracle\"", "no kind that is known: oracle"},
        {"model", "outputs", "0", "`outputs` of its model is no number from 1"},
        {"model", "outputs", "1", "no net can be built"},
        {"model", "stem", "4.5", "`stem` of its model is 4.5, no whole number"},
        {"model", "stem", "1e999", "`stem` of its model is no number"},
        {"model", "epsilon", "-1", "`epsilon` of its model is no number from 0 to 1"},
        {"model", "stages", "[]", "no net can be built"},
        {"model", "stages", NINE_STAGES, "more than 8 stages"},
        {"model", "stages", "[{\"channels\":4,\"blocks\":1000000000,\"stride\":1}]",
         "`blocks` of its model is no number from 1 to 64"},
        {NULL, "model", "{\"kind\":\"resnet\",\"outputs\":0,\"stages\":" NINE_STAGES "}",
         "`outputs` of its model is no number"},
        {NULL, "model", "{" PATCHTST ",\"outputs\":4,\"layers\":1}", "patchtst has one output"},
        {NULL, "model", "{" PATCHTST ",\"outputs\":1,\"layers\":16777216}",
         "`layers` of its model is no number from 1 to 256"},
        {NULL, "model",
         "{\"kind\":\"mlp\",\"outputs\":4,\"hidden\":[1.5],\"activation\":\"relu\",\"dropout\":0}",
         "`hidden` of its model is no list"},
    };
    for (size_t i = 0; i < FW_COUNT(documents); i++) {
        must_refuse(rewritten(&documents[i]), documents[i].text);
    }
}

static void refuses_scalings_that_no_sample_survives(void **state)
{
    (void)state;
    static const struct document documents[] = {
        {NULL, "scaling", NULL, "no scaling"},
        {"scaling", "raw_scale", "1e999", "no scaling"},
        {"scaling", "means", "[0,1e999,0]", "no scaling"},
        {"scaling", "means", "[0,0]", "no scaling"},
        {"scaling", "deviations", "[1,0,1]", "no scaling"},
        {"scaling", "deviations", "[]", "no scaling"},
        {"scaling", "deviations", "[1,1,\"1\"]", "no scaling"},
    };
    for (size_t i = 0; i < FW_COUNT(documents); i++) {
        must_refuse(rewritten(&documents[i]), documents[i].text);
    }
}

/* 4 TiB of weights, which nobody may even ask for. */
static void refuses_a_net_larger_than_its_file_before_it_takes_room(void **state)
{
    (void)state;
    must_refuse(
        rewritten(&(struct document){NULL, "model",
                                     "{\"kind\":\"mlp\",\"outputs\":4,\"hidden\":[1048576,1048576],"
                                     "\"activation\":\"relu\",\"dropout\":0}",
                                     NULL}),
        "tensor hidden0.weight is absent in the checkpoint");
    must_refuse(rewritten(&(struct document){"model", "stem", "8", NULL}),
                "tensor stem.weight is float32 4 x 3 x 3 x 3 in the checkpoint");
}

/* --- bytes --- */

static void write_bytes(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void refuses_files_that_are_damaged(void **state)
{
    (void)state;
    size_t size;
    const char *path = fake_task_path(trained, "damaged.ckpt");
    char *bytes = test_file_read(fake_task_path(trained, "model.ckpt"), &size);
    bytes[size - 3] ^= 1;
    write_bytes(path, bytes, size);
    must_refuse(path, "are damaged");
    bytes[size - 3] ^= 1;
    write_bytes(path, bytes, size - 1);
    must_refuse(path, "says that it has");
    bytes[200] ^= 1;
    write_bytes(path, bytes, size);
    must_refuse(path, "head is damaged");
    free(bytes);
}

/* --- answers --- */

static fw_status predict(struct fw_predictor_model *model, const float *x, uint64_t first,
                         uint64_t n, float *ret_p)
{
    const int64_t shape[] = {(int64_t)n, 3, 8, 8};
    const struct fw_predictor_array input = {
        .element = FW_F32, .rank = 4, .shape = shape, .data = x + first * SIZE};
    const struct fw_predictor_batch batch = {
        .struct_size = (uint32_t)sizeof batch, .first = first, .n_samples = n, .inputs = &input};
    const struct fw_predictor_array *outputs = NULL;
    const fw_status status = predictor()->predict(model, &batch, &outputs);
    if (status == FW_OK) {
        assert_int_equal(outputs[0].shape[0], n);
        assert_int_equal(outputs[0].shape[1], CLASSES);
        memcpy(ret_p + first * CLASSES, outputs[0].data, n * CLASSES * sizeof *ret_p);
    }
    return status;
}

static void answers_do_not_depend_on_the_batch(void **state)
{
    (void)state;
    static const uint64_t batches[] = {1, 7, 128, 129};
    static float x[N * SIZE], whole[N * CLASSES], parts[N * CLASSES];
    struct fw_predictor_model *model = open_trained();
    for (size_t i = 0; i < FW_COUNT(x); i++) {
        x[i] = (float)sin((double)i * 1.7);
    }
    assert_int_equal(predict(model, x, 0, N, whole), FW_OK);
    assert_true(memcmp(whole, whole + CLASSES, CLASSES * sizeof *whole) != 0);
    for (size_t i = 0; i < FW_COUNT(batches); i++) {
        memset(parts, 0, sizeof parts);
        for (uint64_t at = 0; at < N; at += batches[i]) {
            const uint64_t n = N - at < batches[i] ? N - at : batches[i];
            assert_int_equal(predict(model, x, at, n, parts), FW_OK);
        }
        assert_memory_equal(parts, whole, sizeof whole);
    }
    predictor()->close(model);
}

static void refuses_samples_of_another_size_or_element(void **state)
{
    (void)state;
    static const int64_t larger[] = {1, 3, 8, 9}, fitting[] = {1, 3, 8, 8};
    static const double x[3 * 8 * 9];
    const struct fw_predictor_array inputs[] = {
        {.element = FW_F32, .rank = 4, .shape = larger, .data = x},
        {.element = FW_F64, .rank = 4, .shape = fitting, .data = x}};
    struct fw_predictor_model *model = open_trained();
    for (size_t i = 0; i < FW_COUNT(inputs); i++) {
        const struct fw_predictor_batch batch = {
            .struct_size = (uint32_t)sizeof batch, .n_samples = 1, .inputs = &inputs[i]};
        const struct fw_predictor_array *outputs = NULL;
        assert_int_equal(predictor()->predict(model, &batch, &outputs), FW_E_DATA);
        assert_null(outputs);
        assert_non_null(
            strstr(fake_task_take_fault(trained), "samples of 3 x 8 x 8 float32 numbers"));
    }
    predictor()->close(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_documents_of_which_no_net_can_be_built),
        cmocka_unit_test(refuses_scalings_that_no_sample_survives),
        cmocka_unit_test(refuses_a_net_larger_than_its_file_before_it_takes_room),
        cmocka_unit_test(refuses_files_that_are_damaged),
        cmocka_unit_test(answers_do_not_depend_on_the_batch),
        cmocka_unit_test(refuses_samples_of_another_size_or_element),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
