/* SPDX-License-Identifier: MIT */
#ifndef MONITORS_STATE_H
#define MONITORS_STATE_H

#include <stdbool.h>

#include <fw/stage.h>

#include "sql/text.h"

/*
 * The state of an instance: pieces of memory, one behind the other, whose sizes both sides know.
 * Written and read on one kind of machine.
 */

/** A piece at the end; a fw_text takes any bytes. */
void monitors_put(struct fw_text *state, const void *bytes, size_t size);

/** Hands the bytes over; what comes of them when the state is read is checked against `version`.
 */
fw_status monitors_put_end(struct fw_text *state, const struct fw_host *host, uint32_t version,
                           struct fw_blob *ret);

/** What is left to read. Once a piece is not there, `failed` stays, and pieces are zeros. */
struct monitors_state {
    const char *at;
    size_t left;
    bool failed;
};

/** Begins to read; of another version nothing is there. */
struct monitors_state monitors_take_begin(const struct fw_blob *blob, uint32_t version);

void monitors_take(struct monitors_state *state, void *ret, size_t size);

/** FW_E_STATE unless all pieces were there, no byte is left over and `is_good`. */
fw_status monitors_take_end(const struct monitors_state *state, const struct fw_host *host,
                            bool is_good);

#endif
