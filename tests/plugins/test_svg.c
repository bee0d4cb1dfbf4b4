/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "svg/svg.h"

static const struct fw_svg_panel panel = {.left = 100,
                                          .top = 50,
                                          .width = 200,
                                          .height = 100,
                                          .x_low = 0,
                                          .x_high = 1,
                                          .y_low = -1,
                                          .y_high = 1,
                                          .title = "a < b",
                                          .x_label = "x",
                                          .y_label = "y & z"};

static void has(const struct fw_text *text, const char *part)
{
    if (strstr(fw_text_get(text), part) == NULL) {
        fail_msg("no \"%s\" in: %s", part, fw_text_get(text));
    }
}

static void near(double actual, double expected)
{
    assert_true(fabs(actual - expected) <= 1e-12 * expected);
}

static void ticks_are_round(void **state)
{
    (void)state;
    near(fw_svg_tick(0, 1, 6), 0.2);
    near(fw_svg_tick(0.2, 0.8, 3), 0.2);
    near(fw_svg_tick(0, 1, 10), 0.1);
    near(fw_svg_tick(-3, 4, 6), 2);
    near(fw_svg_tick(0, 12345, 6), 5000);
    near(fw_svg_tick(0.41, 0.42, 5), 0.002);
}

static void panels_are_labelled_and_escaped(void **state)
{
    struct fw_text text = {0};

    (void)state;
    fw_svg_panel(&text, &panel);
    has(&text, "a &lt; b</text>");
    has(&text, "y &amp; z</text>");
    has(&text, ">0.2</text>");
    has(&text, ">-1.0</text>");
    has(&text, ">0.0</text>");
    assert_null(strstr(fw_text_get(&text), "-0.0<"));
    fw_text_finish(&text);
}

static void lines_are_cut_at_the_border_and_interrupted_by_nan(void **state)
{
    const double x[] = {0, 0.5, 0.6, 2}, y[] = {-1, 1, NAN, 5};
    const struct fw_svg_stroke plain = {.colour = FW_SVG_BLUE},
                               steps = {.colour = "red", .steps = true, .dashed = true};
    struct fw_text text = {0};

    (void)state;
    fw_svg_line(&text, &panel, &plain, x, y, 4);
    has(&text, "d=\"M100.0 150.0L200.0 50.0M300.0 50.0\"");
    fw_text_clear(&text);
    fw_svg_line(&text, &panel, &steps, x, y, 2);
    has(&text, "d=\"M100.0 150.0H200.0L200.0 50.0\"");
    has(&text, "stroke-dasharray");
    fw_text_clear(&text);
    fw_svg_dot(&text, &panel, &(struct fw_svg_mark){NAN, 0, 3, "red", NULL});
    assert_int_equal(text.size, 0);
    fw_text_finish(&text);
}

static void control_characters_have_no_place_in_xml(void **state)
{
    struct fw_text text = {0};

    (void)state;
    fw_svg_escape(&text, "a\n\"b\" <\x01>");
    assert_string_equal(fw_text_get(&text), "a &quot;b&quot; &lt; &gt;");
    fw_text_clear(&text);
    fw_svg_open(&text, 10, 20, "t", "");
    fw_svg_close(&text);
    has(&text, "<title>t</title>");
    has(&text, "</svg>\n");
    fw_text_finish(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_are_round),
        cmocka_unit_test(panels_are_labelled_and_escaped),
        cmocka_unit_test(lines_are_cut_at_the_border_and_interrupted_by_nan),
        cmocka_unit_test(control_characters_have_no_place_in_xml),
    };

    return cmocka_run_group_tests_name("svg", tests, NULL, NULL);
}
