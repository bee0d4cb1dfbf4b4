/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "tools/runs/live.h"

/* A run of which these stages are known, drawn on a terminal of this size. */
static char *draw(const char *stages, bool head, int columns, int rows)
{
    struct fw_str text = {0};
    struct fw_view view = {.live = true, .holder = {.host = "node", .pid = 7}};
    char *document =
        fw_text("{\"run_dir\": \"runs/x\", \"state\": \"running\", \"stages\": [%s]}", stages);
    assert_int_equal(fw_json_parse(document, strlen(document), "view", &view.document, NULL), 0);
    free(document);
    fw_live_text(&view, head, columns, rows, &text);
    fw_view_finish(&view);
    return fw_str_take(&text);
}

static void expect(char *drawn, const char *expected)
{
    assert_string_equal(drawn, expected);
    free(drawn);
}

static void shows_what_is_known_of_a_stage(void **state)
{
    (void)state;
    expect(draw("{\"name\": \"a\", \"state\": \"running\", \"elapsed_s\": 61, \"left_s\": 30,"
                " \"memory_now_bytes\": 1048576, \"memory_bytes\": 2097152, \"items_per_s\": 12345,"
                " \"step\": {\"done\": 1, \"total\": 2, \"unit\": \"parts\"}},"
                "{\"name\": \"done\", \"state\": \"executed\"}",
                true, 200, 24),
           "runs/x: running, process 7 on node\n"
           "a [==========>         ]  50 %  1m01s, 30.0 s left"
           "  mem [====>   ] 1.0 MiB of 2.0 MiB  12 k rows/s  1 of 2 parts\n"
           "1 running, 1 executed");
}

static void shows_what_is_not_known_as_such(void **state)
{
    (void)state;
    expect(draw("{\"name\": \"a\", \"state\": \"running\", \"elapsed_s\": 1.2}", false, 200, 24),
           "a [  >                 ]  1.2 s\n1 running");
    expect(draw("{\"name\": \"a\", \"state\": \"running\", \"elapsed_s\": 0,"
                " \"step\": {\"done\": 9, \"total\": 0, \"unit\": \"rows\"}}",
                false, 200, 24),
           "a [>                   ]  0.0 s  9 rows\n1 running");
}

static void stays_within_the_terminal(void **state)
{
    (void)state;
    static const char many[] = "{\"name\": \"a\", \"state\": \"running\", \"elapsed_s\": 0},"
                               "{\"name\": \"b\", \"state\": \"running\", \"elapsed_s\": 0},"
                               "{\"name\": \"c\", \"state\": \"running\", \"elapsed_s\": 0}";
    expect(draw(many, false, 10, 3), "a [>     \nb [>     \n3 running");
    expect(draw(many, true, 8, 3), "runs/x:\na [>   \n3 runni");
    expect(draw("", false, 80, 1), "");
}

static void cuts_between_characters_and_writes_none_that_moves_the_cursor(void **state)
{
    (void)state;
    expect(draw("{\"name\": \"\303\244\303\266\303\274\", \"state\": \"running\"}", false, 4, 9),
           "\303\244\303\266\303\274\n1 r");
    expect(draw("{\"name\": \"a\\u001b[2Jb\", \"state\": \"running\"}", false, 9, 9),
           "a[2Jb [>\n1 runnin");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_what_is_known_of_a_stage),
        cmocka_unit_test(shows_what_is_not_known_as_such),
        cmocka_unit_test(stays_within_the_terminal),
        cmocka_unit_test(cuts_between_characters_and_writes_none_that_moves_the_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
