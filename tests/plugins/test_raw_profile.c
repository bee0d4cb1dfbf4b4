/* SPDX-License-Identifier: MIT */
/* The inventory of a raw table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delta_fixture.h"
#include "stage_fixture.h"
#include "test_files.h"

static struct fake_task *task(struct sql_fixture *f, const char *run, const char *raw)
{
    struct fake_task *t = stage_task("raw_profile");
    stage_folder(f, run);
    if (raw != NULL) {
        fake_task_input(t, "raw", raw, NULL);
    }
    fake_task_output(t, "report", stage_path(f, "%s/profile.json", run));
    fake_task_output(t, "markdown", stage_path(f, "%s/profile.md", run));
    fake_task_output(t, "inventory", stage_path(f, "%s/inventory.parquet", run));
    return t;
}

/* A cell of the inventory. */
static const char *cell(struct sql_fixture *f, const char *run, const char *column,
                        const char *expression)
{
    return sql_cell(f, "SELECT %s FROM '%s/%s/inventory.parquet' WHERE \"column\" = '%s'",
                    expression, f->dir, run, column);
}

static void nulls_and_nan_poison_nothing(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a",
                    stage_table(f, "raw",
                                "SELECT * FROM (VALUES (1.0::DOUBLE, 5, TRUE, 'b'), ('nan', NULL, "
                                "NULL, 'a'), (NULL, 7, FALSE, NULL), (4.0, 0, TRUE, 'b')) t(x, n, "
                                "flag, s)")));
    assert_string_equal(cell(f, "a", "x", "mean"), "2.5");
    assert_string_equal(cell(f, "a", "x", "std"), "1.5");
    assert_string_equal(cell(f, "a", "x", "non_null_rate"), "0.5");
    assert_string_equal(cell(f, "a", "n", "non_null_rate"), "0.75");
    assert_string_equal(cell(f, "a", "n", "min"), "0.0");
    assert_string_equal(cell(f, "a", "n", "approx_distinct"), "NULL");
    assert_string_equal(cell(f, "a", "flag", "approx_distinct"), "2");
    assert_string_equal(cell(f, "a", "s", "top_k"),
                        "[{\"count\":2,\"value\":\"b\"},{\"count\":1,\"value\":\"a\"}]");
    assert_string_equal(cell(f, "a", "s", "avg_str_len"), "1.0");
}

static const char *said(struct sql_fixture *f, const char *path)
{
    return sql_cell(f, "SELECT json ->> '$.columns.%s' FROM read_json_objects('%s/a/profile.json')",
                    path, f->dir);
}

static void writes_the_same_as_json_and_as_a_page(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a",
                    stage_table(f, "raw",
                                "SELECT i::DOUBLE AS price, CASE WHEN i < 50 THEN 'ab' END AS "
                                "status FROM range(101) r(i)")));
    assert_string_equal(said(f, "price.mean_sample"), "50");
    assert_string_equal(said(f, "price.p01_sample"), "1");
    assert_string_equal(said(f, "price.p50_sample"), "50");
    assert_string_equal(said(f, "price.p99_sample"), "99");
    assert_string_equal(said(f, "price.avg_str_len"), "NULL");
    assert_string_equal(said(f, "price.top_k"), "[]");
    assert_string_equal(said(f, "status.avg_str_len"), "2");
    assert_string_equal(said(f, "status.top_k"), "[{\"count\":50,\"value\":\"ab\"}]");
    assert_string_equal(said(f, "status.approx_null_count"), "51");
    assert_string_equal(
        sql_cell(f,
                 "SELECT content LIKE '%%| price | double | 1.0 | – | 50.0 |%%| 0.0 | 100.0 | 50.0 "
                 "| – |%%' AND content LIKE '%%| status | string | %% | 1 | – | – | – | – | – | "
                 "2.0 |%%' FROM read_text('%s/a/profile.md')",
                 f->dir),
        "true");
}

