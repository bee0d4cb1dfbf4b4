/* SPDX-License-Identifier: MIT */
/* Keys, and the same bytes however the run went: threads, chunks, files, parts, restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "filings_fixture.h"

/* 4,000 filings of 90 companies over four years, some of one instant, some of other companies. */
#define FILINGS                                                                                    \
    "SELECT lpad((mod(i * 7, 120))::VARCHAR, 10, '0') AS cik, DATE '2021-03-01' + (mod(i * 31, "   \
    "1300))::INT AS filed_date, concat('acc-', lpad(i::VARCHAR, 6, '0')) AS accession_number, "    \
    "CASE WHEN mod(i, 5) > 0 THEN (mod(i * 7919, 10007) / 8.0)::VARCHAR END AS a, CASE WHEN "      \
    "mod(i, 3) > 0 THEN mod(i, 100) * 1.1 END AS b FROM range(4000) t(i)"

/* 90 companies over three years, each on every third day. */
#define INDEX                                                                                      \
    "SELECT lpad((mod(i, 90))::VARCHAR, 10, '0') AS cik, DATE '2021-06-01' + (i // 90 * 3)::INT "  \
    "AS crawled_date_day FROM range(90 * 360) t(i)"

/* Writes a query's rows in that order as three files of FOLDER/NAME. */
static const char *files(struct sql_fixture *f, const char *name, const char *query, int n,
                         const char *order)
{
    assert_int_equal(mkdir(stage_path(f, "%s", name), 0777), 0);
    for (int i = 0; i < 3; i++) {
        sql_must(f,
                 "COPY (SELECT * FROM (%s) ORDER BY %s LIMIT %d OFFSET %d) TO "
                 "'%s/%s/%d.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)",
                 query, order, (n + 2) / 3, i * ((n + 2) / 3), f->dir, name, i);
    }
    return stage_path(f, "%s", name);
}

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *filings,
                              const char *index)
{
    struct fake_task *t = filings_features(f, run, filings, index);
    fake_task_texts(t, "features", "a", "b", NULL);
    fake_task_text(t, "payload", "");
    return t;
}

static struct fake_task *usual(struct sql_fixture *f, const char *run)
{
    return task(f, run, stage_table(f, "filings", FILINGS), stage_table(f, "index", INDEX));
}

static void gives_the_same_bytes_for_any_threads_and_chunks(void **state)
{
    struct sql_fixture *f = *state;
    static const int chunks[] = {700, 100000};
    stage_must(usual(f, "auto"));
    struct fake_task *t = usual(f, "one");
    fake_task_limits(t)->threads = 1;
    stage_must(t);
    stage_same(f, "auto", "one");
    for (int i = 0; i < 2; i++) {
        char run[16];
        snprintf(run, sizeof run, "chunk-%d", i);
        t = usual(f, run);
        fake_task_int(t, "chunk_rows", chunks[i]);
        stage_must(t);
        stage_same(f, "auto", run);
    }
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM '%s/auto/features/*/*.parquet'", f->dir),
                        "32400");
}

static void gives_the_same_bytes_for_any_order_of_rows_and_files(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(usual(f, "plain"));
    stage_must(task(f, "shuffled", files(f, "f0", FILINGS, 4000, "hash(accession_number)"),
                    files(f, "i0", INDEX, 32400, "hash(cik, crawled_date_day)")));
    stage_same(f, "plain", "shuffled");
    struct fake_task *t = task(f, "listed", NULL, NULL);
    fake_task_input(t, "filings", stage_path(f, "f0/2.parquet"), stage_path(f, "f0/0.parquet"),
                    stage_path(f, "f0/1.parquet"), NULL);
    fake_task_input(t, "index", stage_path(f, "i0/1.parquet"), stage_path(f, "i0/2.parquet"),
                    stage_path(f, "i0/0.parquet"), NULL);
    stage_must(t);
    stage_same(f, "plain", "listed");
}

static void survives_a_restart_after_each_step(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const runs[] = {"straight", "restarted"};
    char said[2][1024];
    for (int i = 0; i < 2; i++) {
        struct fake_task *t = usual(f, runs[i]);
        fake_task_int(t, "part_rows", 5000);
        fake_task_int(t, "chunk_rows", 900);
        if (i == 1) {
            fake_task_restart_after(t, FAKE_EACH_STEP);
        }
        const struct fake_result *result = stage_run(t);
        assert_in_range(result->steps, 8, 200);
        snprintf(said[i], sizeof said[i], "%s %s %s %s", fake_task_field(t, "filings_applied"),
                 fake_task_field(t, "filings_of_same_instant"),
                 fake_task_field(t, "values_not_numbers"), fake_task_field(t, "output_rows"));
        fake_task_destroy(t);
    }
    stage_same(f, "straight", "restarted");
    assert_string_equal(said[0], said[1]);
}

