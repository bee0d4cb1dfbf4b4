/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file/digest.h"
#include "file/file.h"
#include "test_files.h"

static char fault[1000];
static char *folder;

static fw_status take_fault(const struct fw_host *host, fw_status status, const struct fw_fault *f)
{
    (void)host;
    snprintf(fault, sizeof fault, "%s: %s", f->where != NULL ? f->where : "", f->what);
    return status;
}

static const struct fw_host host = {.struct_size = sizeof host, .fail = take_fault};

static int start(void **state)
{
    (void)state;
    fault[0] = '\0';
    folder = test_folder_create();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    test_folder_remove(folder);
    return 0;
}

/* FIPS 180-4's examples. */
static void digests_are_those_of_the_standard(void **state)
{
    (void)state;
    char hex[FW_SHA256_HEX];

    assert_true(fw_sha256("abc", 3, hex));
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_true(fw_sha256("", 0, hex));
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void a_file_has_the_digest_of_its_bytes(void **state)
{
    (void)state;
    const size_t size = 1000003; /* more than one block, and a rest */
    char of_bytes[FW_SHA256_HEX], of_file[FW_SHA256_HEX];
    char *path = test_path(folder, "bytes"), *bytes = malloc(size);

    assert_non_null(bytes);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)(i * i % 251);
    }
    assert_int_equal(fw_file_write(&host, path, bytes, size), FW_OK);
    assert_true(fw_sha256(bytes, size, of_bytes));
    assert_int_equal(fw_file_sha256(&host, path, of_file), FW_OK);
    assert_string_equal(of_file, of_bytes);
    free(bytes);
    free(path);
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    char hex[FW_SHA256_HEX] = "untouched";
    char *path = test_path(folder, "absent");

    assert_int_equal(fw_file_sha256(&host, path, hex), FW_E_MISSING);
    assert_non_null(strstr(fault, path));
    assert_int_equal(fw_file_sha256(&host, folder, hex), FW_E_IO);
    assert_non_null(strstr(fault, "Is a directory"));
    assert_string_equal(hex, "untouched");
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(digests_are_those_of_the_standard, start, stop),
        cmocka_unit_test_setup_teardown(a_file_has_the_digest_of_its_bytes, start, stop),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_named, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
