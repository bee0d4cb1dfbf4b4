/* SPDX-License-Identifier: MIT */
/* Generated filings: whose they are, what is wrong with them, and the same bytes every time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "filings_fixture.h"

#define COMPANIES                                                                                  \
    "SELECT CASE i WHEN 30 THEN NULL WHEN 31 THEN 'nan' ELSE lpad((1000000 + i)::VARCHAR, 10, "    \
    "'0') END AS cik FROM range(32) t(i)"

static const char *companies(struct sql_fixture *f)
{
    return stage_table(f, "offers", COMPANIES);
}

static const char *cell(struct sql_fixture *f, const char *run, const char *expression)
{
    return sql_cell(f, "SELECT %s FROM '%s/%s/raw/part-0000[0-3]*.parquet'", expression, f->dir,
                    run);
}

static void files_for_companies_with_offers_and_others(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(filings_synth(f, "a", companies(f)));
    assert_string_equal(cell(f, "a", "count(*)"), "4000");
    assert_string_equal(
        cell(f, "a", "count(DISTINCT cik) FILTER (cik BETWEEN '0001000000' AND '0001000029')"),
        "30");
    assert_string_equal(cell(f, "a", "count(*) FILTER (cik = 'nan' OR cik IS NULL)"), "0");
    assert_in_range(atoi(cell(f, "a", "count(*) FILTER (cik < '0002000000')")), 1400, 1800);
    assert_in_range(atoi(cell(f, "a", "count(DISTINCT cik)")), 800, 1030);
}

/* What the hazards of the feature stage are tried on. */
static void has_filings_that_are_hard_to_read(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(filings_synth(f, "a", companies(f)));
    static const char *const traps[] = {
        "filed_date = 'unknown'",
        "filed_date LIKE '% 21:30:00-05:00'",
        "acceptance_datetime IS NULL",
        "submission_offering_data IS NULL",
        "submission_offering_data.offeringData.minimumInvestmentAccepted = 'Indefinite'",
        "submission_offering_data.offeringData.minimumInvestmentAccepted LIKE ' %,% '",
        "submission_offering_data IS NOT NULL AND submission_offering_data.offeringData IS NULL",
    };
    for (size_t i = 0; i < sizeof traps / sizeof *traps; i++) {
        struct fw_text count = {0};
        fw_text_appendf(&count, "count(*) FILTER (%s)", traps[i]);
        assert_in_range(atoi(cell(f, "a", fw_text_get(&count))), 1, 3000);
        fw_text_finish(&count);
    }
    assert_in_range(atoi(sql_cell(f,
                                  "SELECT count(*) FROM (SELECT 1 FROM "
                                  "'%s/a/raw/part-0000[0-3]*.parquet' GROUP BY cik, filed_date "
                                  "HAVING count(*) > 1)",
                                  f->dir)),
                    200, 400);
}

static void is_a_table_that_the_feature_stage_reads(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(filings_synth(f, "a", companies(f)));
    const char *index = stage_table(
        f, "index", "SELECT cik, '2022-06-01' AS crawled_date_day FROM (" COMPANIES ")");
    struct fake_task *t = filings_features(f, "b", stage_path(f, "a/raw"), index);
    stage_run(t);
    assert_string_equal(fake_task_field(t, "raw_edgar_delta_version"), "1");
    assert_string_equal(fake_task_field(t, "raw_edgar_active_files"), "4");
    assert_string_equal(fake_task_field(t, "raw_edgar_rows"), "4000");
    assert_string_equal(fake_task_field(t, "rows_with_filing"), "30");
    assert_in_range(atoi(fake_task_field(t, "values_not_numbers")), 100, 2000);
    fake_task_destroy(t);
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) FROM '%s/b/features/*/*.parquet' WHERE "
                                 "ema_finders_fees IS NOT NULL AND mean_total_amount_sold > 0",
                                 f->dir),
                        "30");
}

static void gives_the_same_bytes_for_the_same_seed(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(filings_synth(f, "a", companies(f)));
    struct fake_task *t = filings_synth(f, "b", companies(f));
    fake_task_limits(t)->threads = 1;
    fake_task_restart_after(t, FAKE_EACH_STEP);
    stage_must(t);
    stage_same(f, "a", "b");
    t = filings_synth(f, "c", companies(f));
    fake_task_int(t, "seed", 7);
    stage_must(t);
    assert_string_equal(
        sql_cell(f,
                 "SELECT count(*) < 9 FROM (SELECT cik, filed_date, accession_number FROM "
                 "'%s/a/raw/*.parquet' INTERSECT ALL SELECT cik, filed_date, accession_number FROM "
                 "'%s/c/raw/*.parquet')",
                 f->dir, f->dir),
        "true");
}

static void refuses_a_table_without_companies(void **state)
{
    struct sql_fixture *f = *state;
    stage_must_fail(filings_synth(f, "a", stage_table(f, "offers", "SELECT 1 AS x")), FW_E_MISSING,
                    "no column cik");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(files_for_companies_with_offers_and_others),
        TEST(has_filings_that_are_hard_to_read),
        TEST(is_a_table_that_the_feature_stage_reads),
        TEST(gives_the_same_bytes_for_the_same_seed),
        TEST(refuses_a_table_without_companies),
    };
    return cmocka_run_group_tests(tests, filings_load, stage_unload);
}
