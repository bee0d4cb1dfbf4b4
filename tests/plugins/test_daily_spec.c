/* SPDX-License-Identifier: MIT */
/* What becomes of a day's rows and what is added to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "daily_fixture.h"

/* T4: day 3 is absent, day 5 has no amount. Beside it an offer of one row. */
#define SIX_DAYS                                                                                   \
    "SELECT 'p|' || o AS entity_id, concat('2024-01-0', d) AS crawled_date_day, "                  \
    "r::DOUBLE AS funding_raised_usd FROM (VALUES ('a', 1, 0), ('a', 2, 50), ('a', 4, 75), "       \
    "('a', 5, NULL), ('a', 6, 100), ('a', 7, 80), ('b', 7, 5)) t(o, d, r)"

static void compares_with_the_row_before(void **state)
{
    struct sql_fixture *f = *state;
    static const char *const orders[] = {"o, d", "d DESC, o"};
    for (int i = 0; i < 2; i++) {
        const char *run = i == 0 ? "in-order" : "out-of-order";
        char core[32];
        snprintf(core, sizeof core, "%s/core", run);
        stage_must(daily_task(
            f, run, stage_table(f, i == 0 ? "one" : "two", SIX_DAYS " ORDER BY %s", orders[i])));
        assert_string_equal(
            stage_list(f, core, "right(entity_id, 1) || right(crawled_date_day, 1)"),
            "a1 a2 a4 a5 a6 a7 b7");
        assert_string_equal(stage_list(f, core, "delta_funding_raised"), "- 50.0 25.0 - - -20.0 -");
        assert_string_equal(stage_list(f, core, "pct_change"), "- - 0.5 - - -0.2 -");
        assert_string_equal(stage_list(f, core, "count_snapshots_per_day"), "1 1 1 1 1 1 1");
    }
}

static void keeps_the_sign_of_the_base(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(daily_task(
        f, "a",
        stage_table(f, "in",
                    "SELECT 'e' AS entity_id, DATE '2024-01-01' + i AS crawled_date_day, r AS "
                    "funding_raised_usd FROM (VALUES (0, -50.0::DOUBLE), (1, 100), (2, -0.0), (3, "
                    "1)) t(i, r)")));
    assert_string_equal(stage_list(f, "a/core", "delta_funding_raised"), "- 150.0 -100.0 1.0");
    assert_string_equal(stage_list(f, "a/core", "pct_change"), "- -3.0 -1.0 -");
}

/* T5, the late row first. */
#define TWO_TIMES                                                                                  \
    "SELECT * FROM (VALUES ('e', '2024-01-01', TIMESTAMP '2024-01-01 20:00:00', NULL, 7, 'y'), "   \
    "('e', '2024-01-01', TIMESTAMP '2024-01-01 08:00:00', 5, NULL, 'x')) t(entity_id, "            \
    "crawled_date_day, snapshot_ts, a, b, s)"

static void takes_each_columns_last_value(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(daily_task(f, "a", stage_table(f, "in", TWO_TIMES)));
    assert_string_equal(stage_list(f, "a/core", "concat_ws(' ', a, b, s)"), "5 7 y");
    assert_string_equal(stage_list(f, "a/core", "count_snapshots_per_day"), "2");
    assert_string_equal(stage_list(f, "a/core", "snapshot_ts"), "2024-01-01 20:00:00");
}

static void takes_the_latest_row_as_it_is_when_told(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task(f, "a", stage_table(f, "in", TWO_TIMES));
    fake_task_text(t, "row_policy", "latest_row");
    stage_must(t);
    assert_string_equal(stage_list(f, "a/core", "a"), "-");
    assert_string_equal(stage_list(f, "a/core", "concat_ws(' ', b, s)"), "7 y");
    assert_string_equal(stage_list(f, "a/core", "count_snapshots_per_day"), "2");
}

