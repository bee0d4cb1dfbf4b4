/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_FS_H
#define FW_CORE_BASE_FS_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/error.h"

/*
 * Files and folders as whole things. A path that exists under its final name is complete: every
 * writer here writes beside it and renames. Failures are FW_EXIT_STATE unless said otherwise.
 */

/* What a finished file survives: kill -9 (RENAME), or loss of power too (FSYNC). */
enum fw_durability { FW_DURABLE_RENAME, FW_DURABLE_FSYNC };

/* Makes the folder and its missing parents. */
int fw_fs_mkdirs(const char *path, struct fw_error *err);

/* Replaces the file at once; on failure the old one is untouched and no temporary file stays. */
int fw_fs_write(const char *path, const void *data, size_t len, enum fw_durability durability,
                struct fw_error *err);

/* Renames a finished file or folder onto `to`, made durable first where that is asked for. */
int fw_fs_publish(const char *from, const char *to, enum fw_durability durability,
                  struct fw_error *err);

/* The whole file, followed by a NUL that `ret_len` does not count. ret_len may be NULL.
 * FW_EXIT_FAILED when it cannot be read. */
int fw_fs_read(const char *path, char **ret_text, size_t *ret_len, struct fw_error *err);

/* The start of a small file, of /proc say, into a buffer of the caller, NUL-terminated; asks for no
 * memory. False when it cannot be read; the buffer then holds "". */
bool fw_fs_peek(const char *path, char *buffer, size_t size);

/* Removes a file or a tree, without following links. A missing path is fine. */
int fw_fs_remove(const char *path, struct fw_error *err);

/* Finds out by writing a file whether the folder takes one: permission bits say nothing to root
 * and nothing about read-only mounts. A folder that is missing is judged by its nearest parent. */
int fw_fs_probe_writable(const char *path, struct fw_error *err);

#endif
