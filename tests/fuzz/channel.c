/* SPDX-License-Identifier: MIT */
#include "run/channel.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "fuzz.h"

/* A message that was understood arrives as itself when it is sent on, its reals with the digits
 * that cJSON prints. */
static void send_on(const cJSON *message)
{
    int pair[2];
    fw_auto(json) cJSON *received = NULL;
    fw_auto(free) char *text = NULL, *same = NULL;
    struct fw_error err = {0};
    if (!(text = cJSON_PrintUnformatted(message)) || strlen(text) > 1 << 16) {
        return;
    }
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    struct fw_channel channel = {.fd = pair[0]};
    FUZZ_CHECK(fw_channel_send(pair[1], message, &err) == 0);
    FUZZ_CHECK(fw_channel_receive(&channel, true, &err) == 0);
    FUZZ_CHECK(fw_channel_next(&channel, &received, &err) == 0 && received != NULL);
    FUZZ_CHECK((same = cJSON_PrintUnformatted(received)) && strcmp(text, same) == 0);
    fw_channel_finish(&channel);
    close(pair[1]);
}

static void take_all(struct fw_channel *channel, size_t *n_lines)
{
    for (;;) {
        fw_auto(json) cJSON *message = NULL;
        struct fw_error err = {0};
        size_t before = channel->used;
        if (fw_channel_next(channel, &message, &err) < 0) {
            FUZZ_CHECK(message == NULL && err.text[0] != '\0' && channel->used > before);
            ++*n_lines;
            continue;
        }
        if (message == NULL) {
            return;
        }
        FUZZ_CHECK(cJSON_IsObject(message));
        send_on(message);
        ++*n_lines;
    }
}

/* Input: all that a worker writes, in pieces of at most as many bytes as the first one says. A bad
 * line costs itself and no other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int pair[2];
    size_t n_lines = 0, n_newlines = 0, piece = size > 0 ? 1 + (size_t)data[0] * 16 : 1;
    FUZZ_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    struct fw_channel channel = {.fd = pair[0]};
    for (size_t at = 1; at < size; at += piece) {
        size_t n = piece < size - at ? piece : size - at;
        FUZZ_CHECK(send(pair[1], data + at, n, 0) == (ssize_t)n);
        FUZZ_CHECK(fw_channel_receive(&channel, false, NULL) == 0);
        take_all(&channel, &n_lines);
    }
    close(pair[1]);
    FUZZ_CHECK(fw_channel_receive(&channel, false, NULL) == 0 && channel.ended);
    take_all(&channel, &n_lines);
    for (size_t i = 1; i < size; i++) {
        n_newlines += data[i] == '\n';
    }
    FUZZ_CHECK(n_lines == n_newlines);
    fw_channel_finish(&channel);
    return 0;
}
