/* SPDX-License-Identifier: MIT */
#include "probe.h"

double fw_probe_at(uint64_t seed, uint64_t i)
{
    return (fw_splitmix(seed, i / 64) >> i % 64 & 1) != 0 ? 1 : -1;
}

void fw_probe_fill(uint64_t seed, size_t n, double *ret)
{
    uint64_t word = 0;

    for (size_t i = 0; i < n; i++) {
        word = i % 64 == 0 ? fw_splitmix(seed, i / 64) : word >> 1;
        ret[i] = (word & 1) != 0 ? 1 : -1;
    }
}

uint64_t fw_probe_seed(uint64_t run_seed, uint64_t global_step, uint64_t index)
{
    return fw_splitmix(run_seed ^ global_step << 20 ^ index, 0);
}
