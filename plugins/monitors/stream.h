/* SPDX-License-Identifier: MIT */
#ifndef MONITORS_STREAM_H
#define MONITORS_STREAM_H

#include <stdint.h>

#include <stdbool.h>

#include <fw/host.h>

#include "sql/text.h"

/**
 * A file that only grows, a buffer at a time. What cannot be written whole is taken back, so that
 * the file ends where a buffer ended. Zero-initialise; close frees.
 */
struct monitors_stream {
    char *path;
    int fd;         /* while path is there */
    uint64_t size;  /* of what is known to be in the file */
    bool is_ragged; /* more than that may be in it */
    struct fw_text buffer;
};

/** Opens it, whatever is in it; then cut. */
fw_status monitors_stream_open(struct monitors_stream *stream, const struct fw_host *host,
                               const char *folder, const char *name);

/** Leaves the first `size` bytes; false, with errno, if there are not as many. */
bool monitors_stream_cut(struct monitors_stream *stream, uint64_t size);

/** Appends the buffer and empties it; false, with errno: it is lost. */
bool monitors_stream_flush(struct monitors_stream *stream);

/** False, with errno: the system says now that something was lost. Once more is fine. */
bool monitors_stream_close(struct monitors_stream *stream);

#endif
