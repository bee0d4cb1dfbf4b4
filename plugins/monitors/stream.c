/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sql/fault.h"

fw_status monitors_stream_open(struct monitors_stream *stream, const struct fw_host *host,
                               const char *folder, const char *name)
{
    struct fw_text path = {0};

    fw_text_appendf(&path, "%s/%s", folder, name);
    if (path.failed) {
        fw_text_finish(&path);
        return fw_fault_nomem(host);
    }
    int fd = open(path.data, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) {
        fw_status status = errno == ENOSPC || errno == EDQUOT ? FW_E_NOSPACE : FW_E_IO;
        status = fw_faultf(host, status, path.data, "make the folder one that can be written to",
                           "the file cannot be opened: %s", strerror(errno));
        fw_text_finish(&path);
        return status;
    }
    stream->path = path.data;
    stream->fd = fd;
    return FW_OK;
}

bool monitors_stream_cut(struct monitors_stream *stream, uint64_t size)
{
    struct stat st;

    if (fstat(stream->fd, &st) < 0) {
        return false;
    }
    if ((uint64_t)st.st_size < size) {
        errno = ENODATA;
        return false;
    }
    if (ftruncate(stream->fd, (off_t)size) < 0) {
        return false;
    }
    stream->size = size;
    stream->is_ragged = false;
    return true;
}

static bool write_all(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool append(struct monitors_stream *stream)
{
    if (stream->buffer.failed) {
        errno = ENOMEM;
        return false;
    }
    if (stream->is_ragged && !monitors_stream_cut(stream, stream->size)) {
        return false;
    }
    stream->is_ragged = !write_all(stream->fd, fw_text_get(&stream->buffer), stream->buffer.size);
    if (!stream->is_ragged) {
        stream->size += stream->buffer.size;
        return true;
    }
    int cause = errno;
    monitors_stream_cut(stream, stream->size); /* otherwise the next flush does it */
    errno = cause;
    return false;
}

bool monitors_stream_flush(struct monitors_stream *stream)
{
    bool done = append(stream);
    int cause = errno;

    if (stream->buffer.failed) {
        fw_text_finish(&stream->buffer);
    }
    fw_text_clear(&stream->buffer);
    errno = cause;
    return done;
}

bool monitors_stream_close(struct monitors_stream *stream)
{
    bool done = stream->path == NULL || close(stream->fd) == 0;
    int cause = errno;

    free(stream->path);
    fw_text_finish(&stream->buffer);
    *stream = (struct monitors_stream){0};
    errno = cause;
    return done;
}
