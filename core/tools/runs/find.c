/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "cli/target.h"
#include "view.h"

static bool is_run(const char *dir)
{
    fw_auto(free) char *record = fw_text("%s/run.json", dir);
    fw_auto(free) char *lease = fw_text("%s/lease", dir);
    return record && lease && (access(record, F_OK) == 0 || access(lease, F_OK) == 0);
}

/* When it last wrote: the lease while it lives, the record after that. */
static struct timespec last_sign(const char *dir)
{
    static const char *const files[] = {"run.json", "lease", "events.jsonl"};
    struct timespec latest = {0};
    for (size_t i = 0; i < FW_COUNT(files); i++) {
        struct stat st;
        fw_auto(free) char *path = fw_text("%s/%s", dir, files[i]);
        if (path && stat(path, &st) == 0 &&
            (st.st_mtim.tv_sec > latest.tv_sec ||
             (st.st_mtim.tv_sec == latest.tv_sec && st.st_mtim.tv_nsec > latest.tv_nsec))) {
            latest = st.st_mtim;
        }
    }
    return latest;
}

static int newest(const char *root, char **ret_dir, struct fw_error *err)
{
    fw_auto(closedir) DIR *folder = opendir(root);
    if (!folder) {
        return fw_error_errno(err, FW_EXIT_USAGE, "no run is found in %s", root);
    }
    struct timespec latest = {0};
    fw_auto(free) char *found = NULL;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        fw_auto(free) char *dir = fw_text("%s/%s", root, entry->d_name);
        if (entry->d_name[0] == '.' || !dir || !is_run(dir)) {
            continue;
        }
        struct timespec at = last_sign(dir);
        if (!found || at.tv_sec > latest.tv_sec ||
            (at.tv_sec == latest.tv_sec && at.tv_nsec > latest.tv_nsec)) {
            latest = at;
            free(found);
            found = fw_steal(&dir);
        }
    }
    if (!found) {
        return fw_error_set(err, FW_EXIT_USAGE,
                            "no run is found in %s; name a pipeline or a run directory", root);
    }
    *ret_dir = fw_steal(&found);
    return 0;
}

static int of_pipeline(const struct fw_cli *cli, const char *config, char **ret_dir,
                       struct fw_error *err)
{
    fw_auto(target) struct fw_target target = {0};
    FW_TRY(fw_target_open(cli, config, &target, err));
    if (!is_run(target.plan->run_dir)) {
        return fw_error_set(err, FW_EXIT_USAGE, "%s has not been run: there is no %s/run.json",
                            config, target.plan->run_dir);
    }
    *ret_dir = strdup(target.plan->run_dir);
    return *ret_dir ? 0 : fw_error_oom(err);
}

int fw_view_find(const struct fw_cli *cli, char **ret_dir, struct fw_error *err)
{
    struct stat st;
    const char *what = cli->args.len > 0 ? cli->args.items[0] : "runs";
    if (stat(what, &st) < 0) {
        return cli->args.len > 0
                   ? fw_error_errno(err, FW_EXIT_USAGE, "no run is found at %s", what)
                   : fw_error_set(err, FW_EXIT_USAGE,
                                  "no run is found at runs: there is no such folder here; name a "
                                  "pipeline or a run directory");
    }
    if (!S_ISDIR(st.st_mode)) {
        return of_pipeline(cli, what, ret_dir, err);
    }
    if (!is_run(what)) {
        return newest(what, ret_dir, err);
    }
    *ret_dir = strdup(what);
    return *ret_dir ? 0 : fw_error_oom(err);
}
