/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/proc.h"

/* Without a word for so long a call hangs. */
#define LIMIT_S 120.0

enum { WAIT_US = 5000 };

static cJSON *make_job(const struct fw_trial *trial, const char *folder, const char *state)
{
    fw_auto(free) char *tmp = fw_text("%s/tmp", folder);
    cJSON *job = cJSON_Duplicate(trial->worker->json, true);
    cJSON *candidate = cJSON_AddObjectToObject(job, "candidate");
    cJSON_DeleteItemFromObjectCaseSensitive(job, "tmp");
    if (trial->providers) {
        cJSON_ReplaceItemInObjectCaseSensitive(job, "providers",
                                               cJSON_Duplicate(trial->providers, true));
    }
    cJSON_AddStringToObject(candidate, "path", trial->path);
    cJSON_AddStringToObject(candidate, "digest", trial->digest);
    cJSON_AddStringToObject(candidate, "state", state);
    fw_json_add_u64(candidate, "version", trial->state->version);
    fw_json_add_u64(candidate, "steps", trial->max_steps);
    return tmp && candidate && cJSON_AddStringToObject(job, "tmp", tmp) ? job : NULL;
}

static int spawn(const char *file, pid_t *ret_pid, struct fw_error *err)
{
    char parent[24];
    fw_auto(free) char *name = strdup(file);
    fw_auto(close) int none = open("/dev/null", O_RDONLY | O_CLOEXEC);
    snprintf(parent, sizeof parent, "%d", (int)getpid());
    char *argv[] = {(char[]){"fwrun-trial"}, (char[]){"--trial"}, parent, name, NULL};
    const struct fw_proc_fd fds[] = {{.source = none, .target = STDIN_FILENO},
                                     {.source = STDOUT_FILENO, .target = STDOUT_FILENO},
                                     {.source = STDERR_FILENO, .target = STDERR_FILENO}};
    const struct fw_proc_spec spec = {
        .path = "/proc/self/exe", .argv = argv, .fds = fds, .n_fds = 3};
    return name && none >= 0 ? fw_proc_spawn(&spec, ret_pid, err) : fw_error_oom(err);
}

/* It changes with every call that the child is about to make. */
static bool has_changed(const char *file, struct timespec *seen)
{
    struct stat st;
    if (stat(file, &st) < 0 ||
        (st.st_mtim.tv_sec == seen->tv_sec && st.st_mtim.tv_nsec == seen->tv_nsec)) {
        return false;
    }
    *seen = st.st_mtim;
    return true;
}

static int wait_for(const struct fw_trial *trial, const char *file, pid_t pid,
                    struct fw_proc_result *ret, struct fw_error *err)
{
    const char *why = NULL;
    struct timespec seen = {0};
    int64_t since = fw_clock_ns();
    int ended, code = FW_EXIT_CHECK;
    while ((ended = fw_proc_reap(pid, false, ret, err)) == 0) {
        since = has_changed(file, &seen) ? fw_clock_ns() : since;
        if (!why && atomic_load(&trial->worker->stop)) {
            why = "the stage is to stop, so it was not tried to its end";
            code = FW_EXIT_REFUSED;
        } else if (!why && (double)(fw_clock_ns() - since) / 1e9 > LIMIT_S) {
            why = "it did not return";
        }
        if (why) {
            fw_proc_tree_kill(pid, SIGKILL);
        }
        usleep(WAIT_US);
    }
    return ended < 0 ? -1 : why ? fw_error_set(err, code, "%s", why) : 0;
}

static int judge(struct fw_trial *trial, const char *file, const struct fw_proc_result *process,
                 struct fw_error *err)
{
    fw_auto(json) cJSON *answer = NULL;
    FW_TRY(fw_json_read(file, &answer, err));
    const char *call = fw_json_text(answer, "call"), *fault = fw_json_text(answer, "fault");
    const unsigned step = (unsigned)fw_json_number(answer, "steps") + 1;
    if (process->signal != 0 || process->exit_code != 0) {
        return fw_error_set(err, FW_EXIT_CHECK, "it %s %d in %s (step %u after the restore)",
                            process->signal ? "crashed with signal" : "ended its process with code",
                            process->signal ? process->signal : process->exit_code, call, step);
    }
    if (*fault != '\0') {
        return fw_error_set(err, FW_EXIT_CHECK, "%s", fault);
    }
    trial->steps = step - 1;
    trial->done = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "done"));
    trial->unloads = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "unloads"));
    return 0;
}

static int conduct(struct fw_trial *trial, const char *folder, struct fw_error *err)
{
    struct fw_proc_result process;
    pid_t pid;
    fw_auto(free) char *state = fw_text("%s/state", folder);
    fw_auto(free) char *file = fw_text("%s/job.json", folder);
    FW_TRY(state && file ? fw_fs_mkdirs(folder, err) : fw_error_oom(err));
    fw_auto(json) cJSON *job = make_job(trial, folder, state);
    FW_TRY(job ? 0 : fw_error_oom(err));
    FW_TRY(fw_fs_write(state, trial->state->bytes, (size_t)trial->state->size, FW_DURABLE_RENAME,
                       err));
    FW_TRY(fw_json_write(file, job, FW_DURABLE_RENAME, err));
    FW_TRY(spawn(file, &pid, err));
    FW_TRY(wait_for(trial, file, pid, &process, err));
    return judge(trial, file, &process, err);
}

int fw_trial_run(struct fw_trial *trial, struct fw_error *err)
{
    fw_auto(free) char *folder = fw_text("%s/trial", trial->worker->tmp_dir);
    FW_TRY(folder ? 0 : fw_error_oom(err));
    const int rc = conduct(trial, folder, err);
    return fw_fs_remove(folder, rc == 0 ? err : NULL) < 0 ? -1 : rc;
}
