/* SPDX-License-Identifier: MIT */
/* What the sink wrote of a live run is a recorded run for the stage `callbacks`, as it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stage_fixture.h"
#include "training_fixture.h"

static const struct training_instance watchers[] = {
    {.kind = "loss_slope", .name = "loss_slope"},
    {.kind = "grad", .name = "grad"},
    {.kind = "noise", .name = "noise"},
    {.kind = "sink", .name = "sink"},
};

/* One that is lost, in an epoch of sixteen: its mean counts. */
static double falling(uint64_t step)
{
    double t = (double)step + 1;

    return step == 40 ? NAN : 3 * pow(t, -0.3) * (1 + 0.05 * sin(t * t));
}

static void uneven(uint64_t step, double *ret_g)
{
    for (int i = 0; i < 4; i++) {
        ret_g[i] = 1 + 0.1 * cos((double)step * (i + 1));
    }
}

static double recorded(struct sql_fixture *f, const char *metric)
{
    return atof(sql_cell(f,
                         "SELECT printf('%%.17g', value) FROM '%s/recorded.parquet' WHERE metric = "
                         "'%s'",
                         f->dir, metric));
}

static void the_stage_says_of_it_what_the_monitors_said(void **state)
{
    static const char *const names[] = {
        "loss_slope/alpha_5_15",
        "loss_slope/alpha_full",
        "loss_slope/knee_epoch",
        "loss_slope/burn_in_loss",
        "loss_slope/r_squared",
        "loss_slope/r_squared_val",
        "loss_slope/ewma",
        "loss_slope/ewma_var_unbiased",
        "noise/window",
        "noise/residual_mode",
        "noise/residual_power",
        "noise/power_law_slope",
        "noise/power_law_r2",
        "noise/psd_tail",
        "noise/psd_tail_raw",
        "noise/total_power",
        "noise/gradient_variance",
        "noise/gradient_variance_total",
        "noise/noise_scale",
    };
    struct sql_fixture *f = *state;
    struct training t = {.epochs = 16,
                         .batches = 16,
                         .n = 4,
                         .loss = falling,
                         .gradient = uneven,
                         .callbacks = watchers,
                         .n_callbacks = 4};
    struct fake_task *stage = stage_task("callbacks");

    training_open(&t, MONITORS_SO, f->dir);
    training_run(&t, 0, 256);
    fake_task_input(stage, "runs", stage_path(f, "sink/metrics.jsonl"), NULL);
    fake_task_output(stage, "report", stage_path(f, "recorded.json"));
    fake_task_output(stage, "markdown", stage_path(f, "recorded.md"));
    fake_task_output(stage, "table", stage_path(f, "recorded.parquet"));
    fake_task_int(stage, "batch_small", 64);
    fake_task_int(stage, "batch_big", 128);
    assert_non_null(strstr(stage_run(stage)->log, "1 losses are not finite"));
    fake_task_destroy(stage);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        double live = training_value(&t, names[i], 256), later = recorded(f, names[i]);
        if (!(fabs(later - live) <= 1e-9 * fmax(1e-3, fabs(live)))) {
            fail_msg("%s was %.15g and is %.15g", names[i], live, later);
        }
    }
    assert_true(recorded(f, "loss_slope/knee_epoch") > 0);
    training_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_stage_says_of_it_what_the_monitors_said, stage_setup,
                                        stage_teardown),
    };

    stage_use(CALLBACKS_SO, NULL);
    return cmocka_run_group_tests(tests, stage_load, stage_unload);
}
