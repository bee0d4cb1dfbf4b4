/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <signal.h>

#include "base/fs.h"
#include "base/proc.h"
#include "base/vec.h"

static void add_pid(struct fw_procs *procs, long pid)
{
    struct fw_proc *slot = pid > 0 ? fw_vec_add(procs) : NULL;
    if (slot) {
        slot->pid = (pid_t)pid;
    }
}

struct stat_line {
    char state;
    pid_t parent, group;
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
                                   .group = (pid_t)strtol(fields[3], NULL, 10),
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
static bool add_listed_children(struct fw_procs *procs, pid_t pid)
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
            add_pid(procs, strtol(child, NULL, 10));
        }
    }
    return listed;
}

/* Adds what lives and has this parent or is in this group: looks at every process there is. */
static void add_scanned(struct fw_procs *procs, pid_t parent, pid_t group)
{
    fw_auto(closedir) DIR *processes = opendir("/proc");
    struct dirent *process;
    struct stat_line stat;
    while (processes && (process = readdir(processes))) {
        long pid = strtol(process->d_name, NULL, 10);
        if (pid > 0 && read_stat((pid_t)pid, &stat) && !strchr("ZXx", stat.state) &&
            (stat.parent == parent || stat.group == group)) {
            add_pid(procs, pid);
        }
    }
}

bool fw_proc_group_alive(pid_t group)
{
    /* Zombies answer signals too, and an init that does not reap keeps them for good. */
    fw_auto(procs) struct fw_procs procs = {0};
    if (kill(-group, 0) == 0 || errno == EPERM) {
        add_scanned(&procs, -1, group);
    }
    return procs.len > 0;
}

/* A process and all its descendants. */
static void list_tree(pid_t pid, struct fw_procs *procs)
{
    procs->len = 0;
    add_pid(procs, pid);
    for (size_t i = 0; i < procs->len; i++) {
        pid_t parent = procs->items[i].pid;
        procs->items[i].start_time = fw_proc_start_time(parent);
        if (!add_listed_children(procs, parent) && procs->items[i].start_time != 0) {
            add_scanned(procs, parent, -1);
        }
    }
}

static uint64_t field_kb(const char *text, const char *key)
{
    const char *found = strstr(text, key);
    return found ? strtoull(found + strlen(key), NULL, 10) : 0;
}

uint64_t fw_proc_tree_memory(pid_t pid, struct fw_procs *seen)
{
    uint64_t total_kb = 0;
    list_tree(pid, seen);
    for (size_t i = 0; i < seen->len; i++) {
        char path[64], text[4096];
        snprintf(path, sizeof path, "/proc/%d/status", (int)seen->items[i].pid);
        if (fw_fs_peek(path, text, sizeof text)) {
            total_kb += field_kb(text, "\nRssAnon:") + field_kb(text, "\nRssShmem:");
        }
    }
    return total_kb * 1024;
}

void fw_proc_tree_kill(pid_t pid, int signal)
{
    fw_auto(procs) struct fw_procs procs = {0};
    /* Listed first: with its root gone the tree cannot be found any more. */
    list_tree(pid, &procs);
    kill(-pid, signal);
    for (size_t i = 0; i < procs.len; i++) {
        kill(procs.items[i].pid, signal);
    }
}

void fw_procs_end(const struct fw_procs *seen)
{
    for (size_t i = 0; i < seen->len; i++) {
        const struct fw_proc *proc = &seen->items[i];
        if (proc->start_time != 0 && fw_proc_start_time(proc->pid) == proc->start_time) {
            fw_proc_tree_kill(proc->pid, SIGKILL);
        }
    }
}
