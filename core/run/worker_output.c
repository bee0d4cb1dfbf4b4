/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/path.h"
#include "run/worker_internal.h"
#include "store/manifest.h"

/* What is written counts, not what was promised: every output exists, is not empty, and reads as
 * what its name says. */

static bool ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);
    return n >= m && strcmp(text + n - m, ending) == 0;
}

/* A Parquet file begins and ends with its magic; the footer at the end is written last. */
static bool is_parquet(const char *path)
{
    char head[4] = {0}, tail[4] = {0};
    fw_auto(fclose) FILE *file = fopen(path, "re");
    return file && fread(head, 1, 4, file) == 4 && fseek(file, -4, SEEK_END) == 0 &&
           fread(tail, 1, 4, file) == 4 && memcmp(head, "PAR1", 4) == 0 &&
           memcmp(tail, "PAR1", 4) == 0;
}

/*
 * `name` is the final name: the path on disk is still the temporary one. In a table a .json file is
 * a commit of a Delta log, one document a line.
 */
static int check_file(const char *path, const char *name, fw_kind kind, struct fw_error *err)
{
    if (ends_with(name, ".parquet") && !is_parquet(path)) {
        return fw_error_set(err, FW_EXIT_FAILED, "it left %s, which is no complete Parquet file",
                            path);
    }
    if (ends_with(name, ".json") && kind != FW_KIND_TABLE) {
        fw_auto(json) cJSON *json = NULL;
        if (fw_json_read(path, &json, err) < 0) {
            err->code = FW_EXIT_FAILED; /* the stage's doing, not damage */
            return -1;
        }
    }
    return 0;
}

static int check_files(const struct fw_output *output, const cJSON *described, struct fw_error *err)
{
    const cJSON *record;
    cJSON_ArrayForEach(record, cJSON_GetObjectItemCaseSensitive(described, "files"))
    {
        const char *relative;
        if (fw_json_get_string(record, "path", &relative, err) < 0) {
            return -1;
        }
        fw_auto(free) char *path = relative[0] != '\0' ? fw_text("%s/%s", output->path, relative)
                                                       : fw_text("%s", output->path);
        if (!path) {
            return fw_error_oom(err);
        }
        if (check_file(path, relative[0] != '\0' ? relative : output->name, output->kind, err) <
            0) {
            return -1;
        }
    }
    return 0;
}

static uint32_t port_flags(const struct fw_worker *worker, const char *port)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(worker->json, "outputs"))
    {
        if (strcmp(cJSON_GetObjectItemCaseSensitive(item, "port")->valuestring, port) == 0) {
            return (uint32_t)cJSON_GetObjectItemCaseSensitive(item, "flags")->valuedouble;
        }
    }
    return 0;
}

static int collect(struct fw_worker *worker, const struct fw_output *output, bool may_be_empty,
                   cJSON *list, struct fw_error *err)
{
    uint32_t flags = port_flags(worker, output->port);
    fw_auto(json) cJSON *described = NULL;
    uint64_t bytes;
    if (access(output->path, F_OK) < 0) {
        return flags & FW_PORT_OPTIONAL
                   ? 0
                   : fw_error_set(err, FW_EXIT_FAILED,
                                  "it said it was done, but output \"%s\" is not there (%s)",
                                  output->port, output->path);
    }
    if (fw_manifest_describe(output->path, &described, err) < 0 ||
        check_files(output, described, err) < 0 ||
        fw_json_get_u64(described, "bytes", &bytes, err) < 0) {
        return -1;
    }
    if (bytes == 0 && !may_be_empty && !(flags & FW_PORT_MAY_BE_EMPTY)) {
        return fw_error_set(err, FW_EXIT_FAILED,
                            "it said it was done, but output \"%s\" is empty (%s)", output->port,
                            output->path);
    }
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(worker->rows, output->port);
    if (!cJSON_AddStringToObject(described, "port", output->port) ||
        !cJSON_AddStringToObject(described, "partial", output->path) ||
        (rows && !fw_json_add(described, "rows", cJSON_Duplicate(rows, true))) ||
        !cJSON_AddItemToArray(list, described)) {
        return fw_error_oom(err);
    }
    described = NULL;
    return 0;
}

int fw_worker_collect_outputs(struct fw_worker *worker, uint64_t items, cJSON *result,
                              struct fw_error *err)
{
    cJSON *list = cJSON_AddArrayToObject(result, "outputs");
    if (!list) {
        return fw_error_oom(err);
    }
    for (uint32_t i = 0; i < worker->task.n_outputs; i++) {
        if (collect(worker, &worker->outputs[i], items == 0, list, err) < 0) {
            return -1;
        }
    }
    return 0;
}