/* Two offers of each company, on each day with a cutoff of up to 400 days before. */
#define CUT_INDEX                                                                                  \
    "SELECT 'p' AS platform_name, o AS offer_id, *, crawled_date_day - mod(hash(cik, "             \
    "crawled_date_day, o), 400)::INT AS seen FROM (" INDEX "), (VALUES ('1'), ('2')) t(o)"

static struct fake_task *cut(struct sql_fixture *f, const char *run)
{
    struct fake_task *t =
        task(f, run, stage_table(f, "filings", FILINGS), stage_table(f, "cut_index", CUT_INDEX));
    fake_task_text(t, "cutoff_col", "seen");
    fake_task_int(t, "part_rows", 9000);
    fake_task_int(t, "chunk_rows", 900);
    return t;
}

static void a_cutoff_shows_what_its_own_day_shows(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(cut(f, "cut"));
    stage_must(
        task(f, "days", stage_table(f, "filings", FILINGS),
             stage_table(f, "seen_index",
                         "SELECT DISTINCT cik, seen AS crawled_date_day FROM (" CUT_INDEX ")")));
    assert_string_equal(sql_cell(f,
                                 "SELECT concat(count(*), ' ', count_if(edgar_valid) > 30000) FROM "
                                 "'%s/cut/features/*/*.parquet'",
                                 f->dir),
                        "64800 true");
    assert_string_equal(
        sql_cell(f,
                 "SELECT count(*) FROM (SELECT DISTINCT * EXCLUDE (crawled_date_day, "
                 "platform_name, offer_id, snapshot_year) FROM '%s/cut/features/*/*.parquet' "
                 "EXCEPT SELECT * EXCLUDE (crawled_date_day, snapshot_year) FROM "
                 "'%s/days/features/*/*.parquet')",
                 f->dir, f->dir),
        "0");
}

static void cutoffs_and_offers_survive_a_restart_after_each_step(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(cut(f, "straight"));
    struct fake_task *t = cut(f, "restarted");
    fake_task_restart_after(t, FAKE_EACH_STEP);
    fake_task_limits(t)->threads = 1;
    stage_must(t);
    stage_same(f, "straight", "restarted");
}

/* Whole days, so that the rows are the same ones; only a year that is too large has more files. */
static void cuts_years_into_files(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(usual(f, "whole"));
    assert_string_equal(
        sql_cell(f,
                 "SELECT string_agg(regexp_extract(file, 'snapshot_year.*'), ' ' ORDER BY file) "
                 "FROM glob('%s/whole/features/**/*.parquet')",
                 f->dir),
        "snapshot_year=2021/part-0.parquet snapshot_year=2022/part-0.parquet "
        "snapshot_year=2023/part-0.parquet snapshot_year=2024/part-0.parquet");
    struct fake_task *t = usual(f, "cut");
    fake_task_int(t, "part_rows", 4000);
    stage_must(t);
    assert_string_equal(sql_cell(f,
                                 "SELECT count(*) FROM (FROM '%s/whole/features/*/*.parquet' "
                                 "EXCEPT ALL FROM '%s/cut/features/*/*.parquet')",
                                 f->dir, f->dir),
                        "0");
    assert_in_range(
        atoi(sql_cell(f, "SELECT count(*) FROM glob('%s/cut/features/**/*.parquet')", f->dir)), 9,
        12);
    assert_string_equal(
        sql_cell(f,
                 "SELECT count(*) FROM (SELECT *, lag((crawled_date_day, cik)) OVER "
                 "(PARTITION BY filename ORDER BY file_row_number) AS before FROM "
                 "read_parquet('%s/cut/features/*/*.parquet', filename = true, "
                 "file_row_number = true)) WHERE before > (crawled_date_day, cik) "
                 "OR snapshot_year <> year(crawled_date_day)",
                 f->dir),
        "0");
}

