/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fs.h"
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

static int n_entries(const char *folder)
{
    DIR *dir = opendir(folder);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(dir);
    return n;
}

static void expect_content(const char *path, const char *expected)
{
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(fw_fs_read(path, &text, &len, NULL), 0);
    assert_int_equal(len, strlen(expected));
    assert_string_equal(text, expected);
    free(text);
}

static void makes_folders_on_the_way(void **state)
{
    char *path = test_path(*state, "a/b//c");
    struct fw_error err = {0};
    assert_int_equal(fw_fs_mkdirs(path, NULL), 0);
    assert_int_equal(fw_fs_mkdirs(path, NULL), 0);
    test_file_write(*state, "a/file", "x");
    char *below = test_path(*state, "a/file/d");
    char *same = test_path(*state, "a/file");
    assert_int_equal(fw_fs_mkdirs(below, &err), -1);
    assert_int_equal(err.code, FW_EXIT_STATE);
    assert_non_null(strstr(err.text, "a/file"));
    assert_int_equal(fw_fs_mkdirs(same, &err), -1);
    assert_non_null(strstr(err.text, "a/file"));
    free(path);
    free(below);
    free(same);
}

static void replaces_a_file_at_once(void **state)
{
    char *path = test_path(*state, "a.txt");
    assert_int_equal(fw_fs_write(path, "one", 3, FW_DURABLE_RENAME, NULL), 0);
    expect_content(path, "one");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    mode_t mask = umask(0);
    umask(mask);
    assert_int_equal(info.st_mode & 0777, 0666 & ~mask);
    ino_t before = info.st_ino;
    /* With its inode held, the new file cannot get the same by chance. */
    char *held = test_path(*state, "held");
    assert_int_equal(link(path, held), 0);
    assert_int_equal(fw_fs_write(path, "two", 3, FW_DURABLE_FSYNC, NULL), 0);
    expect_content(path, "two");
    assert_int_equal(stat(path, &info), 0);
    assert_int_not_equal(info.st_ino, before);
    assert_int_equal(n_entries(*state), 2);
    free(held);
    free(path);
}

static void leaves_nothing_behind_when_it_cannot_write(void **state)
{
    struct fw_error err = {0};
    char *missing = test_path(*state, "none/a.txt");
    assert_int_equal(fw_fs_write(missing, "x", 1, FW_DURABLE_RENAME, &err), -1);
    assert_non_null(strstr(err.text, "No such file"));
    char *folder = test_path(*state, "folder");
    assert_int_equal(fw_fs_mkdirs(folder, NULL), 0);
    assert_int_equal(fw_fs_write(folder, "x", 1, FW_DURABLE_RENAME, &err), -1);
    assert_int_equal(n_entries(*state), 1);
    free(missing);
    free(folder);
}

/* Mounts a tiny tmpfs on FOLDER/disk; skips the test where that is refused. */
static char *mount_disk(const char *folder, const char *options)
{
    char *disk = test_path(folder, "disk");
    assert_int_equal(fw_fs_mkdirs(disk, NULL), 0);
    if (mount("tmpfs", disk, "tmpfs", 0, options) < 0) {
        print_message("# skipped: mounting a tmpfs is refused here\n");
        free(disk);
        skip();
    }
    return disk;
}

static void keeps_the_old_file_on_a_full_disk(void **state)
{
    char *disk = mount_disk(*state, "size=64k");
    char *path = test_path(disk, "a.txt");
    char *big = calloc(1, 1 << 20);
    struct fw_error err = {0};
    int first = fw_fs_write(path, "old", 3, FW_DURABLE_RENAME, NULL);
    int rc = fw_fs_write(path, big, 1 << 20, FW_DURABLE_RENAME, &err);
    int left = n_entries(disk);
    char *text = NULL;
    int read = fw_fs_read(path, &text, NULL, NULL);
    umount(disk);
    assert_int_equal(first, 0);
    assert_int_equal(rc, -1);
    assert_int_equal(err.code, FW_EXIT_STATE);
    assert_non_null(strstr(err.text, "No space left"));
    assert_int_equal(left, 1);
    assert_int_equal(read, 0);
    assert_string_equal(text, "old");
    free(text);
    free(big);
    free(path);
    free(disk);
}

