/* SPDX-License-Identifier: MIT */
#include "compare_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_files.h"

static struct fake_kit *kit;

void compare_use(struct fake_kit *plugins)
{
    kit = plugins;
}

struct fake_kit *compare_kit(void)
{
    return kit;
}

struct fake_task *compare_task_for(const char *set)
{
    static const char *const outputs[][2] = {
        {"result", "result.json"}, {"markdown", "comparison.md"}, {"metrics", "metrics.csv"},
        {"pairs", "pairs.csv"},    {"plot", "comparison.svg"},    {"blocked", "red"}};
    struct fake_task *t = fake_task_create(kit, "compare_models");
    char path[512];
    if (set != NULL) {
        snprintf(path, sizeof path, CASES "/%s.npz", set);
        fake_task_input(t, "data", path, NULL);
    }
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        fake_task_output(t, outputs[i][0], fake_task_path(t, outputs[i][1]));
    }
    fake_task_int(t, "n_bootstrap", 200);
    return t;
}

const struct fake_result *compare_must_run(struct fake_task *t)
{
    const struct fake_result *r = fake_task_run(t);
    if (r->status != FW_OK || r->defect != NULL) {
        fail_msg("%s %s", r->fault, r->defect == NULL ? "" : r->defect);
    }
    return r;
}

cJSON *compare_result_of(struct fake_task *t)
{
    cJSON *result = cJSON_Parse(fake_task_read(t, fake_task_path(t, "result.json")));
    assert_non_null(result);
    return result;
}

double compare_metric_of(const cJSON *result, const char *arm, const char *metric)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(result, "metrics"))
    {
        if (strcmp(cJSON_GetObjectItem(item, "arm")->valuestring, arm) == 0 &&
            strcmp(cJSON_GetObjectItem(item, "metric")->valuestring, metric) == 0) {
            const double value = cJSON_GetObjectItem(item, "value")->valuedouble;
            assert_true(cJSON_GetObjectItem(item, "lower")->valuedouble < value);
            assert_true(cJSON_GetObjectItem(item, "upper")->valuedouble > value);
            return value;
        }
    }
    fail_msg("no %s of %s", metric, arm);
    return 0;
}

void compare_check_golden(const cJSON *result, const char *set, size_t expected)
{
    char *text = test_file_read(GOLDEN, NULL), *rest = text, *line;
    char arm[32], metric[32], name[32];
    double value;
    size_t n = 0;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (sscanf(line, "%31[^,],%31[^,],%31[^,],%lf", name, arm, metric, &value) == 4 &&
            strcmp(name, set) == 0) {
            const double is = compare_metric_of(result, arm, metric);
            if (!(fabs(is - value) <= 1e-12 * fmax(1, fabs(value)))) {
                fail_msg("%s, %s of %s: %.17g, expected %.17g", set, metric, arm, is, value);
            }
            n++;
        }
    }
    assert_int_equal(n, expected);
    free(text);
}

void compare_check_refused(struct fake_task *t, fw_status status, const char *says)
{
    const struct fake_result *r = fake_task_run(t);
    if (r->status != status || strstr(r->fault, says) == NULL) {
        fail_msg("%d: \"%s\" does not say \"%s\"", (int)r->status, r->fault, says);
    }
    fake_task_destroy(t);
}

static double class_of(const cJSON *result, const char *arm, int k)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItem(result, "class_auc"))
    {
        if (strcmp(cJSON_GetObjectItem(item, "arm")->valuestring, arm) == 0 &&
            cJSON_GetObjectItem(item, "class")->valueint == k) {
            return cJSON_GetObjectItem(item, "auc")->valuedouble;
        }
    }
    fail_msg("no class %d of %s", k, arm);
    return 0;
}

void compare_check_classes(const cJSON *result, const char *set, size_t expected)
{
    char *text = test_file_read(GOLDEN, NULL), *rest = text, *line;
    char arm[32], name[32], wanted[40];
    double value;
    int k;
    size_t n = 0;
    snprintf(wanted, sizeof wanted, "%s_classes", set);
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (sscanf(line, "%31[^,],%31[^,],%d,%lf", name, arm, &k, &value) == 4 &&
            strcmp(name, wanted) == 0) {
            assert_true(fabs(class_of(result, arm, k) - value) <= 1e-12);
            n++;
        }
    }
    assert_int_equal(n, expected);
    free(text);
}
