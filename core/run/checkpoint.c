/* SPDX-License-Identifier: MIT */
#include "run/checkpoint.h"

#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/str.h"

/* Bytes of each output that is there; of a folder only that it is. */
static bool add_outputs(const struct fw_checkpoint *checkpoint, cJSON *head)
{
    cJSON *outputs = cJSON_AddObjectToObject(head, "outputs");
    for (uint32_t i = 0; outputs && i < checkpoint->n_outputs; i++) {
        const struct fw_output *output = &checkpoint->outputs[i];
        struct stat st;
        if (stat(output->path, &st) == 0 &&
            !fw_json_add_u64(outputs, output->port,
                             S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0)) {
            return false;
        }
    }
    return outputs != NULL;
}

static int describe(const struct fw_checkpoint *checkpoint, const struct fw_blob *blob,
                    uint64_t steps, struct fw_str *file, struct fw_error *err)
{
    char hex[FW_SHA256_TEXT];
    fw_auto(json) cJSON *head = cJSON_CreateObject();
    fw_auto(free) char *line = NULL;
    fw_sha256_bytes(blob->bytes, (size_t)blob->size, hex);
    if (!head || !cJSON_AddStringToObject(head, "key", checkpoint->key) ||
        !fw_json_add_u64(head, "version", blob->version) ||
        !fw_json_add_u64(head, "steps", steps) || !add_outputs(checkpoint, head) ||
        !fw_json_add_u64(head, "bytes", blob->size) ||
        !cJSON_AddStringToObject(head, "sha256", hex) || !(line = cJSON_PrintUnformatted(head))) {
        return fw_error_oom(err);
    }
    fw_str_printf(file, "%s\n", line);
    fw_str_add_bytes(file, blob->bytes, (size_t)blob->size);
    return file->oom ? fw_error_oom(err) : 0;
}

int fw_checkpoint_save(const struct fw_checkpoint *checkpoint, const struct fw_stage *stage,
                       void *self, uint64_t steps, struct fw_error *err)
{
    struct fw_blob blob = {.struct_size = sizeof blob};
    fw_status status = stage->save(self, &blob);
    if (status != FW_OK) {
        return fw_error_set(err, FW_EXIT_FAILED, "saving the stage's state failed with status %d",
                            (int)status);
    }
    fw_auto(str) struct fw_str file = {0};
    int rc = describe(checkpoint, &blob, steps, &file, err);
    if (FW_HAS(&blob, struct fw_blob, release)) {
        blob.release(&blob);
    }
    return rc < 0 ? -1 : fw_fs_write(checkpoint->path, file.text, file.len, FW_DURABLE_RENAME, err);
}

/* What earlier steps wrote must still be there: the state says where to go on in it. */
static int check_outputs(const struct fw_checkpoint *checkpoint, const cJSON *head,
                         struct fw_error *err)
{
    const cJSON *outputs;
    FW_TRY(fw_json_get_object(head, "outputs", &outputs, err));
    for (uint32_t i = 0; i < checkpoint->n_outputs; i++) {
        const struct fw_output *output = &checkpoint->outputs[i];
        uint64_t bytes;
        struct stat st;
        if (!cJSON_HasObjectItem(outputs, output->port)) {
            continue;
        }
        FW_TRY(fw_json_get_u64(outputs, output->port, &bytes, err));
        if (stat(output->path, &st) < 0 || (S_ISREG(st.st_mode) && (uint64_t)st.st_size < bytes)) {
            return fw_error_set(err, FW_EXIT_STATE,
                                "output \"%s\" is not what it was at the checkpoint: %s",
                                output->port, output->path);
        }
    }
    return 0;
}

static int parse(const struct fw_checkpoint *checkpoint, const char *text, size_t len,
                 struct fw_blob *ret_blob, uint64_t *ret_steps, struct fw_error *err)
{
    const char *end = memchr(text, '\n', len);
    fw_auto(json) cJSON *head = NULL;
    const char *its_key, *its_hex;
    uint64_t version, bytes;
    char hex[FW_SHA256_TEXT];
    if (!end) {
        return fw_error_set(err, FW_EXIT_STATE, "checkpoint %s is damaged", checkpoint->path);
    }
    FW_TRY(fw_json_parse(text, (size_t)(end - text), checkpoint->path, &head, err));
    FW_TRY(fw_json_get_string(head, "key", &its_key, err));
    FW_TRY(fw_json_get_string(head, "sha256", &its_hex, err));
    FW_TRY(fw_json_get_u64(head, "version", &version, err));
    FW_TRY(fw_json_get_u64(head, "bytes", &bytes, err));
    FW_TRY(fw_json_get_u64(head, "steps", ret_steps, err));
    size_t rest = len - (size_t)(end + 1 - text);
    if (strcmp(its_key, checkpoint->key) != 0) {
        return fw_error_set(err, FW_EXIT_STATE,
                            "checkpoint %s is of other parameters, inputs or plugins",
                            checkpoint->path);
    }
    fw_sha256_bytes(end + 1, rest, hex);
    if (rest != bytes || version > UINT32_MAX || strcmp(hex, its_hex) != 0) {
        return fw_error_set(err, FW_EXIT_STATE, "checkpoint %s is damaged", checkpoint->path);
    }
    *ret_blob = (struct fw_blob){.struct_size = sizeof *ret_blob,
                                 .version = (uint32_t)version,
                                 .bytes = end + 1,
                                 .size = bytes};
    return check_outputs(checkpoint, head, err);
}

int fw_checkpoint_restore(const struct fw_checkpoint *checkpoint, const struct fw_stage *stage,
                          void *self, uint64_t *ret_steps, struct fw_error *err)
{
    fw_auto(free) char *text = NULL;
    struct fw_blob blob;
    uint64_t steps;
    size_t len;
    FW_TRY(fw_fs_read(checkpoint->path, &text, &len, err));
    FW_TRY(parse(checkpoint, text, len, &blob, &steps, err));
    fw_status status = stage->restore(self, &blob);
    if (status != FW_OK) {
        return fw_error_set(err, FW_EXIT_STATE, "the stage refused checkpoint %s with status %d",
                            checkpoint->path, (int)status);
    }
    *ret_steps = steps;
    return 0;
}
