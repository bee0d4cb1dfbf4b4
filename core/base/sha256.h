/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_SHA256_H
#define FW_CORE_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define FW_SHA256_TEXT 65 /* 64 hexadecimal digits and the terminator */

/*
 * Streaming digest. init, any number of updates, final; finish may be called at any time and must
 * be called once. A failure sticks until final reports it.
 */
struct fw_sha256 {
    void *context; /* NULL after a failure */
};

void fw_sha256_init(struct fw_sha256 *sha);
void fw_sha256_update(struct fw_sha256 *sha, const void *data, size_t len);
int fw_sha256_final(struct fw_sha256 *sha, char ret_hex[FW_SHA256_TEXT], struct fw_error *err);
void fw_sha256_finish(struct fw_sha256 *sha);

/* The digest of bytes in memory. */
int fw_sha256_bytes(const void *data, size_t len, char ret_hex[FW_SHA256_TEXT],
                    struct fw_error *err);

/* Called between blocks with the bytes read so far; anything but 0 stops the reading. */
struct fw_sha256_watch {
    int (*step)(void *arg, uint64_t bytes);
    void *arg;
};

/* The digest of a file and the bytes it covers. `watch` may be NULL; ret_bytes may be NULL.
 * FW_EXIT_FAILED when the file cannot be read or `watch` stopped it. */
int fw_sha256_file(const char *path, const struct fw_sha256_watch *watch,
                   char ret_hex[FW_SHA256_TEXT], uint64_t *ret_bytes, struct fw_error *err);

static inline void fw_cleanup_sha256(struct fw_sha256 *sha)
{
    fw_sha256_finish(sha);
}

#endif
