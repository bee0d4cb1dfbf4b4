/* SPDX-License-Identifier: MIT */
/* Every text of the public JSON test suite: y_ must be read, n_ refused, i_ either, none crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "test_files.h"

typedef void check(const char *path, const char *text, size_t size, const cJSON *json,
                   const struct fw_error *err);

/* Calls `look` for each file whose name begins with `prefix`; gives how many there were. */
static int each(const char *folder, const char *prefix, check *look)
{
    char *where = test_shared_data(folder);
    if (where == NULL) {
        skip();
    }
    DIR *dir = opendir(where);
    assert_non_null(dir);
    int n = 0;
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && strncmp(entry->d_name, prefix, strlen(prefix)) == 0) {
            fw_auto(free) char *path = test_path(where, "%s", entry->d_name);
            size_t size = 0;
            fw_auto(free) char *text = test_file_read(path, &size);
            fw_auto(json) cJSON *json = NULL;
            struct fw_error err = {0};
            int rc = fw_json_parse(text, size, path, &json, &err);
            assert_int_equal(rc == 0, json != NULL);
            look(path, text, size, json, &err);
            n++;
        }
    }
    closedir(dir);
    free(where);
    return n;
}

/* What is read has one canonical text, which is read as the same again. */
static void expect_round_trip(const char *path, const cJSON *json)
{
    fw_auto(free) char *first = NULL;
    fw_auto(free) char *second = NULL;
    fw_auto(json) cJSON *again = NULL;
    struct fw_error err = {0};
    if (fw_json_canonical(json, &first, &err) < 0) {
        assert_true(strstr(err.text, "twice") != NULL ||
                    strstr(err.text, "no JSON number") != NULL);
        return;
    }
    assert_int_equal(fw_json_parse(first, strlen(first), path, &again, &err), 0);
    assert_int_equal(fw_json_canonical(again, &second, &err), 0);
    assert_string_equal(first, second);
}

static void must_be_read(const char *path, const char *text, size_t size, const cJSON *json,
                         const struct fw_error *err)
{
    (void)text;
    (void)size;
    if (json == NULL) {
        fail_msg("%s", err->text);
    }
    expect_round_trip(path, json);
}

/* cJSON reads these although RFC 8259 does not have them; docs/reference/json.md says so. */
static const char *const lenient[] = {
    "n_number_-2..json",
    "n_number_2.e+3.json",
    "n_number_2.e-3.json",
    "n_number_neg_int_starting_with_zero.json",
    "n_number_real_without_fractional_part.json",
    "n_number_with_leading_zero.json",
    "n_string_unescaped_tab.json",
    "n_structure_whitespace_formfeed.json",
};

/* ... with the file, and the line and column from which on it is not JSON. */
static void must_be_refused(const char *path, const char *text, size_t size, const cJSON *json,
                            const struct fw_error *err)
{
    (void)text;
    (void)size;
    for (size_t i = 0; i < sizeof lenient / sizeof *lenient; i++) {
        if (strcmp(strrchr(path, '/') + 1, lenient[i]) == 0) {
            assert_non_null(json);
            return;
        }
    }
    int line = 0, column = 0;
    if (json != NULL) {
        fail_msg("%s is read", path);
    }
    assert_int_equal(err->code, FW_EXIT_STATE);
    assert_int_equal(strncmp(err->text, path, strlen(path)), 0);
    assert_int_equal(sscanf(err->text + strlen(path), ":%d:%d:", &line, &column), 2);
    assert_true(line >= 1 && column >= 1);
}

static void may_be_read(const char *path, const char *text, size_t size, const cJSON *json,
                        const struct fw_error *err)
{
    (void)text;
    (void)size;
    if (json == NULL) {
        assert_non_null(strstr(err->text, path));
    } else {
        expect_round_trip(path, json);
    }
}

/* A text that ends early at any byte is refused, or is whole without its last blanks. */
static void every_prefix(const char *path, const char *text, size_t size, const cJSON *whole,
                         const struct fw_error *unused)
{
    (void)whole;
    (void)unused;
    for (size_t n = 0; n < size; n++) {
        fw_auto(json) cJSON *json = NULL;
        struct fw_error err = {0};
        if (fw_json_parse(text, n, path, &json, &err) == 0) {
            expect_round_trip(path, json);
        }
    }
}

static void reads_what_is_json(void **state)
{
    (void)state;
    assert_in_range(each("json/test_parsing", "y_", must_be_read), 50, 10000);
}

static void refuses_what_is_not_json(void **state)
{
    (void)state;
    assert_in_range(each("json/test_parsing", "n_", must_be_refused), 100, 10000);
}

static void survives_what_may_be_either(void **state)
{
    (void)state;
    assert_in_range(each("json/test_parsing", "i_", may_be_read), 20, 10000);
    assert_in_range(each("json/test_transform", "", may_be_read), 20, 10000);
}

static void survives_every_prefix(void **state)
{
    (void)state;
    assert_in_range(each("json/test_parsing", "y_", every_prefix), 50, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_json),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(survives_what_may_be_either),
        cmocka_unit_test(survives_every_prefix),
    };
    return cmocka_run_group_tests_name("json_suite", tests, NULL, NULL);
}
