/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_GROWTH_H
#define FW_CORE_RUN_GROWTH_H

#include <stdint.h>

enum { FW_GROWTH_POINTS = 3 };

/*
 * A stage's memory at step numbers that double, which tells one that keeps growing from one whose
 * last step was too big. Zero-initialised.
 */
struct fw_growth {
    struct {
        uint64_t steps, bytes;
    } points[FW_GROWTH_POINTS]; /* the latest, oldest first */
    uint64_t first, next;
    uint32_t n;
};

/* Called with every sample; most are passed over. */
void fw_growth_note(struct fw_growth *growth, uint64_t steps, uint64_t bytes);

/* How it grew, to follow a sentence; "" when it did not from each point to the next. The caller's
 * to free; NULL when out of memory. */
char *fw_growth_text(const struct fw_growth *growth);

#endif
