/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/proc.h"
#include "handover.h"
#include "holding.h"
#include "lone.h"
#include "trial.h"

/* The child that tries a candidate. Before each call it writes down which: it may be the last. */
struct attempt {
    struct fw_worker worker;
    const char *file;
    cJSON *answer;
    struct fw_module *module;
    const struct fw_stage *stage;
    void *self;
    uint64_t steps;
};

static int say(struct attempt *attempt, enum fw_swap_call call, struct fw_error *err)
{
    cJSON_DeleteItemFromObjectCaseSensitive(attempt->answer, "call");
    cJSON_DeleteItemFromObjectCaseSensitive(attempt->answer, "steps");
    cJSON_AddStringToObject(attempt->answer, "call", fw_swap_call_name(call));
    fw_json_add_u64(attempt->answer, "steps", attempt->steps);
    return fw_json_write(attempt->file, attempt->answer, FW_DURABLE_RENAME, err);
}

static int blame(struct attempt *attempt, const char *call, fw_status status, struct fw_error *err)
{
    const struct fw_str *said = &attempt->worker.fault;
    return fw_error_set(err, FW_EXIT_CHECK, "its %s failed with status %d: %s", call, (int)status,
                        said->len > 0 ? said->text : "no reason given");
}

static int create(struct attempt *attempt, const cJSON *candidate, struct fw_error *err)
{
    fw_auto(free) char *bytes = NULL;
    struct fw_blob blob = {.struct_size = sizeof blob};
    uint64_t version;
    size_t size;
    const char *state;
    FW_TRY(fw_json_get_string(candidate, "state", &state, err));
    FW_TRY(fw_json_get_u64(candidate, "version", &version, err));
    FW_TRY(fw_fs_read(state, &bytes, &size, err));
    blob.bytes = bytes;
    blob.size = size;
    blob.version = (uint32_t)version;
    FW_TRY(say(attempt, FW_SWAP_CREATE, err));
    fw_status status =
        attempt->stage->create(&attempt->worker.host, &attempt->worker.task, &attempt->self);
    if (status != FW_OK) {
        return blame(attempt, "create", status, err);
    }
    FW_TRY(say(attempt, FW_SWAP_RESTORE, err));
    status = attempt->stage->restore(attempt->self, &blob);
    return status == FW_OK ? 0 : blame(attempt, "restore", status, err);
}

/* A save at the end: what the steps wrote has then been handed to the system. */
static int run_steps(struct attempt *attempt, uint64_t n, struct fw_error *err)
{
    fw_status status = FW_MORE;
    while (status == FW_MORE && attempt->steps < n) {
        struct fw_step step = {.struct_size = sizeof step};
        FW_TRY(say(attempt, FW_SWAP_STEP, err));
        status = attempt->stage->step(attempt->self, &step);
        if (status != FW_MORE && status != FW_OK) {
            return blame(attempt, "step", status, err);
        }
        attempt->steps++;
    }
    cJSON_AddBoolToObject(attempt->answer, "done", status == FW_OK);
    if (status == FW_OK) {
        return 0;
    }
    struct fw_blob blob = {.struct_size = sizeof blob};
    FW_TRY(say(attempt, FW_SWAP_SAVE, err));
    status = attempt->stage->save(attempt->self, &blob);
    if (status != FW_OK) {
        return blame(attempt, "save", status, err);
    }
    fw_blob_release(&blob);
    return 0;
}

static int end_instance(struct attempt *attempt, struct fw_error *err)
{
    FW_TRY(say(attempt, FW_SWAP_DESTROY, err));
    attempt->stage->destroy(attempt->self);
    FW_TRY(say(attempt, FW_SWAP_LOAD, err));
    const void *inside = attempt->module->plugin;
    const uint64_t inode = fw_mapped_inode(inside);
    fw_module_close(attempt->module);
    attempt->module = NULL;
    cJSON_AddBoolToObject(attempt->answer, "unloads",
                          inode == 0 || fw_mapped_inode(inside) != inode);
    return say(attempt, FW_SWAP_LOAD, err);
}

static int carry_out(struct attempt *attempt, const cJSON *job, struct fw_error *err)
{
    const cJSON *candidate;
    const char *path, *digest;
    uint64_t steps;
    FW_TRY(fw_json_get_object(job, "candidate", &candidate, err));
    FW_TRY(fw_json_get_string(candidate, "path", &path, err));
    FW_TRY(fw_json_get_string(candidate, "digest", &digest, err));
    FW_TRY(fw_json_get_u64(candidate, "steps", &steps, err));
    FW_TRY(say(attempt, FW_SWAP_LOAD, err));
    FW_TRY(fw_loader_open(attempt->worker.loader, path, digest, &attempt->module, err));
    attempt->stage = fw_module_stage(attempt->module, attempt->worker.task.use);
    if (!attempt->stage) {
        return fw_error_set(err, FW_EXIT_CHECK, "it has no stage \"%s\"", attempt->worker.task.use);
    }
    FW_TRY(create(attempt, candidate, err));
    FW_TRY(run_steps(attempt, steps, err));
    return end_instance(attempt, err);
}

static int try_candidate(struct attempt *attempt, cJSON *job, struct fw_error *err)
{
    const char *tmp;
    FW_TRY(fw_json_get_string(job, "tmp", &tmp, err));
    attempt->worker.json = job;
    FW_TRY(fw_worker_read_task(&attempt->worker, err));
    FW_TRY(fw_lone_open(&attempt->worker, job, tmp, err));
    return carry_out(attempt, job, err);
}

int fw_trial_main(const char *parent, const char *file)
{
    struct attempt attempt = {.file = file, .answer = cJSON_CreateObject()};
    struct fw_error err = {0};
    cJSON *job = NULL;
    if (fw_proc_die_with_parent((pid_t)strtol(parent, NULL, 10), &err) < 0 ||
        fw_json_read(file, &job, &err) < 0) {
        return FW_EXIT_FAILED;
    }
    if (try_candidate(&attempt, job, &err) < 0) {
        cJSON_AddStringToObject(attempt.answer, "fault", err.text);
        /* What it holds now is nobody's, and calling it again proves nothing. */
        _exit(fw_json_write(file, attempt.answer, FW_DURABLE_RENAME, NULL) < 0 ? FW_EXIT_FAILED
                                                                               : 0);
    }
    fw_lone_close(&attempt.worker);
    fw_worker_free_task(&attempt.worker);
    cJSON_Delete(attempt.answer);
    return 0;
}
