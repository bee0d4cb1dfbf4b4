/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_FILE_FILE_H
#define FW_LIB_FILE_FILE_H

#include <stddef.h>

#include <stdbool.h>

#include <fw/host.h>

/**
 * The whole of a small file with a NUL behind it; *ret_size may be NULL. The caller frees.
 * FW_E_MISSING when it is not there, FW_E_IO when it cannot be read. [stage thread]
 */
fw_status fw_file_read(const struct fw_host *host, const char *path, char **ret_bytes,
                       size_t *ret_size);

/**
 * Puts a file of these bytes at `path`: written beside it, flushed to the disk and renamed, so
 * that whoever opens `path` sees what was there before or all of the new. [stage thread]
 */
fw_status fw_file_write(const struct fw_host *host, const char *path, const char *bytes,
                        size_t size);

/**
 * The same without a fault: false, with errno. Not durable: it does not wait for the disk, so that
 * a power cut may leave an empty file; for what is written again soon. [any thread]
 */
bool fw_file_replace(const char *path, const char *bytes, size_t size, bool durable);

#endif
