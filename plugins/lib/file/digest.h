/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_FILE_DIGEST_H
#define FW_LIB_FILE_DIGEST_H

#include <stddef.h>

#include <stdbool.h>

#include <fw/host.h>

/* SHA-256, written as 64 lower-case hexadecimal digits and a NUL. [any thread] */

enum { FW_SHA256_HEX = 65 };

/** Of these bytes. False: out of memory. */
bool fw_sha256(const void *bytes, size_t size, char ret_hex[FW_SHA256_HEX]);

/** Of a file's bytes, a block at a time. FW_E_MISSING, FW_E_IO with a fault at `path`. */
fw_status fw_file_sha256(const struct fw_host *host, const char *path, char ret_hex[FW_SHA256_HEX]);

#endif
