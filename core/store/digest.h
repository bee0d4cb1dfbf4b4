/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_STORE_DIGEST_H
#define FW_CORE_STORE_DIGEST_H

#include <stdint.h>

#include <stdbool.h>

#include "base/error.h"
#include "base/sha256.h"
#include "base/vec.h"

/*
 * Content digests of files and trees, with a memo so that unchanged gigabytes are read once. The
 * memo trusts a digest while device, inode, size, mtime and ctime are what they were; a file
 * touched less than two seconds before it was read is not remembered, because a later write could
 * leave all five as they are. One thread at a time.
 */
struct fw_digests;

/* `path` is the memo's file; a missing or damaged one starts empty (nothing is lost but time). */
int fw_digests_open(const char *path, struct fw_digests **ret_digests, struct fw_error *err);

/* Writes what was learnt, if anything. */
int fw_digests_save(struct fw_digests *digests, struct fw_error *err);
void fw_digests_close(struct fw_digests *digests);

int fw_digests_file(struct fw_digests *digests, const char *path, char ret_hex[FW_SHA256_TEXT],
                    struct fw_error *err);

/*
 * One digest for what an input port is given: for a single file its own; else the digest over the
 * sorted lines "relative path NUL digest LF" of all files, relative to the folder, or, for several
 * paths, to the deepest folder that holds them all. So a tree can move without changing.
 */
int fw_digests_paths(struct fw_digests *digests, const struct fw_strings *paths,
                     char ret_hex[FW_SHA256_TEXT], struct fw_error *err);

/* The second half of the above, for digests that are known: lines of (relative path, digest). */
int fw_digest_lines(const struct fw_strings *names, const struct fw_strings *hexes,
                    char ret_hex[FW_SHA256_TEXT], struct fw_error *err);

#endif
