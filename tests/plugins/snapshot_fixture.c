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

int snapshot_load(void **state)
{
    stage_use(SNAPSHOT_SO, NULL);
    return stage_load(state);
}

static struct fake_task *open_task(struct sql_fixture *f, const char *run, const char *raw)
{
    struct fake_task *t = stage_task("snapshot");
    assert_int_equal(mkdir(stage_path(f, "%s", run), 0777), 0);
    if (raw != NULL) {
        fake_task_input(t, "raw", raw, NULL);
    }
    fake_task_output(t, "static", stage_path(f, "%s/static.parquet", run));
    return t;
}

struct fake_task *snapshot_task_without_extras(struct sql_fixture *f, const char *run,
                                               const char *raw)
{
    struct fake_task *t = open_task(f, run, raw);
    fake_task_output(t, "core", stage_path(f, "%s/core", run));
    return t;
}

struct fake_task *snapshot_task_to(struct sql_fixture *f, const char *run, const char *raw,
                                   const char *extension)
{
    struct fake_task *t = open_task(f, run, raw);
    fake_task_output(t, "core", stage_path(f, "%s/core%s", run, extension));
    fake_task_output(t, "extras", stage_path(f, "%s/extras%s", run, extension));
    return t;
}

struct fake_task *snapshot_task(struct sql_fixture *f, const char *run, const char *raw)
{
    return snapshot_task_to(f, run, raw, "");
}

void snapshot_run(struct sql_fixture *f, const char *run, const char *raw)
{
    stage_must(snapshot_task(f, run, raw));
}

const char *snapshot_cell(struct sql_fixture *f, const char *run_table, const char *select,
                          const char *rest)
{
    bool file = strstr(run_table, ".parquet") != NULL;
    return sql_cell(f, "SELECT %s FROM '%s/%s%s' %s", select, f->dir, run_table,
                    file ? "" : "/*.parquet", rest);
}
