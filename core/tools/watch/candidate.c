/* SPDX-License-Identifier: MIT */
#include "candidate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/fs.h"
#include "compat.h"
#include "plugin/descriptor.h"

/* How often the file is looked at, and how long it must have been the same: linkers write in
 * place. */
#define LOOK_NS   INT64_C(20000000)
#define SETTLE_NS INT64_C(200000000)

static bool same(const struct fw_file *a, const struct fw_file *b)
{
    return a->size == b->size && a->mtime_ns == b->mtime_ns && a->inode == b->inode &&
           a->device == b->device;
}

bool fw_watched_changed(struct fw_watched *watched)
{
    struct fw_file now;
    const int64_t time = fw_clock_ns();
    if (time - watched->looked_ns < LOOK_NS) {
        return false;
    }
    watched->looked_ns = time;
    if (fw_file_stat(watched->path, &now, NULL) < 0 || same(&now, &watched->settled)) {
        return false; /* removed before it is written anew, say */
    }
    if (!same(&now, &watched->seen)) {
        watched->seen = now;
        watched->changed_ns = time;
    }
    if (time - watched->changed_ns < SETTLE_NS) {
        return false;
    }
    watched->settled = now;
    return true;
}

bool fw_watched_moves(const struct fw_watched *watched)
{
    return !same(&watched->seen, &watched->settled);
}

/* The bytes that are copied are the ones that are judged: the file may change at any time. */
static int copy(const struct fw_worker *worker, const char *path, char **ret_path,
                struct fw_error *err)
{
    fw_auto(free) char *bytes = NULL;
    fw_auto(free) char *to = fw_text("%s/candidate.so", worker->tmp_dir);
    size_t size;
    FW_TRY(to ? fw_fs_read(path, &bytes, &size, err) : fw_error_oom(err));
    FW_TRY(fw_fs_write(to, bytes, size, FW_DURABLE_RENAME, err));
    *ret_path = fw_steal(&to);
    return 0;
}

static bool provides(const struct fw_plugin *plugin, const char *id)
{
    for (uint64_t i = 0; i < plugin->n_services; i++) {
        if (strcmp(plugin->services[i]->id, id) == 0) {
            return true;
        }
    }
    return false;
}

static int check_provider(const struct fw_worker *worker, const struct fw_module *running,
                          const struct fw_plugin *plugin, struct fw_error *err)
{
    if (strcmp(plugin->id, running->plugin->id) != 0) {
        return fw_error_set(err, FW_EXIT_CHECK, "it is the plugin \"%s\", expected \"%s\"",
                            plugin->id, running->plugin->id);
    }
    for (size_t i = 0; i < worker->n_providers; i++) {
        const struct fw_provider *provider = &worker->providers[i];
        if (provider->module == running && !provides(plugin, provider->id)) {
            return fw_error_set(err, FW_EXIT_CHECK, "it does not provide \"%s\"", provider->id);
        }
    }
    return 0;
}

static int check(const struct fw_worker *worker, const struct fw_module *running,
                 const struct fw_elf *elf, struct fw_error *err)
{
    FW_TRY(fw_descriptor_check(elf, err));
    if (running != worker->module) {
        return check_provider(worker, running, elf->plugin, err);
    }
    const struct fw_stage *stage = fw_plugin_stage(elf->plugin, worker->task.use);
    return stage ? fw_stage_compatible(worker->stage, stage, err)
                 : fw_error_set(err, FW_EXIT_CHECK, "it has no stage \"%s\"", worker->task.use);
}

static int name_by_content(struct fw_candidate *candidate, const struct fw_worker *worker,
                           struct fw_error *err)
{
    fw_auto(free) char *to = fw_text("%s/%s.so", worker->tmp_dir, candidate->digest);
    FW_TRY(to ? 0 : fw_error_oom(err));
    if (rename(candidate->path, to) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot name %s", to);
    }
    free(candidate->path);
    candidate->path = fw_steal(&to);
    return 0;
}

int fw_candidate_take(const struct fw_worker *worker, const struct fw_watched *watched,
                      struct fw_candidate *ret_candidate, struct fw_error *err)
{
    struct fw_candidate candidate = {0};
    struct fw_elf elf;
    *ret_candidate = candidate;
    FW_TRY(copy(worker, watched->path, &candidate.path, err));
    int rc = fw_elf_read(candidate.path, &elf, err);
    if (rc == 0) {
        memcpy(candidate.digest, elf.digest, sizeof candidate.digest);
        const bool runs = strcmp(elf.digest, watched->module->digest) == 0;
        rc = runs ? 1 : check(worker, watched->module, &elf, err);
        fw_elf_finish(&elf);
    }
    rc = rc == 0 ? name_by_content(&candidate, worker, err) : rc;
    if (rc == 0) {
        *ret_candidate = candidate;
        return 0;
    }
    fw_candidate_drop(&candidate);
    return rc < 0 ? -1 : 0;
}

void fw_candidate_drop(struct fw_candidate *candidate)
{
    if (candidate->path) {
        unlink(candidate->path);
    }
    free(candidate->path);
    *candidate = (struct fw_candidate){0};
}