/* What is 0 is 0, and what is not known is NULL. */
static void tells_zero_from_unknown(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(task(f, "a",
                    stage_table(f, "raw",
                                "SELECT 0 AS zero, NULL::INT AS none, NULL::VARCHAR AS no_text, "
                                "[1] AS list, DATE '2024-01-01' AS day FROM range(3)")));
    assert_string_equal(cell(f, "a", "zero", "[mean, std, min, max]"), "[0.0, 0.0, 0.0, 0.0]");
    assert_string_equal(cell(f, "a", "none", "non_null_rate"), "0.0");
    assert_string_equal(cell(f, "a", "none", "mean"), "NULL");
    assert_string_equal(cell(f, "a", "no_text", "[non_null_rate, approx_distinct]"), "[0.0, 0.0]");
    assert_string_equal(cell(f, "a", "list", "source"), "schema_only");
    assert_string_equal(cell(f, "a", "list", "non_null_rate"), "NULL");
    assert_string_equal(cell(f, "a", "day", "non_null_rate"), "1.0");
    assert_string_equal(cell(f, "a", "zero", "p50"), "NULL"); /* of less than ten */
}

static void reads_to_the_end_of_the_row_group(void **state)
{
    struct sql_fixture *f = *state;
    sql_must(f,
             "COPY (SELECT i AS n, 'x' AS s FROM range(10000) r(i)) TO '%s/raw.parquet' "
             "(ROW_GROUP_SIZE 2048)",
             f->dir);
    struct fake_task *t = task(f, "a", stage_path(f, "raw.parquet"));
    fake_task_int(t, "scan_sample_rows", 3000);
    stage_run(t);
    assert_string_equal(fake_task_field(t, "rows_scanned"), "4096");
    assert_string_equal(fake_task_field(t, "total_records_est"), "10000");
    fake_task_destroy(t);
    assert_string_equal(cell(f, "a", "n", "max"), "4095.0");
    assert_string_equal(cell(f, "a", "s", "top_k"), "[{\"count\":4096,\"value\":\"x\"}]");
}

static void orders_equal_counts_by_text_and_cuts_the_list(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(
        f, "a", stage_table(f, "raw", "SELECT chr((97 + i %% 26)::INT) AS s FROM range(52) r(i)"));
    fake_task_int(t, "top_k", 2);
    fake_task_int(t, "distinct_max", 25);
    stage_must(t);
    assert_string_equal(cell(f, "a", "s", "top_k"),
                        "[{\"count\":2,\"value\":\"a\"},{\"count\":2,\"value\":\"b\"}]");
    assert_string_equal(sql_cell(f,
                                 "SELECT json ->> '$.columns.s.distinct_overflow' FROM "
                                 "read_json_objects('%s/a/profile.json')",
                                 f->dir),
                        "true");
}

static void takes_what_the_footers_say_when_nothing_is_to_be_read(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t =
        task(f, "a",
             stage_table(f, "raw",
                         "SELECT CASE WHEN i %% 4 > 0 THEN i END AS n, 'x' AS s, [i] AS "
                         "l FROM range(100) r(i)"));
    fake_task_int(t, "scan_sample_rows", 0);
    stage_run(t);
    assert_string_equal(fake_task_field(t, "rows_scanned"), "0");
    fake_task_destroy(t);
    assert_string_equal(cell(f, "a", "n", "[non_null_rate, min, max]"), "[0.75, 1.0, 99.0]");
    assert_string_equal(cell(f, "a", "n", "source"), "footers");
    assert_string_equal(cell(f, "a", "l", "source"), "schema_only");
}

