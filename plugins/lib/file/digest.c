/* SPDX-License-Identifier: MIT */
#include "digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/fault.h"

enum { BLOCK = 1 << 18, SUM_BYTES = (FW_SHA256_HEX - 1) / 2 };

static void print(const unsigned char sum[SUM_BYTES], char ret_hex[FW_SHA256_HEX])
{
    for (size_t i = 0; i < SUM_BYTES; i++) {
        snprintf(ret_hex + 2 * i, 3, "%02x", sum[i]);
    }
}

bool fw_sha256(const void *bytes, size_t size, char ret_hex[FW_SHA256_HEX])
{
    unsigned char sum[SUM_BYTES];

    if (EVP_Digest(bytes, size, sum, NULL, EVP_sha256(), NULL) != 1) {
        return false;
    }
    print(sum, ret_hex);
    return true;
}

static fw_status read_through(const struct fw_host *host, FILE *file, const char *path,
                              EVP_MD_CTX *digest, unsigned char *block)
{
    bool good = EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1;

    for (size_t n; good && (n = fread(block, 1, BLOCK, file)) > 0;) {
        good = EVP_DigestUpdate(digest, block, n) == 1;
    }
    if (ferror(file)) {
        return fw_faultf(host, FW_E_IO, path, NULL, "the file cannot be read to its end: %s",
                         strerror(errno));
    }
    return good ? FW_OK : fw_fault_nomem(host);
}

fw_status fw_file_sha256(const struct fw_host *host, const char *path, char ret_hex[FW_SHA256_HEX])
{
    unsigned char sum[SUM_BYTES];
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        return fw_faultf(host, errno == ENOENT ? FW_E_MISSING : FW_E_IO, path, NULL,
                         "the file cannot be read: %s", strerror(errno));
    }
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    unsigned char *block = malloc(BLOCK);
    fw_status status = digest != NULL && block != NULL
                           ? read_through(host, file, path, digest, block)
                           : fw_fault_nomem(host);
    if (status == FW_OK && EVP_DigestFinal_ex(digest, sum, NULL) != 1) {
        status = fw_fault_nomem(host);
    }
    if (status == FW_OK) {
        print(sum, ret_hex);
    }
    free(block);
    EVP_MD_CTX_free(digest);
    fclose(file);
    return status;
}
