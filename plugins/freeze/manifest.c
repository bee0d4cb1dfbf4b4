/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "file/digest.h"
#include "file/file.h"
#include "freeze.h"
#include "sql/fault.h"
#include "sql/text.h"

fw_status freeze_manifest_read(const struct fw_host *host, const char *dir, cJSON **ret_manifest,
                               char sha256[65])
{
    struct fw_text path = {0};
    char *bytes = NULL;
    size_t size = 0;
    fw_status status = FW_OK;

    *ret_manifest = NULL;
    sha256[0] = '\0';
    fw_text_appendf(&path, "%s/MANIFEST.json", dir);
    if (!path.failed && freeze_exists(fw_text_get(&path))) {
        status = fw_file_read(host, fw_text_get(&path), &bytes, &size);
    }
    if (bytes != NULL && !fw_sha256(bytes, size, sha256)) {
        status = fw_fault_nomem(host);
    }
    cJSON *tree = bytes != NULL && status == FW_OK ? cJSON_Parse(bytes) : NULL;
    if (cJSON_IsObject(tree)) {
        *ret_manifest = tree;
    } else {
        cJSON_Delete(tree);
    }
    free(bytes);
    status = path.failed ? fw_fault_nomem(host) : status;
    fw_text_finish(&path);
    return status;
}

bool freeze_outputs_digest(const cJSON *manifest, char sha256[65])
{
    struct fw_text text = {0};
    const cJSON *output;

    sha256[0] = '\0';
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(manifest, "outputs"))
    {
        const char *port = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(output, "port"));
        const char *hex = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(output, "sha256"));
        fw_text_appendf(&text, "%s %s\n", port != NULL ? port : "", hex != NULL ? hex : "");
    }
    bool done =
        !text.failed && (text.size == 0 || fw_sha256(fw_text_get(&text), text.size, sha256));
    fw_text_finish(&text);
    return done;
}

int64_t freeze_number(const cJSON *object, const char *name)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsNumber(value) ? (int64_t)value->valuedouble : -1;
}

static int64_t first_number(const cJSON *manifest, const char *const *names)
{
    int64_t value = -1;

    for (; value < 0 && *names != NULL; names++) {
        value = freeze_number(manifest, *names);
    }
    return value;
}

struct freeze_facts freeze_facts_of(const cJSON *manifest)
{
    static const char *const scanned[] = {"rows_scanned", "raw_rows_scanned", NULL};
    static const char *const emitted[] = {"rows_emitted", "output_rows", NULL};
    static const char *const version[] = {"delta_version", "raw_edgar_delta_version",
                                          "raw_offers_version", NULL};
    static const char *const files[] = {"active_files", "raw_edgar_active_files",
                                        "raw_active_files", NULL};
    const cJSON *columns = cJSON_GetObjectItemCaseSensitive(manifest, "output_columns");
    const cJSON *built_at = cJSON_GetObjectItemCaseSensitive(manifest, "built_at");

    return (struct freeze_facts){
        .has_manifest = manifest != NULL,
        .rows_scanned = first_number(manifest, scanned),
        .rows_emitted = first_number(manifest, emitted),
        .delta_version = first_number(manifest, version),
        .active_files = first_number(manifest, files),
        .n_columns = cJSON_IsArray(columns) ? cJSON_GetArraySize(columns) : -1,
        .built_at = cJSON_GetStringValue(built_at),
    };
}

bool freeze_has_input(const cJSON *manifest, const char *hex)
{
    const cJSON *input;

    cJSON_ArrayForEach(input, cJSON_GetObjectItemCaseSensitive(manifest, "inputs"))
    {
        const char *recorded =
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(input, "sha256"));
        if (recorded != NULL && strcmp(recorded, hex) == 0) {
            return true;
        }
    }
    return false;
}