/* A window over all filings up to each day, for every row: slow, and hard to get wrong. */
static void agrees_with_a_join_of_all_pairs(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = usual(f, "a");
    fake_task_int(t, "part_rows", 3000);
    stage_must(t);
    sql_must(f, "CREATE TABLE one AS SELECT * EXCLUDE (n) FROM (SELECT *, row_number() OVER "
                "(PARTITION BY cik, filed_date ORDER BY accession_number DESC) AS n FROM (" FILINGS
                ")) WHERE n = 1");
    assert_string_equal(
        sql_cell(f,
                 "SELECT count(*) FROM '%s/a/features/*/*.parquet' x FULL JOIN (SELECT i.cik, "
                 "i.crawled_date_day, max(filed_date) AS filed, avg(a::DOUBLE) AS mean, "
                 "arg_max_null(a::DOUBLE, filed_date) AS last FROM (" INDEX
                 ") i LEFT JOIN one o ON "
                 "o.cik = i.cik AND o.filed_date <= i.crawled_date_day GROUP BY ALL) y ON x.cik = "
                 "y.cik AND x.crawled_date_day = y.crawled_date_day WHERE edgar_filed_date IS "
                 "DISTINCT FROM filed OR last_a IS DISTINCT FROM last OR (mean_a IS NULL) <> (mean "
                 "IS NULL) OR abs(mean_a - mean) > 1e-9 OR edgar_has_filing <> (filed IS NOT NULL)",
                 f->dir),
        "0");
}

static void chooses_between_filings_of_one_instant(void **state)
{
    struct sql_fixture *f = *state;
    const char *filings = stage_table(
        f, "filings",
        "SELECT '1' AS cik, '2024-01-01' AS filed_date, * FROM (VALUES ('b', '2024-01-01 09:00', "
        "1, "
        "0), ('a', '2024-01-01 10:00:00+00', 2, 0), ('c', NULL, 3, 0)) t(accession_number, "
        "acceptance_datetime, a, b)");
    const char *index =
        stage_table(f, "index", "SELECT '1' AS cik, '2024-01-01' AS crawled_date_day");
    stage_must(task(f, "native", filings, index));
    assert_string_equal(stage_list(f, "native/features", "last_a"), "2.0");
    assert_string_equal(stage_list(f, "native/features", "mean_a"), "2.0");
    struct fake_task *t = task(f, "scan", filings, index);
    fake_task_text(t, "same_instant", "scan_order");
    stage_must(t);
    assert_string_equal(stage_list(f, "scan/features", "last_a"), "3.0");
}

static void keeps_ciks_as_they_are_written(void **state)
{
    struct sql_fixture *f = *state;
    const char *filings = stage_table(f, "filings",
                                      "SELECT unnest(['0000000012', '12', ' 13', 'nan', '']) AS "
                                      "cik, '2024-01-01' AS filed_date, 1 AS a, 2 AS b");
    const char *index = stage_table(
        f, "index",
        "SELECT unnest(['0000000012', '13', '(empty)', 'nan', 'None', 'NaN', '<NA>', '', '  ', "
        "NULL]) AS cik, '2024-01-01' AS crawled_date_day");
    struct fake_task *t = task(f, "plain", filings, index);
    stage_run(t);
    assert_string_equal(fake_task_field(t, "snapshots_rows_dropped"), "8");
    assert_string_equal(fake_task_field(t, "snapshots_unique_cik"), "2");
    fake_task_destroy(t);
    assert_string_equal(stage_list(f, "plain/features", "cik || ':' || edgar_has_filing"),
                        "0000000012:true 13:false");
    t = task(f, "normal", filings, index);
    fake_task_int(t, "normalize_cik", 1);
    stage_must(t);
    assert_string_equal(stage_list(f, "normal/features", "cik || ':' || edgar_has_filing"),
                        "0000000012:true 0000000013:true");
}

static void refuses_ciks_that_are_numbers(void **state)
{
    struct sql_fixture *f = *state;
    const char *good = stage_table(f, "good",
                                   "SELECT '12' AS cik, '2024-01-01' AS filed_date, "
                                   "'2024-01-01' AS crawled_date_day, 1 AS a, 2 AS b");
    const char *whole = stage_table(f, "whole",
                                    "SELECT 12::BIGINT AS cik, '2024-01-01' AS "
                                    "filed_date, '2024-01-01' AS crawled_date_day, 1 "
                                    "AS a, 2 AS b");
    const char *real = stage_table(f, "real",
                                   "SELECT 12.0::DOUBLE AS cik, '2024-01-01' AS "
                                   "crawled_date_day");
    stage_must_fail(task(f, "a", whole, good), FW_E_DATA, "BIGINT");
    stage_must_fail(task(f, "b", good, real), FW_E_DATA, "DOUBLE");
    stage_must_fail(task(f, "c", good, stage_table(f, "no", "SELECT '1' AS c")), FW_E_MISSING,
                    "no column cik");
    struct fake_task *t = task(f, "d", whole, good);
    fake_task_int(t, "normalize_cik", 1);
    stage_must(t);
    assert_string_equal(stage_list(f, "d/features", "cik || ':' || last_a"), "0000000012:1.0");
}

