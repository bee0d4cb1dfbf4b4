/* SPDX-License-Identifier: MIT */
#include "replace.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json.h"
#include "record.h"
#include "run/checkpoint.h"

/* Holds the number of a descriptor; the stage does not get to see it. */
static const char variable[] = "FWRUN_REPLACED_TASK";

static bool set(cJSON *object, const char *name, cJSON *item)
{
    cJSON_DeleteItemFromObjectCaseSensitive(object, name);
    return fw_json_add(object, name, item);
}

static cJSON *plugin_of(const struct fw_replacement *next)
{
    cJSON *plugin = cJSON_CreateObject();
    cJSON_AddStringToObject(plugin, "path", next->path);
    cJSON_AddStringToObject(plugin, "digest", next->digest);
    return plugin;
}

static int make_task(const struct fw_worker *worker, const struct fw_replacement *next,
                     cJSON **ret_task, struct fw_error *err)
{
    fw_auto(json) cJSON *task = cJSON_Duplicate(worker->json, true);
    if (!task || !set(task, "plugin", plugin_of(next)) ||
        !set(task, "restore", cJSON_CreateTrue()) ||
        !set(task, "watched", cJSON_CreateString(next->watched)) ||
        !set(task, "fields", cJSON_Duplicate(worker->fields, true)) ||
        (next->providers && !set(task, "providers", cJSON_Duplicate(next->providers, true)))) {
        return fw_error_oom(err);
    }
    FW_TRY(fw_task_mix_key(task, next->mixed, err));
    *ret_task = fw_steal(&task);
    return 0;
}

static int save(const struct fw_worker *worker, void *self, const cJSON *task, uint64_t steps,
                struct fw_error *err)
{
    struct fw_checkpoint checkpoint = {.outputs = worker->outputs,
                                       .n_outputs = worker->task.n_outputs};
    FW_TRY(fw_json_get_string(task, "checkpoint", &checkpoint.path, err));
    FW_TRY(fw_json_get_string(task, "key", &checkpoint.key, err));
    return fw_checkpoint_save(&checkpoint, worker->stage, self, steps, err);
}

/* A file without a name, at a descriptor that the new image keeps. */
static int write_task(const cJSON *task, struct fw_error *err)
{
    fw_auto(free) char *text = NULL;
    FW_TRY(fw_json_line(task, &text, err));
    const size_t len = strlen(text);
    const int fd = memfd_create("task", 0);
    const bool written =
        fd >= 0 && write(fd, text, len) == (ssize_t)len && lseek(fd, 0, SEEK_SET) == 0;
    if (!written) {
        fw_error_errno(err, FW_EXIT_FAILED, "cannot write a task for the new worker");
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    return fd;
}

static void become(const struct fw_worker *worker, int task, struct fw_error *err)
{
    char parent[24];
    snprintf(parent, sizeof parent, "%d", (int)getppid());
    char *argv[] = {(char[]){"fwrun"}, (char[]){"--worker"}, parent, NULL};
    /* Above all that a worker opens, until nothing can fail any more but the last call. */
    const int kept = fcntl(task, F_DUPFD_CLOEXEC, 500);
    char number[16];
    snprintf(number, sizeof number, "%d", kept);
    if (kept < 0 || setenv(variable, number, true) < 0 || fcntl(kept, F_SETFD, 0) < 0 ||
        fcntl(worker->channel.fd, F_SETFD, 0) < 0) {
        fw_error_errno(err, FW_EXIT_FAILED, "cannot prepare a new worker");
        return;
    }
    execv("/proc/self/exe", argv);
    fw_error_errno(err, FW_EXIT_FAILED, "cannot start a new worker");
    unsetenv(variable);
    close(kept);
    fcntl(worker->channel.fd, F_SETFD, FD_CLOEXEC);
}

int fw_replace_worker(struct fw_worker *worker, void *self, const struct fw_replacement *next,
                      uint64_t steps, struct fw_error *err)
{
    fw_auto(json) cJSON *task = NULL;
    if (atomic_load(&worker->stop)) {
        return fw_error_set(err, FW_EXIT_REFUSED, "the stage is to stop");
    }
    int fd = -1;
    if (make_task(worker, next, &task, err) == 0 && save(worker, self, task, steps, err) == 0 &&
        (fd = write_task(task, err)) >= 0) {
        become(worker, fd, err);
        close(fd);
    }
    return -1;
}

cJSON *fw_replaced_task(struct fw_worker *worker)
{
    const char *number = getenv(variable);
    fw_auto(free) char *path = number ? fw_text("/proc/self/fd/%s", number) : NULL;
    cJSON *task = NULL;
    if (!path) {
        return NULL;
    }
    if (fw_json_read(path, &task, NULL) == 0) {
        cJSON *fields = cJSON_DetachItemFromObjectCaseSensitive(task, "fields");
        cJSON_Delete(worker->fields);
        worker->fields = fields;
    }
    close((int)strtol(number, NULL, 10));
    unsetenv(variable);
    return task;
}

const char *fw_replaced_path(const struct fw_worker *worker)
{
    const cJSON *watched = cJSON_GetObjectItemCaseSensitive(worker->json, "watched");
    return cJSON_IsString(watched) ? watched->valuestring : NULL;
}
