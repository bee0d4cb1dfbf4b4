/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_SCRATCH_H
#define FW_BENCH_SCRATCH_H

#include <stdint.h>

#include <pthread.h>

#include "base/error.h"

/*
 * Looks every 20 ms, on a thread of its own, how many bytes lie in the scratch folder of a stage:
 * what its engine spills, and what it puts aside itself. Files that come and go between two looks
 * are missed.
 */
struct fw_scratch {
    const char *folder; /* need not be there */
    int wake;           /* descriptor that ends the looking */
    pthread_t thread;
    uint64_t most;
};

int fw_scratch_start(struct fw_scratch *scratch, const char *folder, struct fw_error *err);

/* The most that was there at one time. */
uint64_t fw_scratch_stop(struct fw_scratch *scratch);

#endif
