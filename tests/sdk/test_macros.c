/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "fw/sdk.h"

/* A table as a later minor would have it, and what an older plugin compiled. */
struct later {
    uint32_t struct_size;
    uint32_t reserved;
    void (*first)(void);
    void (*added)(void);
    uint64_t number;
};

static void nothing(void)
{
}

static void a_member_beyond_the_size_is_not_there(void **state)
{
    (void)state;
    struct later table = {.first = nothing, .added = nothing};
    table.struct_size = offsetof(struct later, added);
    assert_true(FW_HAS(&table, struct later, first));
    assert_false(FW_HAS(&table, struct later, added));
    assert_false(FW_HAS_FIELD(&table, struct later, number));
    table.struct_size = offsetof(struct later, added) + sizeof table.added - 1;
    assert_false(FW_HAS(&table, struct later, added));
    table.struct_size = sizeof table;
    assert_true(FW_HAS(&table, struct later, added));
    assert_true(FW_HAS_FIELD(&table, struct later, number));
}

static void a_null_member_or_table_is_not_there(void **state)
{
    (void)state;
    struct later table = {.struct_size = sizeof table};
    const struct later *none = NULL;
    assert_false(FW_HAS(&table, struct later, first));
    assert_false(FW_HAS(none, struct later, first));
}

static void lookups_step_over_longer_structs(void **state)
{
    (void)state;
    /* A newer host's inputs, each with room that this SDK knows nothing of. */
    struct newer {
        struct fw_input input;
        uint64_t more[3];
    };
    const char *path = "/p";
    struct newer inputs[3] = {0};
    static const char *const names[] = {"a", "b", "ab"};
    for (size_t i = 0; i < 3; i++) {
        inputs[i].input = (struct fw_input){.struct_size = (uint32_t)sizeof inputs[i],
                                            .port = names[i],
                                            .paths = &path,
                                            .n_paths = 1};
        memset(inputs[i].more, 0xff, sizeof inputs[i].more);
    }
    const struct fw_task task = {
        .struct_size = (uint32_t)sizeof task, .n_inputs = 3, .inputs = &inputs[0].input};
    assert_ptr_equal(fw_task_input(&task, "a"), &inputs[0].input);
    assert_ptr_equal(fw_task_input(&task, "b"), &inputs[1].input);
    assert_ptr_equal(fw_task_input(&task, "ab"), &inputs[2].input);
    assert_ptr_equal(fw_task_input_at(&task, 0), &inputs[0].input);
    assert_ptr_equal(fw_task_input_at(&task, 2), &inputs[2].input);
    assert_null(fw_task_input(&task, "abc"));
    assert_null(fw_task_input(&task, ""));
    assert_null(fw_task_output(&task, "a"));
}

static void values_are_read_by_name_and_type(void **state)
{
    (void)state;
    struct newer {
        struct fw_value value;
        uint64_t more[3];
    };
    struct newer values[] = {
        {.value = {.type = FW_PARAM_STRING, .name = "text", .text = "some"}},
        {.value = {.type = FW_PARAM_INT, .name = "number", .integer = -7}},
        {.value = {.type = FW_PARAM_REAL, .name = "real", .real = 0.5}},
        {.value = {.type = FW_PARAM_UNSET, .name = "unset"}},
    };
    for (size_t i = 0; i < FW_COUNT(values); i++) {
        values[i].value.struct_size = (uint32_t)sizeof values[i];
    }
    const struct fw_task task = {.struct_size = (uint32_t)sizeof task,
                                 .n_values = FW_COUNT(values),
                                 .values = &values[0].value};
    assert_string_equal(fw_task_text(&task, "text"), "some");
    assert_int_equal(fw_task_integer(&task, "number"), -7);
    assert_float_equal(fw_task_real(&task, "real"), 0.5, 0);
    assert_null(fw_task_text(&task, "unset"));
    assert_int_equal(fw_task_integer(&task, "unset"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_beyond_the_size_is_not_there),
        cmocka_unit_test(a_null_member_or_table_is_not_there),
        cmocka_unit_test(lookups_step_over_longer_structs),
        cmocka_unit_test(values_are_read_by_name_and_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