static void gives_the_same_bytes_by_either_policy_for_rows_that_are_days(void **state)
{
    struct sql_fixture *f = *state;
    const char *orders[] = {"o, d", "hash(o, d)"};
    for (int i = 0; i < 2; i++) {
        char in[16], last[16], latest[16];
        snprintf(in, sizeof in, "in%d", i);
        snprintf(last, sizeof last, "last%d", i);
        snprintf(latest, sizeof latest, "latest%d", i);
        const char *core =
            stage_table(f, in,
                        "SELECT concat('e', o) AS entity_id, DATE '2024-01-01' + d::INT AS "
                        "crawled_date_day, CASE WHEN hash(o, d) %% 3 > 0 THEN hash(d, o) %% 9 END "
                        "AS funding_raised_usd, CASE WHEN hash(o, d) %% 4 > 0 THEN concat('t', d) "
                        "END AS title FROM range(30) a(o), range(40) b(d) ORDER BY %s",
                        orders[i]);
        stage_must(daily_task(f, last, core));
        struct fake_task *t = daily_task(f, latest, core);
        fake_task_text(t, "row_policy", "latest_row");
        stage_must(t);
        stage_same(f, last, latest);
    }
    stage_same(f, "last0", "last1");
}

/* The amounts of one day: 1 in the morning, then `late`; the day after 3. */
static const char *two_amounts(struct sql_fixture *f, const char *name, const char *late)
{
    return stage_table(f, name,
                       "SELECT 'e' AS entity_id, t AS snapshot_ts, r AS funding_raised_usd FROM "
                       "(VALUES (TIMESTAMP '2024-01-01 08:00:00', %s), (TIMESTAMP '2024-01-01 "
                       "20:00:00', %s), (TIMESTAMP '2024-01-02 08:00:00', %s)) v(t, r)",
                       strchr(late, ':') == NULL ? "'1'" : "1::DOUBLE", late,
                       strchr(late, ':') == NULL ? "'3'" : "3");
}

static void takes_nan_for_no_value(void **state)
{
    struct sql_fixture *f = *state;
    const char *core = two_amounts(f, "in", "'NaN'::DOUBLE");
    stage_must(daily_task(f, "a", core));
    assert_string_equal(stage_list(f, "a/core", "funding_raised_usd"), "1.0 3.0");
    assert_string_equal(stage_list(f, "a/core", "pct_change"), "- 2.0");
    struct fake_task *t = daily_task(f, "b", core);
    fake_task_text(t, "row_policy", "latest_row");
    stage_must(t);
    assert_string_equal(stage_list(f, "b/core", "funding_raised_usd"), "- 3.0");
    assert_string_equal(stage_list(f, "b/core", "delta_funding_raised"), "- -");
}

static void takes_a_nan_for_no_value_in_rows_that_are_days(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(daily_task(
        f, "a",
        stage_table(f, "in",
                    "SELECT 'e' AS entity_id, DATE '2024-01-01' + i AS crawled_date_day, r AS "
                    "funding_raised_usd, r::FLOAT AS x FROM (VALUES (0, 2.0::DOUBLE), (1, 'NaN'), "
                    "(2, 4)) t(i, r)")));
    assert_string_equal(stage_list(f, "a/core", "funding_raised_usd"), "2.0 - 4.0");
    assert_string_equal(stage_list(f, "a/core", "x"), "2.0 - 4.0");
    assert_string_equal(stage_list(f, "a/core", "delta_funding_raised"), "- - -");
}

static void takes_amounts_that_are_text_as_numbers(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(daily_task(f, "a", two_amounts(f, "in", "'1.5'")));
    assert_string_equal(stage_list(f, "a/core", "funding_raised_usd"), "1.5 3");
    assert_string_equal(stage_list(f, "a/core", "pct_change"), "- 1.0");
}

/* The changes are those of the amounts that the rows show. */
static void has_no_change_to_an_amount_that_is_no_number(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(daily_task(f, "a", two_amounts(f, "in", "'unknown'")));
    assert_string_equal(stage_list(f, "a/core", "funding_raised_usd"), "unknown 3");
    assert_string_equal(stage_list(f, "a/core", "delta_funding_raised"), "- -");
}

static void keeps_cik_as_text_with_its_zeros(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(daily_task(f, "a",
                          stage_table(f, "in",
                                      "SELECT 'e' AS entity_id, '2024-01-01' AS crawled_date_day, "
                                      "'0000012345' AS cik")));
    assert_string_equal(stage_list(f, "a/core", "cik"), "0000012345");
    assert_string_equal(stage_list(f, "a/static.parquet", "cik"), "0000012345");
    stage_must(daily_task(f, "b",
                          stage_table(f, "numbers",
                                      "SELECT 'e' AS entity_id, '2024-01-01' AS crawled_date_day, "
                                      "12345::BIGINT AS cik")));
    assert_non_null(strstr(stage_columns(f, "b/core"), "cik VARCHAR"));
    assert_non_null(strstr(stage_columns(f, "b/static.parquet"), "cik VARCHAR"));
    stage_must_fail(daily_task(f, "c",
                               stage_table(f, "doubles",
                                           "SELECT 'e' AS entity_id, '2024-01-01' AS "
                                           "crawled_date_day, 12345::DOUBLE AS cik")),
                    FW_E_DATA, "leading zeros");
}

