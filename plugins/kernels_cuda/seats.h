/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_SEATS_H
#define FW_KERNELS_CUDA_SEATS_H

#include "device/args.h"

/* How threads of a block are shared among rows: each row gets so many, a power of two. */
static inline uint32_t lanes_for(uint64_t cols)
{
    uint32_t lanes = 1;

    while (lanes < cols && lanes < BLOCK_THREADS) {
        lanes *= 2;
    }
    return lanes;
}

static inline uint64_t blocks_for(uint64_t rows, uint32_t lanes)
{
    uint32_t per_block = BLOCK_THREADS / lanes;

    return rows / per_block + (rows % per_block != 0);
}

#endif
