/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_PATH_H
#define FW_CORE_BASE_PATH_H

#include <stdbool.h>

#include "base/error.h"
#include "base/vec.h"

/*
 * Paths as text. Results are the caller's to free; NULL means out of memory. "." and ".." are
 * resolved by name, without looking at the disk, so a path means the same on every machine.
 */

/* `path` seen from the folder `base`: an absolute `path` stays; the result is normalised. */
char *fw_path_join(const char *base, const char *path);

/* Absolute and normalised; only for what a person typed, where "relative" means the current
 * directory. Paths in configurations go through fw_path_join. */
char *fw_path_absolute(const char *path);

/* The folder part ("." when there is none) and the last part, which points into `path`. */
char *fw_path_folder(const char *path);
const char *fw_path_name(const char *path);

/*
 * A file or folder that belongs to this program: `built` below the build tree or `installed` below
 * the prefix that the program's own file lies in, so that either may be moved. "" when it lies in
 * neither, NULL when out of memory. An absolute `installed` was set apart from the prefix and
 * stays.
 */
char *fw_path_own(const char *built, const char *installed);

/* Whether the text has one of the pattern characters * ? [ */
bool fw_path_is_glob(const char *path);

/* Adds the matching paths, sorted by bytes; none is not an error. FW_EXIT_FAILED when a folder on
 * the way cannot be read. */
int fw_path_glob(const char *pattern, struct fw_strings *list, struct fw_error *err);

#endif
