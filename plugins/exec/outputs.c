/* SPDX-License-Identifier: MIT */
#include "outputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "words.h"

fw_status exec_outputs_prepare(const struct fw_host *host, const struct fw_task *task)
{
    for (uint32_t i = 0; i < task->n_outputs; i++) {
        const char *path = fw_task_output_at(task, i)->path;
        if (mkdir(path, 0777) != 0) {
            return exec_fault(host, errno == ENOSPC ? FW_E_NOSPACE : FW_E_IO, NULL,
                              "cannot make the folder %s: %s", path, strerror(errno));
        }
    }
    return FW_OK;
}

/* FOLDER/NAME becomes FOLDER. */
static fw_status take_one(const struct fw_host *host, const struct fw_output *output,
                          const char *written, const char *aside)
{
    if (access(written, F_OK) != 0) {
        return exec_fault(host, FW_E_MISSING, "it has to write to the path that ${out.PORT} gives",
                          "the command succeeded without writing its output '%s'", output->port);
    }
    if (rename(written, aside) != 0) {
        return exec_fault(host, FW_E_IO, NULL, "cannot rename %s: %s", written, strerror(errno));
    }
    if (rmdir(output->path) != 0) {
        const int why = errno;
        return why == ENOTEMPTY || why == EEXIST
                   ? exec_fault(host, FW_E_DATA, "write to ${tmp}, or make it an output too",
                                "the command left other files beside its output '%s'", output->port)
                   : exec_fault(host, FW_E_IO, NULL, "cannot remove %s: %s", output->path,
                                strerror(why));
    }
    if (rename(aside, output->path) != 0) {
        return exec_fault(host, FW_E_IO, NULL, "cannot rename %s: %s", aside, strerror(errno));
    }
    return FW_OK;
}

fw_status exec_outputs_take(const struct fw_host *host, const struct fw_task *task)
{
    fw_status status = FW_OK;
    for (uint32_t i = 0; i < task->n_outputs && status == FW_OK; i++) {
        const struct fw_output *output = fw_task_output_at(task, i);
        char *written = exec_output_path(output);
        char *aside = NULL;
        if (written == NULL || asprintf(&aside, "%s~", output->path) < 0) {
            free(written);
            return exec_fault_nomem(host);
        }
        status = take_one(host, output, written, aside);
        free(written);
        free(aside);
    }
    return status;
}
