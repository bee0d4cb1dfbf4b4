/* SPDX-License-Identifier: MIT */
#include "stage_fixture.h"

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
static const char *plugins[4]; /* and NULL */

void stage_use(const char *so, ...)
{
    size_t n = 0;
    va_list more;
    va_start(more, so);
    for (const char *at = so; at != NULL; at = va_arg(more, const char *)) {
        assert_true(n + 1 < sizeof plugins / sizeof *plugins);
        plugins[n++] = at;
    }
    va_end(more);
    plugins[n] = NULL;
}

int stage_load(void **state)
{
    (void)state;
    kit = fake_kit_open(DUCKDB_SO, plugins[0], plugins[1], plugins[2], NULL);
    return 0;
}

int stage_unload(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

int stage_setup(void **state)
{
    struct sql_fixture *f = calloc(1, sizeof *f);
    f->task = fake_task_create(kit, NULL);
    snprintf(f->dir, sizeof f->dir, "/tmp/fwrun-stage-XXXXXX");
    *state = f;
    if (mkdtemp(f->dir) == NULL) {
        return -1;
    }
    sql_fixture_connect(f);
    return 0;
}

int stage_teardown(void **state)
{
    return sql_fixture_close(state);
}

const char *stage_path(struct sql_fixture *f, const char *format, ...)
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

const char *stage_folder(struct sql_fixture *f, const char *name)
{
    const char *path = stage_path(f, "%s", name);
    assert_int_equal(mkdir(path, 0777), 0);
    return path;
}

const char *stage_table(struct sql_fixture *f, const char *name, const char *format, ...)
{
    struct fw_text query = {0};
    const char *path = stage_path(f, "%s.parquet", name);
    va_list args;
    va_start(args, format);
    fw_text_append_va(&query, format, args);
    va_end(args);
    sql_must(f, "COPY (%s) TO '%s' (FORMAT parquet)", fw_text_get(&query), path);
    fw_text_finish(&query);
    return path;
}

struct fake_task *stage_task(const char *stage)
{
    return fake_task_create(kit, stage);
}

const struct fake_result *stage_run(struct fake_task *t)
{
    const struct fake_result *result = fake_task_run(t);
    if (result->status != FW_OK || result->defect != NULL) {
        fail_msg("%s %s\n%s", result->fault, result->defect != NULL ? result->defect : "",
                 result->log);
    }
    return result;
}

void stage_must(struct fake_task *t)
{
    stage_run(t);
    fake_task_destroy(t);
}

void stage_must_fail(struct fake_task *t, fw_status status, const char *text)
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
    return stage_path(f, "%s%s", place, is_file ? "" : "/**/*.parquet");
}

const char *stage_list(struct sql_fixture *f, const char *place, const char *expression)
{
    return sql_cell(f,
                    "SELECT string_agg(coalesce((%s)::VARCHAR, '-'), ' ' ORDER BY filename, "
                    "file_row_number) FROM read_parquet('%s', filename = true, file_row_number = "
                    "true, hive_partitioning = false)",
                    expression, files_of(f, place));
}

const char *stage_columns(struct sql_fixture *f, const char *place)
{
    return sql_cell(f,
                    "SELECT string_agg(column_name || ' ' || column_type, ', ') FROM (DESCRIBE "
                    "SELECT * FROM read_parquet('%s', hive_partitioning = false))",
                    files_of(f, place));
}

void stage_same(struct sql_fixture *f, const char *run, const char *other)
{
    char command[600];
    snprintf(command, sizeof command, "diff -rq '%s/%s' '%s/%s'", f->dir, run, f->dir, other);
    assert_int_equal(system(command), 0);
}
