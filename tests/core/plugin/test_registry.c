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

#include "base/fs.h"
#include "plugin/fixture_path.h"
#include "plugin/registry.h"
#include "test_files.h"

static struct fw_registry open_with(const char *first, const char *second)
{
    fw_auto(strings) struct fw_strings dirs = {0};
    struct fw_registry registry;
    struct fw_error err = {0};
    assert_int_equal(fw_strings_add(&dirs, first), 0);
    if (second != NULL) {
        assert_int_equal(fw_strings_add(&dirs, second), 0);
    }
    if (fw_registry_open(&dirs, &registry, &err) != 0) {
        fail_msg("%s", err.text);
    }
    return registry;
}

static const struct fw_registry_entry *entry_named(const struct fw_registry *registry,
                                                   const char *file)
{
    for (size_t i = 0; i < registry->len; i++) {
        const char *slash = strrchr(registry->items[i].path, '/');
        if (strcmp(slash + 1, file) == 0) {
            return &registry->items[i];
        }
    }
    fail_msg("no entry %s", file);
    return NULL;
}

static void copy_fixture(const char *name, const char *to)
{
    fw_auto(free) char *bytes = NULL;
    size_t size = 0;
    assert_int_equal(fw_fs_read(fixture_path(name), &bytes, &size, NULL), 0);
    assert_int_equal(fw_fs_write(to, bytes, size, FW_DURABLE_RENAME, NULL), 0);
}

static void assert_says(const struct fw_error *err, int code, const char *text)
{
    assert_int_equal(err->code, code);
    if (strstr(err->text, text) == NULL) {
        fail_msg("'%s' does not say '%s'", err->text, text);
    }
}

static void finds_a_stage_and_describes_it(void **state)
{
    (void)state;
    fw_auto(registry) struct fw_registry registry = open_with(fixture_folder("good"), NULL);
    struct fw_registry_stage found;
    assert_int_equal(fw_registry_find_stage(&registry, "t_copy", &found, NULL), 0);
    assert_string_equal(found.stage->doc, "Copies a file");
    assert_string_equal(found.entry->path, fixture_path("good/t_copy"));
    assert_int_equal(strlen(found.entry->elf.digest), 64);
}

static void finds_a_plugin_in_a_folder_of_its_name(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *sub = test_path(folder, "upper");
    char *file = test_path(folder, "upper/upper.so");
    char *other = test_path(folder, "upper/lower.so");
    assert_int_equal(mkdir(sub, 0777), 0);
    copy_fixture("good/t_noop", file);
    copy_fixture("good/t_copy", other);
    fw_auto(registry) struct fw_registry registry = open_with(folder, NULL);
    struct fw_registry_stage found;
    struct fw_error err = {0};
    assert_int_equal(fw_registry_find_stage(&registry, "t_noop", &found, &err), 0);
    assert_string_equal(found.entry->path, file);
    assert_int_equal(fw_registry_find_stage(&registry, "t_copy", &found, &err), -1);
    free(other);
    free(file);
    free(sub);
    test_folder_remove(folder);
}

static void names_a_near_stage(void **state)
{
    (void)state;
    fw_auto(registry) struct fw_registry registry = open_with(fixture_folder("good"), NULL);
    struct fw_registry_stage found;
    struct fw_error err = {0};
    assert_int_equal(fw_registry_find_stage(&registry, "t_cpoy", &found, &err), -1);
    assert_says(&err, FW_EXIT_CONFIG, "no plugin has the stage 't_cpoy'; did you mean 't_copy'");
    assert_says(&err, FW_EXIT_CONFIG, fixture_folder("good"));
}

static void the_first_plugin_of_an_id_wins(void **state)
{
    (void)state;
    char *folder = test_folder_create();
    char *file = test_path(folder, "newer.so");
    copy_fixture("good/t_count", file);
    fw_auto(registry) struct fw_registry registry = open_with(folder, fixture_folder("good"));
    struct fw_registry_stage found;
    assert_int_equal(fw_registry_find_stage(&registry, "t_count", &found, NULL), 0);
    assert_string_equal(found.entry->path, file);
    assert_string_equal(entry_named(&registry, "t_count.so")->shadowed_by, file);
    free(file);
    test_folder_remove(folder);
}

static void a_folder_named_twice_is_read_once(void **state)
{
    (void)state;
    fw_auto(registry) struct fw_registry registry =
        open_with(fixture_folder("good"), fixture_folder("good"));
    assert_null(entry_named(&registry, "t_count.so")->shadowed_by);
    size_t n = 0;
    for (size_t i = 0; i < registry.len; i++) {
        n += strcmp(registry.items[i].path, fixture_path("good/t_count")) == 0;
    }
    assert_int_equal(n, 1);
}

static void searches_the_environment_after_the_option(void **state)
{
    (void)state;
    setenv("FWRUN_PLUGIN_PATH", fixture_folder("good"), 1);
    fw_auto(registry) struct fw_registry registry = {0};
    struct fw_registry_stage found;
    assert_int_equal(fw_registry_open(NULL, &registry, NULL), 0);
    assert_int_equal(fw_registry_find_stage(&registry, "t_copy", &found, NULL), 0);
    struct fw_registry none;
    struct fw_error err = {0};
    setenv("FWRUN_PLUGIN_PATH", "/nowhere/at/all", 1);
    assert_int_equal(fw_registry_open(NULL, &none, &err), -1);
    assert_says(&err, FW_EXIT_PLUGIN,
                "FWRUN_PLUGIN_PATH: plugin folder /nowhere/at/all: No such file");
    unsetenv("FWRUN_PLUGIN_PATH");
}

