/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "internal.h"
#include "sql/fault.h"

/* What a segment ends with; from the last one the others are found. */
struct footer {
    uint64_t magic, index, n_rows, before; /* before: where this segment begins */
};

static const uint64_t magic = 0x3153574f52575346; /* "FSWROWS1" */

static fw_status fail(const struct fw_host *host, const char *path, const char *what)
{
    bool full = errno == ENOSPC || errno == EDQUOT;

    return fw_faultf(host, full ? FW_E_NOSPACE : FW_E_IO, path,
                     full ? "free some space, or let the output lie on a larger disk" : NULL,
                     "%s: %s", what, strerror(errno));
}

static fw_status refuse(const struct fw_host *host, const char *path)
{
    return fw_faultf(host, FW_E_STATE, path, NULL,
                     "a file of rows on their way to their parts is not as it was written; "
                     "starting anew is safe");
}

fw_status scatter_file_write(struct scatter_file *file, const struct fw_host *host,
                             const void *bytes, size_t size)
{
    const char *at = bytes;

    if (file->fd < 0) {
        file->fd = open(file->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (file->fd < 0) {
            return fail(host, file->path, "cannot make a file for rows on their way");
        }
    }
    for (size_t left = size; left > 0;) {
        ssize_t n = write(file->fd, at, left);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fail(host, file->path, "cannot write rows on their way to their parts");
        }
        at += n;
        left -= (size_t)n;
    }
    file->sum = scatter_sum(file->sum, bytes, size);
    file->n_bytes += size;
    return FW_OK;
}

fw_status scatter_file_read(const struct scatter_file *file, const struct fw_host *host,
                            uint64_t at, void *bytes, size_t size)
{
    char *to = bytes;

    while (size > 0) {
        ssize_t n = pread(file->fd, to, size, (off_t)at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return fail(host, file->path, "cannot read back rows on their way to their parts");
        }
        if (n == 0) {
            return refuse(host, file->path);
        }
        to += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return FW_OK;
}

static fw_status keep_segment(struct scatter_file *file, const struct fw_host *host,
                              const struct footer *footer)
{
    struct scatter_segment *segments =
        realloc(file->segments, (file->n_segments + 1) * sizeof *segments);

    if (segments == NULL) {
        return fw_fault_nomem(host);
    }
    file->segments = segments;
    file->segments[file->n_segments++] = (struct scatter_segment){footer->index, footer->n_rows};
    return FW_OK;
}

fw_status scatter_file_end_segment(struct scatter_file *file, const struct fw_host *host,
                                   const uint64_t *index, size_t n, uint64_t n_rows)
{
    struct footer footer = {
        .magic = magic, .index = file->n_bytes, .n_rows = n_rows, .before = index[0]};
    fw_status status = scatter_file_write(file, host, index, n * sizeof *index);

    if (status == FW_OK) {
        status = scatter_file_write(file, host, &footer, sizeof footer);
    }
    return status == FW_OK ? keep_segment(file, host, &footer) : status;
}

static fw_status check_sum(const struct scatter_file *file, const struct fw_host *host)
{
    static const size_t block = 1 << 18;
    char *bytes = malloc(block);
    uint64_t sum = 0;
    fw_status status = bytes != NULL ? FW_OK : fw_fault_nomem(host);

    for (uint64_t at = 0; at < file->n_bytes && status == FW_OK; at += block) {
        size_t size = file->n_bytes - at < block ? file->n_bytes - at : block;
        status = scatter_file_read(file, host, at, bytes, size);
        sum = status == FW_OK ? scatter_sum(sum, bytes, size) : 0;
    }
    free(bytes);
    return status == FW_OK && sum != file->sum ? refuse(host, file->path) : status;
}

static fw_status find_segments(struct scatter_file *file, const struct fw_host *host)
{
    struct footer footer = {0};
    fw_status status = FW_OK;

    for (uint64_t end = file->n_bytes; end > 0 && status == FW_OK; end = footer.before) {
        if (end < sizeof footer) {
            return refuse(host, file->path);
        }
        status = scatter_file_read(file, host, end - sizeof footer, &footer, sizeof footer);
        if (status == FW_OK && (footer.magic != magic || footer.before >= end)) {
            return refuse(host, file->path);
        }
        status = status == FW_OK ? keep_segment(file, host, &footer) : status;
    }
    return status;
}

fw_status scatter_file_restore(struct scatter_file *file, const struct fw_host *host)
{
    struct stat info;

    file->fd = open(file->path, O_RDWR | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &info) != 0 || (uint64_t)info.st_size < file->n_bytes) {
        return refuse(host, file->path);
    }
    fw_status status = check_sum(file, host);
    if (status == FW_OK) {
        status = find_segments(file, host);
    }
    if (status == FW_OK &&
        (ftruncate(file->fd, (off_t)file->n_bytes) != 0 || lseek(file->fd, 0, SEEK_END) < 0)) {
        status = fail(host, file->path, "cannot cut off what was written after the checkpoint");
    }
    return status;
}

void scatter_file_finish(struct scatter_file *file)
{
    if (file->fd >= 0) {
        close(file->fd);
    }
    free(file->path);
    free(file->segments);
    *file = (struct scatter_file){.fd = -1};
}
