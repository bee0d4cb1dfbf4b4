/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_STORE_MANIFEST_H
#define FW_CORE_STORE_MANIFEST_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "base/error.h"
#include "base/fs.h"
#include "base/vec.h"

/*
 * MANIFEST.json, written last, is what makes a stage done. Its `preimage` is what its key is the
 * digest of; its `outputs` record every file with
 * size, mtime, inode and digest. Paths are relative to the stage's folder where they lie in it, so
 * that a run directory can be moved.
 */

/* What is on disk at `path`: {"bytes", "sha256", "files": [{path, bytes, mtime_ns, inode,
 * sha256}]}. Every file is read. */
int fw_manifest_describe(const char *path, cJSON **ret_output, struct fw_error *err);

/* NULL in *ret_manifest when there is none; FW_EXIT_STATE when it cannot be read or parsed. */
int fw_manifest_load(const char *run_dir, const char *stage, cJSON **ret_manifest,
                     struct fw_error *err);

/* Removes it: from here on the stage is not done. Durable before it returns when asked for. */
int fw_manifest_retract(const char *run_dir, const char *stage, struct fw_error *err);

int fw_manifest_write(const char *run_dir, const char *stage, const cJSON *manifest,
                      enum fw_durability durability, struct fw_error *err);

/*
 * Compares the recorded outputs with the disk and adds one sentence per file that differs. Without
 * `deep` a file is believed when size, mtime and inode are the recorded ones; one that was copied
 * or touched is read. With `deep` every file is read.
 */
int fw_manifest_check(const char *run_dir, const char *stage, const cJSON *manifest, bool deep,
                      struct fw_strings *problems, struct fw_error *err);

/* Absolute path of a recorded output, the caller's to free. */
char *fw_manifest_output_path(const char *run_dir, const char *stage, const cJSON *output);

/* The recorded output of a port, or NULL. */
const cJSON *fw_manifest_output(const cJSON *manifest, const char *port);

/* The first gate whose verdict is not true, named by its `string`; NULL when there is none: a stage
 * with one is not done. */
const cJSON *fw_manifest_shut_gate(const cJSON *manifest);

/* "gate \"NAME\" is false: REASON", the caller's to free. */
char *fw_manifest_gate_text(const cJSON *gate);

#endif
