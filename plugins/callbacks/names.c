/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "callbacks.h"

/* "runs/base/metrics.jsonl": the stem, or the folder's name. */
static char *part_of(const char *path, bool folder)
{
    const char *slash = strrchr(path, '/');
    const char *start = slash != NULL ? slash + 1 : path;
    size_t size = strcspn(start, ".");

    if (folder && slash != NULL) {
        start = slash;
        while (start > path && start[-1] != '/') {
            start--;
        }
        size = (size_t)(slash - start);
    }
    return strndup(start, size);
}

static bool is_twice(const struct callbacks *c, const char **ret_name)
{
    for (size_t i = 0; i < c->n_runs; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(c->runs[i].name, c->runs[k].name) == 0) {
                *ret_name = c->runs[i].name;
                return true;
            }
        }
    }
    return false;
}

static bool name_all(struct callbacks *c, const struct fw_value *names, bool folder)
{
    for (size_t i = 0; i < c->n_runs; i++) {
        free(c->runs[i].name);
        c->runs[i].name = names->n > 0 ? strdup(names->texts[i]) : part_of(c->runs[i].path, folder);
        if (c->runs[i].name == NULL) {
            return false;
        }
    }
    return true;
}

fw_status callbacks_name_runs(struct callbacks *c)
{
    const struct fw_value *names = fw_task_value(c->task, "names");
    const char *name = NULL;

    if (names->n > 0 && names->n != c->n_runs) {
        return fw_faultf(c->host, FW_E_CONFIG, "names", "give one name a file, in their order",
                         "there are %llu names for %zu runs", (unsigned long long)names->n,
                         c->n_runs);
    }
    bool done = name_all(c, names, false);
    if (done && names->n == 0 && is_twice(c, &name)) {
        done = name_all(c, names, true);
    }
    if (!done) {
        return fw_fault_nomem(c->host);
    }
    return !is_twice(c, &name) ? FW_OK
                               : fw_faultf(c->host, FW_E_CONFIG, "names",
                                           "set names to one name a file, in their order",
                                           "two runs are called \"%s\"", name);
}
