/* SPDX-License-Identifier: MIT */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"

int fw_fs_mkdirs(const char *path, struct fw_error *err)
{
    fw_auto(free) char *copy = strdup(path);
    if (!copy) {
        return fw_error_oom(err);
    }
    for (char *slash = copy; slash; *slash = '/') {
        slash = strchr(slash + 1, '/');
        if (slash) {
            *slash = '\0';
        }
        if (mkdir(copy, 0777) < 0 && errno != EEXIST) {
            return fw_error_errno(err, FW_EXIT_STATE, "cannot make the folder %s", copy);
        }
        if (!slash) {
            break;
        }
    }
    struct stat info;
    if (stat(path, &info) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot make the folder %s", path);
    }
    if (!S_ISDIR(info.st_mode)) {
        return fw_error_set(err, FW_EXIT_STATE, "%s is in the way: it is not a folder", path);
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

static int write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);
        if (n < 0 && errno != EINTR) {
            return -1;
        }
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

/* A new file with this content; -1 and errno, and no file, when that fails. */
static int create_file(const char *path, const void *data, size_t len,
                       enum fw_durability durability)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) {
        return -1;
    }
    int failed = write_all(fd, data, len) < 0 || (durability == FW_DURABLE_FSYNC && fsync(fd) < 0);
    int cause = errno;
    if (close(fd) < 0 && !failed) {
        failed = 1;
        cause = errno;
    }
    if (failed) {
        unlink(path);
        errno = cause;
    }
    return failed ? -1 : 0;
}

/* A folder is synced with everything on its file system: its files are not known here. */
static int sync_path(const char *path)
{
    struct stat info;
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) < 0) {
        return -1;
    }
    return S_ISDIR(info.st_mode) ? syncfs(fd) : fsync(fd);
}

static int sync_folder_of(const char *path)
{
    fw_auto(free) char *folder = fw_path_folder(path);
    fw_auto(close) int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return fd < 0 ? -1 : fsync(fd);
}

int fw_fs_write(const char *path, const void *data, size_t len, enum fw_durability durability,
                struct fw_error *err)
{
    fw_auto(free) char *temporary = temporary_name(path);
    if (!temporary) {
        return fw_error_oom(err);
    }
    if (create_file(temporary, data, len, durability) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot write %s", path);
    }
    if (rename(temporary, path) < 0) {
        fw_error_errno(err, FW_EXIT_STATE, "cannot rename %s to %s", temporary, path);
        unlink(temporary);
        return -1;
    }
    if (durability == FW_DURABLE_FSYNC && sync_folder_of(path) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot sync the folder of %s", path);
    }
    return 0;
}

int fw_fs_publish(const char *from, const char *to, enum fw_durability durability,
                  struct fw_error *err)
{
    if (durability == FW_DURABLE_FSYNC && sync_path(from) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot sync %s", from);
    }
    if (rename(from, to) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot rename %s to %s", from, to);
    }
    if (durability == FW_DURABLE_FSYNC && sync_folder_of(to) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot sync the folder of %s", to);
    }
    return 0;
}

int fw_fs_read(const char *path, char **ret_text, size_t *ret_len, struct fw_error *err)
{
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot open %s", path);
    }
    fw_auto(str) struct fw_str content = {0};
    char block[16384];
    ssize_t n;
    while ((n = read(fd, block, sizeof block)) > 0) {
        fw_str_add_bytes(&content, block, (size_t)n);
    }
    if (n < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot read %s", path);
    }
    size_t len = content.len;
    char *text = fw_str_take(&content);
    if (!text) {
        return fw_error_oom(err);
    }
    *ret_text = text;
    if (ret_len) {
        *ret_len = len;
    }
    return 0;
}

int fw_fs_remove(const char *path, struct fw_error *err)
{
    char *roots[] = {strdup(path), NULL};
    FTS *walk = roots[0] ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_NOSTAT, NULL) : NULL;
    free(roots[0]);
    if (!walk) {
        return fw_error_oom(err);
    }
    int failed = 0;
    FTSENT *entry;
    while (!failed && (entry = fts_read(walk))) {
        if (entry->fts_info == FTS_D) {
            continue;
        }
        errno = entry->fts_errno;
        bool readable =
            entry->fts_info != FTS_DNR && entry->fts_info != FTS_ERR && entry->fts_info != FTS_NS;
        if ((!readable || remove(entry->fts_accpath) < 0) && errno != ENOENT) {
            failed = fw_error_errno(err, FW_EXIT_STATE, "cannot remove %s", entry->fts_path);
        }
    }
    fts_close(walk);
    return failed;
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

int fw_fs_free_bytes(const char *path, uint64_t *ret_bytes, struct fw_error *err)
{
    fw_auto(free) char *place = nearest_existing(path);
    struct statvfs info;
    if (!place) {
        return fw_error_oom(err);
    }
    if (statvfs(place, &info) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot ask for the free space of %s", path);
    }
    *ret_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    return 0;
}

int fw_fs_probe_writable(const char *path, struct fw_error *err)
{
    fw_auto(free) char *place = nearest_existing(path);
    fw_auto(free) char *inside = place ? fw_path_join(place, "probe") : NULL;
    fw_auto(free) char *probe = inside ? temporary_name(inside) : NULL;
    if (!probe) {
        return fw_error_oom(err);
    }
    if (create_file(probe, "probe", 5, FW_DURABLE_RENAME) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot write in the folder %s", place);
    }
    if (unlink(probe) < 0) {
        return fw_error_errno(err, FW_EXIT_STATE, "cannot remove %s", probe);
    }
    return 0;
}
