/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file/file.h"
#include "fw/testkit.h"
#include "report/json.h"
#include "report/report.h"

static struct fake_kit *kit;
static struct fake_task *t;

static int make_task(void **state)
{
    (void)state;
    kit = fake_kit_open(NULL, NULL);
    t = fake_task_create(kit, NULL);
    return 0;
}

static int drop_task(void **state)
{
    (void)state;
    fake_task_destroy(t);
    fake_kit_close(kit);
    return 0;
}

static void the_json_is_sorted_and_exact(void **state)
{
    struct fw_report report = {.title = "t"};

    (void)state;
    fw_report_text(&report, "z", "caf\xc3\xa9 \"x\"");
    fw_report_int(&report, "big", INT64_MAX);
    fw_report_real(&report, "rate", 0.1);
    fw_report_real(&report, "nan", NAN);
    fw_report_bool(&report, "b", true);
    fw_report_text(&report, "none", NULL);
    fw_report_add(&report, "a", cJSON_Parse("{\"y\":[],\"x\":[1,{\"q\":2.5}],\"w\":{}}"));
    assert_int_equal(fw_report_write(&report, fake_task_host(t), fake_task_path(t, "r.json"), NULL),
                     FW_OK);
    fw_report_finish(&report);
    assert_string_equal(fake_task_read(t, fake_task_path(t, "r.json")),
                        "{\n"
                        "  \"a\": {\n"
                        "    \"w\": {},\n"
                        "    \"x\": [\n"
                        "      1,\n"
                        "      {\n"
                        "        \"q\": 2.5\n"
                        "      }\n"
                        "    ],\n"
                        "    \"y\": []\n"
                        "  },\n"
                        "  \"b\": true,\n"
                        "  \"big\": 9223372036854775807,\n"
                        "  \"fail_reasons\": [],\n"
                        "  \"gate_passed\": true,\n"
                        "  \"nan\": null,\n"
                        "  \"none\": null,\n"
                        "  \"rate\": 0.1,\n"
                        "  \"z\": \"caf\\u00e9 \\\"x\\\"\"\n"
                        "}\n");
}

static void the_page_shows_every_fact(void **state)
{
    struct fw_report report = {.title = "Column manifest"};

    (void)state;
    fw_report_int(&report, "rows", 7);
    fw_report_add(&report, "edgar", cJSON_Parse("{\"status\":\"ok\",\"days\":[\"d1\"]}"));
    fw_report_add(&report, "columns",
                  cJSON_Parse("[{\"name\":\"a|b\",\"rate\":0.5},{\"name\":\"two\\nlines\"}]"));
    fw_report_fail(&report, "column %s is missing", "cik");
    fw_report_fail(&report, "2 of 9 differ");
    assert_int_equal(fw_report_write(&report, fake_task_host(t), fake_task_path(t, "m.json"),
                                     fake_task_path(t, "m.md")),
                     FW_OK);
    char *reasons = fw_report_reasons(&report);
    assert_string_equal(reasons, "column cik is missing; 2 of 9 differ");
    free(reasons);
    assert_false(fw_report_passed(&report));
    fw_report_finish(&report);
    assert_string_equal(fake_task_read(t, fake_task_path(t, "m.md")),
                        "# Column manifest\n\n| fact | value |\n|---|---|\n"
                        "| rows | 7 |\n| edgar.status | ok |\n| gate_passed | false |\n"
                        "\n## edgar.days\n\n- d1\n"
                        "\n## columns\n\n| name | rate |\n|---|---|\n| a\\|b | 0.5 |\n"
                        "| two lines |  |\n"
                        "\n## fail_reasons\n\n- column cik is missing\n- 2 of 9 differ\n");
}

static void a_lost_fact_is_no_pass(void **state)
{
    struct fw_report report = {.title = "t"};

    (void)state;
    fw_report_int(&report, "rows", 7);
    assert_true(fw_report_passed(&report));
    fw_report_add(&report, "lost", NULL);
    assert_false(fw_report_passed(&report));
    assert_int_equal(fw_report_write(&report, fake_task_host(t), fake_task_path(t, "l.json"), NULL),
                     FW_E_NOMEM);
    assert_int_equal(access(fake_task_path(t, "l.json"), F_OK), -1);
    fake_task_take_fault(t);
    fw_report_finish(&report);
}

/* Written in place, a reader could see half of it, and a hard link would change too. */
static void a_file_is_replaced_at_once(void **state)
{
    const char *path = fake_task_write(t, "f", "old");
    const char *link_path = fake_task_path(t, "link");

    (void)state;
    assert_int_equal(link(path, link_path), 0);
    assert_int_equal(fw_file_write(fake_task_host(t), path, "new", 3), FW_OK);
    assert_string_equal(fake_task_read(t, path), "new");
    assert_string_equal(fake_task_read(t, link_path), "old");
    assert_int_equal(access(fake_task_path(t, "f.tmp"), F_OK), -1);
}

static void a_file_that_cannot_be_written_is_named(void **state)
{
    (void)state;
    assert_int_equal(fw_file_write(fake_task_host(t), fake_task_path(t, "no/f"), "x", 1),
                     FW_E_MISSING);
    assert_non_null(strstr(fake_task_take_fault(t), "no/f"));
    assert_int_equal(mkdir(fake_task_path(t, "folder"), 0777), 0);
    assert_int_equal(fw_file_write(fake_task_host(t), fake_task_path(t, "folder"), "x", 1),
                     FW_E_IO);
    assert_non_null(strstr(fake_task_take_fault(t), "cannot be written"));
    assert_int_equal(access(fake_task_path(t, "folder.tmp"), F_OK), -1);
}

static void an_empty_file_is_a_text(void **state)
{
    char *bytes = NULL;
    size_t size = 1;

    (void)state;
    assert_int_equal(fw_file_read(fake_task_host(t), fake_task_write(t, "e", ""), &bytes, &size),
                     FW_OK);
    assert_string_equal(bytes, "");
    assert_int_equal(size, 0);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_json_is_sorted_and_exact),
        cmocka_unit_test(the_page_shows_every_fact),
        cmocka_unit_test(a_lost_fact_is_no_pass),
        cmocka_unit_test(a_file_is_replaced_at_once),
        cmocka_unit_test(a_file_that_cannot_be_written_is_named),
        cmocka_unit_test(an_empty_file_is_a_text),
    };

    return cmocka_run_group_tests_name("report", tests, make_task, drop_task);
}
