/* SPDX-License-Identifier: MIT */
#ifndef LINES_H
#define LINES_H

#include <stdio.h>

#include "fw/host.h"

/* A text read line by line; what both stages have in common. */
struct lines {
    const struct fw_host *host;
    const char *path;
    FILE *file;
    char *text; /* the line, its end included if it has one */
    size_t capacity;
    uint64_t size, n;
};

/* `path` must outlive it. A failure has recorded its fault. */
fw_status lines_open(struct lines *lines, const struct fw_host *host, const char *path);

/* FW_MORE with a line, FW_OK at the end. */
fw_status lines_next(struct lines *lines);

void lines_close(struct lines *lines);

/* The fault of what errno says about `path`. */
fw_status lines_fail(const struct fw_host *host, const char *path);

#endif
