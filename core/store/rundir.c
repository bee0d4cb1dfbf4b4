/* SPDX-License-Identifier: MIT */
#include "store/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/json.h"

/* Of 10 ms each. */
enum { ORPHAN_TRIES = 300 };

char *fw_rundir_stage(const char *run_dir, const char *stage)
{
    return fw_text("%s/stages/%s", run_dir, stage);
}

char *fw_rundir_manifest(const char *run_dir, const char *stage)
{
    return fw_text("%s/stages/%s/MANIFEST.json", run_dir, stage);
}

char *fw_rundir_log(const char *run_dir, const char *stage)
{
    return fw_text("%s/logs/%s.log", run_dir, stage);
}

char *fw_rundir_checkpoint(const char *run_dir, const char *stage)
{
    return fw_text("%s/checkpoints/%s", run_dir, stage);
}

static int write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return -1;
        }
        text += n;
        len -= (size_t)n;
    }
    return 0;
}

/* A run that was killed can leave half a line; ending it keeps the lines after it readable. */
static int end_broken_line(int fd)
{
    char last = '\n';
    struct stat st;
    if (fstat(fd, &st) < 0 || (st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) != 1)) {
        return -1;
    }
    return last == '\n' ? 0 : write_all(fd, "\n", 1);
}

static int open_events(struct fw_rundir *dir, struct fw_error *err)
{
    fw_auto(free) char *path = fw_text("%s/events.jsonl", dir->path);
    if (!path) {
        return fw_error_oom(err);
    }
    dir->events = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (dir->events < 0 || end_broken_line(dir->events) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot write the event log %s", path);
    }
    return 0;
}

static int make_folders(const char *path, struct fw_error *err)
{
    static const char *const rooms[] = {"stages", "logs", "checkpoints"};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        fw_auto(free) char *folder = fw_text("%s/%s", path, rooms[i]);
        if (!folder) {
            return fw_error_oom(err);
        }
        if (fw_fs_mkdirs(folder, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static bool is_locked(const char *path)
{
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

/* The workers of a run that was killed die with it, but not in the same instant; and what they have
 * started may live on and write. All of them hold the lock of their stage's log. */
static int wait_for_orphans(const char *run_dir, struct fw_error *err)
{
    fw_auto(free) char *folder = fw_text("%s/logs", run_dir);
    fw_auto(files) struct fw_files logs = {0};
    FW_TRY(folder ? fw_files_list(folder, &logs, err) : fw_error_oom(err));
    int tries = 0;
    for (size_t i = 0; i < logs.len; i++) {
        fw_auto(free) char *path = fw_text("%s/%s", folder, logs.items[i].path);
        FW_TRY(path ? 0 : fw_error_oom(err));
        for (; is_locked(path) && tries < ORPHAN_TRIES; tries++) {
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        }
        if (tries == ORPHAN_TRIES) {
            return fw_error_set(err, FW_EXIT_REFUSED,
                                "a process of the run that was killed is still there and holds %s; "
                                "end it (fuser %s names it) and run again",
                                path, path);
        }
    }
    return 0;
}

int fw_rundir_open(struct fw_rundir *dir, const char *path, enum fw_durability durability,
                   struct fw_str *note, struct fw_error *err)
{
    *dir = (struct fw_rundir){.events = -1, .durability = durability};
    fw_auto(str) struct fw_str unread = {0};
    note = note ? note : &unread;
    fw_auto(free) char *lease = fw_text("%s/lease", path);
    dir->path = strdup(path);
    if (!lease || !dir->path) {
        free(dir->path);
        return fw_error_oom(err);
    }
    int rc = make_folders(path, err);
    bool held = rc == 0 && (rc = fw_lease_take(&dir->lease, lease, note, err)) == 0;
    if (rc == 0 && note->len > 0) { /* taken over */
        rc = wait_for_orphans(path, err);
    }
    if (rc == 0) {
        rc = open_events(dir, err);
    }
    if (rc < 0) {
        if (held) {
            fw_lease_drop(&dir->lease, NULL);
        }
        fw_cleanup_close(&dir->events);
        free(dir->path);
        dir->path = NULL;
        return fw_error_prefix(err, "run directory %s: ", path);
    }
    return 0;
}

int fw_rundir_close(struct fw_rundir *dir, struct fw_error *err)
{
    if (!dir->path) {
        return 0;
    }
    int rc = close(dir->events) == 0
                 ? 0
                 : fw_error_errno(err, FW_EXIT_STATE, "cannot close %s/events.jsonl", dir->path);
    if (fw_lease_drop(&dir->lease, err) < 0) {
        rc = -1;
    }
    free(dir->path);
    dir->path = NULL;
    return rc;
}

int fw_rundir_write(const struct fw_rundir *dir, const char *name, const cJSON *json,
                    struct fw_error *err)
{
    fw_auto(free) char *path = fw_text("%s/%s", dir->path, name);
    if (!path) {
        return fw_error_oom(err);
    }
    return fw_json_write(path, json, dir->durability, err);
}

int fw_rundir_event(const struct fw_rundir *dir, cJSON *event, struct fw_error *err)
{
    char now[FW_CLOCK_TEXT];
    fw_clock_utc(now);
    if (!cJSON_GetObjectItemCaseSensitive(event, "time") &&
        !cJSON_AddStringToObject(event, "time", now)) {
        return fw_error_oom(err);
    }
    fw_auto(str) struct fw_str line = {0};
    fw_auto(free) char *text = cJSON_PrintUnformatted(event);
    if (!text) {
        return fw_error_oom(err);
    }
    fw_str_printf(&line, "%s\n", text);
    if (line.oom) {
        return fw_error_oom(err);
    }
    if (write_all(dir->events, line.text, line.len) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot write the event log %s/events.jsonl",
                              dir->path);
    }
    return 0;
}
