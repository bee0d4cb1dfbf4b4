/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sql/fault.h"

static fw_status fail(const struct npz_output *output)
{
    bool full = errno == ENOSPC || errno == EDQUOT;

    return fw_faultf(output->host, full ? FW_E_NOSPACE : FW_E_IO, output->beside, NULL,
                     "the archive cannot be written: %s", strerror(errno));
}

fw_status npz_output_open(struct npz_output *output, const struct fw_host *host, const char *path)
{
    output->host = host;
    output->path = strdup(path);
    if (output->path == NULL || asprintf(&output->beside, "%s.tmp", path) < 0) {
        output->beside = NULL;
        return fw_fault_nomem(host);
    }
    output->file = fopen(output->beside, "we");
    return output->file == NULL ? fail(output) : FW_OK;
}

fw_status npz_output_put(struct npz_output *output, const void *bytes, size_t size)
{
    if (size > 0 && fwrite(bytes, 1, size, output->file) != size) {
        return fail(output);
    }
    output->at += size;
    return FW_OK;
}

fw_status npz_output_seek(struct npz_output *output, uint64_t at)
{
    if (fseeko(output->file, (off_t)at, SEEK_SET) < 0) {
        return fail(output);
    }
    output->at = at;
    return FW_OK;
}

fw_status npz_output_publish(struct npz_output *output)
{
    bool flushed = fflush(output->file) == 0 && fsync(fileno(output->file)) == 0;
    int cause = errno;
    bool closed = fclose(output->file) == 0;

    output->file = NULL;
    errno = flushed ? errno : cause;
    if (!flushed || !closed || rename(output->beside, output->path) < 0) {
        fw_status status = fail(output);
        unlink(output->beside);
        return status;
    }
    return FW_OK;
}

void npz_output_finish(struct npz_output *output)
{
    if (output->file != NULL) {
        (void)fclose(output->file); /* given up: what it could not write goes away with it */
        unlink(output->beside);
    }
    free(output->path);
    free(output->beside);
    *output = (struct npz_output){0};
}
