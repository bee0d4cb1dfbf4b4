/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/checkpoint.h"
#include "test_files.h"

static int enter(void **state)
{
    *state = test_folder_create();
    return 0;
}

static int leave(void **state)
{
    test_folder_remove(*state);
    return 0;
}

static const char state_bytes[] = "state\nwith\0everything";

static fw_status give(void *self, struct fw_blob *ret)
{
    (void)self;
    ret->version = 7;
    ret->bytes = state_bytes;
    ret->size = sizeof state_bytes;
    return FW_OK;
}

static fw_status take(void *self, const struct fw_blob *blob)
{
    int *n_taken = self;
    assert_int_equal(blob->version, 7);
    assert_int_equal(blob->size, sizeof state_bytes);
    assert_memory_equal(blob->bytes, state_bytes, sizeof state_bytes);
    (*n_taken)++;
    return FW_OK;
}

static const struct fw_stage stage = {.struct_size = sizeof stage, .save = give, .restore = take};

static int save(const char *path, uint64_t steps)
{
    struct fw_checkpoint checkpoint = {.path = path, .key = "key"};
    return fw_checkpoint_save(&checkpoint, &stage, NULL, steps, NULL);
}

static int restore(const char *path, const char *key, int *n_taken, uint64_t *ret_steps)
{
    struct fw_checkpoint checkpoint = {.path = path, .key = key};
    return fw_checkpoint_restore(&checkpoint, &stage, n_taken, ret_steps, NULL);
}

static void what_was_saved_comes_back(void **state)
{
    char *path = test_path(*state, "c");
    int n_taken = 0;
    uint64_t steps = 0;
    assert_int_equal(save(path, 42), 0);
    assert_int_equal(restore(path, "key", &n_taken, &steps), 0);
    assert_int_equal(n_taken, 1);
    assert_int_equal(steps, 42);
    free(path);
}

static void another_key_is_refused(void **state)
{
    char *path = test_path(*state, "c");
    int n_taken = 0;
    uint64_t steps = 7;
    assert_int_equal(save(path, 1), 0);
    assert_int_equal(restore(path, "other", &n_taken, &steps), -1);
    assert_int_equal(n_taken, 0);
    assert_int_equal(steps, 7);
    free(path);
}

static void refuses(const char *path, const char *bytes, size_t size)
{
    int n_taken = 0;
    uint64_t steps;
    FILE *file = fopen(path, "w");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
    assert_int_equal(restore(path, "key", &n_taken, &steps), -1);
    assert_int_equal(n_taken, 0);
}

/* Cut at every length, and with every byte of the state changed, it is no checkpoint. */
static void a_damaged_one_is_refused(void **state)
{
    char *path = test_path(*state, "c");
    size_t size;
    assert_int_equal(save(path, 1), 0);
    char *whole = test_file_read(path, &size);
    for (size_t cut = 0; cut < size; cut++) {
        refuses(path, whole, cut);
    }
    for (size_t at = (size_t)(strchr(whole, '\n') + 1 - whole); at < size; at++) {
        whole[at] ^= 1;
        refuses(path, whole, size);
        whole[at] ^= 1;
    }
    free(whole);
    free(path);
}

static void a_version_that_does_not_fit_is_refused(void **state)
{
    char *path = test_path(*state, "c"), *changed = NULL;
    assert_int_equal(save(path, 1), 0);
    char *whole = test_file_read(path, NULL), *place = strstr(whole, "\"version\":7,");
    assert_non_null(place);
    /* The low 32 bits are 7; the state begins with text, which is enough for its length. */
    int head = (int)(place - whole),
        n = asprintf(&changed, "%.*s\"version\":4294967303,", head, whole);
    size_t rest = strlen(place + 12) + sizeof state_bytes - strlen(state_bytes);
    changed = realloc(changed, (size_t)n + rest);
    assert_non_null(changed);
    memcpy(changed + n, place + 12, rest);
    refuses(path, changed, (size_t)n + rest);
    free(changed);
    free(whole);
    free(path);
}

static void a_missing_one_is_refused(void **state)
{
    char *path = test_path(*state, "c");
    int n_taken = 0;
    uint64_t steps;
    assert_int_equal(restore(path, "key", &n_taken, &steps), -1);
    free(path);
}

/* A state that says where to go on in an output is worth nothing without what was there. */
static void outputs_must_be_as_long_as_they_were(void **state)
{
    char *path = test_path(*state, "c"), *part = test_path(*state, "part");
    const struct fw_output outputs[] = {{.port = "out", .path = part},
                                        {.port = "never", .path = "/nowhere/at/all"}};
    const struct fw_checkpoint checkpoint = {
        .path = path, .key = "key", .outputs = outputs, .n_outputs = 2};
    struct fw_error err;
    int n_taken = 0;
    uint64_t steps;
    test_file_write(*state, "part", "1234567");
    assert_int_equal(fw_checkpoint_save(&checkpoint, &stage, NULL, 1, NULL), 0);
    test_file_write(*state, "part", "12345678");
    assert_int_equal(fw_checkpoint_restore(&checkpoint, &stage, &n_taken, &steps, NULL), 0);
    test_file_write(*state, "part", "123456");
    assert_int_equal(fw_checkpoint_restore(&checkpoint, &stage, &n_taken, &steps, &err), -1);
    assert_int_equal(err.code, FW_EXIT_STATE);
    assert_non_null(strstr(err.text, part));
    assert_int_equal(unlink(part), 0);
    assert_int_equal(fw_checkpoint_restore(&checkpoint, &stage, &n_taken, &steps, NULL), -1);
    assert_int_equal(n_taken, 1);
    free(part);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_saved_comes_back, enter, leave),
        cmocka_unit_test_setup_teardown(another_key_is_refused, enter, leave),
        cmocka_unit_test_setup_teardown(a_damaged_one_is_refused, enter, leave),
        cmocka_unit_test_setup_teardown(a_version_that_does_not_fit_is_refused, enter, leave),
        cmocka_unit_test_setup_teardown(a_missing_one_is_refused, enter, leave),
        cmocka_unit_test_setup_teardown(outputs_must_be_as_long_as_they_were, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
