/* SPDX-License-Identifier: MIT */
/* Which cell of a grid an experiment is, by its name or the path of its results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cells/cells.h"

static void assert_cell(const char *template, const char *name, const char *tier,
                        const char *budget, int32_t horizon)
{
    struct fw_cell cell;

    if (!fw_cell_parse(template, name, &cell)) {
        fail_msg("%s does not fit %s", name, template);
    }
    assert_string_equal(cell.tier, tier);
    assert_string_equal(cell.budget, budget);
    assert_int_equal(cell.horizon, horizon);
}

static void assert_misfit(const char *template, const char *name)
{
    struct fw_cell cell;

    if (fw_cell_parse(template, name, &cell)) {
        fail_msg("%s fits %s", name, template);
    }
}

static void reads_cells_from_names(void **state)
{
    (void)state;
    assert_cell("{tier}_{budget}_h{horizon}", "a100_20M_h5", "a100", "20M", 5);
    assert_cell("{tier}_h{horizon}", "a20_h1", "a20", "", 1);
    assert_cell("{tier}", "a20", "a20", "", 0);
    assert_cell("a50=s1_*_{budget}_h{horizon}_a50", "s1_02_20m_h1_a50", "a50", "20m", 1);
    assert_cell("{tier}h{horizon}", "high3h12", "high3", "", 12); /* the last h decides */
}

static void what_does_not_fit_is_no_cell(void **state)
{
    char longer[200];

    (void)state;
    assert_misfit("{tier}_{budget}_h{horizon}", "a20_h1");
    assert_misfit("{tier}_h{horizon}", "a20_h");
    assert_misfit("{tier}_h{horizon}", "a20_h1x");
    assert_misfit("{tier}_h{horizon}", "a20_h12345");
    assert_misfit("{tier}_h{horizon}", "_h1");
    assert_misfit("{tier}_h{horizon}", "a_b_h1");
    assert_misfit("{tier}", "a/b");
    assert_misfit("{tier}", "");
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_misfit("{tier}", longer);
    longer[FW_CELL_TEXT - 1] = '\0';
    assert_cell("{tier}", longer, longer, "", 0);
}

static void reads_cells_from_the_ends_of_paths(void **state)
{
    static const char template[] = "a100=s1_*_{budget}_h{horizon}/results.json";
    struct fw_cell cell;

    (void)state;
    assert_true(fw_cell_parse_path(template, "/x_y/s1_01_2m_h1/results.json", &cell));
    assert_string_equal(cell.budget, "2m");
    assert_string_equal(cell.tier, "a100");
    assert_false(fw_cell_parse_path(template, "/x/s1_01_2m_h1_a50/results.json", &cell));
    assert_false(fw_cell_parse_path(template, "/x/s1_01_2m_h1/results.json/more", &cell));
    assert_false(fw_cell_parse_path(template, "/x/ys1_01_2m_h1/results.json", &cell));
}

static void says_what_is_wrong_with_a_template(void **state)
{
    (void)state;
    assert_null(fw_cell_template_fault("{tier}_h{horizon}"));
    assert_null(fw_cell_template_fault("a20=*"));
    assert_non_null(strstr(fw_cell_template_fault("{tier}_{size}"), "braces"));
    assert_non_null(strstr(fw_cell_template_fault("{tier}}"), "braces"));
    assert_non_null(strstr(fw_cell_template_fault("{budget}"), "no {tier}"));
    assert_non_null(strstr(fw_cell_template_fault("=x"), "no {tier}"));
    assert_non_null(strstr(fw_cell_template_fault(""), "no {tier}"));
}

static void labels_and_orders_cells(void **state)
{
    const struct fw_cell two = {.budget = "2M", .horizon = 3};
    const struct fw_cell twenty = {.budget = "20M", .horizon = 3};
    const struct fw_cell early = {.budget = "200M", .horizon = 1}, none = {.tier = "a20"};
    char text[FW_CELL_LABEL];

    (void)state;
    assert_string_equal(fw_cell_label(&two, text, sizeof text), "2M/h3");
    assert_string_equal(fw_cell_label(&none, text, sizeof text), "all");
    assert_true(fw_cell_compare(&two, &twenty) < 0);
    assert_true(fw_cell_compare(&early, &two) < 0);
    assert_int_equal(fw_cell_compare(&two, &two), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_cells_from_names),
        cmocka_unit_test(what_does_not_fit_is_no_cell),
        cmocka_unit_test(reads_cells_from_the_ends_of_paths),
        cmocka_unit_test(says_what_is_wrong_with_a_template),
        cmocka_unit_test(labels_and_orders_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
