/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

fw_status lines_fail(const struct fw_host *host, const char *path)
{
    return FW_FAIL(host, errno == ENOSPC ? FW_E_NOSPACE : FW_E_IO, .what = strerror(errno),
                   .where = path);
}

fw_status lines_open(struct lines *lines, const struct fw_host *host, const char *path)
{
    *lines = (struct lines){.host = host, .path = path, .file = fopen(path, "re")};
    return lines->file == NULL ? lines_fail(host, path) : FW_OK;
}

fw_status lines_next(struct lines *lines)
{
    const ssize_t size = getline(&lines->text, &lines->capacity, lines->file);
    if (size < 0) {
        return ferror(lines->file) ? lines_fail(lines->host, lines->path) : FW_OK;
    }
    lines->size = (uint64_t)size;
    lines->n++;
    return FW_MORE;
}

void lines_close(struct lines *lines)
{
    if (lines->file != NULL) {
        fclose(lines->file);
    }
    free(lines->text);
    *lines = (struct lines){0};
}