/* Two files; `second` is what the log says of the nulls, least and greatest of the second. */
static void write_delta(struct sql_fixture *f, const char *second)
{
    char *path = test_path(f->dir, "raw/a.parquet");
    struct fw_text log = {0};

    test_file_write(f->dir, "raw/_delta_log/readme", "makes the folder");
    sql_must(f, "COPY (SELECT i AS a, i * 2 AS b, '12' AS s FROM range(10) r(i)) TO '%s'", path);
    sql_must(f,
             "COPY (SELECT CASE WHEN i > 2 THEN i END AS a, '34' AS s FROM range(30) r(i)) TO "
             "'%s/raw/b.parquet'",
             f->dir);
    fw_text_append(&log, PROTOCOL METADATA(FIELD("a", "long") "," FIELD("b", "long") "," FIELD(
                                               "s", "string") "," FIELD("p", "integer"),
                                           "\"p\""));
    fw_text_append(&log,
                   "{\"add\":{\"path\":\"gone.parquet\",\"partitionValues\":{},\"size\":1,"
                   "\"stats\":\"{\\\"numRecords\\\":900,\\\"nullCount\\\":{\\\"a\\\":900}}\"}}\n"
                   "{\"add\":{\"path\":\"a.parquet\",\"partitionValues\":{\"p\":\"7\"},"
                   "\"size\":1,\"stats\":\"{\\\"numRecords\\\":10,\\\"nullCount\\\":{\\\"a\\\":0,"
                   "\\\"b\\\":0,\\\"s\\\":0},\\\"minValues\\\":{\\\"a\\\":-5,\\\"b\\\":0},"
                   "\\\"maxValues\\\":{\\\"a\\\":9,\\\"b\\\":18}}\"}}\n");
    fw_text_appendf(&log,
                    "{\"add\":{\"path\":\"b.parquet\",\"partitionValues\":{\"p\":null},"
                    "\"size\":1,\"stats\":\"{\\\"numRecords\\\":30%s}\"}}\n" REMOVE("gone.parquet"),
                    second);
    test_file_write(f->dir, "raw/_delta_log/00000000000000000000.json", fw_text_get(&log));
    fw_text_finish(&log);
    free(path);
}

static void look(struct sql_fixture *f, const char *run, const char *raw)
{
    struct fake_task *t = task(f, run, raw);

    fake_task_int(t, "scan_sample_rows", 0);
    stage_must(t);
}

#define COVERS_A                                                                                   \
    ",\\\"nullCount\\\":{\\\"a\\\":3},\\\"minValues\\\":{\\\"a\\\":3},\\\"maxValues\\\":{"         \
    "\\\"a\\\":99}"
#define KNOWN                                                                                      \
    "concat_ws(' ', source, non_null_rate, coalesce(min::VARCHAR, '-'), coalesce(max::VARCHAR, "   \
    "'-'))"

/* The log's least and greatest are not the files', so that it shows which were taken. */
static void takes_columns_that_the_log_covers_from_it_and_others_from_the_footers(void **state)
{
    struct sql_fixture *f = *state;

    write_delta(f, COVERS_A);
    look(f, "a", stage_path(f, "raw"));
    assert_string_equal(cell(f, "a", "a", KNOWN), "delta_log 0.925 -5.0 99.0");
    assert_string_equal(cell(f, "a", "b", KNOWN), "footers 0.25 0.0 18.0");
    assert_string_equal(cell(f, "a", "s", KNOWN), "footers 1.0 - -");
    assert_string_equal(cell(f, "a", "p", KNOWN), "delta_log 0.25 7.0 7.0");
    assert_string_equal(said(f, "a.source"), "delta_log");
    assert_string_equal(said(f, "b.source"), "footers");
    assert_string_equal(sql_cell(f,
                                 "SELECT content LIKE '%%covers 2 columns; 2 by the files%%' FROM "
                                 "read_text('%s/a/profile.md')",
                                 f->dir),
                        "true");
}

static void believes_no_bounds_that_are_not_tight_or_missing(void **state)
{
    static const char *const stats[] = {
        COVERS_A ",\\\"tightBounds\\\":false",
        ",\\\"nullCount\\\":{\\\"a\\\":3},\\\"minValues\\\":{\\\"a\\\":3}",
        ",\\\"nullCount\\\":{\\\"a\\\":31}",
    };
    static const char *const runs[] = {"loose", "half", "wrong"};
    struct sql_fixture *f = *state;

    for (size_t i = 0; i < FW_COUNT(stats); i++) {
        write_delta(f, stats[i]);
        look(f, runs[i], stage_path(f, "raw"));
        assert_string_equal(cell(f, runs[i], "a", KNOWN), "footers 0.925 0.0 29.0");
    }
}

