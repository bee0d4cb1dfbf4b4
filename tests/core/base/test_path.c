/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/path.h"
#include "test_files.h"

static void joins_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *base, *path, *expected;
    } cases[] = {
        {"/a/b", "c", "/a/b/c"},
        {"/a/b", "/c/d", "/c/d"},
        {"/a/b", "../c", "/a/c"},
        {"/a", "../../..", "/"},
        {"/", "a//b/./c/", "/a/b/c"},
        {"a", "../b", "b"},
        {"a", "../../b", "../b"},
        {"..", "../a", "../../a"},
        {".", ".", "."},
        {"/a/b/", "./x/../y", "/a/b/y"},
        {"", "x", "/x"},
        {"/a", "", "/a"},
        {"ab", "..", "."},
        {"/a/..b", "..", "/a"},
        {"x/..", "..", ".."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *joined = fw_path_join(cases[i].base, cases[i].path);
        assert_string_equal(joined, cases[i].expected);
        free(joined);
    }
}

static void splits_into_folder_and_name(void **state)
{
    (void)state;
    static const struct {
        const char *path, *folder, *name;
    } cases[] = {
        {"/a/b.c", "/a", "b.c"}, {"b.c", ".", "b.c"}, {"/b", "/", "b"}, {"a/b/", "a/b", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *folder = fw_path_folder(cases[i].path);
        assert_string_equal(folder, cases[i].folder);
        assert_string_equal(fw_path_name(cases[i].path), cases[i].name);
        free(folder);
    }
}

static void makes_what_a_person_typed_absolute(void **state)
{
    (void)state;
    char *here = getcwd(NULL, 0);
    char *expected = fw_path_join(here, "x/y");
    char *path = fw_path_absolute("x/./z/../y");
    char *same = fw_path_absolute("/x/");
    assert_string_equal(path, expected);
    assert_string_equal(same, "/x");
    free(here);
    free(expected);
    free(path);
    free(same);
}

static void expands_patterns_in_byte_order(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    test_file_write(folder, "b.csv", "");
    test_file_write(folder, "B.csv", "");
    test_file_write(folder, "a.csv", "");
    test_file_write(folder, "a.txt", "");
    char *pattern = test_path(folder, "[aBb].csv");
    char *nothing = test_path(folder, "missing/*.csv");
    fw_auto(strings) struct fw_strings list = {0};
    assert_true(fw_path_is_glob(pattern));
    assert_false(fw_path_is_glob("/a/b.csv"));
    assert_int_equal(fw_strings_add(&list, "first"), 0);
    assert_int_equal(fw_path_glob(pattern, &list, NULL), 0);
    assert_int_equal(list.len, 4);
    assert_string_equal(list.items[0], "first");
    assert_string_equal(fw_path_name(list.items[1]), "B.csv");
    assert_string_equal(fw_path_name(list.items[2]), "a.csv");
    assert_string_equal(fw_path_name(list.items[3]), "b.csv");
    assert_int_equal(fw_path_glob(nothing, &list, NULL), 0);
    assert_int_equal(list.len, 4);
    free(pattern);
    free(nothing);
    test_folder_remove(folder);
}

static void lists_a_tree_sorted_with_what_tells_changes(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    test_file_write(folder, "b/2", "22");
    test_file_write(folder, "b.x", "1");
    test_file_write(folder, "a", "");
    char *linked = test_path(folder, "z");
    char *target = test_path(folder, "b");
    assert_int_equal(symlink(target, linked), 0);
    fw_auto(files) struct fw_files files = {0};
    assert_int_equal(fw_files_list(folder, &files, NULL), 0);
    static const char *const expected[] = {"a", "b.x", "b/2", "z/2"};
    assert_int_equal(files.len, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(files.items[i].path, expected[i]);
    }
    assert_int_equal(files.items[2].size, 2);
    char *path = test_path(folder, "b/2");
    struct stat info;
    struct fw_file one;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(fw_file_stat(path, &one, NULL), 0);
    assert_int_equal(one.inode, info.st_ino);
    assert_int_equal(one.mtime_ns,
                     info.st_mtim.tv_sec * INT64_C(1000000000) + info.st_mtim.tv_nsec);
    assert_int_equal(files.items[2].inode, one.inode);
    assert_int_equal(files.items[3].inode, one.inode);
    fw_auto(files) struct fw_files single = {0};
    assert_int_equal(fw_files_list(path, &single, NULL), 0);
    assert_int_equal(single.len, 1);
    assert_string_equal(single.items[0].path, "");
    assert_int_equal(fw_file_stat(target, &one, NULL), -1);
    free(path);
    free(linked);
    free(target);
    test_folder_remove(folder);
}

static void refuses_trees_that_it_cannot_list_whole(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    test_file_write(folder, "sub/x", "");
    char *linked = test_path(folder, "sub/link");
    struct fw_files files = {0};
    struct fw_error err = {0};
    assert_int_equal(symlink(folder, linked), 0);
    assert_int_equal(fw_files_list(folder, &files, &err), -1);
    assert_non_null(strstr(err.text, "loop"));
    assert_non_null(strstr(err.text, "sub/link"));
    unlink(linked);
    assert_int_equal(symlink("nowhere", linked), 0);
    assert_int_equal(fw_files_list(folder, &files, &err), -1);
    assert_non_null(strstr(err.text, "not there"));
    unlink(linked);
    assert_int_equal(mkfifo(linked, 0600), 0);
    assert_int_equal(fw_files_list(folder, &files, &err), -1);
    assert_non_null(strstr(err.text, "neither"));
    char *missing = test_path(folder, "missing");
    assert_int_equal(fw_files_list(missing, &files, &err), -1);
    assert_int_equal(err.code, FW_EXIT_FAILED);
    assert_non_null(strstr(err.text, "No such file"));
    assert_null(files.items);
    free(linked);
    free(missing);
    test_folder_remove(folder);
}

/* This program lies in the build tree, two folders below its top. */
static void knows_the_tree_that_it_belongs_to(void **state)
{
    (void)state;
    char *plugins = fw_path_own("plugins", "lib/nothing");
    char *expected = test_path(getenv("FWRUN_BUILD_ROOT"), "plugins");
    assert_string_equal(plugins, expected);
    free(plugins);
    free(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_by_name),
        cmocka_unit_test(splits_into_folder_and_name),
        cmocka_unit_test(makes_what_a_person_typed_absolute),
        cmocka_unit_test(expands_patterns_in_byte_order),
        cmocka_unit_test(lists_a_tree_sorted_with_what_tells_changes),
        cmocka_unit_test(knows_the_tree_that_it_belongs_to),
        cmocka_unit_test(refuses_trees_that_it_cannot_list_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
