/* SPDX-License-Identifier: MIT */
#ifndef FW_WATCH_OUTPUTS_H
#define FW_WATCH_OUTPUTS_H

#include "base/files.h"
#include "base/sha256.h"
#include "run/worker_internal.h"

/* What a stage has written by now, file by file, to be compared with what another build writes in
 * the same steps. */
struct fw_written {
    struct {
        char *path;
        struct fw_file facts;
        char digest[FW_SHA256_TEXT]; /* "": not read */
    } * items;
    size_t len, cap;
};

/* Reads only files that have changed since `since`, or that were read for `other`. Without `since`
 * none are read. */
int fw_written_look(const struct fw_worker *worker, const struct fw_written *since,
                    const struct fw_written *other, struct fw_written *ret_written,
                    struct fw_error *err);
void fw_written_finish(struct fw_written *written);

/* FW_EXIT_CHECK with the first file that differs. What only one of them has touched counts as
 * different. */
int fw_written_compare(const struct fw_written *mine, const struct fw_written *theirs,
                       struct fw_error *err);

#endif
