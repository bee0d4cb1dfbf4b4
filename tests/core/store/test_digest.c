/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/str.h"
#include "store/digest.h"
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

struct box {
    struct fw_digests *digests;
    char *memo;
};

static struct box open_box(const char *folder)
{
    struct box box = {.memo = test_path(folder, "memo")};
    assert_int_equal(fw_digests_open(box.memo, &box.digests, NULL), 0);
    return box;
}

static void close_box(struct box *box)
{
    assert_int_equal(fw_digests_save(box->digests, NULL), 0);
    fw_digests_close(box->digests);
    free(box->memo);
}

static void digest(struct fw_digests *digests, const char *const *paths, size_t n,
                   char ret_hex[FW_SHA256_TEXT])
{
    struct fw_strings list = {0};
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(fw_strings_add(&list, paths[i]), 0);
    }
    assert_int_equal(fw_digests_paths(digests, &list, ret_hex, NULL), 0);
    fw_strings_finish(&list);
}

/* Long enough ago that the memo dares to remember it. */
static void age(const char *path)
{
    struct timeval old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(utimes(path, old), 0);
}

static void gives_the_digest_of_a_file(void **state)
{
    struct box box = open_box(*state);
    char *path = test_path(*state, "abc");
    char hex[FW_SHA256_TEXT];
    test_file_write(*state, "abc", "abc");
    digest(box.digests, (const char *[]){path}, 1, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    free(path);
    close_box(&box);
}

static void a_moved_tree_keeps_its_digest(void **state)
{
    struct box box = open_box(*state);
    char *one = test_path(*state, "one"), *two = test_path(*state, "deep/two");
    char a[FW_SHA256_TEXT], b[FW_SHA256_TEXT];
    test_file_write(*state, "one/x/1", "1");
    test_file_write(*state, "one/2", "2");
    test_file_write(*state, "deep/two/x/1", "1");
    test_file_write(*state, "deep/two/2", "2");
    digest(box.digests, (const char *[]){one}, 1, a);
    digest(box.digests, (const char *[]){two}, 1, b);
    assert_string_equal(a, b);
    free(one);
    free(two);
    close_box(&box);
}

static void names_inside_a_tree_count(void **state)
{
    struct box box = open_box(*state);
    char *one = test_path(*state, "one"), *two = test_path(*state, "two");
    char a[FW_SHA256_TEXT], b[FW_SHA256_TEXT];
    test_file_write(*state, "one/a", "1");
    test_file_write(*state, "one/b", "2");
    test_file_write(*state, "two/a", "2");
    test_file_write(*state, "two/b", "1");
    digest(box.digests, (const char *[]){one}, 1, a);
    digest(box.digests, (const char *[]){two}, 1, b);
    assert_string_not_equal(a, b);
    free(one);
    free(two);
    close_box(&box);
}

static void several_paths_are_named_from_their_common_folder(void **state)
{
    struct box box = open_box(*state);
    char *a1 = test_path(*state, "p/2020/t.tsv"), *a2 = test_path(*state, "p/2021/t.tsv");
    char *b1 = test_path(*state, "q/2020/t.tsv"), *b2 = test_path(*state, "q/2021/t.tsv");
    char a[FW_SHA256_TEXT], b[FW_SHA256_TEXT], swapped[FW_SHA256_TEXT];
    test_file_write(*state, "p/2020/t.tsv", "1");
    test_file_write(*state, "p/2021/t.tsv", "2");
    test_file_write(*state, "q/2020/t.tsv", "1");
    test_file_write(*state, "q/2021/t.tsv", "2");
    digest(box.digests, (const char *[]){a1, a2}, 2, a);
    digest(box.digests, (const char *[]){b1, b2}, 2, b);
    digest(box.digests, (const char *[]){b2, b1}, 2, swapped);
    assert_string_equal(a, b);
    assert_string_not_equal(a, swapped);
    free(a1);
    free(a2);
    free(b1);
    free(b2);
    close_box(&box);
}

/* Same inode, size and mtime: only ctime tells, and a file that is not settled is not remembered.
 */
static void a_rewritten_file_is_read_again(void **state)
{
    struct box box = open_box(*state);
    char *path = test_path(*state, "f");
    char a[FW_SHA256_TEXT], b[FW_SHA256_TEXT];
    test_file_write(*state, "f", "one");
    age(path);
    digest(box.digests, (const char *[]){path}, 1, a);
    test_file_write(*state, "f", "two");
    age(path);
    digest(box.digests, (const char *[]){path}, 1, b);
    assert_string_not_equal(a, b);
    free(path);
    close_box(&box);
}

static void a_damaged_memo_is_ignored(void **state)
{
    char *path = test_path(*state, "f");
    char hex[FW_SHA256_TEXT];
    test_file_write(*state, "memo", "1 2 three\n\n\x01garbage 1 2 3 4 5 zz\n1 2 3 4 5 abc\n");
    test_file_write(*state, "f", "abc");
    struct box box = open_box(*state);
    digest(box.digests, (const char *[]){path}, 1, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    free(path);
    close_box(&box);
}

static void a_missing_input_is_named(void **state)
{
    struct box box = open_box(*state);
    struct fw_error err;
    char hex[FW_SHA256_TEXT];
    char *path = test_path(*state, "nowhere");
    struct fw_strings list = {0};
    assert_int_equal(fw_strings_add(&list, path), 0);
    assert_int_equal(fw_digests_paths(box.digests, &list, hex, &err), -1);
    assert_non_null(strstr(err.text, path));
    fw_strings_finish(&list);
    free(path);
    close_box(&box);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gives_the_digest_of_a_file, enter, leave),
        cmocka_unit_test_setup_teardown(a_moved_tree_keeps_its_digest, enter, leave),
        cmocka_unit_test_setup_teardown(names_inside_a_tree_count, enter, leave),
        cmocka_unit_test_setup_teardown(several_paths_are_named_from_their_common_folder, enter,
                                        leave),
        cmocka_unit_test_setup_teardown(a_rewritten_file_is_read_again, enter, leave),
        cmocka_unit_test_setup_teardown(a_damaged_memo_is_ignored, enter, leave),
        cmocka_unit_test_setup_teardown(a_missing_input_is_named, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
