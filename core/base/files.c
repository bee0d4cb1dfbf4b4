/* SPDX-License-Identifier: MIT */
#include "base/files.h"

#include <errno.h>
#include <fts.h>
#include <sys/stat.h>

#include "base/path.h"
#include "base/vec.h"

static void fill(struct fw_file *file, const struct stat *info)
{
    file->size = (uint64_t)info->st_size;
    file->mtime_ns = (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec;
    file->inode = info->st_ino;
    file->device = info->st_dev;
}

int fw_file_stat(const char *path, struct fw_file *ret_file, struct fw_error *err)
{
    struct stat info;
    if (stat(path, &info) < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot look at %s", path);
    }
    if (!S_ISREG(info.st_mode)) {
        return fw_error_set(err, FW_EXIT_FAILED, "%s is not a regular file", path);
    }
    *ret_file = (struct fw_file){0};
    fill(ret_file, &info);
    return 0;
}

static int add(struct fw_files *files, const char *path, const struct stat *info,
               struct fw_error *err)
{
    char *copy = strdup(path);
    struct fw_file *file = copy ? fw_vec_add(files) : NULL;
    if (!file) {
        free(copy);
        return fw_error_oom(err);
    }
    file->path = copy;
    fill(file, info);
    return 0;
}

/* Takes in one entry of the walk; folders only matter when they cannot be walked. */
static int visit(const FTSENT *entry, size_t root_len, struct fw_files *files, struct fw_error *err)
{
    const char *relative = entry->fts_path + root_len;
    switch (entry->fts_info) {
    case FTS_D:
    case FTS_DP:
        return 0;
    case FTS_F:
        return add(files, relative + (*relative == '/'), entry->fts_statp, err);
    case FTS_DC:
        return fw_error_set(err, FW_EXIT_FAILED, "%s leads back to %s: a loop of links",
                            entry->fts_path, entry->fts_cycle->fts_path);
    case FTS_SLNONE:
        return fw_error_set(err, FW_EXIT_FAILED, "%s is a link to something that is not there",
                            entry->fts_path);
    case FTS_DEFAULT:
        return fw_error_set(err, FW_EXIT_FAILED, "%s is neither a file nor a folder",
                            entry->fts_path);
    default:
        errno = entry->fts_errno;
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot look at %s", entry->fts_path);
    }
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct fw_file *)a)->path, ((const struct fw_file *)b)->path);
}

int fw_files_list(const char *root, struct fw_files *ret_files, struct fw_error *err)
{
    struct stat info;
    if (stat(root, &info) == 0 && S_ISREG(info.st_mode)) { /* as most are */
        *ret_files = (struct fw_files){0};
        return add(ret_files, "", &info, err);
    }
    fw_auto(free) char *plain = fw_path_join(".", root);
    FTS *walk = plain ? fts_open((char *[]){plain, NULL}, FTS_LOGICAL | FTS_NOCHDIR, NULL) : NULL;
    if (!walk) {
        return fw_error_oom(err);
    }
    fw_auto(files) struct fw_files files = {0};
    size_t root_len = strcmp(plain, "/") == 0 ? 0 : strlen(plain);
    int rc = 0;
    FTSENT *entry;
    while (rc == 0 && (errno = 0, entry = fts_read(walk))) {
        rc = visit(entry, root_len, &files, err);
    }
    if (rc == 0 && errno != 0) {
        rc = fw_error_errno(err, FW_EXIT_FAILED, "cannot list %s", root);
    }
    fts_close(walk);
    if (rc == 0) {
        if (files.len > 1) {
            qsort(files.items, files.len, sizeof *files.items, compare_paths);
        }
        *ret_files = files;
        files = (struct fw_files){0};
    }
    return rc;
}

void fw_files_finish(struct fw_files *files)
{
    for (size_t i = 0; i < files->len; i++) {
        free(files->items[i].path);
    }
    free(files->items);
    *files = (struct fw_files){0};
}
