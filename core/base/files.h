/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_FILES_H
#define FW_CORE_BASE_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* The regular files of a tree with what tells cheaply whether one has changed. */
struct fw_file {
    char *path; /* relative to the root that was listed; "" when the root itself is a file */
    uint64_t size;
    int64_t mtime_ns;
    uint64_t inode, device;
};

struct fw_files {
    struct fw_file *items;
    size_t len, cap;
};

/*
 * Lists the files below `root`, or `root` itself, sorted by bytes of the path. Links are followed;
 * a loop of links, a dangling link or an unreadable folder is an error (FW_EXIT_FAILED) that names
 * it: an incomplete list would be believed.
 */
int fw_files_list(const char *root, struct fw_files *ret_files, struct fw_error *err);
void fw_files_finish(struct fw_files *files);

/* One file, without its path. FW_EXIT_FAILED when it is missing or not a regular file. */
int fw_file_stat(const char *path, struct fw_file *ret_file, struct fw_error *err);

static inline void fw_cleanup_files(struct fw_files *files)
{
    fw_files_finish(files);
}

#endif
