/* SPDX-License-Identifier: MIT */
#include "store/digest.h"

#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/files.h"
#include "base/fs.h"
#include "base/path.h"
#include "base/str.h"

#define RACY_NS INT64_C(2000000000)

struct memo {
    uint64_t device, inode, size;
    int64_t mtime_ns, ctime_ns;
    char hex[FW_SHA256_TEXT];
};

struct fw_digests {
    char *path;
    void *tree; /* of memos, by device and inode (tsearch) */
    bool changed;
};

static int64_t stamp_ns(struct timespec time)
{
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int by_inode(const void *a, const void *b)
{
    const struct memo *left = a, *right = b;
    return left->device != right->device
               ? (left->device > right->device ? 1 : -1)
               : (left->inode > right->inode) - (left->inode < right->inode);
}

static int remember(struct fw_digests *digests, const struct memo *memo)
{
    struct memo *own = malloc(sizeof *own);
    struct memo **node = own ? tsearch(memo, &digests->tree, by_inode) : NULL;
    if (!node) {
        free(own);
        return -1;
    }
    if (*node != memo) { /* it was known, with other times */
        free(*node);
    }
    *own = *memo;
    *node = own;
    return 0;
}

static int read_memos(struct fw_digests *digests, struct fw_error *err)
{
    fw_auto(fclose) FILE *file = fopen(digests->path, "re");
    char line[256];
    while (file && fgets(line, sizeof line, file)) {
        struct memo memo = {0};
        int end = 0;
        if (sscanf(line,
                   "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64 " %64[0-9a-f]%n",
                   &memo.device, &memo.inode, &memo.size, &memo.mtime_ns, &memo.ctime_ns, memo.hex,
                   &end) == 6 &&
            strlen(memo.hex) == 64 && line[end] == '\n' && remember(digests, &memo) < 0) {
            return fw_error_oom(err);
        }
    }
    return 0;
}

int fw_digests_open(const char *path, struct fw_digests **ret_digests, struct fw_error *err)
{
    struct fw_digests *digests = calloc(1, sizeof *digests);
    if (!digests || !(digests->path = strdup(path))) {
        fw_digests_close(digests);
        return fw_error_oom(err);
    }
    if (read_memos(digests, err) < 0) {
        fw_digests_close(digests);
        return -1;
    }
    digests->changed = false;
    *ret_digests = digests;
    return 0;
}

static void write_memo(const void *node, VISIT visit, void *text)
{
    const struct memo *memo = *(const struct memo *const *)node;
    if (visit == postorder || visit == leaf) { /* each node once, in order */
        fw_str_printf(text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 " %s\n",
                      memo->device, memo->inode, memo->size, memo->mtime_ns, memo->ctime_ns,
                      memo->hex);
    }
}

int fw_digests_save(struct fw_digests *digests, struct fw_error *err)
{
    if (!digests->changed) {
        return 0;
    }
    fw_auto(str) struct fw_str text = {0};
    twalk_r(digests->tree, write_memo, &text);
    if (text.oom) {
        return fw_error_oom(err);
    }
    if (fw_fs_write(digests->path, text.text, text.len, FW_DURABLE_RENAME, err) < 0) {
        return -1;
    }
    digests->changed = false;
    return 0;
}

void fw_digests_close(struct fw_digests *digests)
{
    if (digests) {
        free(digests->path);
        tdestroy(digests->tree, free);
        free(digests);
    }
}

static const struct memo *recall(const struct fw_digests *digests, const struct memo *wanted)
{
    const struct memo *const *node = tfind(wanted, &digests->tree, by_inode);
    bool same = node && (*node)->size == wanted->size && (*node)->mtime_ns == wanted->mtime_ns &&
                (*node)->ctime_ns == wanted->ctime_ns;
    return same ? *node : NULL;
}

int fw_digests_file(struct fw_digests *digests, const char *path, char ret_hex[FW_SHA256_TEXT],
                    struct fw_error *err)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot read %s", path);
    }
    struct memo memo = {.device = (uint64_t)st.st_dev,
                        .inode = (uint64_t)st.st_ino,
                        .size = (uint64_t)st.st_size,
                        .mtime_ns = stamp_ns(st.st_mtim),
                        .ctime_ns = stamp_ns(st.st_ctim)};
    const struct memo *known = recall(digests, &memo);
    if (known) {
        memcpy(ret_hex, known->hex, FW_SHA256_TEXT);
        return 0;
    }
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (fw_sha256_file(path, memo.hex, err) < 0) {
        return -1;
    }
    bool settled =
        stamp_ns(now) - memo.mtime_ns > RACY_NS && stamp_ns(now) - memo.ctime_ns > RACY_NS;
    if (settled && remember(digests, &memo) < 0) {
        return fw_error_oom(err);
    }
    digests->changed |= settled;
    memcpy(ret_hex, memo.hex, FW_SHA256_TEXT);
    return 0;
}

