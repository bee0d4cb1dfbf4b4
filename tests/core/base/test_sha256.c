/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/sha256.h"
#include "test_files.h"

static void knows_the_answers_of_fips_180(void **state)
{
    (void)state;
    static const struct {
        const char *text, *hex;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char hex[FW_SHA256_TEXT];
        fw_sha256_bytes(cases[i].text, strlen(cases[i].text), hex);
        assert_string_equal(hex, cases[i].hex);
    }
}

static void does_not_care_how_the_bytes_arrive(void **state)
{
    (void)state;
    struct fw_sha256 sha;
    char hex[FW_SHA256_TEXT];
    char block[1000];
    memset(block, 'a', sizeof block);
    fw_sha256_init(&sha);
    for (int i = 0; i < 1000; i++) {
        fw_sha256_update(&sha, block, 7);
        fw_sha256_update(&sha, block, sizeof block - 7);
    }
    fw_sha256_final(&sha, hex);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void reads_files(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *path = test_path(folder, "big");
    char *text = malloc(1000001);
    memset(text, 'a', 1000000);
    text[1000000] = '\0';
    test_file_write(folder, "big", text);
    char hex[FW_SHA256_TEXT];
    struct fw_error err = {0};
    assert_int_equal(fw_sha256_file(path, hex, &err), 0);
    assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    assert_int_equal(fw_sha256_file(folder, hex, &err), -1);
    assert_non_null(strstr(err.text, folder));
    free(text);
    free(path);
    test_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_the_answers_of_fips_180),
        cmocka_unit_test(does_not_care_how_the_bytes_arrive),
        cmocka_unit_test(reads_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
