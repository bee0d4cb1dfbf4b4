/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "base/json.h"
#include "run/channel.h"
#include "run/run.h"
#include "run/spare.h"

/* What resolves once resolves again while plugin and program are the same. */
static bool is_known(const char *memo, const char *digest)
{
    return memo && strstr(memo, digest) != NULL;
}

static int add(cJSON *list, const struct fw_plan_stage *stage,
               const struct fw_registry_entry *entry, struct fw_error *err)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(cJSON_GetObjectItem(item, "path")->valuestring, entry->path) == 0) {
            return 0;
        }
    }
    cJSON *plugin = fw_json_append(list);
    return cJSON_AddStringToObject(plugin, "stage", stage->spec->name) &&
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
        if (!is_known(memo, stage->plugin->elf.digest) &&
            add(list, stage, stage->plugin, err) < 0) {
            return -1;
        }
        for (size_t k = 0; k < stage->providers.len; k++) {
            const struct fw_registry_entry *entry = stage->providers.items[k].entry;
            if (!is_known(memo, entry->elf.digest) && add(list, stage, entry, err) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* What the worker said: the plugin that it was about to load, and how it went with all of them. */
struct answer {
    cJSON *loading, *result;
    bool late;
    struct fw_proc_result process;
};

static int judge(const struct answer *answer, double stall_s, struct fw_error *err)
{
    int64_t status = -1;
    const char *fault = "no reason given", *stage = "", *path = "a plugin";
    const struct fw_proc_result *process = &answer->process;
    fw_json_get_string(answer->loading, "stage", &stage, NULL);
    fw_json_get_string(answer->loading, "path", &path, NULL);
    if (answer->result) {
        fw_json_get_i64(answer->result, "status", &status, NULL);
        fw_json_get_string(answer->result, "fault", &fault, NULL);
        return status == 0 ? 0
                           : fw_error_set(err, FW_EXIT_PLUGIN, "stage \"%s\": %s; nothing ran",
                                          stage, fault);
    }
    fw_auto(free) char *how =
        answer->late ? fw_text("was not loaded within %.0f s (stall_s)", stall_s)
        : process->signal != 0
            ? fw_text("crashed with signal %d (%s) while it was loaded", process->signal,
                      strsignal(process->signal))
            : fw_text("ended the process with code %d while it was loaded", process->exit_code);
    return fw_error_set(err, FW_EXIT_PLUGIN, "stage \"%s\": %s %s; nothing ran", stage, path,
                        how ? how : "cannot be loaded");
}

static int receive(struct fw_channel *channel, int limit_ms, struct answer *answer,
                   struct fw_error *err)
{
    while (!answer->result && !channel->ended) {
        cJSON *message;
        struct pollfd wait = {.fd = channel->fd, .events = POLLIN};
        if (poll(&wait, 1, limit_ms) == 0) {
            answer->late = true;
            return 0;
        }
        if (fw_channel_receive(channel, false, err) < 0) {
            return -1;
        }
        while (fw_channel_next(channel, &message, err) == 0 && message) {
            cJSON **place =
                cJSON_HasObjectItem(message, "status") ? &answer->result : &answer->loading;
            cJSON_Delete(*place);
            *place = message;
        }
    }
    return 0;
}

static int ask(const struct fw_plan *plan, cJSON *list, struct answer *answer, struct fw_error *err)
{
    struct fw_spare worker;
    fw_auto(json) cJSON *task = cJSON_CreateObject();
    const char *base = getenv("TMPDIR");
    fw_auto(free) char *tmp = fw_text("%s/fwrun-plugins.XXXXXX", base ? base : "/tmp");
    double stall_s = plan->pipeline->stall_s;
    if (!tmp || !mkdtemp(tmp)) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot make a folder for copies of plugins");
    }
    cJSON_AddStringToObject(task, "tmp", tmp);
    cJSON_AddItemReferenceToObject(task, "probe", list);
    if (fw_spare_start(&worker, err) < 0) {
        rmdir(tmp);
        return -1;
    }
    struct fw_channel channel = {.fd = worker.fd};
    int rc = fw_channel_send(worker.fd, task, err);
    rc = rc < 0 ? rc : receive(&channel, stall_s > 0 ? (int)(stall_s * 1e3) : -1, answer, err);
    if (answer->late) {
        fw_proc_tree_kill(worker.pid, SIGKILL);
    }
    fw_proc_reap(worker.pid, true, &answer->process, NULL);
    fw_channel_finish(&channel);
    fw_fs_remove(tmp, NULL);
    return rc;
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
    struct answer answer = {0};
    int rc = ask(plan, list, &answer, err);
    if (rc == 0) {
        rc = judge(&answer, plan->pipeline->stall_s, err);
    }
    cJSON_Delete(answer.loading);
    cJSON_Delete(answer.result);
    return rc < 0 ? -1 : remember(memo, known, list, err);
}