int fw_digest_lines(const struct fw_strings *names, const struct fw_strings *hexes,
                    char ret_hex[FW_SHA256_TEXT], struct fw_error *err)
{
    fw_auto(str) struct fw_str text = {0};
    for (size_t i = 0; i < names->len; i++) {
        fw_str_add_bytes(&text, names->items[i], strlen(names->items[i]) + 1);
        fw_str_printf(&text, "%s\n", hexes->items[i]);
    }
    if (text.oom) {
        return fw_error_oom(err);
    }
    fw_sha256_bytes(text.text ? text.text : "", text.len, ret_hex);
    return 0;
}

/* Length of the folder part (with its slash) that all paths share. */
static size_t common_folder(const struct fw_strings *paths)
{
    size_t len = strlen(paths->items[0]);
    for (size_t i = 1; i < paths->len; i++) {
        size_t same = 0;
        while (same < len && paths->items[i][same] == paths->items[0][same]) {
            same++;
        }
        len = same;
    }
    while (len > 0 && paths->items[0][len - 1] != '/') {
        len--;
    }
    return len;
}

struct collection {
    struct fw_strings names, hexes;
};

/* Adds the files below `root`, each named by its path after the first `skip` bytes. */
static int collect(struct fw_digests *digests, const char *root, size_t skip,
                   struct collection *all, struct fw_error *err)
{
    fw_auto(files) struct fw_files files = {0};
    if (fw_files_list(root, &files, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < files.len; i++) {
        const struct fw_file *file = &files.items[i];
        fw_auto(free) char *path =
            file->path[0] != '\0' ? fw_text("%s/%s", root, file->path) : fw_text("%s", root);
        char hex[FW_SHA256_TEXT];
        if (!path) {
            return fw_error_oom(err);
        }
        if (fw_digests_file(digests, path, hex, err) < 0) {
            return -1;
        }
        if (fw_strings_add(&all->names, strlen(path) > skip ? path + skip : "") < 0 ||
            fw_strings_add(&all->hexes, hex) < 0) {
            return fw_error_oom(err);
        }
    }
    return 0;
}

int fw_digests_paths(struct fw_digests *digests, const struct fw_strings *paths,
                     char ret_hex[FW_SHA256_TEXT], struct fw_error *err)
{
    struct collection all = {0};
    size_t skip = paths->len == 1 ? strlen(paths->items[0]) + 1 : common_folder(paths);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < paths->len; i++) {
        rc = collect(digests, paths->items[i], skip, &all, err);
    }
    bool single = paths->len == 1 && all.names.len == 1 && all.names.items[0][0] == '\0';
    if (rc == 0 && single) {
        memcpy(ret_hex, all.hexes.items[0], FW_SHA256_TEXT);
    } else if (rc == 0) {
        rc = fw_digest_lines(&all.names, &all.hexes, ret_hex, err);
    }
    fw_strings_finish(&all.names);
    fw_strings_finish(&all.hexes);
    return rc;
}
