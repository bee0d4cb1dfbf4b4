/* SPDX-License-Identifier: MIT */
#ifndef TRAIN_FIXTURE_H
#define TRAIN_FIXTURE_H

#include <cjson/cJSON.h>

#include <fw/testkit.h>

/* The stage `train` on a task of seconds, with all of its plugins. */

/* For cmocka_run_group_tests. */
int train_load(void **state);
int train_unload(void **state);

/* The plugins of both: train, kernels_cpu, monitors, duckdb, predictor_checkpoint and callbacks of
 * the tests' own. */
struct fake_kit *train_kit(void);

/* Gratings of 8 x 8 and a net of 1,700 parameters, batches of 32: 8 steps an epoch, three epochs,
 * seed 0; all outputs are in the task's folder, as OUTPUT. */
struct fake_task *train_task(void);

/* Runs it, which must succeed; the result is the task's. */
const struct fake_result *train_run(struct fake_task *t);

/* Runs it, which must fail so with a fault that contains `text`, and destroys it. */
void train_must_fail(struct fake_task *t, fw_status status, const char *text);

/* OUTPUT/result.json; the caller deletes. `train_number` gives a number of it by its path:
 * "val_metrics.loss"; lists by their index. */
cJSON *train_result(struct fake_task *t);
double train_number(const cJSON *result, const char *path);

/* Fails unless both tasks gave the same bytes: the result, the page, the plot, the answers, the
 * model and all checkpoints. machine.json and what callbacks wrote are not looked at. */
void train_same(struct fake_task *a, struct fake_task *b);

/* Whether a file of the outputs has the same bytes in both. */
int train_file_is_same(struct fake_task *a, struct fake_task *b, const char *name);

/* OUTPUT/run/FOLDER/metrics.jsonl less what depends on the clock: `t` and metrics sys/. The caller
 * frees. */
char *train_metrics(struct fake_task *t, const char *folder);

/* The numbers of a metric in such a text, in order; how many there are. Null is NaN. */
size_t train_series(const char *metrics, const char *name, double *ret_values, size_t room);

#endif
