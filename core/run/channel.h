/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_RUN_CHANNEL_H
#define FW_CORE_RUN_CHANNEL_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/str.h"

/*
 * Messages between the supervisor and a worker: one JSON object a line over a stream socket. The
 * same for a worker in a process and for one in a thread.
 */

/* Sends all of it, waiting for room. What the other side can no longer read is no error: `ended`
 * and the reaper tell. Not atomic against other senders: callers lock. */
int fw_channel_send(int fd, const cJSON *message, struct fw_error *err);

/* The receiving side. Zero-initialise, set fd. */
struct fw_channel {
    int fd;
    struct fw_str buffer;
    size_t used; /* bytes of the buffer that were handed out */
    bool ended;  /* the other side is gone */
};

/* Reads what is there; waits for at least one byte if `wait`. Sets `ended`. */
int fw_channel_receive(struct fw_channel *channel, bool wait, struct fw_error *err);

/* The next whole message, the caller's to delete; NULL when there is none. A line that is no JSON
 * object is an error. */
int fw_channel_next(struct fw_channel *channel, cJSON **ret_message, struct fw_error *err);

void fw_channel_finish(struct fw_channel *channel);

#endif
