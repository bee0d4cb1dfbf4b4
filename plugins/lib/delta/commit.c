/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delta/replay.h"

/* Whether the text is blank from `at` to `end`. */
static bool blank(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\n", *at) != NULL && *at != '\0') {
        at++;
    }
    return at == end;
}

static fw_status apply_line(struct fw_delta_replay *replay, const char *text, size_t size)
{
    if (blank(text, text + size)) {
        return FW_OK;
    }
    const char *end = memchr(text, '\0', size); /* which cJSON takes for a blank */
    cJSON *line = end == NULL ? cJSON_ParseWithLengthOpts(text, size, &end, 0) : NULL;
    fw_status status = FW_OK;
    if (line == NULL || !blank(end, text + size)) {
        size_t column = end != NULL ? (size_t)(end - text) + 1 : 1;
        status =
            fw_delta_fault(replay, FW_E_DATA, "restore the commit from a copy of the table's log",
                           "not one JSON object on this line, from column %zu on", column);
    } else {
        status = fw_delta_apply(replay, line);
    }
    cJSON_Delete(line);
    return status;
}

fw_status fw_delta_apply_commit(struct fw_delta_replay *replay, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fw_faultf(replay->sql->host, FW_E_IO, path, NULL, "the commit cannot be opened: %s",
                         strerror(errno));
    }
    char *text = NULL;
    size_t room = 0;
    ssize_t size = 0;
    fw_status status = FW_OK;
    replay->file = path;
    replay->line = 0;
    while (status == FW_OK && (errno = 0, size = getline(&text, &room, file)) >= 0) {
        replay->line++;
        status = apply_line(replay, text, (size_t)size);
    }
    if (status == FW_OK && (ferror(file) || errno == ENOMEM)) {
        status = fw_faultf(replay->sql->host, FW_E_IO, path, NULL, "the commit cannot be read: %s",
                           strerror(errno));
    }
    free(text);
    fclose(file);
    return status;
}