static void adds_three_columns_after_those_of_the_snapshot(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(daily_task(f, "a", stage_table(f, "in", SIX_DAYS)));
    assert_string_equal(stage_columns(f, "a/core"),
                        "entity_id VARCHAR, crawled_date_day VARCHAR, funding_raised_usd DOUBLE, "
                        "count_snapshots_per_day BIGINT, delta_funding_raised DOUBLE, pct_change "
                        "DOUBLE");
}

static void leaves_out_the_changes_where_there_is_no_amount(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task(f, "a", stage_table(f, "in", TWO_TIMES));
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_OK);
    assert_non_null(strstr(fake_task_field(t, "warnings"), "no column funding_raised_usd"));
    assert_non_null(strstr(result->log, "warning: no column funding_raised_usd"));
    fake_task_destroy(t);
    assert_string_equal(stage_columns(f, "a/core"),
                        "entity_id VARCHAR, crawled_date_day VARCHAR, snapshot_ts TIMESTAMP, "
                        "a INTEGER, b INTEGER, s VARCHAR, count_snapshots_per_day BIGINT");
}

static void warns_of_nothing_when_all_is_there(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task(f, "a", stage_table(f, "in", SIX_DAYS));
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_OK);
    assert_string_equal(fake_task_field(t, "warnings"), "[]");
    assert_null(strstr(result->log, "warning"));
    assert_string_equal(fake_task_field(t, "rows_emitted"), "7");
    assert_int_equal(fake_task_rows(t, "core"), 7);
    assert_int_equal(fake_task_rows(t, "static"), 2);
    fake_task_destroy(t);
}

static void adds_the_references_helpers_in_compat(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task(
        f, "a",
        stage_table(f, "in", "SELECT *, 1::DOUBLE AS funding_raised_usd FROM (" TWO_TIMES ")"));
    fake_task_param(t, "compat", "true");
    stage_must(t);
    assert_string_equal(
        stage_columns(f, "a/core"),
        "entity_id VARCHAR, crawled_date_day VARCHAR, snapshot_ts TIMESTAMP, a INTEGER, b INTEGER, "
        "s VARCHAR, funding_raised_usd DOUBLE, snapshot_ts2 TIMESTAMP, crawled_date_day2 DATE, rn "
        "BIGINT, count_snapshots_per_day BIGINT, delta_funding_raised DOUBLE, pct_change DOUBLE");
    /* The reference knows the latest row alone. */
    assert_string_equal(stage_list(f, "a/core", "a"), "-");
    assert_string_equal(stage_list(f, "a/core", "rn"), "1");
    assert_string_equal(stage_list(f, "a/core", "count_snapshots_per_day"), "2");
    assert_string_equal(stage_list(f, "a/core", "snapshot_ts2"), "2024-01-01 20:00:00");
    assert_string_equal(stage_list(f, "a/core", "crawled_date_day2"), "2024-01-01");
}

static void makes_139_columns_of_133_in_compat(void **state)
{
    struct sql_fixture *f = *state;
    struct fw_text columns = {0};
    for (int i = 0; i < 130; i++) {
        fw_text_appendf(&columns, ", %d AS c%d", i, i);
    }
    const char *core = stage_table(f, "in",
                                   "SELECT 'e' AS entity_id, '2024-01-01' AS crawled_date_day, "
                                   "1::DOUBLE AS funding_raised_usd%s",
                                   fw_text_get(&columns));
    fw_text_finish(&columns);
    struct fake_task *t = daily_task(f, "compat", core);
    fake_task_param(t, "compat", "true");
    stage_must(t);
    stage_must(daily_task(f, "native", core));
    assert_string_equal(
        sql_cell(f, "SELECT count(*) FROM (DESCRIBE FROM '%s/compat/core/*.parquet')", f->dir),
        "139");
    assert_string_equal(
        sql_cell(f, "SELECT count(*) FROM (DESCRIBE FROM '%s/native/core/*.parquet')", f->dir),
        "136");
}

