/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "base/json.h"
#include "store/manifest.h"
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

/* A finished stage "s" with one output: a folder of two files. */
static cJSON *make_stage(const char *folder)
{
    char *root = test_path(folder, "stages/s/out");
    test_file_write(folder, "stages/s/out/a", "first");
    test_file_write(folder, "stages/s/out/sub/b", "second");
    cJSON *manifest = cJSON_CreateObject();
    cJSON *output = NULL;
    assert_int_equal(fw_manifest_describe(root, &output, NULL), 0);
    cJSON_AddStringToObject(output, "port", "out");
    cJSON_AddStringToObject(output, "path", "out");
    cJSON_AddItemToArray(cJSON_AddArrayToObject(manifest, "outputs"), output);
    cJSON_AddStringToObject(manifest, "key", "k");
    assert_int_equal(fw_manifest_write(folder, "s", manifest, FW_DURABLE_RENAME, NULL), 0);
    free(root);
    return manifest;
}

static size_t count_problems(const char *folder, bool deep, char *ret_first, size_t size)
{
    struct fw_strings problems = {0};
    cJSON *manifest = NULL;
    assert_int_equal(fw_manifest_load(folder, "s", &manifest, NULL), 0);
    assert_non_null(manifest);
    assert_int_equal(fw_manifest_check(folder, "s", manifest, deep, &problems, NULL), 0);
    size_t n = problems.len;
    if (n > 0 && ret_first) {
        strncpy(ret_first, problems.items[0], size - 1);
    }
    fw_strings_finish(&problems);
    cJSON_Delete(manifest);
    return n;
}

static void a_finished_stage_checks_out(void **state)
{
    cJSON_Delete(make_stage(*state));
    assert_int_equal(count_problems(*state, false, NULL, 0), 0);
    assert_int_equal(count_problems(*state, true, NULL, 0), 0);
}

static void a_flipped_byte_is_found_and_named(void **state)
{
    char first[512] = "";
    cJSON_Delete(make_stage(*state));
    test_file_write(*state, "stages/s/out/sub/b", "sec0nd");
    assert_int_equal(count_problems(*state, true, first, sizeof first), 1);
    assert_non_null(strstr(first, "stages/s/out/sub/b"));
    assert_non_null(strstr(first, "other content"));
}

static void a_file_that_was_only_touched_is_believed_after_reading(void **state)
{
    cJSON_Delete(make_stage(*state));
    char *path = test_path(*state, "stages/s/out/a");
    assert_int_equal(fw_fs_remove(path, NULL), 0);
    test_file_write(*state, "stages/s/out/a", "first"); /* another inode, another time */
    assert_int_equal(count_problems(*state, false, NULL, 0), 0);
    free(path);
}

static void missing_longer_and_extra_files_are_found(void **state)
{
    char first[512] = "";
    cJSON_Delete(make_stage(*state));
    test_file_write(*state, "stages/s/out/c", "third");
    assert_int_equal(count_problems(*state, false, first, sizeof first), 1);
    assert_non_null(strstr(first, "3 files"));
    test_file_write(*state, "stages/s/out/a", "first and more");
    assert_int_equal(count_problems(*state, false, first, sizeof first), 2);
    assert_non_null(strstr(first, "14 bytes, 5 are recorded"));
    char *path = test_path(*state, "stages/s/out");
    assert_int_equal(fw_fs_remove(path, NULL), 0);
    assert_int_equal(count_problems(*state, false, first, sizeof first), 2);
    assert_non_null(strstr(first, "is missing"));
    free(path);
}

static void a_truncated_manifest_is_an_error_with_its_place(void **state)
{
    struct fw_error err;
    cJSON *manifest = NULL;
    cJSON_Delete(make_stage(*state));
    test_file_write(*state, "stages/s/MANIFEST.json", "{\"outputs\": [");
    assert_int_equal(fw_manifest_load(*state, "s", &manifest, &err), -1);
    assert_int_equal(err.code, FW_EXIT_STATE);
    assert_non_null(strstr(err.text, "MANIFEST.json"));
}

static void a_manifest_with_wrong_types_is_an_error(void **state)
{
    struct fw_error err;
    struct fw_strings problems = {0};
    cJSON *manifest = NULL;
    test_file_write(*state, "stages/s/MANIFEST.json",
                    "{\"outputs\": [{\"port\": 1, \"path\": 2, \"files\": 3}]}");
    assert_int_equal(fw_manifest_load(*state, "s", &manifest, NULL), 0);
    assert_int_equal(fw_manifest_check(*state, "s", manifest, false, &problems, &err), -1);
    assert_int_equal(err.code, FW_EXIT_STATE);
    cJSON_Delete(manifest);
    fw_strings_finish(&problems);
}

static void a_retracted_stage_has_no_manifest(void **state)
{
    cJSON *manifest = make_stage(*state);
    cJSON_Delete(manifest);
    assert_int_equal(fw_manifest_retract(*state, "s", NULL), 0);
    assert_int_equal(fw_manifest_load(*state, "s", &manifest, NULL), 0);
    assert_null(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_finished_stage_checks_out, enter, leave),
        cmocka_unit_test_setup_teardown(a_flipped_byte_is_found_and_named, enter, leave),
        cmocka_unit_test_setup_teardown(a_file_that_was_only_touched_is_believed_after_reading,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(missing_longer_and_extra_files_are_found, enter, leave),
        cmocka_unit_test_setup_teardown(a_truncated_manifest_is_an_error_with_its_place, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_manifest_with_wrong_types_is_an_error, enter, leave),
        cmocka_unit_test_setup_teardown(a_retracted_stage_has_no_manifest, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
