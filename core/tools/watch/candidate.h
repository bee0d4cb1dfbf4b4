/* SPDX-License-Identifier: MIT */
#ifndef FW_WATCH_CANDIDATE_H
#define FW_WATCH_CANDIDATE_H

#include "base/files.h"
#include "plugin/elf.h"
#include "run/worker_internal.h"

/* A plugin's file that is looked at between steps. Zero-initialise, set path and module. */
struct fw_watched {
    const char *path;
    const struct fw_module *module; /* what runs of it */
    struct fw_file seen, settled;   /* what it was at the last look; and when it was last taken */
    int64_t looked_ns, changed_ns;
};

/* Whether the file is another one than was last taken, and has been the same for a while: not in
 * the middle of being built. Costs next to nothing when called often. */
bool fw_watched_changed(struct fw_watched *watched);

/* Whether it is being built at this moment, as far as the last look tells. */
bool fw_watched_moves(const struct fw_watched *watched);

/* A build that may take over: a copy of the file, named by its content, which nobody writes to. */
struct fw_candidate {
    char *path;
    char digest[FW_SHA256_TEXT];
};

/*
 * Copies and reads the file. Without one (*ret_candidate is zero) it is the code that is running.
 * FW_EXIT_CHECK with the reason why it is none for this stage, or for what the stage takes from it.
 */
int fw_candidate_take(const struct fw_worker *worker, const struct fw_watched *watched,
                      struct fw_candidate *ret_candidate, struct fw_error *err);

/* Removes the copy. */
void fw_candidate_drop(struct fw_candidate *candidate);

#endif
