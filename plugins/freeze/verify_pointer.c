/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file/paths.h"
#include "sql/fault.h"
#include "verify.h"

static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

const char *verify_path(const struct verify *verify, const char *entry, const char *member)
{
    return text_of(cJSON_GetObjectItemCaseSensitive(verify->pointer, entry), member);
}

void verify_append(const struct verify *verify, const char *path, struct fw_text *text)
{
    fw_text_appendf(text, "%s/%s", verify->root, path);
}

static void check_name(struct verify *verify, const char *name)
{
    const char *wanted = fw_task_text(verify->task, name);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(verify->pointer, name);

    if (!cJSON_IsString(item)) {
        verify_fail(verify, "the pointer has no %s that is a text", name);
    } else if (strcmp(item->valuestring, wanted) != 0) {
        verify_fail(verify, "the pointer's %s is %s, expected %s", name, item->valuestring, wanted);
    }
}

void verify_names(struct verify *verify)
{
    check_name(verify, "stamp");
    check_name(verify, "variant");
}

static void check_path(struct verify *verify, const char *entry, const char *member)
{
    const char *path = verify_path(verify, entry, member);
    const char *stamp = fw_task_text(verify->task, "stamp");
    struct fw_text full = {0};

    if (path == NULL || *path == '\0') {
        verify_fail(verify, "the pointer has no %s.%s", entry, member);
        return;
    }
    verify_append(verify, path, &full);
    if (!freeze_exists(fw_text_get(&full))) {
        verify_fail(verify, "%s.%s is not there: %s", entry, member, path);
    }
    if (strcmp(entry, "offers_text") != 0 && strstr(path, stamp) == NULL) {
        verify_fail(verify, "%s.%s is not of the stamp %s: %s", entry, member, stamp, path);
    }
    fw_text_finish(&full);
}

void verify_paths(struct verify *verify)
{
    static const char *const members[][2] = {
        {"offers_text", "dir"},
        {"offers_core_snapshot", "dir"},
        {"offers_core_daily", "dir"},
        {"snapshots_index", "offer_day"},
        {"snapshots_index", "cik_day"},
        {"edgar_store_full_daily", "dir"},
        {"multiscale_full", "dir"},
        {"analysis", "dir"},
        {"analysis", "column_manifest"},
        {"analysis", "raw_cardinality_coverage"},
        {"analysis", "freeze_candidates"},
        {"analysis", "offer_day_coverage_exact"},
    };

    for (size_t i = 0; i < FW_COUNT(members); i++) {
        check_path(verify, members[i][0], members[i][1]);
    }
}

/* The recorded path may be of another machine: files lie beside the manifest. */
static void check_file(struct verify *verify, const char *dir, const char *output,
                       const cJSON *file)
{
    const char *below = text_of(file, "path");
    char *copy = strdup(output);
    struct fw_text path = {0};
    struct stat found;

    if (copy != NULL && below != NULL) {
        fw_text_appendf(&path, "%s/%s%s%s", dir, basename(copy), *below != '\0' ? "/" : "", below);
    }
    free(copy);
    if (stat(fw_text_get(&path), &found) < 0) {
        verify_fail(verify, "%s is not there", fw_text_get(&path) + strlen(verify->root) + 1);
    } else if (found.st_size != freeze_number(file, "bytes")) {
        verify_fail(verify, "%s has %" PRId64 " bytes, its manifest says %" PRId64,
                    fw_text_get(&path) + strlen(verify->root) + 1, (int64_t)found.st_size,
                    freeze_number(file, "bytes"));
    }
    fw_text_finish(&path);
}

static void check_files(struct verify *verify, const char *dir, const cJSON *manifest)
{
    const cJSON *output, *file;

    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(manifest, "outputs"))
    {
        const char *path = text_of(output, "path");
        cJSON_ArrayForEach(file, cJSON_GetObjectItemCaseSensitive(output, "files"))
        {
            check_file(verify, dir, path != NULL ? path : "", file);
        }
    }
}

/* Made again with the same bytes, a product has another manifest and is as good as it was. */
static bool is_frozen(const struct verify *verify, const char *entry, const cJSON *manifest,
                      const char *sha256)
{
    const char *wanted = verify_path(verify, entry, "manifest_sha256");
    const char *outputs_wanted = verify_path(verify, entry, "outputs_sha256");
    char outputs[65];

    if (wanted != NULL && strcmp(sha256, wanted) == 0) {
        return true;
    }
    return outputs_wanted != NULL && freeze_outputs_digest(manifest, outputs) &&
           strcmp(outputs, outputs_wanted) == 0;
}

static fw_status check_manifest(struct verify *verify, const char *dir, const char *entry)
{
    cJSON *manifest = NULL;
    char sha256[65];
    fw_status status = freeze_manifest_read(verify->host, dir, &manifest, sha256);

    if (status == FW_OK && manifest == NULL) {
        verify_fail(verify, "it has no MANIFEST.json that can be read");
    } else if (status == FW_OK && !is_frozen(verify, entry, manifest, sha256)) {
        verify_fail(
            verify,
            "its MANIFEST.json is not the one that was frozen, and records other bytes: run "
            "the freeze again");
    }
    check_files(verify, dir, manifest);
    cJSON_Delete(manifest);
    return status;
}

fw_status verify_product(struct verify *verify, const char *entry, const char *member)
{
    const char *path = verify_path(verify, entry, member);
    struct fw_text full = {0};

    if (path == NULL) {
        return FW_OK; /* another check says so */
    }
    verify_append(verify, path, &full);
    char *dir = strcmp(member, "dir") == 0 ? strdup(fw_text_get(&full))
                                           : fw_path_folder(fw_text_get(&full));
    fw_status status =
        dir != NULL ? check_manifest(verify, dir, entry) : fw_fault_nomem(verify->host);
    free(dir);
    fw_text_finish(&full);
    return status;
}
