/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INFERENCE_PHILOX_H
#define FW_LIB_INFERENCE_PHILOX_H

#include <stdint.h>

/*
 * Philox4x64-10 (Salmon, Moraes, Dror and Shaw 2011): random numbers as a function of a key and a
 * counter. Each replicate of a resampling has a counter of its own, so what it draws depends
 * neither on the threads nor on the other replicates.
 */

/** The four numbers at one counter. */
void fw_philox(const uint64_t key[2], const uint64_t counter[4], uint64_t ret[4]);

/** A key's second half for what a text names: the same text, the same stream. */
uint64_t fw_philox_name(const char *text);

enum { FW_DRAWS_BUFFER = 32 };

/**
 * The draws of one replicate: the counters (1, replicate, 0, 0), (2, replicate, 0, 0) and so on,
 * each number as two halves, the lower one first.
 */
struct fw_draws {
    uint64_t key[2];
    uint64_t counter, replicate;
    uint32_t buffer[FW_DRAWS_BUFFER];
    unsigned next;
};

void fw_draws_init(struct fw_draws *draws, const uint64_t key[2], uint64_t replicate);

/** Once the buffer is used up. */
void fw_draws_refill(struct fw_draws *draws);

static inline uint32_t fw_draws_next(struct fw_draws *draws)
{
    if (draws->next == FW_DRAWS_BUFFER) {
        fw_draws_refill(draws);
    }
    return draws->buffer[draws->next++];
}

/**
 * A number below n, each as likely as any other: the upper half of a product, drawn again where the
 * lower half shows that it would favour some (Lemire 2019). `n` is not 0.
 */
static inline uint32_t fw_draws_below(struct fw_draws *draws, uint32_t n)
{
    uint64_t product = (uint64_t)fw_draws_next(draws) * n;

    if ((uint32_t)product < n) {
        uint32_t unfair = -n % n;
        while ((uint32_t)product < unfair) {
            product = (uint64_t)fw_draws_next(draws) * n;
        }
    }
    return (uint32_t)(product >> 32);
}

#endif
