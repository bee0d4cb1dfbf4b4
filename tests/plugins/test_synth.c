/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fw/testkit.h"
#include "source/source.h"
#include "test_files.h"

static struct fake_kit *kit;

struct fixture {
    char *folder;
    struct fake_task *host; /* for the test's own SQL */
    struct fw_sql_handle sql;
};

static int open_kit(void **state)
{
    (void)state;
    kit = fake_kit_open(DUCKDB_SO, SYNTH_SO, NULL);
    return 0;
}

static int close_kit(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->folder = test_folder_create();
    f->host = fake_task_create(kit, NULL);
    assert_int_equal(fw_sql_handle_open(&f->sql, fake_task_host(f->host)), FW_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    fw_sql_handle_close(&f->sql);
    fake_task_destroy(f->host);
    test_folder_remove(f->folder);
    free(f);
    return 0;
}

/* A task that writes FOLDER/NAME. */
static struct fake_task *new_task(const struct fixture *f, const char *name, int64_t rows)
{
    struct fake_task *task = fake_task_create(kit, "synth_offers");
    char *path = test_path(f->folder, "%s", name);
    fake_task_output(task, "raw", path);
    fake_task_int(task, "rows", rows);
    free(path);
    return task;
}

static void run(struct fake_task *task)
{
    const struct fake_result *result = fake_task_run(task);
    if (result->status != FW_OK || result->defect != NULL) {
        fail_msg("%s %s", result->fault, result->defect != NULL ? result->defect : "");
    }
}

static struct fw_source *open_source(struct fixture *f, const char *name)
{
    struct fw_source *source = NULL;
    char *path = test_path(f->folder, "%s", name);
    const char *paths[] = {path};
    if (fw_source_open(&f->sql, paths, 1, NULL, &source) != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->host));
    }
    free(path);
    return source;
}

/* One number out of the source, called `t` in the query. */
static int64_t ask(struct fixture *f, const struct fw_source *source, const char *what)
{
    struct fw_text query = {0};
    int64_t value = 0;
    fw_text_appendf(&query, "SELECT %s FROM ", what);
    fw_source_scan(source, NULL, &query);
    fw_text_append(&query, " t");
    if (fw_sql_int64(&f->sql, &value, fw_text_get(&query)) != FW_OK) {
        fail_msg("%s: %s", what, fake_task_take_fault(f->host));
    }
    fw_text_finish(&query);
    return value;
}

static size_t count_columns(const struct fw_source *source, const char *sql_type)
{
    size_t n = 0;
    for (size_t i = 0; i < source->n_columns; i++) {
        n += strcmp(source->columns[i].sql_type, sql_type) == 0;
    }
    return n;
}

/* A digest of all files below FOLDER/NAME, their paths included; the caller frees. */
static char *digest(struct fixture *f, const char *name)
{
    char *text = NULL;
    fw_status status = fw_sql_textf(
        &f->sql, &text,
        "SELECT string_agg(replace(filename, '%s/%s', '') || ' ' || sha256(content), chr(10) ORDER "
        "BY filename) FROM read_blob(['%s/%s/**'])",
        f->folder, name, f->folder, name);
    if (status != FW_OK) {
        fail_msg("%s", fake_task_take_fault(f->host));
    }
    assert_non_null(text);
    return text;
}

static void the_raw_table_replays_to_what_was_asked(void **state)
{
    struct fixture *f = *state;
    struct fake_task *task = new_task(f, "raw", 6000);
    fake_task_int(task, "files", 16);
    run(task);
    struct fw_source *source = open_source(f, "raw");
    assert_int_equal(source->kind, FW_SOURCE_DELTA);
    assert_int_equal(source->version, 5);
    assert_int_equal(source->n_files, 17);
    assert_int_equal(source->n_columns, 148);
    size_t nested = 0;
    for (size_t i = 0; i < source->n_columns; i++) {
        nested += source->columns[i].nested;
    }
    assert_int_equal(nested, 17);
    int64_t rows = 0, logged = 0;
    assert_int_equal(fw_source_count(source, &rows), FW_OK);
    for (size_t i = 0; i < source->n_files; i++) {
        logged += source->files[i].n_rows;
    }
    assert_int_equal(rows, 6000);
    assert_int_equal(logged, 6000);
    assert_int_equal(fake_task_rows(task, "raw"), 6000);
    assert_int_equal(ask(f, source, "count(*)"), 6000);
    fw_source_close(source);
    fake_task_destroy(task);
}

