/* SPDX-License-Identifier: MIT */
#ifndef FW_SWAP_HOLDING_H
#define FW_SWAP_HOLDING_H

#include <stdint.h>

/* What this process holds now. */
enum fw_held { FW_HELD_MAPPINGS, FW_HELD_DESCRIPTORS, FW_HELD_THREADS, FW_HELD_RSS, FW_HELD_KINDS };

struct fw_holding {
    int64_t held[FW_HELD_KINDS]; /* numbers; of RSS the bytes that are not files' */
};
const char *fw_held_name(enum fw_held kind);

struct fw_holding fw_holding_now(void);

/* Of the file that is mapped there; 0: none is. */
uint64_t fw_mapped_inode(const void *at);

/* Evenly over any number of moments: with more than fit in, every second one is forgotten. */
enum { FW_HOLDINGS = 64 };
struct fw_holdings {
    struct fw_holding items[FW_HOLDINGS];
    uint32_t n;
    uint64_t stride, seen; /* stride 0: 1 */
};
void fw_holdings_note(struct fw_holdings *holdings);

/*
 * How much each moment leaves behind, the first quarter being warm-up: 0 where the rest does not
 * rise from its first third to its last, which noise does not, or by no more than four in all. Of
 * few moments nothing is said.
 */
double fw_holdings_growth(const struct fw_holdings *holdings, enum fw_held kind);

#endif
