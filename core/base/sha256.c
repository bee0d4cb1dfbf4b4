/* SPDX-License-Identifier: MIT */
#include "base/sha256.h"

#include <fcntl.h>
#include <openssl/evp.h>

#include "base/cleanup.h"

enum { BLOCK_BYTES = 256 * 1024 };

void fw_sha256_init(struct fw_sha256 *sha)
{
    sha->context = EVP_MD_CTX_new();
    if (sha->context && EVP_DigestInit_ex(sha->context, EVP_sha256(), NULL) != 1) {
        fw_sha256_finish(sha);
    }
}

void fw_sha256_update(struct fw_sha256 *sha, const void *data, size_t len)
{
    if (sha->context && EVP_DigestUpdate(sha->context, data, len) != 1) {
        fw_sha256_finish(sha);
    }
}

int fw_sha256_final(struct fw_sha256 *sha, char ret_hex[FW_SHA256_TEXT], struct fw_error *err)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!sha->context || EVP_DigestFinal_ex(sha->context, digest, &len) != 1) {
        return fw_error_set(err, FW_EXIT_EXHAUSTED, "libcrypto cannot compute a SHA-256 digest");
    }
    for (unsigned i = 0; i < len; i++) {
        snprintf(ret_hex + (size_t)i * 2, 3, "%02x", digest[i]);
    }
    return 0;
}

void fw_sha256_finish(struct fw_sha256 *sha)
{
    EVP_MD_CTX_free(sha->context);
    sha->context = NULL;
}

int fw_sha256_bytes(const void *data, size_t len, char ret_hex[FW_SHA256_TEXT],
                    struct fw_error *err)
{
    fw_auto(sha256) struct fw_sha256 sha;
    fw_sha256_init(&sha);
    fw_sha256_update(&sha, data, len);
    return fw_sha256_final(&sha, ret_hex, err);
}

int fw_sha256_file(const char *path, const struct fw_sha256_watch *watch,
                   char ret_hex[FW_SHA256_TEXT], uint64_t *ret_bytes, struct fw_error *err)
{
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    fw_auto(free) void *block = malloc(BLOCK_BYTES);
    FW_TRY(block ? 0 : fw_error_oom(err));
    fw_auto(sha256) struct fw_sha256 sha;
    fw_sha256_init(&sha);
    uint64_t bytes = 0;
    ssize_t n = fd < 0 ? -1 : 1;
    while (n > 0 && (n = read(fd, block, BLOCK_BYTES)) > 0) {
        fw_sha256_update(&sha, block, (size_t)n);
        bytes += (uint64_t)n;
        if (watch && watch->step(watch->arg, bytes) != 0) {
            return fw_error_set(err, FW_EXIT_FAILED, "reading %s was stopped", path);
        }
    }
    if (n < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot read %s", path);
    }
    FW_TRY(fw_sha256_final(&sha, ret_hex, err));
    if (ret_bytes) {
        *ret_bytes = bytes;
    }
    return 0;
}
