/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fs.h"
#include "base/proc.h"
#include "base/vec.h"

struct pids {
    pid_t *items;
    size_t len, cap;
};

static void add_pid(struct pids *pids, long pid)
{
    pid_t *slot = pid > 0 ? fw_vec_add(pids) : NULL;
    if (slot) {
        *slot = (pid_t)pid;
    }
}

struct stat_line {
    char state;
    pid_t parent;
    uint64_t start_time;
};

static bool read_stat(pid_t pid, struct stat_line *ret_stat)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    if (!fw_fs_peek(path, text, sizeof text)) {
        return false;
    }
    /* The command's name, in parentheses, may itself hold blanks and parentheses. */
    char *rest = strrchr(text, ')'), *fields[21] = {0};
    for (size_t i = 0; rest && i < 21; i++) {
        fields[i] = strsep(&rest, " ");
    }
    if (!fields[20]) {
        return false;
    }
    *ret_stat = (struct stat_line){.state = *fields[1],
                                   .parent = (pid_t)strtol(fields[2], NULL, 10),
                                   .start_time = strtoull(fields[20], NULL, 10)};
    return true;
}

uint64_t fw_proc_start_time(pid_t pid)
{
    struct stat_line stat;
    return read_stat(pid, &stat) && !strchr("ZXx", stat.state) ? stat.start_time : 0;
}

/* Adds the children of each thread, which the kernel lists where it was built to; false where not.
 */
static bool add_listed_children(struct pids *pids, pid_t pid)
{
    char path[96], text[4096];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    fw_auto(closedir) DIR *threads = opendir(path);
    struct dirent *thread;
    bool listed = true;
    while (threads && (thread = readdir(threads))) {
        if (!isdigit((unsigned char)thread->d_name[0])) {
            continue;
        }
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", (int)pid, thread->d_name);
        if (!fw_fs_peek(path, text, sizeof text)) {
            listed = listed && access(path, F_OK) == 0;
        }
        char *rest = text;
        for (char *child; (child = strsep(&rest, " "));) {
            add_pid(pids, strtol(child, NULL, 10));
        }
    }
    return listed;
}

/* Adds what lives and has this parent: looks at every process there is. */
static void add_scanned(struct pids *pids, pid_t parent)
{
    fw_auto(closedir) DIR *processes = opendir("/proc");
    struct dirent *process;
    struct stat_line stat;
    while (processes && (process = readdir(processes))) {
        long pid = strtol(process->d_name, NULL, 10);
        if (pid > 0 && read_stat((pid_t)pid, &stat) && !strchr("ZXx", stat.state) &&
            stat.parent == parent) {
            add_pid(pids, pid);
        }
    }
}

static void add_children(struct pids *pids, pid_t pid)
{
    if (!add_listed_children(pids, pid) && fw_proc_start_time(pid) != 0) {
        add_scanned(pids, pid);
    }
}

/* A process and all its descendants. */
static struct pids list_tree(pid_t pid)
{
    struct pids pids = {0};
    add_pid(&pids, pid);
    for (size_t i = 0; i < pids.len; i++) {
        add_children(&pids, pids.items[i]);
    }
    return pids;
}

static uint64_t field_kb(const char *text, const char *key)
{
    const char *found = strstr(text, key);
    return found ? strtoull(found + strlen(key), NULL, 10) : 0;
}

uint64_t fw_proc_tree_memory(pid_t pid)
{
    struct pids pids = list_tree(pid);
    uint64_t total_kb = 0;
    for (size_t i = 0; i < pids.len; i++) {
        char path[64], text[4096];
        snprintf(path, sizeof path, "/proc/%d/status", (int)pids.items[i]);
        if (fw_fs_peek(path, text, sizeof text)) {
            total_kb += field_kb(text, "\nRssAnon:") + field_kb(text, "\nRssShmem:");
        }
    }
    free(pids.items);
    return total_kb * 1024;
}

void fw_proc_tree_kill(pid_t pid, int signal)
{
    /* Listed first: with its root gone the tree cannot be found any more. */
    struct pids pids = list_tree(pid);
    kill(-pid, signal);
    for (size_t i = 0; i < pids.len; i++) {
        kill(pids.items[i], signal);
    }
    free(pids.items);
}

size_t fw_proc_kill_strays(bool (*is_known)(const void *arg, pid_t pid), const void *arg)
{
    struct pids pids = {0};
    size_t n = 0;
    add_children(&pids, getpid());
    for (size_t i = 0; i < pids.len; i++) {
        if (is_known && is_known(arg, pids.items[i])) {
            continue;
        }
        n += fw_proc_start_time(pids.items[i]) != 0; /* zombies harm nobody */
        fw_proc_tree_kill(pids.items[i], SIGKILL);
        waitpid(pids.items[i], NULL, 0);
    }
    free(pids.items);
    return n;
}