static void the_raw_table_has_every_trap(void **state)
{
    struct fixture *f = *state;
    struct fake_task *task = new_task(f, "raw", 20000);
    fake_task_int(task, "files", 12);
    run(task);
    struct fw_source *s = open_source(f, "raw");
    assert_int_equal(ask(f, s, "count(*) FILTER (platform_name IS NULL)"), 20);
    assert_int_equal(ask(f, s, "count(DISTINCT platform_name)"), 4);
    assert_true(ask(f, s, "count(*) FILTER (offer_id IS NULL)") > 0);
    assert_true(ask(f, s, "count(*) FILTER (TRY_CAST(crawled_date_day AS DATE) IS NULL)") > 0);
    assert_true(ask(f, s, "count(*) FILTER (processed_datetime IS NULL)") > 100);
    assert_true(ask(f, s, "count(*) FILTER (processed_datetime > crawled_date + INTERVAL 2 DAY)") >
                200);
    assert_int_equal(ask(f, s, "count(*) FILTER (year(processed_datetime) > 2100)"), 0);
    assert_true(ask(f, s, "count(*) FILTER (len(comments) = 0)") > 0);
    assert_true(ask(f, s, "count(*) FILTER (comments IS NULL)") > 0);
    assert_true(ask(f, s, "count(*) FILTER (comments::VARCHAR LIKE '%🚀%')") > 0);
    assert_true(ask(f, s, "count(*) FILTER (cik IS NULL)") > 10000);
    assert_true(ask(f, s, "count(DISTINCT fw_file) FILTER (offer_id = 'OF-0000005')") > 1);
    /* An offer-day is crawled about three times, on some days not at all or many times. */
    assert_true(ask(f, s, "count(DISTINCT (offer_id, crawled_date::DATE))") > 5000);
    assert_true(ask(f, s, "count(DISTINCT (offer_id, crawled_date::DATE))") < 7500);
    fw_source_close(s);
    fake_task_destroy(task);
}

static void files_of_the_first_period_lack_the_late_columns(void **state)
{
    struct fixture *f = *state;
    struct fake_task *task = new_task(f, "raw", 4000);
    run(task);
    struct fw_source *s = open_source(f, "raw");
    char *first = test_path(f->folder, "raw/platform_name=Birch Street/part-00000.snappy.parquet");
    assert_string_equal(s->files[0].path, first);
    int64_t n = -1;
    assert_int_equal(fw_sql_int64f(&f->sql, &n,
                                   "SELECT count(*) FROM parquet_schema('%s') WHERE name IN "
                                   "('crawler_version', 'slide_decks', 'platform_name')",
                                   first),
                     FW_OK);
    assert_int_equal(n, 0);
    assert_int_equal(ask(f, s, "count(crawler_version) FILTER (fw_file = 0)"), 0);
    assert_true(ask(f, s, "count(crawler_version) FILTER (fw_file = 1)") > 0);
    assert_true(ask(f, s, "count(investors_count) FILTER (fw_file = 0)") > 0);
    free(first);
    fw_source_close(s);
    fake_task_destroy(task);
}

static void bytes_depend_on_neither_threads_nor_restarts(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {"one", "two", "again"};
    char *digests[3];
    for (int i = 0; i < 3; i++) {
        struct fake_task *task = new_task(f, names[i], 9000);
        fake_task_int(task, "files", 8);
        fake_task_limits(task)->threads = i == 0 ? 1 : 2;
        if (i == 2) {
            fake_task_restart_after(task, FAKE_EACH_STEP);
        }
        run(task);
        digests[i] = digest(f, names[i]);
        fake_task_destroy(task);
    }
    assert_string_equal(digests[0], digests[1]);
    assert_string_equal(digests[0], digests[2]);
    for (int i = 0; i < 3; i++) {
        free(digests[i]);
    }
}

static void another_seed_gives_another_crawl(void **state)
{
    struct fixture *f = *state;
    int64_t sums[2];
    for (int seed = 0; seed < 2; seed++) {
        struct fake_task *task = new_task(f, seed == 0 ? "a" : "b", 1000);
        fake_task_int(task, "seed", seed);
        run(task);
        struct fw_source *s = open_source(f, seed == 0 ? "a" : "b");
        sums[seed] = ask(f, s, "(bit_xor(hash(title, crawled_date)) % 1000000007)::BIGINT");
        fw_source_close(s);
        fake_task_destroy(task);
    }
    assert_int_not_equal(sums[0], sums[1]);
}

