/* SPDX-License-Identifier: MIT */
/* Gate A: the columns that a contract asks for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "columns_fixture.h"

static void a_column_of_the_contract_that_is_nowhere_is_named(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "ALTER TABLE core DROP url");
    columns_expect(f, FW_GATE_FALSE, 0, "column url of the contract is in no table");
    sql_must(f, "ALTER TABLE core ADD COLUMN url VARCHAR");
    sql_must(f, "ALTER TABLE extras DROP market_tags__json");
    sql_must(f, "ALTER TABLE extras ADD COLUMN z INTEGER");
    columns_expect(f, FW_GATE_FALSE, 0, "column market_tags__json of the contract is in no table");
}

static void a_column_that_no_store_has_fails_without_a_comparison(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "ALTER TABLE store DROP ema_sold");
    columns_expect(f, FW_GATE_FALSE, 0, "the feature store has no column ema_sold");
}

static void the_texts_are_wanted_unless_they_are_not(void **state)
{
    struct sql_fixture *f = *state;

    sql_must(f, "ALTER TABLE txt RENAME headline TO title");
    columns_expect(f, FW_GATE_FALSE, 0, "column headline of the contract is not in offers_text");
    struct fake_task *t = columns_task(f);
    fake_task_int(t, "text_required", 0);
    cJSON_Delete(columns_run(t, FW_GATE_TRUE));
    fake_task_destroy(t);
}

static void assert_refused(struct sql_fixture *f, const char *yaml, const char *where,
                           const char *what)
{
    struct fake_task *t = columns_task(f);

    fake_task_write(t, "contract.yaml", yaml);
    const struct fake_result *r = fake_task_run(t);
    assert_int_equal(r->status, FW_E_DATA);
    if (strstr(r->fault, where) == NULL || strstr(r->fault, what) == NULL) {
        fail_msg("'%s' does not say '%s' and '%s'", r->fault, where, what);
    }
    fake_task_destroy(t);
}

static void a_contract_that_is_none_is_refused_with_its_line(void **state)
{
    assert_refused(*state, "offers_core_daily:\n  must_keep: all\n", "contract.yaml:2",
                   "offers_core_daily.must_keep is no list");
    assert_refused(*state, "offers_core_daily:\n  must_keep: [a, 1]\n", "contract.yaml:2",
                   "no column name");
    assert_refused(*state, "- a\n", "contract.yaml:1", "a map of sections");
    assert_refused(*state, "stamp: '1'\n", "contract.yaml", "passes anything");
}

int main(void)
{
#define CLAIM(name) cmocka_unit_test_setup_teardown(name, columns_setup, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        CLAIM(a_column_of_the_contract_that_is_nowhere_is_named),
        CLAIM(a_column_that_no_store_has_fails_without_a_comparison),
        CLAIM(the_texts_are_wanted_unless_they_are_not),
        CLAIM(a_contract_that_is_none_is_refused_with_its_line),
    };

    return cmocka_run_group_tests_name("audit_columns", tests, columns_load, columns_unload);
}