static void lists_bad_files_with_their_reason(void **state)
{
    (void)state;
    static const char *const expected[][2] = {
        {"bad_text_file.so", "does not begin with the ELF magic"},
        {"bad_truncated.so", "the file is truncated"},
        {"bad_no_symbol.so", "it has no symbol fw_plugin_v1"},
        {"bad_no_note.so", "it has no note .note.fwrun"},
        {"bad_other_major.so", "abi_major: plugin 2, fwrun 1"},
        {"bad_newer_minor.so", "abi_minor: plugin 99, fwrun 0"},
        {"bad_other_draft.so", "abi_draft: plugin 9999, fwrun "},
        {"bad_short_struct.so", "size of fw_plugin: plugin 88, fwrun 96; size of fw_param: plugin"},
        {"bad_other_note.so", "note: org.fwrun.test.bad_other_note 2.0.0 MIT"},
        {"bad_other_note_minor.so", "disagree; abi_minor: symbol 0, note 1"},
        {"libfwrun_test_gone.so", "is no plugin"},
    };
    fw_auto(registry) struct fw_registry registry = open_with(fixture_folder("bad"), NULL);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const struct fw_registry_entry *entry = entry_named(&registry, expected[i][0]);
        assert_null(entry->plugin);
        assert_non_null(entry->reason);
        if (strstr(entry->reason, expected[i][1]) == NULL) {
            fail_msg("%s: '%s' does not say '%s'", expected[i][0], entry->reason, expected[i][1]);
        }
    }
}

static void a_bad_file_is_fatal_only_to_those_who_name_it(void **state)
{
    (void)state;
    fw_auto(registry) struct fw_registry registry =
        open_with(fixture_folder("bad"), fixture_folder("good"));
    struct fw_registry_stage found;
    struct fw_error err = {0};
    assert_int_equal(fw_registry_find_stage(&registry, "t_copy", &found, &err), 0);
    assert_int_equal(fw_registry_find_stage(&registry, "bad_other_major", &found, &err), -1);
    assert_says(&err, FW_EXIT_PLUGIN, "abi_major: plugin 2, fwrun 1");
    assert_says(&err, FW_EXIT_PLUGIN, fixture_path("bad/bad_other_major"));
    assert_int_equal(fw_registry_find_stage(&registry, "nothing_like_it", &found, &err), -1);
    assert_says(&err, FW_EXIT_CONFIG, "files there cannot be used, see `fwrun list`");
}

static void refuses_a_stage_of_two_plugins(void **state)
{
    (void)state;
    fw_auto(registry) struct fw_registry registry = open_with(fixture_folder("bad"), NULL);
    struct fw_registry_stage found;
    struct fw_error err = {0};
    assert_int_equal(fw_registry_find_stage(&registry, "bad_duplicate", &found, &err), -1);
    assert_says(&err, FW_EXIT_PLUGIN, "two plugins have the stage 'bad_duplicate': ");
    assert_says(&err, FW_EXIT_PLUGIN, fixture_path("bad/bad_duplicate_a"));
    assert_says(&err, FW_EXIT_PLUGIN, fixture_path("bad/bad_duplicate_b"));
}

static void knows_of_a_missing_library_before_loading(void **state)
{
    (void)state;
    fw_auto(registry) struct fw_registry registry =
        open_with(fixture_folder("bad"), fixture_folder("variants"));
    struct fw_registry_stage found;
    struct fw_error err = {0};
    assert_int_equal(fw_registry_find_stage(&registry, "bad_missing_library", &found, &err), -1);
    assert_says(&err, FW_EXIT_PLUGIN, "the shared library libfwrun_test_gone.so is nowhere");
    assert_int_equal(fw_registry_find_stage(&registry, "v_origin", &found, &err), 0);
}

static void finds_a_service_and_its_libraries(void **state)
{
    (void)state;
    fw_auto(registry) struct fw_registry registry = open_with(fixture_folder("good"), NULL);
    fw_auto(strings) struct fw_strings libraries = {0};
    struct fw_registry_service found;
    struct fw_error err = {0};
    const char *id = "org.fwrun.test.number/1";
    assert_int_equal(
        fw_registry_find_service(&registry, &(struct fw_registry_wish){.id = id}, &found, &err), 0);
    assert_string_equal(found.entry->path, fixture_path("good/t_number"));
    assert_int_equal(fw_registry_libraries(&found, &libraries, &err), 0);
    assert_int_equal(libraries.len, 1);
    assert_non_null(strstr(libraries.items[0], "/libc.so.6"));
    assert_int_equal(fw_registry_find_service(
                         &registry, &(struct fw_registry_wish){.id = "fw.nothing/1"}, &found, &err),
                     -1);
    assert_says(&err, FW_EXIT_CONFIG, "no plugin has the service 'fw.nothing/1'");
}

int main(void)
{
    unsetenv("FWRUN_PLUGIN_PATH");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_stage_and_describes_it),
        cmocka_unit_test(finds_a_plugin_in_a_folder_of_its_name),
        cmocka_unit_test(names_a_near_stage),
        cmocka_unit_test(the_first_plugin_of_an_id_wins),
        cmocka_unit_test(a_folder_named_twice_is_read_once),
        cmocka_unit_test(searches_the_environment_after_the_option),
        cmocka_unit_test(lists_bad_files_with_their_reason),
        cmocka_unit_test(a_bad_file_is_fatal_only_to_those_who_name_it),
        cmocka_unit_test(refuses_a_stage_of_two_plugins),
        cmocka_unit_test(knows_of_a_missing_library_before_loading),
        cmocka_unit_test(finds_a_service_and_its_libraries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
