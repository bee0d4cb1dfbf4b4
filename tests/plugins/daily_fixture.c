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

int daily_load(void **state)
{
    stage_use(DAILY_SO, NULL);
    return stage_load(state);
}

static struct fake_task *open_task(struct sql_fixture *f, const char *run, const char *core,
                                   const char *extras, const char *extension)
{
    struct fake_task *t = stage_task("daily");
    assert_int_equal(mkdir(stage_path(f, "%s", run), 0777), 0);
    if (core != NULL) {
        fake_task_input(t, "core", core, NULL);
    }
    fake_task_output(t, "core", stage_path(f, "%s/core%s", run, extension));
    fake_task_output(t, "static", stage_path(f, "%s/static.parquet", run));
    if (extras != NULL) {
        fake_task_input(t, "extras", extras, NULL);
        fake_task_output(t, "extras", stage_path(f, "%s/extras%s", run, extension));
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
