/* SPDX-License-Identifier: MIT */
#include "train_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test_files.h"

static struct fake_kit *kit;

/* A training syncs each file that it keeps, some 12,000 times in these tests; no power is cut. */
static void work_in_memory(void)
{
    if (access("/dev/shm", W_OK | X_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0);
    }
}

int train_load(void **state)
{
    (void)state;
    work_in_memory();
    kit = fake_kit_open(TRAIN_SO, KERNELS_CPU_SO, MONITORS_SO, CALLBACKS_SO, DUCKDB_SO,
                        PREDICTOR_SO, NULL);
    return 0;
}

int train_unload(void **state)
{
    (void)state;
    fake_kit_close(kit);
    return 0;
}

struct fake_kit *train_kit(void)
{
    return kit;
}

struct fake_task *train_task(void)
{
    static const char *const outputs[][2] = {{"run", "run"},
                                             {"result", "result.json"},
                                             {"report", "report.md"},
                                             {"plot", "training.svg"},
                                             {"answers", "answers.npz"},
                                             {"predictions", "predictions.parquet"},
                                             {"model", "model.ckpt"}};
    static const char *const params[][2] = {
        {"size", "8"},    {"n_train", "256"},       {"n_val", "64"},       {"classes", "4"},
        {"noise", "0.5"}, {"base_width", "4"},      {"min_channels", "4"}, {"stages", "2"},
        {"blocks", "1"},  {"batch_size", "32"},     {"epochs", "3"},       {"warmup_epochs", "1"},
        {"lr", "0.1"},    {"weight_decay", "1e-3"}, {"turn", "0.5"},       {"seed", "0"}};
    struct fake_task *t = fake_task_create(kit, "train");
    for (size_t i = 0; i < FW_COUNT(outputs); i++) {
        fake_task_output(t, outputs[i][0], fake_task_path(t, outputs[i][1]));
    }
    for (size_t i = 0; i < FW_COUNT(params); i++) {
        fake_task_param(t, params[i][0], params[i][1]);
    }
    return t;
}

const struct fake_result *train_run(struct fake_task *t)
{
    const struct fake_result *r = fake_task_run(t);
    if (r->status != FW_OK || r->defect != NULL) {
        fail_msg("%s %s", r->fault, r->defect == NULL ? "" : r->defect);
    }
    return r;
}

void train_must_fail(struct fake_task *t, fw_status status, const char *text)
{
    const struct fake_result *r = fake_task_run(t);
    if (r->status != status || r->defect != NULL || strstr(r->fault, text) == NULL) {
        fail_msg("status %d (expected %d), \"%s\" should say \"%s\" %s", r->status, status,
                 r->fault, text, r->defect == NULL ? "" : r->defect);
    }
    fake_task_destroy(t);
}

cJSON *train_result(struct fake_task *t)
{
    cJSON *result = cJSON_Parse(fake_task_read(t, fake_task_path(t, "result.json")));
    assert_non_null(result);
    return result;
}

double train_number(const cJSON *result, const char *path)
{
    char part[64];
    const cJSON *at = result;
    for (const char *from = path; *from != '\0' && at != NULL;) {
        const size_t size = strcspn(from, ".");
        snprintf(part, sizeof part, "%.*s", (int)size, from);
        at = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, atoi(part))
                               : cJSON_GetObjectItemCaseSensitive(at, part);
        from += size + (from[size] == '.');
    }
    if (at == NULL) {
        fail_msg("the result has no %s", path);
    }
    return cJSON_IsBool(at) ? cJSON_IsTrue(at) : (cJSON_IsNumber(at) ? at->valuedouble : NAN);
}

int train_file_is_same(struct fake_task *a, struct fake_task *b, const char *name)
{
    size_t sizes[2];
    char *files[] = {test_file_read(fake_task_path(a, name), &sizes[0]),
                     test_file_read(fake_task_path(b, name), &sizes[1])};
    const int same = sizes[0] == sizes[1] && memcmp(files[0], files[1], sizes[0]) == 0;
    free(files[0]);
    free(files[1]);
    return same;
}

void train_same(struct fake_task *a, struct fake_task *b)
{
    static const char *const names[] = {"result.json",     "report.md",       "training.svg",
                                        "answers.npz",     "run/best-1.ckpt", "run/best-2.ckpt",
                                        "run/best-3.ckpt", "run/last.ckpt",   "model.ckpt"};
    for (size_t i = 0; i < FW_COUNT(names); i++) {
        const int there = access(fake_task_path(a, names[i]), F_OK) == 0;
        assert_int_equal(there, access(fake_task_path(b, names[i]), F_OK) == 0);
        if (there && !train_file_is_same(a, b, names[i])) {
            fail_msg("%s differs", names[i]);
        }
    }
}

static void drop_times(cJSON *record)
{
    cJSON *metrics = cJSON_GetObjectItem(record, "metrics"), *next;
    cJSON_DeleteItemFromObject(record, "t");
    for (cJSON *item = metrics->child; item != NULL; item = next) {
        next = item->next;
        if (strncmp(item->string, "sys/", 4) == 0) {
            cJSON_Delete(cJSON_DetachItemViaPointer(metrics, item));
        }
    }
}

char *train_metrics(struct fake_task *t, const char *folder)
{
    char path[128];
    snprintf(path, sizeof path, "run/%s/metrics.jsonl", folder);
    char *file = test_file_read(fake_task_path(t, path), NULL);
    char *text = calloc(1, strlen(file) + 1), *rest = NULL;
    for (char *line = strtok_r(file, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        cJSON *record = cJSON_Parse(line);
        assert_non_null(record);
        drop_times(record);
        char *printed = cJSON_PrintUnformatted(record);
        strcat(strcat(text, printed), "\n");
        cJSON_free(printed);
        cJSON_Delete(record);
    }
    free(file);
    return text;
}

size_t train_series(const char *metrics, const char *name, double *ret_values, size_t room)
{
    size_t n = 0;
    for (const char *line = metrics; *line != '\0'; line = strchr(line, '\n') + 1) {
        cJSON *record = cJSON_ParseWithLength(line, strcspn(line, "\n"));
        const cJSON *value =
            cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItem(record, "metrics"), name);
        if (value != NULL && n < room) {
            ret_values[n++] = cJSON_IsNumber(value) ? value->valuedouble : NAN;
        }
        cJSON_Delete(record);
    }
    return n;
}
