/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "dataset/internal.h"
#include "dataset/stream.h"

void fw_dataset_shuffle(uint32_t *samples, uint64_t n, uint64_t seed)
{
    uint64_t state = seed;

    for (uint64_t left = n; left > 1; left--) {
        const uint64_t chosen = fw_stream_below(&state, left);
        const uint32_t last = samples[left - 1];
        samples[left - 1] = samples[chosen];
        samples[chosen] = last;
    }
}

void fw_dataset_order(const struct fw_dataset *set, enum fw_dataset_part part, uint64_t seed,
                      uint64_t epoch, uint32_t *ret_samples)
{
    memcpy(ret_samples, set->parts[part], set->n_parts[part] * sizeof *ret_samples);
    fw_dataset_shuffle(ret_samples, set->n_parts[part],
                       fw_stream_seed(seed, FW_STREAM_SHUFFLE, epoch, 0));
}
