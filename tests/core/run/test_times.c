/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "run/times.h"

/* Steps of 1, 2, 3 ... n microseconds. */
static cJSON *of_steps(uint64_t n)
{
    struct fw_times times = {0};
    for (uint64_t i = 1; i <= n; i++) {
        fw_times_add(&times, (int64_t)i * 1000);
    }
    cJSON *json = fw_times_json(&times);
    assert_non_null(json);
    assert_int_equal(fw_json_number(json, "total"), n * (n + 1) / 2);
    assert_int_equal(fw_json_number(json, "longest"), n);
    return json;
}

static const cJSON *times_of(const cJSON *json)
{
    return cJSON_GetObjectItemCaseSensitive(json, "times");
}

static void keeps_each_step_while_there_is_room(void **state)
{
    (void)state;
    fw_auto(json) cJSON *json = of_steps(FW_TIMES_MAX - 1);
    assert_int_equal(fw_json_number(json, "steps_each"), 1);
    assert_int_equal(cJSON_GetArraySize(times_of(json)), FW_TIMES_MAX - 1);
    assert_int_equal(cJSON_GetArrayItem(times_of(json), 700)->valuedouble, 701);
}

static void no_step_gives_an_empty_list(void **state)
{
    (void)state;
    fw_auto(json) cJSON *json = of_steps(0);
    assert_int_equal(cJSON_GetArraySize(times_of(json)), 0);
}

static void neighbours_are_summed_when_it_is_full(void **state)
{
    (void)state;
    fw_auto(json) cJSON *json = of_steps(FW_TIMES_MAX * 4 + 9);
    int each = (int)fw_json_number(json, "steps_each");
    assert_int_equal(each, 8);
    int n = cJSON_GetArraySize(times_of(json));
    assert_int_equal(n, (FW_TIMES_MAX * 4 + 9) / 8);
    for (int i = 0; i < n; i++) { /* 8i+1 ... 8i+8 */
        assert_int_equal(cJSON_GetArrayItem(times_of(json), i)->valuedouble, 64 * i + 36);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_each_step_while_there_is_room),
        cmocka_unit_test(no_step_gives_an_empty_list),
        cmocka_unit_test(neighbours_are_summed_when_it_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
