/* SPDX-License-Identifier: MIT */
#include "manifest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file/file.h"
#include "sql/fault.h"
#include "sql/text.h"

static fw_status parse(const struct fw_host *host, const char *path, cJSON **ret_manifest)
{
    char *json = NULL;
    fw_status status = fw_file_read(host, path, &json, NULL);

    if (status != FW_OK) {
        return status;
    }
    cJSON *manifest = cJSON_Parse(json);
    free(json);
    if (!cJSON_IsObject(manifest)) {
        cJSON_Delete(manifest);
        return fw_faultf(host, FW_E_DATA, path, "run the stage that wrote it again",
                         "the manifest is no JSON object");
    }
    *ret_manifest = manifest;
    return FW_OK;
}

fw_status fw_manifest_beside(const struct fw_host *host, const char *path, cJSON **ret_manifest)
{
    const char *slash = strrchr(path, '/');
    struct fw_text beside = {0};
    fw_status status = FW_OK;

    fw_text_append_len(&beside, path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
    fw_text_append(&beside, "MANIFEST.json");
    *ret_manifest = NULL;
    if (beside.failed) {
        status = fw_fault_nomem(host);
    } else if (access(fw_text_get(&beside), F_OK) == 0) {
        status = parse(host, fw_text_get(&beside), ret_manifest);
    }
    fw_text_finish(&beside);
    return status;
}
