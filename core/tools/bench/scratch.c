/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { EVERY_MS = 20 };

/* Bytes on disk below a folder, which is closed; what vanishes while it is looked at is not there.
 */
static uint64_t sum(int folder)
{
    uint64_t bytes = 0;
    fw_auto(closedir) DIR *dir = fdopendir(folder);
    if (!dir) {
        close(folder);
        return 0;
    }
    for (const struct dirent *item; (item = readdir(dir)) != NULL;) {
        struct stat st;
        if (strcmp(item->d_name, ".") == 0 || strcmp(item->d_name, "..") == 0 ||
            fstatat(dirfd(dir), item->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
            continue;
        }
        bytes += (uint64_t)st.st_blocks * 512;
        int below = S_ISDIR(st.st_mode) ? openat(dirfd(dir), item->d_name,
                                                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                                        : -1;
        bytes += below >= 0 ? sum(below) : 0;
    }
    return bytes;
}

static void *look(void *arg)
{
    struct fw_scratch *scratch = arg;
    struct pollfd wait = {.fd = scratch->wake, .events = POLLIN};
    do {
        int folder = open(scratch->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        uint64_t bytes = folder >= 0 ? sum(folder) : 0;
        scratch->most = bytes > scratch->most ? bytes : scratch->most;
    } while (poll(&wait, 1, EVERY_MS) == 0);
    return NULL;
}

int fw_scratch_start(struct fw_scratch *scratch, const char *folder, struct fw_error *err)
{
    *scratch = (struct fw_scratch){.folder = folder, .wake = eventfd(0, EFD_CLOEXEC)};
    if (scratch->wake < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot watch %s", folder);
    }
    errno = pthread_create(&scratch->thread, NULL, look, scratch);
    if (errno != 0) {
        close(scratch->wake);
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot start a thread to watch %s", folder);
    }
    return 0;
}

uint64_t fw_scratch_stop(struct fw_scratch *scratch)
{
    /* An 8-byte write into an empty counter neither blocks nor fails. */
    eventfd_write(scratch->wake, 1);
    pthread_join(scratch->thread, NULL);
    close(scratch->wake);
    return scratch->most;
}
