/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_FILE_PATHS_H
#define FW_LIB_FILE_PATHS_H

#include <fw/task.h>

/* Paths as texts: the disk is not looked at. [any thread] */

/** The folder of a path; the caller frees. NULL: out of memory. */
char *fw_path_folder(const char *path);

/** Where an output will be once the stage is done; the caller frees. NULL: out of memory. */
char *fw_path_final(const struct fw_task *task, const char *port);

/** An absolute path without . and ..; the caller frees. NULL: out of memory. */
char *fw_path_normal(const char *path);

/** `path` below `root`; NULL when it lies elsewhere. Borrowed. */
const char *fw_path_below(const char *root, const char *path);

#endif
