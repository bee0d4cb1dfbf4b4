/* SPDX-License-Identifier: MIT */
#include "store/manifest.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/files.h"
#include "base/json.h"
#include "base/path.h"
#include "base/sha256.h"
#include "base/str.h"
#include "store/digest.h"
#include "store/rundir.h"

static char *file_path(const char *root, const char *relative)
{
    return relative[0] != '\0' ? fw_text("%s/%s", root, relative) : strdup(root);
}

/* Adds one file's record, reading it, and its line for the digest of the whole. */
static int describe_file(const char *root, const struct fw_file *file, cJSON *records,
                         struct fw_strings *hexes, struct fw_error *err)
{
    fw_auto(free) char *path = file_path(root, file->path);
    char hex[FW_SHA256_TEXT];
    if (!path) {
        return fw_error_oom(err);
    }
    if (fw_sha256_file(path, hex, err) < 0) {
        return -1;
    }
    cJSON *record = fw_json_append(records);
    if (!cJSON_AddStringToObject(record, "path", file->path) ||
        !fw_json_add_u64(record, "bytes", file->size) ||
        !fw_json_add_i64(record, "mtime_ns", file->mtime_ns) ||
        !fw_json_add_u64(record, "inode", file->inode) ||
        !cJSON_AddStringToObject(record, "sha256", hex) || fw_strings_add(hexes, hex) < 0) {
        return fw_error_oom(err);
    }
    return 0;
}

static int describe_files(const char *path, const struct fw_files *files, cJSON *output,
                          struct fw_error *err)
{
    fw_auto(strings) struct fw_strings names = {0}, hexes = {0};
    uint64_t bytes = 0;
    char hex[FW_SHA256_TEXT];
    cJSON *records = cJSON_AddArrayToObject(output, "files");
    if (!records) {
        return fw_error_oom(err);
    }
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < files->len; i++) {
        bytes += files->items[i].size;
        rc = fw_strings_add(&names, files->items[i].path) < 0
                 ? fw_error_oom(err)
                 : describe_file(path, &files->items[i], records, &hexes, err);
    }
    if (rc == 0 && names.len == 1 && names.items[0][0] == '\0') {
        memcpy(hex, hexes.items[0], sizeof hex);
    } else if (rc == 0) {
        rc = fw_digest_lines(&names, &hexes, hex, err);
    }
    if (rc == 0 && (!fw_json_add_u64(output, "bytes", bytes) ||
                    !cJSON_AddStringToObject(output, "sha256", hex))) {
        rc = fw_error_oom(err);
    }
    return rc;
}

int fw_manifest_describe(const char *path, cJSON **ret_output, struct fw_error *err)
{
    fw_auto(files) struct fw_files files = {0};
    if (fw_files_list(path, &files, err) < 0) {
        return -1;
    }
    fw_auto(json) cJSON *output = cJSON_CreateObject();
    if (!output) {
        return fw_error_oom(err);
    }
    if (describe_files(path, &files, output, err) < 0) {
        return -1;
    }
    *ret_output = fw_steal(&output);
    return 0;
}

int fw_manifest_load(const char *run_dir, const char *stage, cJSON **ret_manifest,
                     struct fw_error *err)
{
    fw_auto(free) char *path = fw_rundir_manifest(run_dir, stage);
    *ret_manifest = NULL;
    FW_TRY(path ? 0 : fw_error_oom(err));
    return access(path, F_OK) < 0 && errno == ENOENT ? 0 : fw_json_read(path, ret_manifest, err);
}

int fw_manifest_retract(const char *run_dir, const char *stage, struct fw_error *err)
{
    fw_auto(free) char *path = fw_rundir_manifest(run_dir, stage);
    return path ? fw_fs_remove(path, err) : fw_error_oom(err);
}

int fw_manifest_write(const char *run_dir, const char *stage, const cJSON *manifest,
                      enum fw_durability durability, struct fw_error *err)
{
    fw_auto(free) char *path = fw_rundir_manifest(run_dir, stage);
    return path ? fw_json_write(path, manifest, durability, err) : fw_error_oom(err);
}

const cJSON *fw_manifest_output(const cJSON *manifest, const char *port)
{
    const cJSON *output;
    cJSON_ArrayForEach(output, cJSON_GetObjectItemCaseSensitive(manifest, "outputs"))
    {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(output, "port");
        if (cJSON_IsString(name) && strcmp(name->valuestring, port) == 0) {
            return output;
        }
    }
    return NULL;
}

const cJSON *fw_manifest_shut_gate(const cJSON *manifest)
{
    const cJSON *gate;
    cJSON_ArrayForEach(gate, cJSON_GetObjectItemCaseSensitive(manifest, "gates"))
    {
        if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(gate, "verdict"))) {
            return gate;
        }
    }
    return NULL;
}

