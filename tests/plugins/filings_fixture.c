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

int filings_load(void **state)
{
    stage_use(EDGAR_SO, MULTISCALE_SO, SYNTH_SO, NULL);
    return stage_load(state);
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
    struct fake_task *t = stage_task("edgar_features");
    assert_int_equal(mkdir(stage_path(f, "%s", run), 0777), 0);
    if (filings != NULL) {
        fake_task_input(t, "filings", filings, NULL);
    }
    if (index != NULL) {
        fake_task_input(t, "index", index, NULL);
    }
    fake_task_output(t, "features", stage_path(f, "%s/features", run));
    return t;
}

struct fake_task *filings_multiscale(struct sql_fixture *f, const char *run, const char *daily,
                                     const char *edgar)
{
    static const char *const ports[] = {"offers_weekly", "offers_monthly", "stage_table",
                                        "day_to_stage",  "edgar_weekly",   "edgar_monthly"};
    struct fake_task *t = stage_task("multiscale");
    assert_int_equal(mkdir(stage_path(f, "%s", run), 0777), 0);
    if (daily != NULL) {
        fake_task_input(t, "daily", daily, NULL);
    }
    if (edgar != NULL) {
        fake_task_input(t, "edgar", edgar, NULL);
    }
    for (int i = 0; i < 6; i++) {
        fake_task_output(t, ports[i], stage_path(f, "%s/%s.parquet", run, ports[i]));
    }
    return t;
}

struct fake_task *filings_synth(struct sql_fixture *f, const char *run, const char *offers)
{
    struct fake_task *t = stage_task("synth_filings");
    assert_int_equal(mkdir(stage_path(f, "%s", run), 0777), 0);
    fake_task_input(t, "offers", offers, NULL);
    fake_task_output(t, "raw", stage_path(f, "%s/raw", run));
    return t;
}
