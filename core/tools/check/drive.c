/* SPDX-License-Identifier: MIT */
#include "drive.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "actor.h"
#include "base/clock.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/str.h"
#include "run/channel.h"

enum { WAIT_MS = 20 };

/* Of the limit, for the answer to a cancel. */
#define GRACE 0.5

/* For what the child does itself: reading outputs, counting. */
#define HOST_S 120.0

static int open_file(const char *folder, const char *name, struct fw_error *err)
{
    fw_auto(free) char *path = fw_text("%s/%s", folder, name);
    const int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    return fd >= 0 ? fd : fw_error_errno(err, FW_EXIT_STATE, "cannot write %s/%s", folder, name);
}

/* Without the caches of threads, which hold what was freed and would look like leaks for a while.
 */
static char **make_env(void)
{
    static char tunables[] = "GLIBC_TUNABLES=glibc.malloc.tcache_count=0";
    size_t n = 0, kept = 0;
    while (environ[n]) {
        n++;
    }
    char **env = calloc(n + 2, sizeof *env);
    for (size_t i = 0; env && i < n; i++) {
        if (strncmp(environ[i], tunables, strcspn(tunables, "=") + 1) != 0) {
            env[kept++] = environ[i];
        }
    }
    if (env) {
        env[kept] = tunables;
    }
    return env;
}

/* The child starts in a folder of its own: what appears there was written to "here". */
static int spawn(const char *folder, int socket, pid_t *ret_pid, struct fw_error *err)
{
    char parent[24];
    fw_auto(free) char *here = fw_text("%s/here", folder);
    fw_auto(free) char **env = make_env();
    fw_auto(close) int none = open("/dev/null", O_RDONLY | O_CLOEXEC);
    fw_auto(close) int out = open_file(folder, "stdout", err);
    fw_auto(close) int log = open_file(folder, "stderr", err);
    snprintf(parent, sizeof parent, "%d", (int)getpid());
    char *argv[] = {(char[]){"fwrun-check-plugin"}, (char[]){"--exercise"}, parent, NULL};
    struct fw_proc_fd fds[] = {{.source = none, .target = STDIN_FILENO},
                               {.source = out, .target = STDOUT_FILENO},
                               {.source = log, .target = STDERR_FILENO},
                               {.source = socket, .target = 3}};
    struct fw_proc_spec spec = {
        .path = "/proc/self/exe", .argv = argv, .env = env, .folder = here, .fds = fds, .n_fds = 4};
    if (!here || !env || none < 0) {
        return fw_error_oom(err);
    }
    if (out < 0 || log < 0) {
        return -1;
    }
    FW_TRY(fw_fs_mkdirs(here, err));
    return fw_proc_spawn(&spec, ret_pid, err);
}

struct listening {
    struct fw_exercised *to;
    int64_t since_ns, cancel_ns; /* the call began; it was cancelled */
};

static void hear(struct listening *l, cJSON *message)
{
    const char *type = "", *call = "host";
    fw_json_get_string(message, "type", &type, NULL);
    if (strcmp(type, "end") == 0) {
        cJSON_Delete(l->to->end);
        l->to->end = message;
        return;
    }
    if (strcmp(type, "call") == 0) {
        fw_json_get_string(message, "call", &call, NULL);
        if (strcmp(call, "cancel") == 0) {
            l->to->cancelled = true;
            l->cancel_ns = fw_clock_ns();
        } else {
            snprintf(l->to->call, sizeof l->to->call, "%s", call);
            fw_json_get_u64(message, "n", &l->to->n, NULL);
            l->since_ns = fw_clock_ns();
            l->to->reported = false;
        }
    } else if (strcmp(type, "progress") == 0) {
        l->to->reported = true;
    }
    cJSON_Delete(message);
}

/* The child itself cancels a step; here it is about those that do not answer. */
static bool overdue(const struct listening *l, double limit_s)
{
    const int64_t now = fw_clock_ns();
    if (strcmp(l->to->call, "step") == 0) {
        const int64_t from = l->cancel_ns > l->since_ns ? l->cancel_ns : l->since_ns;
        return l->to->cancelled && (double)(now - from) / 1e9 > GRACE * limit_s;
    }
    return (double)(now - l->since_ns) / 1e9 >
           (strcmp(l->to->call, "host") == 0 ? HOST_S : limit_s);
}

static void take_messages(struct fw_channel *channel, struct listening *l)
{
    cJSON *message;
    if (fw_channel_receive(channel, false, NULL) == 0) {
        while (fw_channel_next(channel, &message, NULL) == 0 && message) {
            hear(l, message);
        }
    }
}

/* Until the child has ended: what it leaves behind may hold the other end of the channel. */
static void listen_to(struct fw_channel *channel, pid_t pid, double limit_s,
                      struct fw_exercised *ret)
{
    struct listening l = {.to = ret, .since_ns = fw_clock_ns()};
    while (fw_proc_reap(pid, false, &ret->process, NULL) == 0) {
        struct pollfd wait = {.fd = channel->ended ? -1 : channel->fd, .events = POLLIN};
        if (poll(&wait, 1, channel->ended ? 1 : WAIT_MS) > 0) {
            take_messages(channel, &l);
        }
        if (!ret->killed && overdue(&l, limit_s)) {
            ret->killed = true;
            fw_proc_tree_kill(pid, SIGKILL);
        }
    }
    take_messages(channel, &l);
}

static cJSON *task_of(const struct fw_exercise *exercise)
{
    cJSON *task = cJSON_Duplicate(exercise->task, true);
    cJSON *limits = cJSON_GetObjectItemCaseSensitive(task, "limits");
    cJSON_AddStringToObject(task, "exercise", exercise->what);
    cJSON_AddStringToObject(task, "folder", exercise->folder);
    cJSON_AddNumberToObject(task, "cancel_s", exercise->cancel_s);
    cJSON_AddNumberToObject(task, "limit_s", exercise->limit_s);
    if (exercise->threads > 0 && limits) {
        cJSON_ReplaceItemInObjectCaseSensitive(limits, "threads",
                                               cJSON_CreateNumber(exercise->threads));
    }
    return task;
}

static void read_printed(const char *folder, struct fw_exercised *ret)
{
    fw_auto(free) char *path = fw_text("%s/stdout", folder);
    if (path) {
        fw_fs_peek(path, ret->printed, sizeof ret->printed);
        ret->printed[strcspn(ret->printed, "\n")] = '\0';
    }
}

int fw_drive(const struct fw_exercise *exercise, struct fw_exercised *ret, struct fw_error *err)
{
    int pair[2];
    pid_t pid;
    *ret = (struct fw_exercised){.call = "host"};
    FW_TRY(fw_fs_mkdirs(exercise->folder, err));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot make a socket pair");
    }
    fw_auto(json) cJSON *task = task_of(exercise);
    struct fw_channel channel = {.fd = pair[0]};
    int rc = task ? spawn(exercise->folder, pair[1], &pid, err) : fw_error_oom(err);
    close(pair[1]);
    if (rc == 0) {
        rc = fw_channel_send(channel.fd, task, err);
        listen_to(&channel, pid, exercise->limit_s, ret);
        ret->strays = fw_proc_kill_strays(NULL, NULL);
        read_printed(exercise->folder, ret);
    }
    fw_channel_finish(&channel);
    return rc;
}

void fw_exercised_finish(struct fw_exercised *exercised)
{
    cJSON_Delete(exercised->end);
}
