/* SPDX-License-Identifier: MIT */
#include "filings_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct fake_kit *kit;

int filings_load(void **state)
{
    (void)state;
    kit = fake_kit_open(DUCKDB_SO, EDGAR_SO, MULTISCALE_SO, SYNTH_SO, NULL);
    return 0;
}

int filings_unload(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

int filings_setup(void **state)
{
    struct sql_fixture *f = calloc(1, sizeof *f);
    f->task = fake_task_create(kit, NULL);
    snprintf(f->dir, sizeof f->dir, "/tmp/fwrun-filings-XXXXXX");
    *state = f;
    if (mkdtemp(f->dir) == NULL) {
        return -1;
    }
    sql_fixture_connect(f);
    return 0;
}

int filings_teardown(void **state)
{
    return sql_fixture_close(state);
}

const char *filings_path(struct sql_fixture *f, const char *format, ...)
{
    static char paths[64][256];
    static unsigned next;
    char rest[160];
    va_list args;
    va_start(args, format);
    vsnprintf(rest, sizeof rest, format, args);
    va_end(args);
    char *path = paths[next++ % 64];
    int n = snprintf(path, sizeof paths[0], "%s/%s", f->dir, rest);
    assert_true(n > 0 && (size_t)n < sizeof paths[0]);
    return path;
}

const char *filings_table(struct sql_fixture *f, const char *name, const char *format, ...)
{
    struct fw_text query = {0};
    const char *path = filings_path(f, "%s.parquet", name);
    va_list args;
    va_start(args, format);
    fw_text_append_va(&query, format, args);
    va_end(args);
    sql_must(f, "COPY (%s) TO '%s' (FORMAT parquet)", fw_text_get(&query), path);
    fw_text_finish(&query);
    return path;
}

const char *filings_reference(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/tests/reference/%s", getenv("FWRUN_SOURCE_ROOT"), name);
    return path;
}

struct fake_task *filings_features(struct sql_fixture *f, const char *run, const char *filings,
                                   const char *index)
{
    struct fake_task *t = fake_task_create(kit, "edgar_features");
    assert_int_equal(mkdir(filings_path(f, "%s", run), 0777), 0);
    if (filings != NULL) {
        fake_task_input(t, "filings", filings, NULL);
    }
    if (index != NULL) {
        fake_task_input(t, "index", index, NULL);
    }
    fake_task_output(t, "features", filings_path(f, "%s/features", run));
    return t;
}

struct fake_task *filings_multiscale(struct sql_fixture *f, const char *run, const char *daily,
                                     const char *edgar)
{
    static const char *const ports[] = {"offers_weekly", "offers_monthly", "stage_table",
                                        "day_to_stage",  "edgar_weekly",   "edgar_monthly"};
    struct fake_task *t = fake_task_create(kit, "multiscale");
    assert_int_equal(mkdir(filings_path(f, "%s", run), 0777), 0);
    if (daily != NULL) {
        fake_task_input(t, "daily", daily, NULL);
    }
    if (edgar != NULL) {
        fake_task_input(t, "edgar", edgar, NULL);
    }
    for (int i = 0; i < 6; i++) {
        fake_task_output(t, ports[i], filings_path(f, "%s/%s.parquet", run, ports[i]));
    }
    return t;
}

struct fake_task *filings_synth(struct sql_fixture *f, const char *run, const char *offers)
{
    struct fake_task *t = fake_task_create(kit, "synth_filings");
    assert_int_equal(mkdir(filings_path(f, "%s", run), 0777), 0);
    fake_task_input(t, "offers", offers, NULL);
    fake_task_output(t, "raw", filings_path(f, "%s/raw", run));
    return t;
}

const struct fake_result *filings_run(struct fake_task *t)
{
    const struct fake_result *result = fake_task_run(t);
    if (result->status != FW_OK || result->defect != NULL) {
        fail_msg("%s %s\n%s", result->fault, result->defect != NULL ? result->defect : "",
                 result->log);
    }
    return result;
}

void filings_must(struct fake_task *t)
{
    filings_run(t);
    fake_task_destroy(t);
}

void filings_must_fail(struct fake_task *t, fw_status status, const char *text)
{
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, status);
    assert_null(result->defect);
    if (strstr(result->fault, text) == NULL) {
        fail_msg("no \"%s\" in: %s", text, result->fault);
    }
    fake_task_destroy(t);
}

static const char *files_of(struct sql_fixture *f, const char *place)
{
    bool is_file = strstr(place, ".parquet") != NULL;
    return filings_path(f, "%s%s", place, is_file ? "" : "/**/*.parquet");
}

const char *filings_list(struct sql_fixture *f, const char *place, const char *expression)
{
    return sql_cell(f,
                    "SELECT string_agg(coalesce((%s)::VARCHAR, '-'), ' ' ORDER BY filename, "
                    "file_row_number) FROM read_parquet('%s', filename = true, file_row_number = "
                    "true, hive_partitioning = false)",
                    expression, files_of(f, place));
}

const char *filings_columns(struct sql_fixture *f, const char *place)
{
    return sql_cell(f,
                    "SELECT string_agg(column_name || ' ' || column_type, ', ') FROM (DESCRIBE "
                    "SELECT * FROM read_parquet('%s', hive_partitioning = false))",
                    files_of(f, place));
}

void filings_same(struct sql_fixture *f, const char *run, const char *other)
{
    char command[600];
    snprintf(command, sizeof command, "diff -rq '%s/%s' '%s/%s'", f->dir, run, f->dir, other);
    assert_int_equal(system(command), 0);
}