/* Tables of other programs, with a checkpoint, with mapped names, and with stats_parsed alone. */
static void finds_in_logs_of_others_what_a_scan_finds(void **state)
{
    static const struct {
        const char *name, *sources;
    } tables[] = {
        {"delta/delta-rs/COVID-19_NYT", "delta_log"},
        {"delta/delta-rs/python-0.25.5-checkpoint", "delta_log"},
        {"delta/delta-rs/table_with_column_mapping", "delta_log"},
        {"delta/delta-rs/delta-1.2.1-only-struct-stats", "footers schema_only"},
    };
    struct sql_fixture *f = *state;
    char log[16], scan[16];

    for (size_t i = 0; i < FW_COUNT(tables); i++) {
        char *raw = test_shared_data(tables[i].name);
        if (raw == NULL) {
            skip();
        }
        snprintf(log, sizeof log, "log%zu", i);
        snprintf(scan, sizeof scan, "scan%zu", i);
        look(f, log, raw);
        stage_must(task(f, scan, raw));
        assert_string_equal(sql_cell(f,
                                     "SELECT string_agg(DISTINCT source, ' ' ORDER BY source) FROM "
                                     "'%s/%s/inventory.parquet'",
                                     f->dir, log),
                            tables[i].sources);
        const char *differences =
            sql_cell(f,
                     "SELECT string_agg(k.\"column\" || ': ' || k.source) FROM "
                     "'%s/%s/inventory.parquet' k JOIN '%s/%s/inventory.parquet' s USING "
                     "(\"column\") WHERE k.source <> 'schema_only' AND (k.non_null_rate IS "
                     "DISTINCT FROM s.non_null_rate OR k.min IS DISTINCT FROM s.min OR k.max IS "
                     "DISTINCT FROM s.max)",
                     f->dir, log, f->dir, scan);
        if (strcmp(differences, "NULL") != 0) {
            fail_msg("%s: %s", tables[i].name, differences);
        }
        free(raw);
    }
}

/* 50,000 rows in three files; sums of reals that depend on the order in which they are added. */
static const char *large(struct sql_fixture *f, const char *name, const char *names)
{
    const char *folder = stage_folder(f, name);
    for (int i = 0; i < 3; i++) {
        sql_must(f,
                 "COPY (SELECT sin(i) * pow(10, i %% 17) AS x, CASE WHEN i %% 50 = 0 THEN i END "
                 "AS sparse, 'text ' || (i * 7919) %% 300 AS s, i %% 3 = 0 AS flag FROM range(%d, "
                 "%d) r(i)) TO '%s/%c.parquet' (ROW_GROUP_SIZE 4096)",
                 i * 20000, i * 20000 + 17000, folder, names[i]);
    }
    return folder;
}

static void gives_the_same_bytes_for_any_threads_and_restarts(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw = large(f, "raw", "abc");
    struct fake_task *t = task(f, "two", raw);
    fake_task_int(t, "scan_sample_rows", 30000);
    stage_must(t);
    t = task(f, "one", raw);
    fake_task_int(t, "scan_sample_rows", 30000);
    fake_task_limits(t)->threads = 1;
    fake_task_limits(t)->engine_bytes = 100 << 20;
    stage_must(t);
    t = task(f, "restarted", raw);
    fake_task_int(t, "scan_sample_rows", 30000);
    fake_task_restart_after(t, FAKE_EACH_STEP);
    assert_in_range(stage_run(t)->restarts, 9, 1000); /* 3 inputs of 2 files, tables */
    fake_task_destroy(t);
    stage_same(f, "two", "one");
    stage_same(f, "two", "restarted");
}

