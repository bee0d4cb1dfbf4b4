/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/rundir.h"
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

static void emit(struct fw_rundir *dir, const char *type)
{
    cJSON *event = cJSON_CreateObject();
    cJSON_AddStringToObject(event, "type", type);
    assert_int_equal(fw_rundir_event(dir, event, NULL), 0);
    cJSON_Delete(event);
}

static void events_are_one_json_object_a_line(void **state)
{
    struct fw_rundir dir;
    char *path = test_path(*state, "run"), *log = test_path(*state, "run/events.jsonl");
    assert_int_equal(fw_rundir_open(&dir, path, FW_DURABLE_RENAME, NULL, NULL), 0);
    emit(&dir, "one");
    emit(&dir, "two");
    assert_int_equal(fw_rundir_close(&dir, NULL), 0);
    char *text = test_file_read(log, NULL);
    char *second = strchr(text, '\n') + 1;
    cJSON *event = NULL;
    assert_int_equal(fw_json_parse(second, strlen(second), "event", &event, NULL), 0);
    assert_string_equal(cJSON_GetObjectItem(event, "type")->valuestring, "two");
    assert_non_null(cJSON_GetObjectItem(event, "time"));
    cJSON_Delete(event);
    free(text);
    free(path);
    free(log);
}

static void a_line_cut_by_a_kill_does_not_spoil_the_next(void **state)
{
    struct fw_rundir dir;
    char *path = test_path(*state, "run"), *log = test_path(*state, "run/events.jsonl");
    test_file_write(*state, "run/events.jsonl", "{\"type\":\"cut of");
    assert_int_equal(fw_rundir_open(&dir, path, FW_DURABLE_RENAME, NULL, NULL), 0);
    emit(&dir, "whole");
    assert_int_equal(fw_rundir_close(&dir, NULL), 0);
    char *text = test_file_read(log, NULL);
    assert_non_null(strstr(text, "cut of\n{\"type\":\"whole\""));
    free(text);
    free(path);
    free(log);
}

static void a_held_directory_is_refused(void **state)
{
    struct fw_rundir one, two;
    struct fw_error err;
    char *path = test_path(*state, "run");
    assert_int_equal(fw_rundir_open(&one, path, FW_DURABLE_RENAME, NULL, NULL), 0);
    assert_int_equal(fw_rundir_open(&two, path, FW_DURABLE_RENAME, NULL, &err), -1);
    assert_int_equal(err.code, FW_EXIT_REFUSED);
    assert_int_equal(fw_rundir_close(&one, NULL), 0);
    assert_int_equal(fw_rundir_open(&two, path, FW_DURABLE_RENAME, NULL, NULL), 0);
    assert_int_equal(fw_rundir_close(&two, NULL), 0);
    free(path);
}

static void a_file_in_the_way_is_named(void **state)
{
    struct fw_rundir dir;
    struct fw_error err;
    char *path = test_path(*state, "run");
    test_file_write(*state, "run", "not a folder");
    assert_int_equal(fw_rundir_open(&dir, path, FW_DURABLE_RENAME, NULL, &err), -1);
    assert_int_equal(err.code, FW_EXIT_STATE);
    assert_non_null(strstr(err.text, path));
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_are_one_json_object_a_line, enter, leave),
        cmocka_unit_test_setup_teardown(a_line_cut_by_a_kill_does_not_spoil_the_next, enter, leave),
        cmocka_unit_test_setup_teardown(a_held_directory_is_refused, enter, leave),
        cmocka_unit_test_setup_teardown(a_file_in_the_way_is_named, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
