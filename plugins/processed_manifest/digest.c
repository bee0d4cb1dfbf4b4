/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "processed.h"

enum { CHUNK_BYTES = 65536 };

static bool finish(EVP_MD_CTX *context, char *ret_hex)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (EVP_DigestFinal_ex(context, digest, &size) != 1) {
        return false;
    }
    for (unsigned i = 0; i < size; i++) {
        sprintf(ret_hex + (size_t)2 * i, "%02x", digest[i]);
    }
    return true;
}

static bool digest_stream(FILE *file, EVP_MD_CTX *md5, EVP_MD_CTX *sha256,
                          struct processed_digests *ret)
{
    unsigned char bytes[CHUNK_BYTES];
    size_t n;
    bool done = EVP_DigestInit_ex(md5, EVP_md5(), NULL) == 1 &&
                EVP_DigestInit_ex(sha256, EVP_sha256(), NULL) == 1;

    while (done && (n = fread(bytes, 1, sizeof bytes, file)) > 0) {
        done = EVP_DigestUpdate(md5, bytes, n) == 1 && EVP_DigestUpdate(sha256, bytes, n) == 1;
    }
    return done && !ferror(file) && finish(md5, ret->md5) && finish(sha256, ret->sha256);
}

fw_status processed_digest(const struct fw_host *host, const char *path,
                           struct processed_digests *ret_digests)
{
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return fw_faultf(host, errno == ENOENT ? FW_E_MISSING : FW_E_IO, path, NULL,
                         "the file cannot be read: %s", strerror(errno));
    }
    EVP_MD_CTX *md5 = EVP_MD_CTX_new(), *sha256 = EVP_MD_CTX_new();
    bool done = md5 != NULL && sha256 != NULL && digest_stream(file, md5, sha256, ret_digests);
    EVP_MD_CTX_free(md5);
    EVP_MD_CTX_free(sha256);
    fclose(file);
    return done ? FW_OK
                : fw_faultf(host, FW_E_IO, path, "a folder has no digest: register its files",
                            "the file cannot be read to its end");
}
