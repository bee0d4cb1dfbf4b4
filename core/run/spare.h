/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_SPARE_H
#define FW_CORE_RUN_SPARE_H

#include "base/error.h"
#include "base/proc.h"

/*
 * A worker process that waits for its first message, the task. One is started while another stage
 * runs, so that the next stage need not wait for it: starting a process takes longer than a small
 * stage. No worker ever serves two stages.
 */
struct fw_spare {
    pid_t pid; /* 0: there is none */
    int fd;    /* of the channel, the caller's to close */
};

int fw_spare_start(struct fw_spare *ret_spare, struct fw_error *err);

/* The one that waits, if it still lives, else a new one. */
int fw_spare_take(struct fw_spare *spare, struct fw_spare *ret_spare, struct fw_error *err);

/* Ends the one that waits, if there is one, for good. */
void fw_spare_drop(const struct fw_spare *spare);

#endif
