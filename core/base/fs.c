/* SPDX-License-Identifier: MIT */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

int fw_fs_mkdirs(const char *path, struct fw_error *err)
{
    bool made = mkdir(path, 0777) == 0;
    if (!made && errno == ENOENT) {
        fw_auto(free) char *folder = fw_path_folder(path);
        FW_TRY(folder ? fw_fs_mkdirs(folder, err) : fw_error_oom(err));
        made = mkdir(path, 0777) == 0;
    }
    if (!made && !(errno == EEXIST && is_folder(path))) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot make the folder %s", path);
    }
    return 0;
}

/* Hidden and beside its target, so that the rename stays within one file system. */
static char *temporary_name(const char *path)
{
    fw_auto(free) char *folder = fw_path_folder(path);
    return folder ? fw_text("%s/.%s.%d-%llx.tmp", folder, fw_path_name(path), (int)getpid(),
                            (unsigned long long)fw_clock_ns())
                  : NULL;
}

/* A new file with this content; -1 and errno, and no file, when that fails. */
static int create_file(const char *path, const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return -1;
    }
    ssize_t n = 0;
    for (size_t done = 0; n >= 0 && done<len; done += n> 0 ? (size_t)n : 0) {
        n = write(fd, data + done, len - done);
        n = n < 0 && errno == EINTR ? 0 : n;
    }
    int cause = n < 0 ? errno : 0;
    if (close(fd) < 0 && cause == 0) {
        cause = errno;
    }
    if (cause != 0) {
        unlink(path);
        errno = cause;
    }
    return cause == 0 ? 0 : -1;
}

/* A folder is synced with everything on its file system: its files are not known here. */
static int sync_content(const char *path)
{
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? -1 : is_folder(path) ? syncfs(fd) : fsync(fd);
}

static int sync_names(const char *folder)
{
    fw_auto(close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : fsync(fd);
}

int fw_fs_publish(const char *from, const char *to, enum fw_durability durability,
                  struct fw_error *err)
{
    fw_auto(free) char *folder = fw_path_folder(to);
    bool durable = durability == FW_DURABLE_FSYNC;
    FW_TRY(folder ? 0 : fw_error_oom(err));
    if ((durable && sync_content(from) < 0) || rename(from, to) < 0 ||
        (durable && sync_names(folder) < 0)) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot put %s in the place of %s", from, to);
    }
    return 0;
}

int fw_fs_write(const char *path, const void *data, size_t len, enum fw_durability durability,
                struct fw_error *err)
{
    fw_auto(free) char *temporary = temporary_name(path);
    FW_TRY(temporary ? 0 : fw_error_oom(err));
    if (create_file(temporary, data, len) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot write %s", path);
    }
    int rc = fw_fs_publish(temporary, path, durability, err);
    if (rc < 0) {
        unlink(temporary);
    }
    return rc;
}

int fw_fs_read(const char *path, char **ret_text, size_t *ret_len, struct fw_error *err)
{
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    fw_auto(str) struct fw_str content = {0};
    char block[16384];
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && (n = read(fd, block, sizeof block)) > 0) {
        fw_str_add_bytes(&content, block, (size_t)n);
    }
    if (n < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot read %s", path);
    }
    size_t len = content.len;
    char *text = fw_str_take(&content);
    FW_TRY(text ? 0 : fw_error_oom(err));
    *ret_text = text;
    if (ret_len) {
        *ret_len = len;
    }
    return 0;
}

bool fw_fs_peek(const char *path, char *buffer, size_t size)
{
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t len = 0;
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && len < size - 1) {
        n = read(fd, buffer + len, size - 1 - len);
        len += n > 0 ? (size_t)n : 0;
    }
    buffer[len] = '\0';
    return n >= 0;
}

int fw_fs_remove(const char *path, struct fw_error *err)
{
    if (unlink(path) == 0 || errno == ENOENT) {
        return 0;
    }
    fw_auto(free) char *root = strdup(path);
    FTS *walk = root ? fts_open((char *[]){root, NULL}, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
    FW_TRY(walk ? 0 : fw_error_oom(err));
    int rc = 0;
    for (FTSENT *entry; rc == 0 && (entry = fts_read(walk));) {
        bool unreadable =
            entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS;
        errno = entry->fts_errno;
        if (entry->fts_info != FTS_D && (unreadable || remove(entry->fts_accpath) < 0) &&
            errno != ENOENT) {
            rc = fw_error_errno(err, FW_EXIT_STATE, "cannot remove %s", entry->fts_path);
        }
    }
    fts_close(walk);
    return rc;
}

/* The path itself if it exists, else the nearest folder above it that does. */
static char *nearest_existing(const char *path)
{
    char *place = fw_path_join(".", path);
    while (place && access(place, F_OK) < 0 && strcmp(place, "/") != 0 && strcmp(place, ".") != 0) {
        char *above = fw_path_folder(place);
        free(place);
        place = above;
    }
    return place;
}

/* Without a name in the folder, so that a kill leaves nothing behind. False: not to be had here. */
static bool probe_nameless(const char *folder)
{
    fw_auto(close) int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    return fd >= 0 && write(fd, "probe", 5) == 5;
}

int fw_fs_probe_writable(const char *path, struct fw_error *err)
{
    fw_auto(free) char *place = nearest_existing(path);
    if (place && probe_nameless(place)) {
        return 0;
    }
    fw_auto(free) char *inside = place ? fw_path_join(place, "probe") : NULL;
    fw_auto(free) char *probe = inside ? temporary_name(inside) : NULL;
    FW_TRY(probe ? 0 : fw_error_oom(err));
    if (create_file(probe, "probe", 5) < 0 || unlink(probe) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot write in the folder %s", place);
    }
    return 0;
}
