/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/vec.h"

/* Asking for too much is what one claim is about; ASan would end the program there. */
const char *__asan_default_options(void);
__attribute__((visibility("default"))) const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void grows_by_any_kind_of_piece(void **state)
{
    (void)state;
    struct fw_str str = {0};
    for (int i = 0; i < 1000; i++) {
        fw_str_printf(&str, "%d", i % 10);
        fw_str_add(&str, ",");
        fw_str_add_bytes(&str, "xyz", 1);
    }
    assert_int_equal(str.len, 3000);
    assert_memory_equal(str.text + 2994, "8,x9,x", 7);
    fw_auto(free) char *text = fw_str_take(&str);
    assert_memory_equal(text, "0,x1,x", 6);
    assert_null(str.text);
    assert_int_equal(str.len, 0);
}

static void gives_an_empty_text_when_nothing_was_added(void **state)
{
    (void)state;
    struct fw_str str = {0};
    fw_auto(free) char *text = fw_str_take(&str);
    assert_string_equal(text, "");
}

static void remembers_that_a_piece_was_lost(void **state)
{
    (void)state;
    struct fw_str str = {0};
    fw_str_add(&str, "a");
    fw_str_add_bytes(&str, "b", SIZE_MAX - 1);
    assert_true(str.oom);
    fw_str_add(&str, "c");
    assert_null(fw_str_take(&str));
    assert_false(str.oom);
}

static void formats_a_text_at_once(void **state)
{
    (void)state;
    fw_auto(free) char *text = fw_text("%s-%04d", "part", 7);
    assert_string_equal(text, "part-0007");
}

static void adds_zeroed_items(void **state)
{
    (void)state;
    struct {
        struct {
            int a, b;
        } * items;
        size_t len, cap;
    } pairs = {0};
    for (int i = 0; i < 100; i++) {
        assert_non_null(fw_vec_add(&pairs));
        assert_int_equal(pairs.items[i].a, 0);
        assert_int_equal(pairs.items[i].b, 0);
        pairs.items[i].a = pairs.items[i].b = i;
    }
    assert_int_equal(pairs.len, 100);
    assert_int_equal(pairs.items[41].b, 41);
    free(pairs.items);
}

static void refuses_an_array_beyond_the_address_space(void **state)
{
    (void)state;
    void *items = NULL;
    size_t cap = 0;
    assert_int_equal(fw_vec_grow(&items, 0, &cap, SIZE_MAX / 4), -1);
    assert_null(items);
    assert_int_equal(cap, 0);
}

static void sorts_texts_by_bytes(void **state)
{
    (void)state;
    fw_auto(strings) struct fw_strings list = {0};
    fw_strings_sort(&list);
    assert_int_equal(fw_strings_add(&list, "b"), 0);
    assert_int_equal(fw_strings_add(&list, "\xc3\xa4"), 0);
    assert_int_equal(fw_strings_add(&list, "B"), 0);
    assert_int_equal(fw_strings_take(&list, strdup("a")), 0);
    assert_int_equal(fw_strings_take(&list, NULL), -1);
    fw_strings_sort(&list);
    assert_int_equal(list.len, 4);
    assert_string_equal(list.items[0], "B");
    assert_string_equal(list.items[1], "a");
    assert_string_equal(list.items[3], "\xc3\xa4");
}

static void steals_what_would_be_freed(void **state)
{
    (void)state;
    char *kept = NULL;
    {
        fw_auto(free) char *text = strdup("kept");
        kept = fw_steal(&text);
        assert_null(text);
    }
    assert_string_equal(kept, "kept");
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_by_any_kind_of_piece),
        cmocka_unit_test(gives_an_empty_text_when_nothing_was_added),
        cmocka_unit_test(remembers_that_a_piece_was_lost),
        cmocka_unit_test(formats_a_text_at_once),
        cmocka_unit_test(adds_zeroed_items),
        cmocka_unit_test(refuses_an_array_beyond_the_address_space),
        cmocka_unit_test(sorts_texts_by_bytes),
        cmocka_unit_test(steals_what_would_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