static void finds_a_read_only_folder_even_as_root(void **state)
{
    char *disk = mount_disk(*state, "size=64k");
    char *inside = test_path(disk, "not/there/yet");
    struct fw_error err = {0};
    int writable = fw_fs_probe_writable(inside, NULL);
    int left = n_entries(disk);
    mount("tmpfs", disk, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL);
    int refused = fw_fs_probe_writable(inside, &err);
    umount(disk);
    assert_int_equal(writable, 0);
    assert_int_equal(left, 0);
    assert_int_equal(refused, -1);
    assert_non_null(strstr(err.text, "Read-only"));
    free(inside);
    free(disk);
}

static void publishes_files_and_folders(void **state)
{
    test_file_write(*state, "new/part", "x");
    char *from = test_path(*state, "new");
    char *to = test_path(*state, "final");
    char *part = test_path(*state, "final/part");
    struct fw_error err = {0};
    assert_int_equal(fw_fs_publish(from, to, FW_DURABLE_FSYNC, NULL), 0);
    expect_content(part, "x");
    assert_int_equal(fw_fs_publish(from, to, FW_DURABLE_FSYNC, &err), -1);
    assert_non_null(strstr(err.text, "new"));
    assert_int_equal(fw_fs_publish(from, to, FW_DURABLE_RENAME, &err), -1);
    free(from);
    free(to);
    free(part);
}

static void reads_whole_files(void **state)
{
    char *path = test_path(*state, "big");
    char *big = malloc(100001);
    memset(big, 'x', 100000);
    big[100000] = '\0';
    big[50000] = '\0';
    assert_int_equal(fw_fs_write(path, big, 100000, FW_DURABLE_RENAME, NULL), 0);
    char *text = NULL;
    size_t len = 0;
    assert_int_equal(fw_fs_read(path, &text, &len, NULL), 0);
    assert_int_equal(len, 100000);
    assert_memory_equal(text, big, 100001);
    free(text);
    struct fw_error err = {0};
    assert_int_equal(fw_fs_read(*state, &text, &len, &err), -1);
    assert_int_equal(err.code, FW_EXIT_FAILED);
    assert_non_null(strstr(err.text, "Is a directory"));
    expect_content("/dev/null", "");
    free(big);
    free(path);
}

static void removes_trees_but_not_what_links_lead_to(void **state)
{
    test_file_write(*state, "keep/x", "x");
    test_file_write(*state, "tree/a/b", "x");
    char *keep = test_path(*state, "keep");
    char *tree = test_path(*state, "tree");
    char *linked = test_path(*state, "tree/a/link");
    char *dangling = test_path(*state, "tree/dangling");
    char *kept = test_path(*state, "keep/x");
    assert_int_equal(symlink(keep, linked), 0);
    assert_int_equal(symlink("nowhere", dangling), 0);
    assert_int_equal(fw_fs_remove(tree, NULL), 0);
    assert_int_equal(access(tree, F_OK), -1);
    expect_content(kept, "x");
    assert_int_equal(fw_fs_remove(tree, NULL), 0);
    assert_int_equal(fw_fs_remove(kept, NULL), 0);
    assert_int_equal(n_entries(keep), 0);
    struct fw_error err = {0};
    assert_int_equal(fw_fs_remove("/proc/self/status", &err), -1);
    assert_int_equal(err.code, FW_EXIT_STATE);
    free(keep);
    free(tree);
    free(linked);
    free(dangling);
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(makes_folders_on_the_way, enter, leave),
        cmocka_unit_test_setup_teardown(replaces_a_file_at_once, enter, leave),
        cmocka_unit_test_setup_teardown(leaves_nothing_behind_when_it_cannot_write, enter, leave),
        cmocka_unit_test_setup_teardown(keeps_the_old_file_on_a_full_disk, enter, leave),
        cmocka_unit_test_setup_teardown(finds_a_read_only_folder_even_as_root, enter, leave),
        cmocka_unit_test_setup_teardown(publishes_files_and_folders, enter, leave),
        cmocka_unit_test_setup_teardown(reads_whole_files, enter, leave),
        cmocka_unit_test_setup_teardown(removes_trees_but_not_what_links_lead_to, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
