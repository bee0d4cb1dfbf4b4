/* SPDX-License-Identifier: MIT */
#ifndef FW_SWAP_EXAM_H
#define FW_SWAP_EXAM_H

#include <stdint.h>

#include "base/error.h"
#include "handover.h"

/*
 * What a worker of swap-test is told beside its task: which builds to swap between, and when. It
 * goes through the environment, which the stage does not get to see.
 */
struct fw_exam {
    const char *path[2], *digest[2]; /* old, new */
    uint64_t at;                     /* after that step; 0: after every step */
    uint64_t repeats;                /* swaps there and back again after that one, for leaks */
    const char *trace;               /* file with a struct fw_trace */
};

/* Shared with the parent: where a worker was when it ended. */
struct fw_trace {
    int32_t call; /* enum fw_swap_call */
    int32_t of_new;
    uint64_t steps, swaps;
};

/* The parent's side: for the workers that are started from now on; NULL: ordinary ones. */
int fw_exam_set(const struct fw_exam *exam, struct fw_error *err);

/* The worker's side, first in main. Its manifest then has "swap": {"swaps", "at", "state_bytes",
 * "waited", "unloads", "pause_us": {"longest", "median", "step", "load", ...}, "holdings",
 * "growth"}. */
void fw_exam_begin(void);

#endif
