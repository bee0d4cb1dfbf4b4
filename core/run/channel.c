/* SPDX-License-Identifier: MIT */
#include "run/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"

int fw_channel_send(int fd, const cJSON *message, struct fw_error *err)
{
    fw_auto(str) struct fw_str line = {0};
    fw_auto(free) char *text = cJSON_PrintUnformatted(message);
    if (!text) {
        return fw_error_oom(err);
    }
    fw_str_printf(&line, "%s\n", text);
    if (line.oom) {
        return fw_error_oom(err);
    }
    for (size_t sent = 0; sent < line.len;) {
        ssize_t n = send(fd, line.text + sent, line.len - sent, MSG_NOSIGNAL);
        if (n > 0) {
            sent += (size_t)n;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = fd, .events = POLLOUT};
            poll(&wait, 1, -1);
        } else if (errno == EPIPE || errno == ECONNRESET) {
            return 0; /* whoever died before it read this is judged by its death */
        } else if (errno != EINTR) {
            return fw_error_errno(err, FW_EXIT_FAILED, "cannot write to the other process");
        }
    }
    return 0;
}

int fw_channel_receive(struct fw_channel *channel, bool wait, struct fw_error *err)
{
    char bytes[65536];
    for (bool first = true;; first = false) {
        ssize_t n = recv(channel->fd, bytes, sizeof bytes, wait && first ? 0 : MSG_DONTWAIT);
        if (n > 0) {
            fw_str_add_bytes(&channel->buffer, bytes, (size_t)n);
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && errno == EAGAIN) {
            return channel->buffer.oom ? fw_error_oom(err) : 0;
        } else {
            channel->ended = true; /* a reset is an end too: the reaper knows why */
            return channel->buffer.oom ? fw_error_oom(err) : 0;
        }
        if (wait) {
            return channel->buffer.oom ? fw_error_oom(err) : 0;
        }
    }
}

/* Forgets what was handed out, so that the buffer does not grow with the length of the run. */
static void compact(struct fw_channel *channel)
{
    if (channel->used > 0 && channel->buffer.text) {
        channel->buffer.len -= channel->used;
        memmove(channel->buffer.text, channel->buffer.text + channel->used,
                channel->buffer.len + 1);
        channel->used = 0;
    }
}

int fw_channel_next(struct fw_channel *channel, cJSON **ret_message, struct fw_error *err)
{
    *ret_message = NULL;
    const char *start = channel->buffer.text ? channel->buffer.text + channel->used : NULL;
    const char *end = start ? memchr(start, '\n', channel->buffer.len - channel->used) : NULL;
    if (!end) {
        compact(channel);
        return 0;
    }
    channel->used = (size_t)(end - channel->buffer.text) + 1;
    fw_auto(json) cJSON *message = NULL;
    FW_TRY(fw_json_parse(start, (size_t)(end - start), "message of a worker", &message, err));
    if (!cJSON_IsObject(message)) {
        return fw_error_set(err, FW_EXIT_STATE, "message of a worker: expected an object: %.*s",
                            (int)(end - start), start);
    }
    *ret_message = fw_steal(&message);
    return 0;
}

void fw_channel_finish(struct fw_channel *channel)
{
    fw_str_finish(&channel->buffer);
    if (channel->fd >= 0) {
        close(channel->fd);
        channel->fd = -1;
    }
}
