/* SPDX-License-Identifier: MIT */
#include "work.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sql/fault.h"

fw_status snapshot_work_make(const struct fw_host *host, const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return fw_faultf(host, errno == ENOSPC ? FW_E_NOSPACE : FW_E_IO, path, NULL,
                         "cannot make the folder: %s", strerror(errno));
    }
    return FW_OK;
}

static int remove_files(int folder)
{
    DIR *dir = fdopendir(folder);
    struct dirent *entry;
    int failed = 0;
    if (dir == NULL) {
        close(folder);
        return errno;
    }
    while ((entry = readdir(dir)) != NULL && failed == 0) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
            unlinkat(dirfd(dir), entry->d_name, 0) != 0) {
            failed = errno;
        }
    }
    closedir(dir);
    return failed;
}

fw_status snapshot_work_remove(const struct fw_host *host, const char *path)
{
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 && errno == ENOENT) {
        return FW_OK;
    }
    int failed = folder < 0 ? errno : remove_files(folder);
    if (failed == 0 && rmdir(path) != 0) {
        failed = errno;
    }
    if (failed != 0) {
        return fw_faultf(host, FW_E_IO, path, "remove it by hand",
                         "cannot remove the folder with temporary files: %s", strerror(failed));
    }
    return FW_OK;
}

int64_t snapshot_work_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (int64_t)info.st_size : -1;
}
