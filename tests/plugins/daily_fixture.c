/* SPDX-License-Identifier: MIT */
#include "daily_fixture.h"

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

int daily_load(void **state)
{
    (void)state;
    kit = fake_kit_open(DUCKDB_SO, DAILY_SO, NULL);
    return 0;
}

int daily_unload(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

int daily_setup(void **state)
{
    struct sql_fixture *f = calloc(1, sizeof *f);
    f->task = fake_task_create(kit, NULL);
    snprintf(f->dir, sizeof f->dir, "/tmp/fwrun-daily-XXXXXX");
    *state = f;
    if (mkdtemp(f->dir) == NULL) {
        return -1;
    }
    sql_fixture_connect(f);
    return 0;
}

int daily_teardown(void **state)
{
    return sql_fixture_close(state);
}

const char *daily_path(struct sql_fixture *f, const char *format, ...)
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

const char *daily_table(struct sql_fixture *f, const char *name, const char *format, ...)
{
    struct fw_text query = {0};
    const char *path = daily_path(f, "%s.parquet", name);
    va_list args;
    va_start(args, format);
    fw_text_append_va(&query, format, args);
    va_end(args);
    sql_must(f, "COPY (%s) TO '%s' (FORMAT parquet)", fw_text_get(&query), path);
    fw_text_finish(&query);
    return path;
}

static struct fake_task *open_task(struct sql_fixture *f, const char *run, const char *core,
                                   const char *extras, const char *extension)
{
    struct fake_task *t = fake_task_create(kit, "daily");
    assert_int_equal(mkdir(daily_path(f, "%s", run), 0777), 0);
    if (core != NULL) {
        fake_task_input(t, "core", core, NULL);
    }
    fake_task_output(t, "core", daily_path(f, "%s/core%s", run, extension));
    fake_task_output(t, "static", daily_path(f, "%s/static.parquet", run));
    if (extras != NULL) {
        fake_task_input(t, "extras", extras, NULL);
        fake_task_output(t, "extras", daily_path(f, "%s/extras%s", run, extension));
    }
    return t;
}

struct fake_task *daily_task(struct sql_fixture *f, const char *run, const char *core)
{
    return open_task(f, run, core, NULL, "");
}

struct fake_task *daily_task_with_extras(struct sql_fixture *f, const char *run, const char *core,
                                         const char *extras)
{
    return open_task(f, run, core, extras, "");
}

struct fake_task *daily_task_to_files(struct sql_fixture *f, const char *run, const char *core,
                                      const char *extras)
{
    return open_task(f, run, core, extras, ".parquet");
}

void daily_must(struct fake_task *t)
{
    const struct fake_result *result = fake_task_run(t);
    if (result->status != FW_OK || result->defect != NULL) {
        fail_msg("%s %s\n%s", result->fault, result->defect != NULL ? result->defect : "",
                 result->log);
    }
    fake_task_destroy(t);
}

void daily_must_fail(struct fake_task *t, fw_status status, const char *text)
{
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, status);
    assert_null(result->defect);
    if (strstr(result->fault, text) == NULL) {
        fail_msg("no \"%s\" in: %s", text, result->fault);
    }
    fake_task_destroy(t);
}

static const char *files_of(struct sql_fixture *f, const char *run_table)
{
    bool is_file = strstr(run_table, ".parquet") != NULL;
    return daily_path(f, "%s%s", run_table, is_file ? "" : "/*.parquet");
}

const char *daily_list(struct sql_fixture *f, const char *run_table, const char *expression)
{
    return sql_cell(f,
                    "SELECT string_agg(coalesce((%s)::VARCHAR, '-'), ' ' ORDER BY filename, "
                    "file_row_number) FROM read_parquet('%s', filename = true, file_row_number = "
                    "true)",
                    expression, files_of(f, run_table));
}

const char *daily_columns(struct sql_fixture *f, const char *run_table)
{
    return sql_cell(f,
                    "SELECT string_agg(column_name || ' ' || column_type, ', ') FROM (DESCRIBE "
                    "SELECT * FROM '%s')",
                    files_of(f, run_table));
}

void daily_same(struct sql_fixture *f, const char *run, const char *other)
{
    char command[600];
    snprintf(command, sizeof command, "diff -rq '%s/%s' '%s/%s'", f->dir, run, f->dir, other);
    assert_int_equal(system(command), 0);
}
