/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "plugin/fixture_path.h"
#include "plugin/library.h"

static void assert_found(const struct fw_library_user *user, const char *name, const char *ending,
                         bool by_origin)
{
    char *path = NULL;
    bool used = !by_origin;
    struct fw_error err = {0};
    assert_int_equal(fw_library_find(user, name, &path, &used, &err), 0);
    const size_t len = strlen(path);
    assert_true(path[0] == '/' && len >= strlen(ending));
    assert_string_equal(path + len - strlen(ending), ending);
    assert_int_equal(used, by_origin);
    free(path);
}

static void finds_what_the_system_has(void **state)
{
    (void)state;
    const struct fw_library_user user = {.folder = "/"};
    assert_found(&user, "libc.so.6", "/libc.so.6", false);
    assert_found(&user, "libm.so.6", "/libm.so.6", false);
}

static void finds_by_run_path_and_origin(void **state)
{
    (void)state;
    const char *name = "libfwrun_test_gone.so";
    struct fw_library_user user = {.folder = fixture_folder("good")};
    user.runpath = "/nowhere:$ORIGIN/../bad";
    assert_found(&user, name, "/bad/libfwrun_test_gone.so", true);
    user.runpath = "${ORIGIN}/../bad:/nowhere";
    assert_found(&user, name, "/bad/libfwrun_test_gone.so", true);
    user.runpath = fixture_folder("bad");
    assert_found(&user, name, "/bad/libfwrun_test_gone.so", false);
}

static void the_environment_comes_before_the_run_path(void **state)
{
    (void)state;
    const struct fw_library_user user = {.folder = fixture_folder("good"), .runpath = "$ORIGIN"};
    const char *before = getenv("LD_LIBRARY_PATH");
    char *saved = before == NULL ? NULL : strdup(before);
    setenv("LD_LIBRARY_PATH", fixture_folder("bad"), 1);
    assert_found(&user, "libfwrun_test_gone.so", "/bad/libfwrun_test_gone.so", false);
    if (saved == NULL) {
        unsetenv("LD_LIBRARY_PATH");
    } else {
        setenv("LD_LIBRARY_PATH", saved, 1);
    }
    free(saved);
}

static void a_name_with_a_slash_is_the_place(void **state)
{
    (void)state;
    const struct fw_library_user user = {.folder = "/"};
    assert_found(&user, fixture_path("good/t_noop"), "/good/t_noop.so", false);
}

static void passes_over_what_is_no_library(void **state)
{
    (void)state;
    const struct fw_library_user user = {.folder = "/", .runpath = fixture_folder("bad")};
    char *path = NULL;
    struct fw_error err = {0};
    assert_int_equal(fw_library_find(&user, "bad_text_file.so", &path, NULL, &err), -1);
    assert_int_equal(err.code, FW_EXIT_PLUGIN);
    assert_non_null(strstr(err.text, "the shared library bad_text_file.so is nowhere"));
    assert_non_null(strstr(err.text, fixture_folder("bad")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_the_system_has),
        cmocka_unit_test(finds_by_run_path_and_origin),
        cmocka_unit_test(the_environment_comes_before_the_run_path),
        cmocka_unit_test(a_name_with_a_slash_is_the_place),
        cmocka_unit_test(passes_over_what_is_no_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
