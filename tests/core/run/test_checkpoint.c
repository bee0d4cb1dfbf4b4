/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void what_was_saved_comes_back(void **state)
{
    char *path = test_path(*state, "c");
    int n_taken = 0;
    uint64_t steps = 0;
    assert_int_equal(fw_checkpoint_save(path, "key", &stage, &n_taken, 42, NULL), 0);
    assert_true(fw_checkpoint_usable(path, "key"));
    assert_int_equal(fw_checkpoint_restore(path, "key", &stage, &n_taken, &steps, NULL), 0);
    assert_int_equal(n_taken, 1);
    assert_int_equal(steps, 42);
    free(path);
}

static void another_key_is_refused(void **state)
{
    char *path = test_path(*state, "c");
    int n_taken = 0;
    uint64_t steps;
    assert_int_equal(fw_checkpoint_save(path, "key", &stage, &n_taken, 1, NULL), 0);
    assert_false(fw_checkpoint_usable(path, "other"));
    assert_int_equal(fw_checkpoint_restore(path, "other", &stage, &n_taken, &steps, NULL), -1);
    assert_int_equal(n_taken, 0);
    free(path);
}

/* Cut at every length, and with every byte changed, it is no checkpoint. */
static void a_damaged_one_is_none(void **state)
{
    char *path = test_path(*state, "c");
    int n_taken = 0;
    size_t size;
    assert_int_equal(fw_checkpoint_save(path, "key", &stage, &n_taken, 1, NULL), 0);
    char *whole = test_file_read(path, &size);
    for (size_t cut = 0; cut < size; cut++) {
        FILE *file = fopen(path, "w");
        assert_int_equal(fwrite(whole, 1, cut, file), cut);
        fclose(file);
        assert_false(fw_checkpoint_usable(path, "key"));
    }
    for (size_t at = (size_t)(strchr(whole, '\n') + 1 - whole); at < size; at++) {
        whole[at] ^= 1;
        FILE *file = fopen(path, "w");
        assert_int_equal(fwrite(whole, 1, size, file), size);
        fclose(file);
        assert_false(fw_checkpoint_usable(path, "key"));
        whole[at] ^= 1;
    }
    free(whole);
    free(path);
}

static void a_missing_one_is_none(void **state)
{
    char *path = test_path(*state, "c");
    assert_false(fw_checkpoint_usable(path, "key"));
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_saved_comes_back, enter, leave),
        cmocka_unit_test_setup_teardown(another_key_is_refused, enter, leave),
        cmocka_unit_test_setup_teardown(a_damaged_one_is_none, enter, leave),
        cmocka_unit_test_setup_teardown(a_missing_one_is_none, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