/* Two days of an offer, the first crawled last; and what must not be in the static table. */
#define CONSTANTS                                                                                  \
    "SELECT * FROM (VALUES ('e', 'p', 'o', '01', '2024-01-02', 'new', 'l2', 'h2', 'open', 9), "    \
    "('e', 'p', 'o', NULL, '2024-01-01', 'old', 'l1', 'h1', 'open', 8), "                          \
    "('d', 'p', 'n', '02', '2024-01-01', 'old', 'l0', 'h0', NULL, 7)) t(entity_id, "               \
    "platform_name, offer_id, cik, crawled_date_day, title, link, hash_id, "                       \
    "datetime_open_offering, x)"

static void keeps_the_latest_row_of_each_entity_in_static(void **state)
{
    struct sql_fixture *f = *state;
    const char *core = stage_table(f, "in", CONSTANTS);
    stage_must(daily_task(f, "a", core));
    assert_string_equal(stage_columns(f, "a/static.parquet"),
                        "entity_id VARCHAR, platform_name VARCHAR, offer_id VARCHAR, cik VARCHAR, "
                        "link VARCHAR, hash_id VARCHAR, datetime_open_offering VARCHAR, "
                        "static_snapshot_ts TIMESTAMP");
    assert_string_equal(stage_list(f, "a/static.parquet",
                                   "concat_ws(',', entity_id, cik, link, static_snapshot_ts)"),
                        "d,02,l0,2024-01-01 00:00:00 e,01,l2,2024-01-02 00:00:00");
    struct fake_task *t = daily_task(f, "compat", core);
    fake_task_param(t, "compat", "true");
    stage_must(t);
    assert_string_equal(stage_columns(f, "compat/static.parquet"),
                        "entity_id VARCHAR, platform_name VARCHAR, offer_id VARCHAR, cik VARCHAR, "
                        "datetime_open_offering VARCHAR, static_snapshot_ts TIMESTAMP");
}

static void chooses_among_extras_as_among_rows(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(daily_task_with_extras(
        f, "a", stage_table(f, "in", SIX_DAYS),
        stage_table(f, "extras",
                    "SELECT * FROM (VALUES ('p|b', TIMESTAMP '2024-01-07 20:00:00', '[1]', NULL), "
                    "('p|b', TIMESTAMP '2024-01-07 08:00:00', '[0]', 2.0), ('p|a', TIMESTAMP "
                    "'2024-01-01', '[]', 0.0)) t(entity_id, snapshot_ts, tags_json, tags_len)")));
    assert_string_equal(stage_columns(f, "a/extras"),
                        "entity_id VARCHAR, snapshot_ts TIMESTAMP, tags_json VARCHAR, tags_len "
                        "DECIMAL(2,1)");
    assert_string_equal(stage_list(f, "a/extras", "concat_ws(',', entity_id, tags_json, tags_len)"),
                        "p|a,[],0.0 p|b,[1],2.0");
}

static void adds_three_helpers_to_extras_in_compat(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task_with_extras(
        f, "a", stage_table(f, "in", SIX_DAYS),
        stage_table(f, "extras",
                    "SELECT 'p|a' AS entity_id, '2024-01-01' AS crawled_date_day, 'x' AS t"));
    fake_task_param(t, "compat", "true");
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_OK);
    assert_string_equal(fake_task_field(t, "extras_output_columns"),
                        "[\"entity_id\",\"crawled_date_day\",\"t\",\"snapshot_ts2\","
                        "\"crawled_date_day2\",\"rn\"]");
    fake_task_destroy(t);
    assert_string_equal(stage_columns(f, "a/extras"),
                        "entity_id VARCHAR, crawled_date_day VARCHAR, t VARCHAR, snapshot_ts2 "
                        "TIMESTAMP, crawled_date_day2 DATE, rn BIGINT");
}

static void writes_no_extras_when_none_are_given(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task(f, "a", stage_table(f, "in", SIX_DAYS));
    fake_task_output(t, "extras", stage_path(f, "a/extras"));
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_OK);
    assert_null(fake_task_field(t, "extras_output_columns"));
    fake_task_destroy(t);
    assert_string_equal(sql_cell(f, "SELECT count(*) FROM glob('%s/a/extras*')", f->dir), "0");
}

