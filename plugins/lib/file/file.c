/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sql/fault.h"
#include "sql/text.h"

static fw_status fail(const struct fw_host *host, const char *path, const char *what)
{
    fw_status status = errno == ENOENT ? FW_E_MISSING : FW_E_IO;

    status = errno == ENOSPC || errno == EDQUOT ? FW_E_NOSPACE : status;
    status = errno == ENOMEM ? FW_E_NOMEM : status;
    return fw_faultf(host, status, path, NULL, "%s: %s", what, strerror(errno));
}

static bool read_all(int fd, struct fw_text *text)
{
    char block[16384];
    ssize_t n;

    while ((n = read(fd, block, sizeof block)) > 0) {
        fw_text_append_len(text, block, (size_t)n);
    }
    return n == 0;
}

fw_status fw_file_read(const struct fw_host *host, const char *path, char **ret_bytes,
                       size_t *ret_size)
{
    struct fw_text text = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || !read_all(fd, &text)) {
        fw_status status = fail(host, path, "the file cannot be read");
        if (fd >= 0) {
            close(fd);
        }
        fw_text_finish(&text);
        return status;
    }
    close(fd);
    fw_text_append(&text, ""); /* an empty file is a text too */
    if (text.failed) {
        fw_text_finish(&text);
        return fw_fault_nomem(host);
    }
    *ret_bytes = text.data;
    if (ret_size != NULL) {
        *ret_size = text.size;
    }
    return FW_OK;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0) {
            return false;
        }
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

static bool create(const char *path, const char *bytes, size_t size, bool durable)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0) {
        return false;
    }
    bool written = write_all(fd, bytes, size) && (!durable || fsync(fd) == 0);
    int cause = errno;
    bool closed = close(fd) == 0;
    errno = written ? errno : cause;
    return written && closed;
}

bool fw_file_replace(const char *path, const char *bytes, size_t size, bool durable)
{
    struct fw_text beside = {0};

    fw_text_appendf(&beside, "%s.tmp", path);
    if (beside.failed) {
        fw_text_finish(&beside);
        errno = ENOMEM;
        return false;
    }
    bool done = create(fw_text_get(&beside), bytes, size, durable) &&
                rename(fw_text_get(&beside), path) == 0;
    int cause = errno;
    if (!done) {
        unlink(fw_text_get(&beside));
    }
    fw_text_finish(&beside);
    errno = cause;
    return done;
}

fw_status fw_file_write(const struct fw_host *host, const char *path, const char *bytes,
                        size_t size)
{
    return fw_file_replace(path, bytes, size, true)
               ? FW_OK
               : fail(host, path, "the file cannot be written");
}
