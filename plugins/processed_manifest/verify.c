/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fw/service/gate.h>

#include "processed.h"
#include "report/json.h"
#include "report/report.h"

/** One instance of the gate. */
struct verify {
    const struct fw_host *host;
    const struct fw_task *task;
    char *root;
    cJSON *manifest;
    struct fw_report report;
};

static void destroy(void *self)
{
    struct verify *verify = self;

    cJSON_Delete(verify->manifest);
    fw_report_finish(&verify->report);
    free(verify->root);
    free(verify);
}

static fw_status create(const struct fw_host *host, const struct fw_task *task, void **ret_self)
{
    const char *path = fw_task_input(task, "manifest")->paths[0];
    struct verify *verify = calloc(1, sizeof *verify);

    if (verify == NULL) {
        return fw_fault_nomem(host);
    }
    verify->host = host;
    verify->task = task;
    verify->report.title = "Processed data sets";
    verify->root = processed_root(task, path);
    fw_status status =
        verify->root != NULL ? processed_read(host, path, &verify->manifest) : fw_fault_nomem(host);
    if (status != FW_OK) {
        destroy(verify);
        return status;
    }
    *ret_self = verify;
    return FW_OK;
}

/* What is wrong with the file; NULL when nothing is. */
static fw_status look(const struct verify *verify, const cJSON *entry, const char *full,
                      const char **ret_wrong)
{
    const cJSON *md5 = cJSON_GetObjectItemCaseSensitive(entry, "md5");
    const cJSON *sha256 = cJSON_GetObjectItemCaseSensitive(entry, "sha256");
    struct processed_digests digests;

    *ret_wrong = "missing file";
    if (access(full, F_OK) < 0) {
        return FW_OK;
    }
    fw_status status = processed_digest(verify->host, full, &digests);
    if (status != FW_OK) {
        return status;
    }
    bool same = strcmp(digests.md5, md5->valuestring) == 0 &&
                (!cJSON_IsString(sha256) || strcmp(digests.sha256, sha256->valuestring) == 0);
    *ret_wrong = same ? NULL : "checksum mismatch";
    return FW_OK;
}

static fw_status check(struct verify *verify, const cJSON *entry, cJSON *files)
{
    const char *path = cJSON_GetObjectItemCaseSensitive(entry, "path")->valuestring;
    const char *wrong;
    char *full = NULL;

    if ((path[0] == '/' ? asprintf(&full, "%s", path)
                        : asprintf(&full, "%s/%s", verify->root, path)) < 0) {
        return fw_fault_nomem(verify->host);
    }
    fw_status status = look(verify, entry, full, &wrong);
    free(full);
    if (status != FW_OK) {
        return status;
    }
    cJSON *file = cJSON_CreateObject();
    cJSON_AddStringToObject(file, "path", path);
    cJSON_AddStringToObject(file, "state", wrong != NULL ? wrong : "ok");
    cJSON_AddItemToArray(files, file);
    if (wrong != NULL) {
        fw_report_fail(&verify->report, "%s: %s", path, wrong);
    }
    return FW_OK;
}

static fw_status check_all(struct verify *verify, cJSON *files)
{
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(verify->manifest, "entries"), *entry;
    fw_status status = FW_OK;

    cJSON_ArrayForEach(entry, entries)
    {
        const cJSON *path = cJSON_GetObjectItemCaseSensitive(entry, "path");
        bool is_newest = processed_newest(verify->manifest, path->valuestring) == entry;
        if (status == FW_OK && is_newest) {
            status = check(verify, entry, files);
        }
    }
    fw_report_int(&verify->report, "entries", cJSON_GetArraySize(entries));
    fw_report_int(&verify->report, "files_checked", cJSON_GetArraySize(files));
    return status;
}

static fw_status step(void *self, struct fw_step *ret)
{
    struct verify *verify = self;
    cJSON *files = cJSON_CreateArray();
    fw_status status = check_all(verify, files);
    int n_files = cJSON_GetArraySize(files);
    char figures[64];

    ret->done = ret->items = (uint64_t)n_files;
    ret->unit = "files";
    snprintf(figures, sizeof figures, "%d files are what the manifest says", n_files);
    fw_report_add(&verify->report, "files", files);
    if (status == FW_OK) {
        status = fw_report_write(&verify->report, verify->host,
                                 fw_task_output(verify->task, "report")->path,
                                 fw_task_output(verify->task, "markdown")->path);
    }
    return status == FW_OK
               ? fw_report_verdict(&verify->report, verify->host, "processed_manifest", figures)
               : status;
}

static const struct fw_port inputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "manifest", .doc = "what processed_manifest writes"),
    FW_PORT(.kind = FW_KIND_FILE, .flags = FW_PORT_MANY | FW_PORT_OPTIONAL, .name = "watched",
            .doc = "files whose change has this gate check again, such as those registered"),
};

static const struct fw_port outputs[] = {
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "report", .file = "processed_manifest.json",
            .doc = "the state of each file"),
    FW_PORT(.kind = FW_KIND_DOCUMENT, .name = "markdown", .file = "processed_manifest.md",
            .doc = "the same to read"),
};

static const struct fw_param params[] = {
    FW_PARAM(.type = FW_PARAM_STRING, .name = "base", .default_value = ".",
             .doc = "the folder that the paths are relative to, seen from the manifest"),
};

static const char *const required[] = {FW_GATE_ID};

const struct fw_stage verify_processed_manifest_stage = {
    .struct_size = (uint32_t)sizeof(struct fw_stage),
    .determinism = FW_DETERMINISM_BITWISE,
    .name = "verify_processed_manifest",
    .doc = "Gate: every registered file is there with the bytes of its newest entry",
    .inputs = inputs,
    .n_inputs = FW_COUNT(inputs),
    .outputs = outputs,
    .n_outputs = FW_COUNT(outputs),
    .params = params,
    .n_params = FW_COUNT(params),
    .services_required = required,
    .n_services_required = FW_COUNT(required),
    .create = create,
    .step = step,
    .destroy = destroy,
};
