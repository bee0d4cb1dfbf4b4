/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"
#include "plugin/fixture_path.h"
#include "plugin/loader.h"
#include "test_files.h"

static char *folder;
static struct fw_loader *loader;

static int make_loader(void **state)
{
    (void)state;
    unsetenv("FWRUN_KEEP_LOADED");
    folder = test_folder_create();
    return fw_loader_create(folder, &loader, NULL);
}

static int remove_loader(void **state)
{
    (void)state;
    fw_loader_destroy(loader);
    test_folder_remove(folder);
    return 0;
}

static struct fw_module *load(const char *name)
{
    struct fw_module *module = NULL;
    struct fw_error err = {0};
    if (fw_loader_open(loader, fixture_path(name), NULL, &module, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return module;
}

/* How many mappings of this process have `text` in their path. */
static size_t mappings(const char *text)
{
    char line[4096];
    size_t n = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL) {
        n += strstr(line, text) != NULL;
    }
    fclose(maps);
    return n;
}

static size_t files_in(const char *path)
{
    size_t n = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *item = readdir(dir); item != NULL; item = readdir(dir)) {
        n += item->d_name[0] != '.';
    }
    closedir(dir);
    return n;
}

static void loads_a_copy_and_unloads_it(void **state)
{
    (void)state;
    struct fw_module *module = load("good/t_copy");
    assert_string_equal(module->plugin->id, "org.fwrun.test.copy");
    assert_string_equal(module->path, fixture_path("good/t_copy"));
    assert_int_equal(module->generation, 1);
    assert_non_null(fw_module_stage(module, "t_copy"));
    assert_null(fw_module_stage(module, "t_noop"));
    assert_true(mappings(folder) > 0);
    assert_int_equal(mappings("good/t_copy.so"), 0);
    assert_int_equal(files_in(folder), 0);
    fw_module_close(module);
    assert_int_equal(mappings(folder), 0);
}

static void two_generations_live_side_by_side(void **state)
{
    (void)state;
    struct fw_module *a = load("good/t_count");
    struct fw_module *b = load("good/t_count");
    assert_int_equal(a->generation, 1);
    assert_int_equal(b->generation, 2);
    assert_ptr_not_equal(a->plugin, b->plugin);
    fw_module_close(a);
    assert_string_equal(fw_module_stage(b, "t_count")->name, "t_count");
    fw_module_close(b);
}

static void shares_one_generation_of_a_content(void **state)
{
    (void)state;
    struct fw_module *first = load("good/t_number"), *again = NULL;
    const char *path = fixture_path("good/t_number");
    char digest[FW_SHA256_TEXT];
    struct fw_error err = {0};
    memcpy(digest, first->digest, sizeof digest);
    fw_module_close(first);
    assert_int_equal(mappings(folder), 0);
    assert_int_equal(fw_loader_share(loader, path, digest, &first, &err), 0);
    assert_int_equal(fw_loader_share(loader, path, digest, &again, &err), 0);
    assert_ptr_equal(first, again);
    assert_int_equal(first->generation, 2);
    assert_non_null(strstr(first->digest, digest));
    assert_non_null(fw_module_service(first, "org.fwrun.test.number/1"));
    assert_null(fw_module_service(first, "org.fwrun.test.number/2"));
    assert_int_equal(fw_loader_share(loader, fixture_path("good/t_copy"), digest, &again, &err),
                     -1);
    assert_non_null(strstr(err.text, "has changed since the run was planned"));
    fw_loader_destroy(loader);
    assert_int_equal(mappings(folder), 0);
    assert_int_equal(fw_loader_create(folder, &loader, NULL), 0);
    fw_module_close(NULL);
}

static void a_rebuild_does_not_touch_what_is_loaded(void **state)
{
    (void)state;
    char *bytes = NULL;
    size_t size = 0;
    char *file = test_path(folder, "plugin.so");
    assert_int_equal(fw_fs_read(fixture_path("good/t_noop"), &bytes, &size, NULL), 0);
    assert_int_equal(fw_fs_write(file, bytes, size, FW_DURABLE_RENAME, NULL), 0);
    struct fw_module *module = NULL;
    assert_int_equal(fw_loader_open(loader, file, NULL, &module, NULL), 0);
    FILE *rebuilt = fopen(file, "w"); /* in place, as linkers may do */
    assert_non_null(rebuilt);
    assert_int_equal(fclose(rebuilt), 0);
    assert_string_equal(module->plugin->stages[0]->name, "t_noop");
    fw_module_close(module);
    free(bytes);
    free(file);
}

