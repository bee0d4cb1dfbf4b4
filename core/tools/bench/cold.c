/* SPDX-License-Identifier: MIT */
#include "cold.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/files.h"
#include "base/str.h"

/* Bytes of a file that are in memory. */
static int count_resident(int fd, uint64_t size, uint64_t *ret_bytes, struct fw_error *err)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    const uint64_t n = (size + page - 1) / page;
    fw_auto(free) unsigned char *pages = malloc(n + 1);
    if (!pages) {
        return fw_error_oom(err);
    }
    void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot map");
    }
    int rc = mincore(map, size, pages) == 0
                 ? 0
                 : fw_error_errno(err, FW_EXIT_FAILED, "cannot look at the page cache");
    munmap(map, size);
    *ret_bytes = 0;
    for (uint64_t i = 0; rc == 0 && i < n; i++) {
        const uint64_t bytes = i + 1 < n ? page : size - i * page;
        *ret_bytes += (pages[i] & 1) ? bytes : 0;
    }
    return rc;
}

static int drop(const char *path, uint64_t size, struct fw_cold *cold, struct fw_error *err)
{
    uint64_t resident = 0;
    fw_auto(close) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fw_error_errno(err, FW_EXIT_FAILED, "cannot read");
    }
    /* What has not been written to the disk yet cannot be forgotten. */
    fdatasync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    FW_TRY(size > 0 ? count_resident(fd, size, &resident, err) : 0);
    cold->bytes += size;
    cold->dropped += size - resident;
    return 0;
}

static int drop_tree(const char *root, struct fw_cold *cold, struct fw_error *err)
{
    fw_auto(files) struct fw_files files = {0};
    FW_TRY(fw_files_list(root, &files, err));
    for (size_t i = 0; i < files.len; i++) {
        const struct fw_file *file = &files.items[i];
        fw_auto(free) char *path =
            file->path[0] == '\0' ? fw_text("%s", root) : fw_text("%s/%s", root, file->path);
        FW_TRY(path ? 0 : fw_error_oom(err));
        if (drop(path, file->size, cold, err) < 0) {
            return fw_error_prefix(err, "%s: ", path);
        }
    }
    return 0;
}

static int add_size(const char *root, struct fw_cold *cold, struct fw_error *err)
{
    fw_auto(files) struct fw_files files = {0};
    FW_TRY(fw_files_list(root, &files, err));
    for (size_t i = 0; i < files.len; i++) {
        cold->bytes += files.items[i].size;
    }
    return 0;
}

static int each_input(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                      int (*take)(const char *root, struct fw_cold *cold, struct fw_error *err),
                      struct fw_cold *cold, struct fw_error *err)
{
    for (size_t i = 0; i < stage->inputs.len; i++) {
        const struct fw_plan_input *input = &stage->inputs.items[i];
        for (size_t k = 0; !input->absent && k < input->len; k++) {
            FW_TRY(take(fw_plan_source_path(plan, &input->items[k]), cold, err));
        }
    }
    return 0;
}

int fw_cold_drop(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                 struct fw_cold *ret_cold, struct fw_error *err)
{
    struct fw_cold cold = {0};
    FW_TRY(each_input(plan, stage, drop_tree, &cold, err));
    *ret_cold = cold;
    return 0;
}

int fw_cold_size(const struct fw_plan *plan, const struct fw_plan_stage *stage, uint64_t *ret_bytes,
                 struct fw_error *err)
{
    struct fw_cold cold = {0};
    FW_TRY(each_input(plan, stage, add_size, &cold, err));
    *ret_bytes = cold.bytes;
    return 0;
}
