/* SPDX-License-Identifier: MIT */
#ifndef FW_BENCH_HOST_H
#define FW_BENCH_HOST_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"

/* The machine, as far as it decides how fast things are. */
enum { FW_HOST_TEXT = 128, FW_FINGERPRINT = 13 };

struct fw_bench_host {
    char cpu[FW_HOST_TEXT];      /* "" when it cannot be read, the others too */
    char governor[FW_HOST_TEXT]; /* "performance", "powersave" */
    char kernel[FW_HOST_TEXT];
    unsigned cpus;
    uint64_t memory_bytes;
    double load; /* of the last minute */
    /* Of what does not change from day to day: CPU, their number, memory in GiB. Results with the
     * same one can be compared. */
    char fingerprint[FW_FINGERPRINT];
};

void fw_bench_host_look(struct fw_bench_host *ret_host);
cJSON *fw_bench_host_json(const struct fw_bench_host *host);

#endif