/* A sample of 3,000 out of 51,000: near the truth, the same for one seed, another for another. */
static void draws_the_reservoir_by_the_seed(void **state)
{
    struct sql_fixture *f = *state;
    const char *raw =
        stage_table(f, "raw", "SELECT (i * 7919) %% 51000 AS n FROM range(51000) r(i)");
    static const char *const runs[] = {"a", "b"};
    double medians[2];
    for (int i = 0; i < 2; i++) {
        struct fake_task *t = task(f, runs[i], raw);
        fake_task_seed(t, (uint64_t)i + 1);
        fake_task_int(t, "scan_sample_rows", 51000);
        stage_must(t);
        medians[i] = strtod(cell(f, runs[i], "n", "p50"), NULL);
        assert_in_range((int)medians[i], 24000, 27000);
    }
    assert_true(medians[0] != medians[1]);
    assert_string_equal(cell(f, "a", "n", "mean"), "25499.5");
}

static const char *reference(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/tests/reference/%s", getenv("FWRUN_SOURCE_ROOT"), name);
    return path;
}

static void agrees_with_pandas(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = task(f, "a", NULL);
    fake_task_input(t, "raw", reference("snapshot_crawl/c.csv"), reference("snapshot_crawl/a.csv"),
                    reference("snapshot_crawl/b.csv"), NULL);
    stage_must(t);
    assert_string_equal(
        sql_cell(f,
                 "WITH r AS (SELECT * FROM read_csv('%s')), s AS (SELECT * FROM "
                 "'%s/a/inventory.parquet'), near AS (SELECT \"column\", "
                 "unnest([r.non_null_rate, r.approx_distinct, r.mean, r.std, r.min, r.max, r.p01, "
                 "r.p50, r.p99, r.avg_str_len]) AS a, unnest([s.non_null_rate, s.approx_distinct, "
                 "s.mean, s.std, s.min, s.max, s.p01, s.p50, s.p99, s.avg_str_len]) AS b FROM r "
                 "JOIN s USING (\"column\")) SELECT string_agg(\"column\" || ' ' || "
                 "coalesce(a::VARCHAR, '-') || ' ' || coalesce(b::VARCHAR, '-'), ', ') FROM near "
                 "WHERE (a IS NULL) <> (b IS NULL) OR abs(a - b) > 1e-12 * abs(a)",
                 reference("raw_profile_golden.csv"), f->dir),
        "NULL");
    assert_string_equal(
        sql_cell(f,
                 "SELECT count(*) FROM read_csv('%s', all_varchar = true) r JOIN "
                 "'%s/a/inventory.parquet' s USING (\"column\") WHERE top_k IS NULL OR (top_k "
                 "->> '$[0].value') = first",
                 reference("raw_profile_golden.csv"), f->dir),
        "8");
}

static void names_a_file_that_is_damaged(void **state)
{
    struct sql_fixture *f = *state;
    char command[200];
    snprintf(command, sizeof command,
             "printf 'damaged here' | dd of='%s/b.parquet' bs=1 seek=60 conv=notrunc 2>/dev/null",
             large(f, "raw", "abc"));
    assert_int_equal(system(command), 0);
    struct fake_task *t = task(f, "a", stage_path(f, "raw"));
    const struct fake_result *result = fake_task_run(t);
    assert_true(result->status < FW_OK);
    assert_non_null(strstr(result->fault, "b.parquet"));
    fake_task_destroy(t);
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(nulls_and_nan_poison_nothing),
        TEST(writes_the_same_as_json_and_as_a_page),
        TEST(tells_zero_from_unknown),
        TEST(reads_to_the_end_of_the_row_group),
        TEST(orders_equal_counts_by_text_and_cuts_the_list),
        TEST(takes_what_the_footers_say_when_nothing_is_to_be_read),
        TEST(takes_columns_that_the_log_covers_from_it_and_others_from_the_footers),
        TEST(believes_no_bounds_that_are_not_tight_or_missing),
        TEST(finds_in_logs_of_others_what_a_scan_finds),
        TEST(gives_the_same_bytes_for_any_threads_and_restarts),
        TEST(draws_the_reservoir_by_the_seed),
        TEST(agrees_with_pandas),
        TEST(names_a_file_that_is_damaged),
    };
    stage_use(STAGE_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
