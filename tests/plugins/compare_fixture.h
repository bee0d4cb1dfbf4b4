/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_FIXTURE_H
#define COMPARE_FIXTURE_H

/* What the tests of compare_models start from: the cases of tests/reference/compare_reference.py.
 */

#include <cjson/cJSON.h>

#include <fw/testkit.h>

/* The plugins of the tests to come. */
void compare_use(struct fake_kit *plugins);
struct fake_kit *compare_kit(void);

/* A comparison with all its outputs; `set` is a case that is a tensor, NULL: no input yet. */
struct fake_task *compare_task_for(const char *set);

/* Runs the task, which must succeed. */
const struct fake_result *compare_must_run(struct fake_task *t);

/* Runs the task, which must fail so with a fault that contains `says`, and destroys it. */
void compare_check_refused(struct fake_task *t, fw_status status, const char *says);

/* Its result.json, for the caller to delete. */
cJSON *compare_result_of(struct fake_task *t);

/* A metric of an arm, which lies within its interval. */
double compare_metric_of(const cJSON *result, const char *arm, const char *metric);

/* Compares metrics, or areas of single classes, with scikit-learn's: so many lines of the case. */
void compare_check_golden(const cJSON *result, const char *set, size_t expected);
void compare_check_classes(const cJSON *result, const char *set, size_t expected);

#endif
