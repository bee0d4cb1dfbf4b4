/* SPDX-License-Identifier: MIT */
#include "run/checkpoint.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/str.h"

static int describe(const struct fw_blob *blob, const char *key, uint64_t steps,
                    struct fw_str *file, struct fw_error *err)
{
    char hex[FW_SHA256_TEXT];
    if (fw_sha256_bytes(blob->bytes, (size_t)blob->size, hex, err) < 0) {
        return -1;
    }
    fw_auto(json) cJSON *head = cJSON_CreateObject();
    fw_auto(free) char *line = NULL;
    if (!head || !cJSON_AddStringToObject(head, "key", key) ||
        !fw_json_add_u64(head, "version", blob->version) ||
        !fw_json_add_u64(head, "steps", steps) || !fw_json_add_u64(head, "bytes", blob->size) ||
        !cJSON_AddStringToObject(head, "sha256", hex) || !(line = cJSON_PrintUnformatted(head))) {
        return fw_error_oom(err);
    }
    fw_str_printf(file, "%s\n", line);
    fw_str_add_bytes(file, blob->bytes, (size_t)blob->size);
    return file->oom ? fw_error_oom(err) : 0;
}

int fw_checkpoint_save(const char *path, const char *key, const struct fw_stage *stage, void *self,
                       uint64_t steps, struct fw_error *err)
{
    struct fw_blob blob = {.struct_size = sizeof blob};
    fw_status status = stage->save(self, &blob);
    if (status != FW_OK) {
        return fw_error_set(err, FW_EXIT_FAILED, "saving the stage's state failed with status %d",
                            (int)status);
    }
    fw_auto(str) struct fw_str file = {0};
    int rc = describe(&blob, key, steps, &file, err);
    if (FW_HAS(&blob, struct fw_blob, release)) {
        blob.release(&blob);
    }
    return rc < 0 ? -1 : fw_fs_write(path, file.text, file.len, FW_DURABLE_RENAME, err);
}

struct saved {
    char *text; /* the whole file */
    struct fw_blob blob;
    uint64_t steps;
};

static int parse(const char *path, const char *key, struct saved *saved, size_t len,
                 struct fw_error *err)
{
    const char *end = memchr(saved->text, '\n', len);
    fw_auto(json) cJSON *head = NULL;
    const char *its_key, *its_hex;
    uint64_t version, bytes;
    char hex[FW_SHA256_TEXT];
    if (!end) {
        return fw_error_set(err, FW_EXIT_STATE, "%s is no checkpoint", path);
    }
    if (fw_json_parse(saved->text, (size_t)(end - saved->text), path, &head, err) < 0 ||
        fw_json_get_string(head, "key", &its_key, err) < 0 ||
        fw_json_get_string(head, "sha256", &its_hex, err) < 0 ||
        fw_json_get_u64(head, "version", &version, err) < 0 ||
        fw_json_get_u64(head, "bytes", &bytes, err) < 0 ||
        fw_json_get_u64(head, "steps", &saved->steps, err) < 0) {
        return -1;
    }
    size_t rest = len - (size_t)(end + 1 - saved->text);
    if (strcmp(its_key, key) != 0) {
        return fw_error_set(err, FW_EXIT_STATE, "checkpoint %s belongs to another key", path);
    }
    if (rest != bytes || fw_sha256_bytes(end + 1, rest, hex, err) < 0 ||
        strcmp(hex, its_hex) != 0) {
        return fw_error_set(err, FW_EXIT_STATE, "checkpoint %s is damaged", path);
    }
    saved->blob = (struct fw_blob){.struct_size = sizeof saved->blob,
                                   .version = (uint32_t)version,
                                   .bytes = end + 1,
                                   .size = bytes};
    return 0;
}

static int load(const char *path, const char *key, struct saved *saved, struct fw_error *err)
{
    size_t len;
    *saved = (struct saved){0};
    if (fw_fs_read(path, &saved->text, &len, err) < 0) {
        return -1;
    }
    if (parse(path, key, saved, len, err) < 0) {
        free(saved->text);
        return -1;
    }
    return 0;
}

bool fw_checkpoint_usable(const char *path, const char *key)
{
    struct saved saved;
    if (load(path, key, &saved, NULL) < 0) {
        return false;
    }
    free(saved.text);
    return true;
}

int fw_checkpoint_restore(const char *path, const char *key, const struct fw_stage *stage,
                          void *self, uint64_t *ret_steps, struct fw_error *err)
{
    struct saved saved;
    if (load(path, key, &saved, err) < 0) {
        return -1;
    }
    fw_status status = stage->restore(self, &saved.blob);
    *ret_steps = saved.steps;
    free(saved.text);
    return status == FW_OK
               ? 0
               : fw_error_set(err, FW_EXIT_STATE, "the stage refused checkpoint %s with status %d",
                              path, (int)status);
}
