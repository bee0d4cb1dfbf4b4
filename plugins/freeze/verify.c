/* SPDX-License-Identifier: MIT */
#include "verify.h"

#include <stdarg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <fw/service/gate.h>

#include "file/file.h"
#include "file/paths.h"
#include "sql/fault.h"
#include "yaml/yaml.h"

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "pointer", .doc = "FULL_SCALE_POINTER.yaml"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "watched",
            .doc = "files whose change has this gate check again, such as the manifests"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "report", .file = "verify_report.json",
            .doc = "each check, and why it fails"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "markdown", .file = "verify_report.md",
            .doc = "the same to read"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "stamp", .flags = FW_PARAM_REQUIRED,
             .doc = "the freeze that is expected"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "variant", .default_value = "TRAIN_WIDE_FINAL",
             .doc = "the kind of freeze that is expected"),
    FW_PARAM(.type = FW_PARAM_STRING, .name = "base", .default_value = "../../../..",
             .doc = "the folder that the pointer's paths are relative to, seen from the pointer"),
    FW_PARAM(.type = FW_PARAM_INT, .name = "min_compared", .default_value = "200", .min = "0",
             .unit = "values", .doc = "gate A must have compared that many"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "min_edgar_coverage", .default_value = "0.9999",
             .min = "0", .max = "1", .doc = "pairs of cik and day that the features must cover"),
    FW_PARAM(.type = FW_PARAM_REAL, .name = "min_offer_day_coverage", .default_value = "0.9999",
             .min = "0", .max = "1", .doc = "offer-days of the raw table that the core must have"),
};

static const char *const required[] = {FW_GATE_ID};

void verify_fail(struct verify *verify, const char *format, ...)
{
    struct fw_text text = {0};
    va_list args;

    va_start(args, format);
    fw_text_append_va(&text, format, args);
    va_end(args);
    cJSON *item = text.failed ? NULL : cJSON_CreateString(fw_text_get(&text));
    if (!cJSON_AddItemToArray(verify->current, item)) {
        cJSON_Delete(item);
        verify->report.failed = true;
    }
    fw_text_finish(&text);
}

static void begin_check(struct verify *verify)
{
    verify->current = cJSON_CreateArray();
    verify->report.failed |= verify->current == NULL;
}

/* Closes the check at hand: its fails become reasons of the gate. */
static void end_check(struct verify *verify, const char *name, const char *path)
{
    cJSON *check = cJSON_CreateObject();
    const cJSON *fail;

    cJSON_ArrayForEach(fail, verify->current)
    {
        fw_report_fail(&verify->report, "%s: %s", name, fail->valuestring);
    }
    bool passed = verify->current != NULL && verify->current->child == NULL;
    bool done = cJSON_AddStringToObject(check, "check", name) != NULL &&
                cJSON_AddStringToObject(check, "path", path != NULL ? path : "") != NULL &&
                cJSON_AddBoolToObject(check, "passed", passed) != NULL &&
                cJSON_AddItemToObject(check, "fails", verify->current);
    if (!done) {
        cJSON_Delete(verify->current);
    }
    verify->current = NULL;
    if (!done || !cJSON_AddItemToArray(verify->checks, check)) {
        cJSON_Delete(check);
        verify->report.failed = true;
    }
}

static fw_status check_products(struct verify *verify)
{
    static const char *const products[][2] = {
        {"offers_text", "dir"},
        {"offers_core_snapshot", "dir"},
        {"offers_core_daily", "dir"},
        {"snapshots_index", "offer_day"},
        {"edgar_store_full_daily", "dir"},
        {"multiscale_full", "dir"},
    };
    fw_status status = FW_OK;

    for (size_t i = 0; status == FW_OK && i < FW_COUNT(products); i++) {
        begin_check(verify);
        status = verify_product(verify, products[i][0], products[i][1]);
        end_check(verify, products[i][0], verify_path(verify, products[i][0], products[i][1]));
    }
    return status;
}

/* A report that is not there or is no JSON fails its check, and nothing else. */
static fw_status check_report(struct verify *verify, const char *member,
                              void (*check)(struct verify *verify, const cJSON *report))
{
    const char *path = verify_path(verify, "analysis", member);
    struct fw_text full = {0};
    char *bytes = NULL;
    fw_status status = FW_OK;

    begin_check(verify);
    if (path != NULL) {
        verify_append(verify, path, &full);
    }
    if (path != NULL && freeze_exists(fw_text_get(&full))) {
        status = fw_file_read(verify->host, fw_text_get(&full), &bytes, NULL);
    }
    cJSON *report = bytes != NULL ? cJSON_Parse(bytes) : NULL;
    if (report != NULL) {
        check(verify, report);
    } else {
        verify_fail(verify, "the report is not there, or is not JSON");
    }
    cJSON_Delete(report);
    free(bytes);
    fw_text_finish(&full);
    end_check(verify, member, path);
    return status;
}

