/* SPDX-License-Identifier: MIT */
#include "outputs.h"

#include <string.h>
#include <unistd.h>

static size_t find(const struct fw_written *written, const char *path)
{
    size_t i = 0;
    while (written && i < written->len && strcmp(written->items[i].path, path) != 0) {
        i++;
    }
    return i;
}

static bool is_read(const struct fw_written *written, const char *path)
{
    const size_t i = find(written, path);
    return written && i < written->len && written->items[i].digest[0] != '\0';
}

static bool has_changed(const struct fw_written *since, const char *path,
                        const struct fw_file *facts)
{
    const size_t i = find(since, path);
    if (i == since->len) {
        return true;
    }
    const struct fw_file *then = &since->items[i].facts;
    return then->size != facts->size || then->mtime_ns != facts->mtime_ns ||
           then->inode != facts->inode;
}

static int add_file(const char *root, const struct fw_file *file, const struct fw_written *since,
                    const struct fw_written *other, struct fw_written *written,
                    struct fw_error *err)
{
    fw_auto(free) char *path =
        file->path[0] != '\0' ? fw_text("%s/%s", root, file->path) : strdup(root);
    const size_t n = written->len;
    FW_TRY(path && fw_vec_add(written) ? 0 : fw_error_oom(err));
    written->items[n].facts = *file;
    written->items[n].facts.path = NULL;
    written->items[n].path = fw_steal(&path);
    return since && (has_changed(since, written->items[n].path, file) ||
                     is_read(other, written->items[n].path))
               ? fw_sha256_file(written->items[n].path, written->items[n].digest, err)
               : 0;
}

static int look(const struct fw_worker *worker, const struct fw_written *since,
                const struct fw_written *other, struct fw_written *written, struct fw_error *err)
{
    for (uint32_t i = 0; i < worker->task.n_outputs; i++) {
        const char *root = worker->outputs[i].path;
        fw_auto(files) struct fw_files files = {0};
        if (access(root, F_OK) < 0) {
            continue; /* not begun yet */
        }
        FW_TRY(fw_files_list(root, &files, err));
        for (size_t k = 0; k < files.len; k++) {
            FW_TRY(add_file(root, &files.items[k], since, other, written, err));
        }
    }
    return 0;
}

int fw_written_look(const struct fw_worker *worker, const struct fw_written *since,
                    const struct fw_written *other, struct fw_written *ret_written,
                    struct fw_error *err)
{
    struct fw_written written = {0};
    if (look(worker, since, other, &written, err) < 0) {
        fw_written_finish(&written);
        return -1;
    }
    *ret_written = written;
    return 0;
}

void fw_written_finish(struct fw_written *written)
{
    for (size_t i = 0; i < written->len; i++) {
        free(written->items[i].path);
    }
    free(written->items);
    *written = (struct fw_written){0};
}

int fw_written_compare(const struct fw_written *mine, const struct fw_written *theirs,
                       struct fw_error *err)
{
    for (size_t i = 0; i < mine->len; i++) {
        const char *path = mine->items[i].path;
        const size_t k = find(theirs, path);
        if (k == theirs->len) {
            return fw_error_set(err, FW_EXIT_CHECK, "it does not write %s", path);
        }
        if (strcmp(mine->items[i].digest, theirs->items[k].digest) != 0) {
            return fw_error_set(err, FW_EXIT_CHECK, "it writes something else to %s", path);
        }
    }
    for (size_t k = 0; k < theirs->len; k++) {
        if (find(mine, theirs->items[k].path) == mine->len) {
            return fw_error_set(err, FW_EXIT_CHECK, "it writes %s, which is new",
                                theirs->items[k].path);
        }
    }
    return 0;
}
