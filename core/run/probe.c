/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "base/proc.h"
#include "run/channel.h"
#include "run/run.h"

/* What resolves once resolves again while plugin and program are the same. */
static bool is_known(const char *memo, const char *digest)
{
    return memo && strstr(memo, digest) != NULL;
}

static int add(cJSON *list, const struct fw_registry_entry *entry, struct fw_error *err)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(cJSON_GetObjectItem(item, "path")->valuestring, entry->path) == 0) {
            return 0;
        }
    }
    cJSON *plugin = cJSON_CreateObject();
    return cJSON_AddItemToArray(list, plugin) &&
                   cJSON_AddStringToObject(plugin, "path", entry->path) &&
                   cJSON_AddStringToObject(plugin, "digest", entry->elf.digest)
               ? 0
               : fw_error_oom(err);
}

static int collect(const struct fw_plan *plan, const char *memo, cJSON *list, struct fw_error *err)
{
    for (size_t i = 0; i < plan->n_stages; i++) {
        const struct fw_plan_stage *stage = &plan->stages[i];
        if (stage->state != FW_PLAN_RUN && stage->state != FW_PLAN_WAITING) {
            continue;
        }
        if (!is_known(memo, stage->plugin->elf.digest) && add(list, stage->plugin, err) < 0) {
            return -1;
        }
        for (size_t k = 0; k < stage->providers.len; k++) {
            const struct fw_registry_entry *entry = stage->providers.items[k].entry;
            if (!is_known(memo, entry->elf.digest) && add(list, entry, err) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

static int spawn(int fd, pid_t *ret_pid, struct fw_error *err)
{
    char parent[24];
    snprintf(parent, sizeof parent, "%d", (int)getpid());
    char *argv[] = {(char[]){"fwrun"}, (char[]){"--worker"}, parent, NULL};
    /* What a constructor prints is nobody's result: to stderr with it. */
    struct fw_proc_fd fds[] = {{.source = STDERR_FILENO, .target = STDOUT_FILENO},
                               {.source = STDERR_FILENO, .target = STDERR_FILENO},
                               {.source = fd, .target = 3}};
    struct fw_proc_spec spec = {.path = "/proc/self/exe", .argv = argv, .fds = fds, .n_fds = 3};
    return fw_proc_spawn(&spec, ret_pid, err);
}

static int judge(const cJSON *result, const struct fw_proc_result *process, struct fw_error *err)
{
    int64_t status = -1;
    const char *fault = "no reason given";
    if (!result) {
        return fw_error_set(err, FW_EXIT_PLUGIN,
                            "loading the plugins crashed with signal %d (%s); `fwrun inspect "
                            "FILE.so` describes each without loading it",
                            process->signal, strsignal(process->signal));
    }
    fw_json_get_i64(result, "status", &status, NULL);
    fw_json_get_string(result, "fault", &fault, NULL);
    return status == 0 ? 0 : fw_error_set(err, FW_EXIT_PLUGIN, "%s", fault);
}

static int ask(cJSON *list, struct fw_error *err)
{
    int pair[2];
    pid_t pid;
    struct fw_proc_result process = {0};
    fw_auto(json) cJSON *task = cJSON_CreateObject();
    fw_auto(json) cJSON *result = NULL;
    cJSON_AddItemReferenceToObject(task, "probe", list);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot make a socket pair");
    }
    int rc = spawn(pair[1], &pid, err);
    close(pair[1]);
    struct fw_channel channel = {.fd = pair[0]};
    if (rc == 0) {
        rc = fw_channel_send(pair[0], task, err);
        while (rc == 0 && !result && !channel.ended) {
            rc = fw_channel_receive(&channel, true, err);
            if (rc == 0) {
                rc = fw_channel_next(&channel, &result, err);
            }
        }
        fw_proc_reap(pid, true, &process, NULL);
    }
    fw_channel_finish(&channel);
    return judge(result, &process, rc < 0 && result ? NULL : err);
}

static int remember(const char *path, const char *memo, const cJSON *list, struct fw_error *err)
{
    fw_auto(str) struct fw_str text = {0};
    const cJSON *item;
    fw_str_add(&text, memo ? memo : "");
    cJSON_ArrayForEach(item, list)
    {
        fw_str_printf(&text, "%s\n", cJSON_GetObjectItem(item, "digest")->valuestring);
    }
    return text.oom ? fw_error_oom(err)
                    : fw_fs_write(path, text.text, text.len, FW_DURABLE_RENAME, err);
}

int fw_run_probe(const struct fw_plan *plan, const char *memo, struct fw_error *err)
{
    fw_auto(free) char *known = NULL;
    fw_auto(json) cJSON *list = cJSON_CreateArray();
    if (access(memo, R_OK) == 0 && fw_fs_read(memo, &known, NULL, err) < 0) {
        return -1;
    }
    if (!list) {
        return fw_error_oom(err);
    }
    if (collect(plan, known, list, err) < 0) {
        return -1;
    }
    if (cJSON_GetArraySize(list) == 0) {
        return 0;
    }
    return ask(list, err) < 0 ? -1 : remember(memo, known, list, err);
}
