/* SPDX-License-Identifier: MIT */
/* Tables that are larger than a chunk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <fw/service/budget.h>
#include <fw/testkit.h>

#include "compare_fixture.h"
#include "sql/sql.h"

static int load(void **state)
{
    char odd[512];
    (void)state;
    snprintf(odd, sizeof odd, "%s/predictors/p_odd.so", getenv("FWRUN_FIXTURES"));
    compare_use(fake_kit_open(DUCKDB_SO, COMPARE_MODELS_SO, odd, NULL));
    return 0;
}

static int unload(void **state)
{
    (void)state;
    fake_kit_close(compare_kit());
    return 0;
}

/* Three files of several row groups each, or all rows in one; keys run against the rows. */
static char *run_on_parquet(const char *folder, bool parts, uint64_t restart)
{
    struct fake_task *t = compare_task_for(NULL);
    struct fw_sql_handle sql;
    const char *path = fake_task_path(t, folder);
    assert_int_equal(fw_sql_handle_open(&sql, fake_task_host(t)), FW_OK);
    assert_int_equal(mkdir(path, 0777), 0);
    for (int i = 0; i < (parts ? 3 : 1); i++) {
        assert_int_equal(
            fw_sql_execf(&sql,
                         "COPY (SELECT 90000 - i AS id, hash(i) %% 2 AS y, sin(i)::FLOAT AS a, "
                         "cos(i) AS b, i %% 7 - 3 AS c FROM range(%d, %d) AS r(i)) TO "
                         "'%s/part-%d.parquet' (FORMAT parquet, ROW_GROUP_SIZE 4096)",
                         i * 30000, parts ? (i + 1) * 30000 : 90000, path, i),
            FW_OK);
    }
    fw_sql_handle_close(&sql);
    fake_task_input(t, "table", path, NULL);
    fake_task_texts(t, "id_columns", "id", NULL);
    fake_task_input(t, "models", fake_task_write(t, "word", "sum"), NULL);
    fake_task_texts(t, "arms", "sum=odd", NULL);
    fake_task_int(t, "n_bootstrap", 100);
    fake_task_int(t, "chunk", 17000);
    fake_task_limits(t)->threads = 4;
    if (restart > 0) {
        fake_task_restart_after(t, restart);
    }
    compare_must_run(t);
    char *text = strdup(fake_task_read(t, fake_task_path(t, "result.json")));
    fake_task_destroy(t);
    return text;
}

static void parquet_files_are_read_on_from_their_middle(void **state)
{
    (void)state;
    char *whole = run_on_parquet("one", false, 0);
    char *parts = run_on_parquet("three", true, FAKE_EACH_STEP);
    assert_string_equal(whole, parts);
    free(whole);
    free(parts);
}

/* The most that this process has had since `forget`, or -1. */
static long long peak_kib(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[128];
    long long kib = -1;
    while (file != NULL && fgets(line, sizeof line, file) != NULL &&
           sscanf(line, "VmHWM: %lld", &kib) != 1) {
    }
    if (file != NULL) {
        fclose(file);
    }
    return kib;
}

static bool forget_peak(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    return file != NULL && (fputs("5", file) >= 0) & (fclose(file) == 0);
}

enum { ENGINE_BYTES = 64000000 };

/* A table of 60 features, and what a comparison on it takes at most. */
static long long peak_of(struct fake_task *t, unsigned n)
{
    struct fw_sql_handle sql;
    struct fw_text text = {0};
    assert_int_equal(fw_sql_handle_open(&sql, fake_task_host(t)), FW_OK);
    const char *path = fake_task_path(t, "wide.parquet");
    fw_text_append(&text, "COPY (SELECT i AS id, (hash(i) % 3 = 0)::INTEGER AS y");
    for (int k = 0; k < 60; k++) {
        fw_text_appendf(&text, ", (hash(i + %d) %% 2000)::DOUBLE / 1000 - 1 AS x%d", k, k);
    }
    fw_text_appendf(&text, " FROM range(%u) AS r(i)) TO '%s' (FORMAT parquet)", n, path);
    assert_int_equal(fw_sql_exec_text(&sql, &text), FW_OK);
    fw_text_finish(&text);
    fw_sql_handle_close(&sql);
    fake_task_input(t, "table", path, NULL);
    fake_task_texts(t, "id_columns", "id", NULL);
    fake_task_input(t, "models", fake_task_write(t, "word", "any"), NULL);
    fake_task_texts(t, "arms", "any=odd", NULL);
    fake_task_int(t, "n_bootstrap", 100);
    fake_task_limits(t)->engine_bytes = ENGINE_BYTES;
    assert_true(forget_peak());
    compare_must_run(t);
    return peak_kib();
}

static void memory_does_not_grow_with_the_features(void **state)
{
    (void)state;
    enum { FEW = 20000, MANY = 400000 };
#ifdef __SANITIZE_ADDRESS__
    print_message("SKIPPED: the address sanitizer keeps freed memory\n");
    skip();
#endif
    if (!forget_peak() || peak_kib() < 0) {
        print_message("SKIPPED: the peak of a process cannot be reset here\n");
        skip();
    }
    struct fake_task *few = compare_task_for(NULL), *many = compare_task_for(NULL);
    const long long least = peak_of(few, FEW), most = peak_of(many, MANY);
    print_message("# %d rows: %lld KiB, %d rows: %lld KiB\n", FEW, least, MANY, most);
    /* What the engine may have, and what is kept of a row; 60 features as float32 are 240 bytes. */
    assert_true((most - least) * 1024 < ENGINE_BYTES + 180LL * MANY);
    fake_task_destroy(few);
    fake_task_destroy(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parquet_files_are_read_on_from_their_middle),
        cmocka_unit_test(memory_does_not_grow_with_the_features),
    };
    return cmocka_run_group_tests_name("compare_models", tests, load, unload);
}