static const char sortedness[] =
    "count(*) FILTER (entity_id < before_id OR (entity_id = before_id AND crawled_date_day <= "
    "before_day)) FROM (SELECT entity_id, crawled_date_day, lag(entity_id) OVER w AS before_id, "
    "lag(crawled_date_day) OVER w AS before_day FROM (SELECT *";

static int64_t count_unsorted(struct fixture *f, const struct fw_source *source)
{
    struct fw_text query = {0};
    int64_t n = -1;
    fw_text_appendf(&query, "SELECT %s FROM ", sortedness);
    fw_source_scan(source, NULL, &query);
    fw_text_append(&query, ") WINDOW w AS (ORDER BY fw_file, fw_row))");
    assert_int_equal(fw_sql_int64(&f->sql, &n, fw_text_get(&query)), FW_OK);
    fw_text_finish(&query);
    return n;
}

static void entity_days_come_in_entity_order_or_shuffled(void **state)
{
    struct fixture *f = *state;
    static const char *const orders[] = {"entity", "shuffled"};
    int64_t hashes[2], unsorted[2];
    for (int i = 0; i < 2; i++) {
        struct fake_task *task = new_task(f, orders[i], 5000);
        fake_task_text(task, "shape", "entity_day");
        fake_task_text(task, "order", orders[i]);
        run(task);
        struct fw_source *s = open_source(f, orders[i]);
        assert_int_equal(s->kind, FW_SOURCE_PARQUET);
        assert_int_equal(s->n_files, 8);
        assert_int_equal(s->n_columns, 133);
        assert_int_equal(count_columns(s, "VARCHAR"), 88);
        assert_int_equal(count_columns(s, "DOUBLE"), 43);
        assert_int_equal(ask(f, s, "count(*)"), 5000);
        assert_int_equal(ask(f, s, "count(DISTINCT (entity_id, crawled_date_day))"), 5000);
        hashes[i] = ask(f, s, "bit_xor(hash(*COLUMNS(* EXCLUDE (fw_file, fw_row)))) % 1000000007");
        unsorted[i] = count_unsorted(f, s);
        fw_source_close(s);
        fake_task_destroy(task);
    }
    assert_int_equal(hashes[0], hashes[1]);
    assert_int_equal(unsorted[0], 0);
    assert_true(unsorted[1] > 1000);
}

static void a_name_with_an_extension_gives_one_file(void **state)
{
    struct fixture *f = *state;
    struct fake_task *task = new_task(f, "days.parquet", 3000);
    fake_task_text(task, "shape", "entity_day");
    fake_task_int(task, "text_columns", 100);
    run(task);
    struct fw_source *s = open_source(f, "days.parquet");
    assert_int_equal(s->n_files, 1);
    assert_int_equal(count_columns(s, "VARCHAR"), 100);
    assert_int_equal(ask(f, s, "count(*)"), 3000);
    fw_source_close(s);
    fake_task_destroy(task);
}

static void refuses_numbers_that_do_not_go_together(void **state)
{
    struct fixture *f = *state;
    struct fake_task *task = new_task(f, "raw", 10000);
    fake_task_int(task, "entities", 5);
    fake_task_int(task, "days", 30);
    const struct fake_result *result = fake_task_run(task);
    assert_int_equal(result->status, FW_E_CONFIG);
    assert_non_null(strstr(result->fault, "there are 30"));
    fake_task_destroy(task);
    task = new_task(f, "raw.parquet", 1000);
    assert_int_equal(fake_task_run(task)->status, FW_E_CONFIG);
    fake_task_destroy(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_raw_table_replays_to_what_was_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_raw_table_has_every_trap, set_up, tear_down),
        cmocka_unit_test_setup_teardown(files_of_the_first_period_lack_the_late_columns, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(bytes_depend_on_neither_threads_nor_restarts, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_seed_gives_another_crawl, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entity_days_come_in_entity_order_or_shuffled, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_name_with_an_extension_gives_one_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_numbers_that_do_not_go_together, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("synth", tests, open_kit, close_kit);
}
