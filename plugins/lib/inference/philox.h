/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_INFERENCE_PHILOX_H
#define FW_LIB_INFERENCE_PHILOX_H

#include <stdint.h>

__extension__ typedef unsigned __int128 fw_wide;

/*
 * Philox4x64-10 (Salmon, Moraes, Dror and Shaw 2011): random numbers as a function of a key and a
 * counter. Each replicate of a resampling has a counter of its own, so what it draws depends
 * neither on the threads nor on the other replicates.
 */

/** The four numbers at one counter. */
void fw_philox(const uint64_t key[2], const uint64_t counter[4], uint64_t ret[4]);

/** A key's second half for what a text names: the same text, the same stream. */
uint64_t fw_philox_name(const char *text);

enum { FW_DRAWS_BUFFER = 16, FW_DRAWS_AT_ONCE = 4 };

/** The draws of one replicate: those at the counters (1, replicate, 0, 0), (2, replicate, 0, 0)...
 */
struct fw_draws {
    uint64_t key[2];
    uint64_t counter, replicate;
    uint64_t buffer[FW_DRAWS_BUFFER];
    unsigned next;
};

void fw_draws_init(struct fw_draws *draws, const uint64_t key[2], uint64_t replicate);

/** Once the buffer is used up. */
void fw_draws_refill(struct fw_draws *draws);

static inline uint64_t fw_draws_next(struct fw_draws *draws)
{
    if (draws->next == FW_DRAWS_BUFFER) {
        fw_draws_refill(draws);
    }
    return draws->buffer[draws->next++];
}

/** Whole numbers below n, several from one draw where n is small. */
struct fw_bound {
    uint64_t n;
    unsigned at_once; /**< up to FW_DRAWS_AT_ONCE: the most with n^at_once <= 2^60 */
    uint64_t unfair;  /**< 2^64 mod n^at_once */
};

/** n: 1 to 2^30. */
struct fw_bound fw_bound_of(uint32_t n);

/**
 * at_once numbers below n, each as likely as any other: each is the upper half of a product, whose
 * lower half goes on to the next; a draw that would favour some is dropped (Lemire 2019;
 * Brackett-Rozinsky and Lemire 2024).
 */
static inline void fw_draws_below(struct fw_draws *draws, const struct fw_bound *bound,
                                  uint32_t ret[FW_DRAWS_AT_ONCE])
{
    uint64_t word;

    do {
        word = fw_draws_next(draws);
        for (unsigned i = 0; i < bound->at_once; i++) {
            fw_wide product = (fw_wide)word * bound->n;
            ret[i] = (uint32_t)(product >> 64);
            word = (uint64_t)product;
        }
    } while (word < bound->unfair);
}

#endif
