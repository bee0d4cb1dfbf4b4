/* SPDX-License-Identifier: MIT */
#include "snapshot_fixture.h"

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

int snapshot_load(void **state)
{
    (void)state;
    kit = fake_kit_open(DUCKDB_SO, SNAPSHOT_SO, NULL);
    return 0;
}

int snapshot_unload(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

int snapshot_setup(void **state)
{
    struct sql_fixture *f = calloc(1, sizeof *f);
    f->task = fake_task_create(kit, NULL);
    snprintf(f->dir, sizeof f->dir, "/tmp/fwrun-snapshot-XXXXXX");
    *state = f;
    if (mkdtemp(f->dir) == NULL) {
        return -1;
    }
    sql_fixture_connect(f);
    return 0;
}

int snapshot_teardown(void **state)
{
    return sql_fixture_close(state);
}

static void format_path(char *path, size_t size, struct sql_fixture *f, const char *rest)
{
    int n = snprintf(path, size, "%s/%s", f->dir, rest);
    assert_true(n > 0 && (size_t)n < size);
}

const char *snapshot_path(struct sql_fixture *f, const char *format, ...)
{
    static char paths[64][256];
    static unsigned next;
    char rest[160];
    va_list args;
    va_start(args, format);
    vsnprintf(rest, sizeof rest, format, args);
    va_end(args);
    char *path = paths[next++ % 64];
    format_path(path, sizeof paths[0], f, rest);
    return path;
}

const char *snapshot_raw(struct sql_fixture *f, const char *name, const char *format, ...)
{
    struct fw_text query = {0};
    const char *path = snapshot_path(f, "%s.parquet", name);
    va_list args;
    va_start(args, format);
    fw_text_append_va(&query, format, args);
    va_end(args);
    sql_must(f, "COPY (%s) TO '%s' (FORMAT parquet)", fw_text_get(&query), path);
    fw_text_finish(&query);
    return path;
}

static struct fake_task *open_task(struct sql_fixture *f, const char *run, const char *raw)
{
    struct fake_task *t = fake_task_create(kit, "snapshot");
    assert_int_equal(mkdir(snapshot_path(f, "%s", run), 0777), 0);
    if (raw != NULL) {
        fake_task_input(t, "raw", raw, NULL);
    }
    fake_task_output(t, "static", snapshot_path(f, "%s/static.parquet", run));
    return t;
}

struct fake_task *snapshot_task_without_extras(struct sql_fixture *f, const char *run,
                                               const char *raw)
{
    struct fake_task *t = open_task(f, run, raw);
    fake_task_output(t, "core", snapshot_path(f, "%s/core", run));
    return t;
}

struct fake_task *snapshot_task_to(struct sql_fixture *f, const char *run, const char *raw,
                                   const char *extension)
{
    struct fake_task *t = open_task(f, run, raw);
    fake_task_output(t, "core", snapshot_path(f, "%s/core%s", run, extension));
    fake_task_output(t, "extras", snapshot_path(f, "%s/extras%s", run, extension));
    return t;
}

struct fake_task *snapshot_task(struct sql_fixture *f, const char *run, const char *raw)
{
    return snapshot_task_to(f, run, raw, "");
}

void snapshot_must(struct fake_task *t)
{
    const struct fake_result *result = fake_task_run(t);
    if (result->status != FW_OK || result->defect != NULL) {
        fail_msg("%s %s\n%s", result->fault, result->defect != NULL ? result->defect : "",
                 result->log);
    }
    fake_task_destroy(t);
}

void snapshot_run(struct sql_fixture *f, const char *run, const char *raw)
{
    snapshot_must(snapshot_task(f, run, raw));
}

void snapshot_must_fail(struct fake_task *t, fw_status status, const char *text)
{
    const struct fake_result *result = fake_task_run(t);
    assert_int_equal(result->status, status);
    assert_null(result->defect);
    if (strstr(result->fault, text) == NULL) {
        fail_msg("no \"%s\" in: %s", text, result->fault);
    }
    fake_task_destroy(t);
}

const char *snapshot_cell(struct sql_fixture *f, const char *run_table, const char *select,
                          const char *rest)
{
    bool file = strstr(run_table, ".parquet") != NULL;
    return sql_cell(f, "SELECT %s FROM '%s/%s%s' %s", select, f->dir, run_table,
                    file ? "" : "/*.parquet", rest);
}

void snapshot_same(struct sql_fixture *f, const char *run, const char *other)
{
    char command[600];
    snprintf(command, sizeof command, "diff -rq '%s/%s' '%s/%s'", f->dir, run, f->dir, other);
    assert_int_equal(system(command), 0);
}
