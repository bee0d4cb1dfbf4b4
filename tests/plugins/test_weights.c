/* SPDX-License-Identifier: MIT */
/* Checkpoint files: what comes back, and that nothing damaged or foreign does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/testkit.h>

#include "test_files.h"
#include "weights/weights.h"

#define DOCUMENT                                                                                   \
    "{\"model\":{\"kind\":\"resnet\",\"width\":64,\"widths\":[64,128]},\"data\":{\"rows\":32},"    \
    "\"epoch\":3}"

static const float floats[] = {1, -2, 3.5f, 0, 5, 6};
static const double doubles[] = {0.1, 0.2};

struct fixture {
    struct fake_task *task;
    const struct fw_host *host;
    char *folder;
    char path[512];
    char *bytes;
    size_t size;
};

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static char *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *ret_size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(*ret_size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *ret_size, file), *ret_size);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static void write_usual(struct fixture *f, const char *path)
{
    struct fw_weights_tensor tensors[2];
    cJSON *document = cJSON_Parse(DOCUMENT);
    assert_true(
        fw_weights_describe(&tensors[0], "stem.weight", FW_F32, (const uint64_t[]){2, 3}, 2));
    assert_true(fw_weights_describe(&tensors[1], "norm.mean", FW_F64, (const uint64_t[]){2}, 1));
    tensors[0].data = floats;
    tensors[1].data = doubles;
    assert_int_equal(fw_weights_write(f->host, path, document, tensors, 2), FW_OK);
    cJSON_Delete(document);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->task = fake_task_create(NULL, NULL);
    f->host = fake_task_host(f->task);
    f->folder = test_folder_create();
    snprintf(f->path, sizeof f->path, "%s/best-1.ckpt", f->folder);
    write_usual(f, f->path);
    f->bytes = read_file(f->path, &f->size);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    fake_task_destroy(f->task);
    test_folder_remove(f->folder);
    free(f->bytes);
    free(f);
    return 0;
}

static struct fw_weights *must_open(struct fixture *f)
{
    struct fw_weights *weights = NULL;
    if (fw_weights_open(f->host, f->path, &weights) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->task));
    }
    return weights;
}

static void must_say(struct fixture *f, fw_status status, const char *text)
{
    const char *fault = fake_task_take_fault(f->task);
    assert_int_equal(status, FW_E_DATA);
    if (strstr(fault, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", fault, text);
    }
}

static void must_not_open(struct fixture *f, const char *text)
{
    struct fw_weights *weights = NULL;
    const fw_status status = fw_weights_open(f->host, f->path, &weights);
    assert_null(weights);
    must_say(f, status, text);
}

static void gives_back_what_was_written(void **state)
{
    struct fixture *f = *state;
    struct fw_weights *weights = must_open(f);
    const struct fw_weights_tensor *tensor = fw_weights_find(weights, "stem.weight");
    assert_int_equal(fw_weights_n(weights), 2);
    assert_non_null(tensor);
    assert_int_equal(tensor->element, FW_F32);
    assert_int_equal(tensor->rank, 2);
    assert_int_equal(tensor->shape[1], 3);
    assert_memory_equal(tensor->data, floats, sizeof floats);
    assert_memory_equal(fw_weights_at(weights, 1)->data, doubles, sizeof doubles);
    assert_null(fw_weights_find(weights, "stem"));
    cJSON *document = cJSON_Parse(DOCUMENT);
    assert_true(cJSON_Compare(fw_weights_document(weights), document, true));
    cJSON_Delete(document);
    fw_weights_close(weights);
}

static void equal_calls_give_equal_bytes(void **state)
{
    struct fixture *f = *state;
    char other[512];
    size_t size = 0;
    snprintf(other, sizeof other, "%s/other.ckpt", f->folder);
    write_usual(f, other);
    char *bytes = read_file(other, &size);
    assert_int_equal(size, f->size);
    assert_memory_equal(bytes, f->bytes, size);
    free(bytes);
}

static void refuses_a_file_that_ends_early_wherever_it_ends(void **state)
{
    struct fixture *f = *state;
    for (size_t size = 0; size < f->size; size++) {
        struct fw_weights *weights = NULL;
        write_file(f->path, f->bytes, size);
        if (fw_weights_open(f->host, f->path, &weights) != FW_E_DATA) {
            fail_msg("%zu of %zu bytes were taken", size, f->size);
        }
        assert_true(strlen(fake_task_take_fault(f->task)) > 0);
    }
}

static void refuses_a_file_with_a_byte_too_many(void **state)
{
    struct fixture *f = *state;
    char *longer = malloc(f->size + 1);
    memcpy(longer, f->bytes, f->size);
    longer[f->size] = 0;
    write_file(f->path, longer, f->size + 1);
    free(longer);
    must_not_open(f, "says that it has");
}

static void refuses_a_flipped_bit_in_every_byte(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < f->size; i++) {
        struct fw_weights *weights = NULL;
        f->bytes[i] = (char)(f->bytes[i] ^ (1 << i % 8));
        write_file(f->path, f->bytes, f->size);
        f->bytes[i] = (char)(f->bytes[i] ^ (1 << i % 8));
        if (fw_weights_open(f->host, f->path, &weights) != FW_E_DATA) {
            fail_msg("byte %zu of %zu may be changed", i, f->size);
        }
        assert_true(strlen(fake_task_take_fault(f->task)) > 0);
    }
}

static void says_what_is_wrong_with_a_file(void **state)
{
    struct fixture *f = *state;
    f->bytes[f->size - 1] ^= 1;
    write_file(f->path, f->bytes, f->size);
    must_not_open(f, "norm.mean are damaged");
    f->bytes[4] = 9;
    write_file(f->path, f->bytes, f->size);
    must_not_open(f, "of version 9, this program reads 1");
    write_file(f->path, "PK\3\4", 4);
    must_not_open(f, "this is no checkpoint");
}

static fw_status expect(struct fw_weights *weights, const char *wanted)
{
    static const char *const members[] = {"model", "data"};
    cJSON *document = cJSON_Parse(wanted);
    const fw_status status = fw_weights_expect(weights, document, members, 2);
    cJSON_Delete(document);
    return status;
}

static void names_what_differs_in_model_and_data(void **state)
{
    struct fixture *f = *state;
    struct fw_weights *weights = must_open(f);
    assert_int_equal(expect(weights, DOCUMENT), FW_OK);
    must_say(f,
             expect(weights, "{\"model\":{\"kind\":\"resnet\",\"width\":32,\"widths\":[64,128]},"
                             "\"data\":{\"rows\":32}}"),
             "model.width is 64 in the checkpoint, and 32 here");
    must_say(f,
             expect(weights, "{\"model\":{\"kind\":\"resnet\",\"width\":64,\"widths\":[64,96]},"
                             "\"data\":{\"rows\":32}}"),
             "model.widths.1 is 128 in the checkpoint, and 96 here");
    must_say(f,
             expect(weights, "{\"model\":{\"kind\":\"resnet\",\"width\":64,\"widths\":[64]},"
                             "\"data\":{\"rows\":32}}"),
             "model.widths is a list of 2 in the checkpoint, and a list of 1 here");
    must_say(f,
             expect(weights, "{\"model\":{\"kind\":\"resnet\",\"widths\":[64,128]},"
                             "\"data\":{\"rows\":32}}"),
             "model.width is 64 in the checkpoint, and absent here");
    must_say(f,
             expect(weights, "{\"model\":{\"kind\":\"resnet\",\"width\":64,\"widths\":[64,128]},"
                             "\"data\":{\"rows\":28}}"),
             "data.rows is 32 in the checkpoint, and 28 here");
    fw_weights_close(weights);
}

static fw_status expect_tensor(struct fw_weights *weights, const char *name, uint32_t element,
                               uint64_t rows)
{
    struct fw_weights_tensor wanted;
    assert_true(fw_weights_describe(&wanted, name, element, (const uint64_t[]){rows, 3}, 2));
    return fw_weights_expect_tensor(weights, &wanted);
}

static void names_the_tensor_that_differs(void **state)
{
    struct fixture *f = *state;
    struct fw_weights *weights = must_open(f);
    assert_int_equal(expect_tensor(weights, "stem.weight", FW_F32, 2), FW_OK);
    must_say(f, expect_tensor(weights, "stem.weight", FW_F32, 4),
             "tensor stem.weight is float32 2 x 3 in the checkpoint, and float32 4 x 3 here");
    must_say(f, expect_tensor(weights, "stem.weight", FW_F64, 2),
             "is float32 2 x 3 in the checkpoint, and float64 2 x 3 here");
    must_say(f, expect_tensor(weights, "stem.bias", FW_F32, 2),
             "tensor stem.bias is absent in the checkpoint");
    fw_weights_close(weights);
}

static void a_folder_that_is_not_there_is_said(void **state)
{
    struct fixture *f = *state;
    struct fw_weights_tensor tensor;
    char path[600];
    cJSON *document = cJSON_CreateObject();
    snprintf(path, sizeof path, "%s/nowhere/best-1.ckpt", f->folder);
    assert_true(fw_weights_describe(&tensor, "w", FW_F32, (const uint64_t[]){6}, 1));
    tensor.data = floats;
    assert_int_equal(fw_weights_write(f->host, path, document, &tensor, 1), FW_E_IO);
    assert_non_null(strstr(fake_task_take_fault(f->task), "No such file"));
    cJSON_Delete(document);
}

static void a_name_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct fw_weights_tensor tensor;
    char name[FW_WEIGHTS_NAME + 1];
    memset(name, 'a', FW_WEIGHTS_NAME);
    name[FW_WEIGHTS_NAME] = '\0';
    assert_false(fw_weights_describe(&tensor, name, FW_F32, NULL, 0));
    assert_true(fw_weights_describe(&tensor, name + 1, FW_F32, NULL, 0));
    assert_int_equal(fw_weights_bytes(&tensor), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_back_what_was_written, setup, teardown),
        cmocka_unit_test_setup_teardown(equal_calls_give_equal_bytes, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_file_that_ends_early_wherever_it_ends, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(refuses_a_file_with_a_byte_too_many, setup, teardown),
        cmocka_unit_test_setup_teardown(refuses_a_flipped_bit_in_every_byte, setup, teardown),
        cmocka_unit_test_setup_teardown(says_what_is_wrong_with_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(names_what_differs_in_model_and_data, setup, teardown),
        cmocka_unit_test_setup_teardown(names_the_tensor_that_differs, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_said, setup, teardown),
        cmocka_unit_test(a_name_that_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