static void sorts_by_bytes_of_the_entity_and_by_day(void **state)
{
    struct sql_fixture *f = *state;
    stage_must(daily_task(
        f, "a",
        stage_table(f, "in",
                    "SELECT e AS entity_id, d AS crawled_date_day FROM (VALUES ('é'), ('a'), "
                    "('B'), ('a b'), ('z'), ('A')) v(e), (VALUES ('2024-01-10'), ('2024-01-09')) "
                    "w(d)")));
    assert_string_equal(stage_list(f, "a/core", "entity_id || right(crawled_date_day, 2)"),
                        "A09 A10 B09 B10 a09 a10 a b09 a b10 z09 z10 é09 é10");
}

static void reads_times_with_their_offsets(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task(
        f, "a",
        stage_table(f, "in",
                    "SELECT * FROM (VALUES ('e', '2024-01-01T23:30:00-05:00', 'last'), ('e', "
                    "'2024-01-02 04:00:00+00:00', 'first'), ('e', 'soon', 'never'), ('e', "
                    "'2024-01-02 00:30:00+02', 'before')) t(entity_id, snapshot_ts, s)"));
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_OK);
    assert_string_equal(fake_task_field(t, "rows_without_day"), "1");
    assert_non_null(strstr(result->log, "warning: 1 rows have no day"));
    fake_task_destroy(t);
    assert_string_equal(stage_list(f, "a/core", "s"), "before last never");
    assert_string_equal(stage_list(f, "a/core", "count_snapshots_per_day"), "1 2 1");
}

static void finds_the_day_in_other_columns(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task(
        f, "a",
        stage_table(f, "in",
                    "SELECT * FROM (VALUES ('p', 1, NULL, NULL, '2024-01-03 10:00:00', 'c'), "
                    "('p', 1, NULL, TIMESTAMP '2024-01-02 10:00:00', '2024-01-09', 'b'), ('p', 1, "
                    "DATE '2024-01-01', TIMESTAMP '2024-01-05 10:00:00', NULL, 'a')) "
                    "t(platform_name, offer_id, crawled_date_day, snapshot_ts, crawled_date, s)"));
    fake_task_param(t, "compat", "true");
    stage_must(t);
    assert_string_equal(stage_list(f, "a/core", "s"), "a b c");
    assert_string_equal(stage_list(f, "a/core", "entity_id"), "p|1 p|1 p|1");
    assert_string_equal(stage_list(f, "a/core", "crawled_date_day2"),
                        "2024-01-01 2024-01-02 2024-01-03");
    assert_string_equal(stage_list(f, "a/core", "snapshot_ts2"),
                        "2024-01-05 10:00:00 2024-01-02 10:00:00 2024-01-03 10:00:00");
}

/* Equal instants: the ingestion decides, a missing one loses; then the crawl; then the place. */
static void breaks_ties_by_a_total_order(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task(
        f, "a",
        stage_table(f, "in",
                    "SELECT concat('e', e) AS entity_id, DATE '2024-01-01' AS crawled_date_day, "
                    "DATE '2024-01-01' + p AS processed_datetime, DATE '2024-01-01' + c AS "
                    "crawled_date, s FROM (VALUES (1, 2, NULL, 'won'), (1, NULL, 3, 'lost'), (1, "
                    "1, 4, 'lost'), (2, 1, 2, 'won'), (2, 1, 1, 'lost'), (2, 1, NULL, 'lost'), "
                    "(3, 1, 1, 'lost'), (3, 1, 1, 'won')) t(e, p, c, s)"));
    fake_task_text(t, "row_policy", "latest_row");
    stage_must(t);
    assert_string_equal(stage_list(f, "a/core", "s"), "won won won");
    stage_must(daily_task(f, "b", stage_path(f, "in.parquet")));
    assert_string_equal(stage_list(f, "b/core", "s"), "won won won");
}

static void leaves_out_rows_without_an_entity(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t =
        daily_task(f, "a",
                   stage_table(f, "in",
                               "SELECT * FROM (VALUES (NULL, 1), ('p', 2)) t(platform_name, "
                               "offer_id), (SELECT '2024-01-01' AS crawled_date_day)"));
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_OK);
    assert_string_equal(fake_task_field(t, "rows_without_entity"), "1");
    assert_non_null(strstr(result->log, "warning: 1 rows have no entity"));
    fake_task_destroy(t);
    assert_string_equal(stage_list(f, "a/core", "entity_id"), "p|2");
    assert_string_equal(stage_list(f, "a/static.parquet", "entity_id"), "p|2");
}

