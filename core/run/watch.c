/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "run/run_internal.h"
#include "store/manifest.h"

void fw_watch_finish(struct fw_watch *watch)
{
    for (size_t i = 0; i < watch->trees.len; i++) {
        fw_files_finish(&watch->trees.items[i]);
    }
    free(watch->trees.items);
    *watch = (struct fw_watch){0};
}

/* Between its end and this beginning somebody may have written into what the producer left. */
static int check_producer(const struct fw_plan *plan, const struct fw_plan_stage *producer,
                          struct fw_error *err)
{
    const char *name = producer->spec->name;
    fw_auto(strings) struct fw_strings problems = {0};
    if (fw_manifest_check(plan->run_dir, name, producer->manifest, false, &problems, err) < 0) {
        return -1;
    }
    return problems.len == 0
               ? 0
               : fw_error_set(err, FW_EXIT_FAILED,
                              "an input is not what stage \"%s\" left: %s; run again, "
                              "and that stage is done anew",
                              name, problems.items[0]);
}

int fw_watch_take(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                  struct fw_watch *ret_watch, struct fw_error *err)
{
    fw_watch_finish(ret_watch);
    for (size_t i = 0; i < stage->inputs.len; i++) {
        const struct fw_plan_input *input = &stage->inputs.items[i];
        for (size_t k = 0; !input->absent && k < input->len; k++) {
            struct fw_files *files = fw_vec_add(&ret_watch->trees);
            if (!files) {
                return fw_error_oom(err);
            }
            if (!input->items[k].path &&
                check_producer(plan, &plan->stages[input->items[k].stage], err) < 0) {
                return -1;
            }
            const char *path = fw_plan_source_path(plan, &input->items[k]);
            if (fw_files_list(path, files, err) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

static bool same_file(const struct fw_file *a, const struct fw_file *b)
{
    return strcmp(a->path, b->path) == 0 && a->size == b->size && a->mtime_ns == b->mtime_ns &&
           a->inode == b->inode;
}

static int compare_tree(const char *root, const struct fw_files *before,
                        const struct fw_files *after, struct fw_error *err)
{
    size_t n = before->len < after->len ? before->len : after->len;
    for (size_t i = 0; i < n; i++) {
        if (!same_file(&before->items[i], &after->items[i])) {
            return fw_error_set(err, FW_EXIT_FAILED,
                                "input %s%s%s changed while the stage read it; its outputs are not "
                                "kept. Run again when nothing writes there any more",
                                root, after->items[i].path[0] != '\0' ? "/" : "",
                                after->items[i].path);
        }
    }
    if (before->len != after->len) {
        return fw_error_set(err, FW_EXIT_FAILED,
                            "input %s had %zu files when the stage began and has %zu now; its "
                            "outputs are not kept. Run again when nothing writes there any more",
                            root, before->len, after->len);
    }
    return 0;
}

int fw_watch_compare(const struct fw_plan *plan, const struct fw_plan_stage *stage,
                     const struct fw_watch *watch, struct fw_error *err)
{
    size_t at = 0;
    for (size_t i = 0; i < stage->inputs.len; i++) {
        const struct fw_plan_input *input = &stage->inputs.items[i];
        for (size_t k = 0; !input->absent && k < input->len; k++, at++) {
            const char *path = fw_plan_source_path(plan, &input->items[k]);
            fw_auto(files) struct fw_files now = {0};
            if (fw_files_list(path, &now, err) < 0 ||
                compare_tree(path, &watch->trees.items[at], &now, err) < 0) {
                return -1;
            }
        }
    }
    return 0;
}
