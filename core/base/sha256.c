/* SPDX-License-Identifier: MIT */
#include "base/sha256.h"

#include <fcntl.h>

/* The calls that need no fetching of algorithms: docs/explanation/adr/0003-sha256-calls.md. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include "base/cleanup.h"

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct fw_sha256), "room for libcrypto's state");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct fw_sha256), "and in its place");

static SHA256_CTX *context_of(struct fw_sha256 *sha)
{
    return (SHA256_CTX *)(void *)sha->context;
}

/* None of these can fail: they only compute. */
void fw_sha256_init(struct fw_sha256 *sha)
{
    SHA256_Init(context_of(sha));
}

void fw_sha256_update(struct fw_sha256 *sha, const void *data, size_t len)
{
    SHA256_Update(context_of(sha), data, len);
}

void fw_sha256_final(struct fw_sha256 *sha, char ret_hex[FW_SHA256_TEXT])
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_Final(digest, context_of(sha));
    for (size_t i = 0; i < sizeof digest; i++) {
        ret_hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        ret_hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    ret_hex[2 * sizeof digest] = '\0';
}

void fw_sha256_bytes(const void *data, size_t len, char ret_hex[FW_SHA256_TEXT])
{
    struct fw_sha256 sha;
    fw_sha256_init(&sha);
    fw_sha256_update(&sha, data, len);
    fw_sha256_final(&sha, ret_hex);
}

int fw_sha256_file(const char *path, char ret_hex[FW_SHA256_TEXT], struct fw_error *err)
{
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    unsigned char block[65536];
    struct fw_sha256 sha;
    fw_sha256_init(&sha);
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && (n = read(fd, block, sizeof block)) > 0) {
        fw_sha256_update(&sha, block, (size_t)n);
    }
    if (n < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot read %s", path);
    }
    fw_sha256_final(&sha, ret_hex);
    return 0;
}