static void counts_over_the_texts_when_told(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task(
        f, "a",
        stage_table(f, "in",
                    "SELECT * FROM (VALUES ('a', '2024-01-01', 'Über uns', 'see http://x.org/a "
                    "https://y.org #Go_1 #é'), ('b', '2024-01-01', NULL, NULL)) t(entity_id, "
                    "crawled_date_day, headline, description_text)"));
    fake_task_param(t, "text_structure", "true");
    stage_must(t);
    assert_string_equal(stage_list(f, "a/core", "text_len"), "50 0");
    assert_string_equal(stage_list(f, "a/core", "num_tokens_est"), "7 0");
    assert_string_equal(stage_list(f, "a/core", "num_urls"), "2 0");
    assert_string_equal(stage_list(f, "a/core", "num_hashtags"), "1 0");
}

static void gives_the_columns_of_a_table_without_rows(void **state)
{
    struct sql_fixture *f = *state;
    struct fake_task *t = daily_task(f, "a", stage_table(f, "in", SIX_DAYS " LIMIT 0"));
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, FW_OK);
    assert_string_equal(result->fault, "");
    /* It is for the host to say whether that is good. */
    assert_non_null(strstr(result->defect, "zero items"));
    assert_string_equal(fake_task_field(t, "rows_emitted"), "0");
    fake_task_destroy(t);
    assert_string_equal(stage_list(f, "a/core", "entity_id"), "NULL");
    assert_non_null(strstr(stage_columns(f, "a/core"), "funding_raised_usd DOUBLE, count_snap"));
    assert_string_equal(stage_list(f, "a/static.parquet", "entity_id"), "NULL");
}

static void refuses_tables_that_cannot_become_daily(void **state)
{
    struct sql_fixture *f = *state;
    stage_must_fail(daily_task(f, "a",
                               stage_table(f, "no-entity",
                                           "SELECT '2024-01-01' AS "
                                           "crawled_date_day")),
                    FW_E_MISSING, "neither a column entity_id nor a column platform_name");
    stage_must_fail(daily_task(f, "b", stage_table(f, "no-day", "SELECT 'e' AS entity_id")),
                    FW_E_MISSING, "no column snapshot_ts, crawled_date_day or crawled_date");
    stage_must_fail(daily_task(f, "c",
                               stage_table(f, "number",
                                           "SELECT 'e' AS entity_id, 5 AS "
                                           "crawled_date_day")),
                    FW_E_DATA, "the column is a INTEGER");
    stage_must_fail(daily_task(f, "d",
                               stage_table(f, "again",
                                           "SELECT 'e' AS entity_id, "
                                           "'2024-01-01' AS crawled_date_day, "
                                           "1 AS count_snapshots_per_day")),
                    FW_E_DATA, "is it a daily table already?");
}

int main(void)
{
#define TEST(claim) cmocka_unit_test_setup_teardown(claim, stage_setup, stage_teardown)
    const struct CMUnitTest tests[] = {
        TEST(compares_with_the_row_before),
        TEST(keeps_the_sign_of_the_base),
        TEST(takes_each_columns_last_value),
        TEST(takes_the_latest_row_as_it_is_when_told),
        TEST(gives_the_same_bytes_by_either_policy_for_rows_that_are_days),
        TEST(takes_nan_for_no_value),
        TEST(takes_a_nan_for_no_value_in_rows_that_are_days),
        TEST(takes_amounts_that_are_text_as_numbers),
        TEST(has_no_change_to_an_amount_that_is_no_number),
        TEST(keeps_cik_as_text_with_its_zeros),
        TEST(adds_three_columns_after_those_of_the_snapshot),
        TEST(leaves_out_the_changes_where_there_is_no_amount),
        TEST(warns_of_nothing_when_all_is_there),
        TEST(adds_the_references_helpers_in_compat),
        TEST(makes_139_columns_of_133_in_compat),
        TEST(keeps_the_latest_row_of_each_entity_in_static),
        TEST(chooses_among_extras_as_among_rows),
        TEST(adds_three_helpers_to_extras_in_compat),
        TEST(writes_no_extras_when_none_are_given),
        TEST(sorts_by_bytes_of_the_entity_and_by_day),
        TEST(reads_times_with_their_offsets),
        TEST(finds_the_day_in_other_columns),
        TEST(breaks_ties_by_a_total_order),
        TEST(leaves_out_rows_without_an_entity),
        TEST(counts_over_the_texts_when_told),
        TEST(gives_the_columns_of_a_table_without_rows),
        TEST(refuses_tables_that_cannot_become_daily),
    };
    return cmocka_run_group_tests(tests, daily_load, stage_unload);
}