static fw_status check_reports(struct verify *verify)
{
    static const struct {
        const char *member;
        void (*check)(struct verify *verify, const cJSON *report);
    } reports[] = {
        {"column_manifest", verify_columns},
        {"raw_cardinality_coverage", verify_cardinality},
        {"freeze_candidates", verify_candidates},
        {"offer_day_coverage_exact", verify_offer_day},
    };
    fw_status status = FW_OK;

    for (size_t i = 0; status == FW_OK && i < FW_COUNT(reports); i++) {
        status = check_report(verify, reports[i].member, reports[i].check);
    }
    return status;
}

static void verify_destroy(void *self)
{
    struct verify *verify = self;

    cJSON_Delete(verify->pointer);
    cJSON_Delete(verify->checks);
    fw_report_finish(&verify->report);
    free(verify->root);
    free(verify);
}

static fw_status open_pointer(struct verify *verify)
{
    char *folder = fw_path_folder(verify->pointer_path);
    char *path = NULL;

    if (folder != NULL &&
        asprintf(&path, "%s/%s", folder, fw_task_text(verify->task, "base")) < 0) {
        path = NULL;
    }
    verify->root = path != NULL ? fw_path_normal(path) : NULL;
    verify->checks = cJSON_CreateArray();
    free(path);
    free(folder);
    if (verify->root == NULL || verify->checks == NULL) {
        return fw_fault_nomem(verify->host);
    }
    return fw_yaml_read(verify->host, verify->pointer_path, &verify->pointer);
}

static fw_status verify_create(const struct fw_host *host, const struct fw_task *task,
                               void **ret_self)
{
    struct verify *verify = calloc(1, sizeof *verify);

    if (verify == NULL) {
        return fw_fault_nomem(host);
    }
    verify->host = host;
    verify->task = task;
    verify->pointer_path = fw_task_input(task, "pointer")->paths[0];
    verify->report.title = "May this freeze be used";
    fw_status status = open_pointer(verify);
    if (status != FW_OK) {
        verify_destroy(verify);
        return status;
    }
    *ret_self = verify;
    return FW_OK;
}

static void add_facts(struct verify *verify)
{
    char now[32];
    time_t seconds = time(NULL);
    struct tm utc;
    const char *slash = strrchr(verify->pointer_path, '/');

    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    fw_report_text(&verify->report, "verified_at", now);
    fw_report_text(&verify->report, "pointer_path",
                   slash != NULL ? slash + 1 : verify->pointer_path);
    fw_report_text(&verify->report, "expected_stamp", fw_task_text(verify->task, "stamp"));
    fw_report_text(&verify->report, "expected_variant", fw_task_text(verify->task, "variant"));
    fw_report_bool(&verify->report, "all_gates_pass", fw_report_passed(&verify->report));
    fw_report_add(&verify->report, "checks", verify->checks);
    verify->checks = NULL;
}

static fw_status verify_step(void *self, struct fw_step *ret)
{
    struct verify *verify = self;

    begin_check(verify);
    verify_names(verify);
    end_check(verify, "pointer", NULL);
    begin_check(verify);
    verify_paths(verify);
    end_check(verify, "paths", NULL);
    fw_status status = check_products(verify);
    if (status == FW_OK) {
        status = check_reports(verify);
    }
    ret->unit = "checks";
    ret->done = ret->total = ret->items = (uint64_t)cJSON_GetArraySize(verify->checks);
    if (status == FW_OK) {
        add_facts(verify);
        status = fw_report_write(&verify->report, verify->host,
                                 fw_task_output(verify->task, "report")->path,
                                 fw_task_output(verify->task, "markdown")->path);
    }
    return status == FW_OK ? fw_report_verdict(&verify->report, verify->host, "verify_freeze",
                                               "the pointer and all that it names agree")
                           : status;
}

const struct fw_stage verify_freeze_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .determinism = FW_DETERMINISM_NONE,
    .name = "verify_freeze",
    .doc = "The gate of those who read a freeze: the pointer, what it names, and every report",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = verify_create,
    .step = verify_step,
    .destroy = verify_destroy,
};
