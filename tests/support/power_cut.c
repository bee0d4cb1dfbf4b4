/* SPDX-License-Identifier: MIT */
#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fw/macros.h"

/*
 * Preloaded into a run: writes to the file POWER_LOG what would survive a power cut, a line
 * "device inode bytes" for each file when it is synced. syncfs counts for all below POWER_ROOT.
 * tests/e2e/power_cut.py then cuts the files to that.
 */

static void note(const struct stat *st)
{
    const char *log = getenv("POWER_LOG");
    const int fd = log != NULL ? open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;
    if (fd < 0 || dprintf(fd, "%llu %llu %lld\n", (unsigned long long)st->st_dev,
                          (unsigned long long)st->st_ino, (long long)st->st_size) < 0) {
        abort();
    }
    close(fd);
}

static int note_file(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)path;
    (void)where;
    if (type == FTW_F) {
        note(st);
    }
    return 0;
}

static int call(const char *name, int fd)
{
    int (*real)(int);
    *(void **)(&real) = dlsym(RTLD_NEXT, name);
    return real(fd);
}

static int synced(const char *name, int fd)
{
    struct stat st;
    const int rc = call(name, fd);
    if (rc == 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        note(&st);
    }
    return rc;
}

FW_EXPORT int fsync(int fd)
{
    return synced("fsync", fd);
}

FW_EXPORT int fdatasync(int fd)
{
    return synced("fdatasync", fd);
}

FW_EXPORT int syncfs(int fd)
{
    const char *root = getenv("POWER_ROOT");
    const int rc = call("syncfs", fd);
    if (rc == 0 && root != NULL && nftw(root, note_file, 16, FTW_PHYS) != 0) {
        abort();
    }
    return rc;
}