static void refuses_another_content_than_was_planned(void **state)
{
    (void)state;
    struct fw_module *module = load("good/t_noop");
    char digest[FW_SHA256_TEXT];
    memcpy(digest, module->digest, sizeof digest);
    fw_module_close(module);
    struct fw_error err = {0};
    assert_int_equal(fw_loader_open(loader, fixture_path("good/t_noop"), digest, &module, &err), 0);
    fw_module_close(module);
    assert_int_equal(fw_loader_open(loader, fixture_path("good/t_copy"), digest, &module, &err),
                     -1);
    assert_int_equal(err.code, FW_EXIT_PLUGIN);
    assert_non_null(strstr(err.text, "has changed since the run was planned"));
    assert_int_equal(mappings(folder), 0);
}

static void finds_a_library_beside_the_original(void **state)
{
    (void)state;
    struct fw_module *module = load("variants/v_origin");
    assert_non_null(fw_module_stage(module, "v_origin"));
    assert_true(mappings("libfwrun_test_gone.so") > 0);
    fw_module_close(module);
    assert_int_equal(mappings("libfwrun_test_gone.so"), 0);
}

static void says_why_a_plugin_cannot_be_loaded(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        {"bad/bad_undefined_symbol", "undefined symbol: fwrun_test_nowhere"},
        {"bad/bad_missing_library",
         "libfwrun_test_gone.so: cannot open shared object file: No such file"},
        {"bad/bad_no_symbol", "is no plugin: it has no symbol fw_plugin_v1"},
        {"bad/bad_other_major", "abi_major: plugin 2, fwrun 1"},
        {"bad/bad_newer_minor", "abi_minor: plugin 99, fwrun 0"},
        {"bad/bad_other_draft", "abi_draft: plugin 9999"},
        {"bad/bad_short_struct", "size of fw_plugin: plugin 88, fwrun 96"},
        {"bad/bad_other_note", "disagree"},
        {"bad/bad_text_file", "does not begin with the ELF magic"},
        {"bad/bad_truncated", "the file is truncated"},
        {"bad/bad_nothing_here", "No such file"},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct fw_module *module = NULL;
        struct fw_error err = {0};
        const char *path = fixture_path(expected[i][0]);
        assert_int_equal(fw_loader_open(loader, path, NULL, &module, &err), -1);
        assert_null(module);
        assert_int_equal(err.code, FW_EXIT_PLUGIN);
        /* The file that the user knows, then the reason, and nothing of the copy. */
        if (strncmp(err.text, path, strlen(path)) != 0 ||
            strstr(err.text, expected[i][1]) == NULL || strstr(err.text, folder) != NULL) {
            fail_msg("'%s' does not say '%s'", err.text, expected[i][1]);
        }
    }
    assert_int_equal(files_in(folder), 0);
    assert_int_equal(mappings(folder), 0);
}

static void keeps_loaded_when_asked(void **state)
{
    (void)state;
    setenv("FWRUN_KEEP_LOADED", "1", 1);
    struct fw_loader *keeping = NULL;
    struct fw_module *module = NULL;
    const char *path = fixture_path("good/t_mem");
    assert_int_equal(fw_loader_create(folder, &keeping, NULL), 0);
    assert_int_equal(fw_loader_open(keeping, path, NULL, &module, NULL), 0);
    fw_module_close(module);
    assert_true(mappings("good/t_mem.so") > 0);
    fw_loader_destroy(keeping);
    unsetenv("FWRUN_KEEP_LOADED");
}

static char *shared_path;

static void *open_and_drop(void *arg)
{
    for (int i = 0; i < 50; i++) {
        struct fw_module *module = NULL;
        if (fw_loader_open(arg, shared_path, NULL, &module, NULL) != 0) {
            return arg;
        }
        fw_module_close(module);
    }
    return NULL;
}

static void threads_exclude_each_other(void **state)
{
    (void)state;
    pthread_t threads[4];
    shared_path = strdup(fixture_path("good/t_noop"));
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, open_and_drop, loader), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(mappings(folder), 0);
    free(shared_path);
}

int main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, make_loader, remove_loader)
    const struct CMUnitTest tests[] = {
        CLAIM(loads_a_copy_and_unloads_it),
        CLAIM(two_generations_live_side_by_side),
        CLAIM(shares_one_generation_of_a_content),
        CLAIM(a_rebuild_does_not_touch_what_is_loaded),
        CLAIM(refuses_another_content_than_was_planned),
        CLAIM(finds_a_library_beside_the_original),
        CLAIM(says_why_a_plugin_cannot_be_loaded),
        CLAIM(keeps_loaded_when_asked),
        CLAIM(threads_exclude_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