/* Every row of the index has its row, whether or not there is anything to say; twice is twice. */
static void keeps_rows_without_filings_and_double_ones(void **state)
{
    struct sql_fixture *f = *state;
    const char *filings =
        stage_table(f, "filings",
                    "SELECT '9' AS cik, '2024-01-01' AS filed_date, 1 AS a, 2 AS b "
                    "WHERE false");
    const char *index = stage_table(f, "index",
                                    "SELECT unnest(['1', '1', '2']) AS cik, "
                                    "'2024-01-01' AS crawled_date_day");
    stage_must(task(f, "a", filings, index));
    assert_string_equal(stage_list(f, "a/features", "cik"), "1 1 2");
    assert_string_equal(stage_list(f, "a/features", "last_a_is_missing"), "- - -");
}

static void names_a_file_that_cannot_be_read(void **state)
{
    struct sql_fixture *f = *state;
    const char *folder = files(f, "f0", FILINGS, 4000, "accession_number");
    const char *victim = stage_path(f, "f0/1.parquet");
    struct stat facts;
    assert_int_equal(stat(victim, &facts), 0);
    /* Bytes in the middle, where a column chunk lies. */
    FILE *file = fopen(victim, "r+");
    assert_non_null(file);
    fseek(file, facts.st_size / 3, SEEK_SET);
    for (int i = 0; i < 600; i++) {
        fputc(0xff, file);
    }
    fclose(file);
    struct fake_task *t = task(f, "a", folder, stage_table(f, "index", INDEX));
    const struct fake_result *result = fake_task_run(t);
    assert_int_not_equal(result->status, FW_OK);
    assert_non_null(strstr(result->fault, "f0/"));
    fake_task_destroy(t);
}

/* A run that starts anew does not add to what an earlier attempt left. */
static void replaces_what_lies_there(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = usual(f, "a");
    mkdir(stage_path(f, "a/features"), 0777);
    mkdir(stage_path(f, "a/features/snapshot_year=1999"), 0777);
    sql_must(f, "COPY (SELECT 1 AS cik) TO '%s/a/features/snapshot_year=1999/part-0.parquet'",
             f->dir);
    stage_must(t);
    stage_must(usual(f, "b"));
    stage_same(f, "a", "b");
}

static void stops_when_it_is_cancelled(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = usual(f, "a");
    fake_task_cancel_before_step(t, 2);
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_E_CANCELLED);
    fake_task_destroy(t);
}

static void records_what_it_was_made_of(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = usual(f, "a");
    stage_run(t);
    assert_string_equal(fake_task_field(t, "snapshots_key_cols"), "[\"cik\",\"crawled_date_day\"]");
    assert_string_equal(fake_task_field(t, "raw_edgar_delta_version"), "null");
    assert_string_equal(fake_task_field(t, "partition_strategy"), "\"snapshot_year\"");
    assert_string_equal(fake_task_field(t, "features"), "{\"a\":\"a\",\"b\":\"b\"}");
    assert_string_equal(fake_task_field(t, "raw_edgar_rows"), "4000");
    assert_string_equal(fake_task_field(t, "filings_of_other_ciks"), "1000");
    assert_string_equal(fake_task_field(t, "output_rows"), "32400");
    assert_int_equal(fake_task_rows(t, "features"), 32400);
    fake_task_destroy(t);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(gives_the_same_bytes_for_any_threads_and_chunks),
        TEST(gives_the_same_bytes_for_any_order_of_rows_and_files),
        TEST(survives_a_restart_after_each_step),
        TEST(a_cutoff_shows_what_its_own_day_shows),
        TEST(cutoffs_and_offers_survive_a_restart_after_each_step),
        TEST(cuts_years_into_files),
        TEST(agrees_with_a_join_of_all_pairs),
        TEST(chooses_between_filings_of_one_instant),
        TEST(keeps_ciks_as_they_are_written),
        TEST(refuses_ciks_that_are_numbers),
        TEST(keeps_rows_without_filings_and_double_ones),
        TEST(names_a_file_that_cannot_be_read),
        TEST(replaces_what_lies_there),
        TEST(stops_when_it_is_cancelled),
        TEST(records_what_it_was_made_of),
    };
    return cmocka_run_group_tests(tests, filings_load, stage_unload);
}