char *fw_manifest_gate_text(const cJSON *gate)
{
    bool decided = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(gate, "verdict"));
    return fw_text("gate \"%s\" is %s: %s", gate->string, decided ? "false" : "undecided",
                   fw_json_text(gate, "reason"));
}

char *fw_manifest_output_path(const char *run_dir, const char *stage, const cJSON *output)
{
    const cJSON *path = cJSON_GetObjectItemCaseSensitive(output, "path");
    fw_auto(free) char *folder = fw_rundir_stage(run_dir, stage);
    return folder && cJSON_IsString(path) ? fw_path_join(folder, path->valuestring) : NULL;
}

/* NULL in *ret_problem when the file is the recorded one. */
static int check_file(const char *path, const cJSON *record, bool deep, char **ret_problem,
                      struct fw_error *err)
{
    uint64_t bytes, inode;
    int64_t mtime_ns;
    const char *hex;
    struct fw_file now;
    char now_hex[FW_SHA256_TEXT];
    *ret_problem = NULL;
    if (fw_json_get_u64(record, "bytes", &bytes, err) < 0 ||
        fw_json_get_u64(record, "inode", &inode, err) < 0 ||
        fw_json_get_i64(record, "mtime_ns", &mtime_ns, err) < 0 ||
        fw_json_get_string(record, "sha256", &hex, err) < 0) {
        return -1;
    }
    if (fw_file_stat(path, &now, NULL) < 0) {
        *ret_problem = fw_text("%s is missing", path);
    } else if (now.size != bytes) {
        *ret_problem =
            fw_text("%s has %" PRIu64 " bytes, %" PRIu64 " are recorded", path, now.size, bytes);
    } else if (!deep && now.mtime_ns == mtime_ns && now.inode == inode) {
        return 0;
    } else if (fw_sha256_file(path, now_hex, err) < 0) {
        return -1;
    } else if (strcmp(now_hex, hex) == 0) {
        return 0;
    } else {
        *ret_problem = fw_text("%s has other content than recorded (sha256 %.12s, recorded %.12s)",
                               path, now_hex, hex);
    }
    return *ret_problem ? 0 : fw_error_oom(err);
}

static int check_extra(const char *root, const cJSON *records, struct fw_strings *problems,
                       struct fw_error *err)
{
    fw_auto(files) struct fw_files files = {0};
    if (access(root, F_OK) < 0) {
        return 0; /* its files were reported as missing one by one */
    }
    if (fw_files_list(root, &files, err) < 0) {
        return -1;
    }
    if (files.len > (size_t)cJSON_GetArraySize(records)) {
        return fw_strings_take(problems, fw_text("%s holds %zu files, %d are recorded", root,
                                                 files.len, cJSON_GetArraySize(records))) < 0
                   ? fw_error_oom(err)
                   : 0;
    }
    return 0;
}

static int check_output(const char *root, const cJSON *output, bool deep,
                        struct fw_strings *problems, struct fw_error *err)
{
    const cJSON *records, *record;
    if (fw_json_get_array(output, "files", &records, err) < 0) {
        return -1;
    }
    cJSON_ArrayForEach(record, records)
    {
        const char *relative;
        char *problem;
        if (fw_json_get_string(record, "path", &relative, err) < 0) {
            return -1;
        }
        fw_auto(free) char *path = file_path(root, relative);
        if (!path) {
            return fw_error_oom(err);
        }
        if (check_file(path, record, deep, &problem, err) < 0) {
            return -1;
        }
        if (problem && fw_strings_take(problems, problem) < 0) {
            return fw_error_oom(err);
        }
    }
    return check_extra(root, records, problems, err);
}

int fw_manifest_check(const char *run_dir, const char *stage, const cJSON *manifest, bool deep,
                      struct fw_strings *problems, struct fw_error *err)
{
    const cJSON *outputs, *output;
    if (fw_json_get_array(manifest, "outputs", &outputs, err) < 0) {
        return fw_error_prefix(err, "%s/stages/%s/MANIFEST.json: ", run_dir, stage);
    }
    cJSON_ArrayForEach(output, outputs)
    {
        const char *recorded;
        fw_auto(free) char *root = fw_manifest_output_path(run_dir, stage, output);
        if (fw_json_get_string(output, "path", &recorded, err) < 0 ||
            (!root && fw_error_oom(err) < 0) ||
            check_output(root, output, deep, problems, err) < 0) {
            return fw_error_prefix(err, "%s/stages/%s/MANIFEST.json: ", run_dir, stage);
        }
    }
    return 0;
}
