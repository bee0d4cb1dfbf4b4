/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_SHA256_H
#define FW_CORE_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define FW_SHA256_TEXT 65 /* 64 hexadecimal digits and the terminator */

/* Streaming digest: init, any number of updates, final. Cannot fail and owns nothing. */
struct fw_sha256 {
    uint32_t context[32]; /* of libcrypto */
};

void fw_sha256_init(struct fw_sha256 *sha);
void fw_sha256_update(struct fw_sha256 *sha, const void *data, size_t len);
void fw_sha256_final(struct fw_sha256 *sha, char ret_hex[FW_SHA256_TEXT]);

/* The digest of bytes in memory. */
void fw_sha256_bytes(const void *data, size_t len, char ret_hex[FW_SHA256_TEXT]);

/* The digest of a file; FW_EXIT_FAILED when it cannot be read. */
int fw_sha256_file(const char *path, char ret_hex[FW_SHA256_TEXT], struct fw_error *err);

#endif
