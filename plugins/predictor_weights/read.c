/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "file/digest.h"
#include "file/file.h"
#include "model.h"
#include "sql/fault.h"
#include "sql/text.h"

/* The digest ties the weights to the document, which alone is an input of a pipeline. */
static fw_status check_digest(const struct fw_host *host, const char *path, const char *expected)
{
    char hex[FW_SHA256_HEX];
    fw_status status = fw_file_sha256(host, path, hex);
    if (status != FW_OK) {
        return status;
    }
    return strcmp(hex, expected) == 0
               ? FW_OK
               : FW_FAIL(host, FW_E_DATA, .what = "the weights are not those of the model",
                         .where = path, .value = hex, .expected = expected,
                         .remedy = "export the model again: model.json and its weights belong "
                                   "together");
}

static fw_status parse(const struct fw_host *host, const char *path, cJSON **ret_document)
{
    char *text = NULL;
    fw_status status = fw_file_read(host, path, &text, NULL);
    cJSON *document = status == FW_OK ? cJSON_Parse(text) : NULL;
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(document, "format");
    free(text);
    if (status != FW_OK) {
        return status;
    }
    if (!cJSON_IsString(format) || strcmp(format->valuestring, "fwrun-net/1") != 0) {
        cJSON_Delete(document);
        return FW_FAIL(host, FW_E_DATA, .what = "this is no description of a net", .where = path,
                       .expected = "JSON with \"format\": \"fwrun-net/1\"");
    }
    *ret_document = document;
    return FW_OK;
}

static fw_status open_weights(const struct fw_host *host, const char *path, const cJSON *document,
                              struct fw_npz **ret_weights)
{
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(document, "weights");
    const cJSON *digest = cJSON_GetObjectItemCaseSensitive(document, "sha256");
    const char *slash = strrchr(path, '/');
    struct fw_text file = {0};
    if (!cJSON_IsString(name) || strchr(name->valuestring, '/') != NULL ||
        !cJSON_IsString(digest)) {
        return FW_FAIL(host, FW_E_DATA, .what = "the model does not say where its weights are",
                       .where = path,
                       .expected = "\"weights\": the name of a .npz beside it, and \"sha256\"");
    }
    fw_text_append_len(&file, path, slash == NULL ? 0 : (size_t)(slash - path) + 1);
    fw_text_append(&file, name->valuestring);
    fw_status status = file.failed ? fw_fault_nomem(host)
                                   : check_digest(host, fw_text_get(&file), digest->valuestring);
    if (status == FW_OK) {
        status = fw_npz_open(host, fw_text_get(&file), ret_weights);
    }
    fw_text_finish(&file);
    return status;
}

fw_status weights_read(const struct fw_host *host, const char *path, cJSON **ret_document,
                       struct fw_npz **ret_weights)
{
    fw_status status = parse(host, path, ret_document);
    return status == FW_OK ? open_weights(host, path, *ret_document, ret_weights) : status;
}
