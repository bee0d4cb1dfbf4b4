/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CONFIG_DIAG_H
#define FW_CORE_CONFIG_DIAG_H

#include <stddef.h>

#include <stdbool.h>

#include "base/str.h"
#include "config/node.h"

/*
 * The mistakes of a configuration. Checking goes on after a mistake, so that one run reports them
 * all; whoever adds says what was expected and, where it can, how to mend it. Zero-initialised.
 */
struct fw_diag_item {
    char *file;  /* NULL when the mistake is in no file */
    int line;    /* 0 when it is the file as a whole */
    char *path;  /* of the setting, or NULL */
    char *value; /* as written, or NULL */
    char *text;
};

struct fw_diag {
    struct fw_diag_item *items;
    size_t len, cap;
    bool oom; /* a mistake was found and lost */
};

/* A mistake in a setting. */
void fw_diag_node(struct fw_diag *diag, const struct fw_cfg_node *node, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A mistake at a place that is no setting. `file` may be NULL. */
void fw_diag_at(struct fw_diag *diag, const char *file, int line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* An unknown key, with the nearest of the known names and, when none is near, all of them. */
void fw_diag_unknown(struct fw_diag *diag, const struct fw_cfg_node *node, const char *const *known,
                     size_t n_known);

/* A reference to a member `name` that `group` (which may be NULL) does not have, with the nearest
 * that it has: there is no stage "dayly"; did you mean "daily"? */
void fw_diag_absent(struct fw_diag *diag, const struct fw_cfg_node *node, const char *what,
                    const char *name, const struct fw_cfg_node *group);

/* Whether anything is wrong: mistakes, or no memory to note them. */
bool fw_diag_any(const struct fw_diag *diag);

/* Sorts by file and line and appends one line per mistake:
 * pipeline.cfg:14: stages.snapshot.params.threads = "20": expected an integer from 1 to 64 */
void fw_diag_print(struct fw_diag *diag, struct fw_str *out);
void fw_diag_finish(struct fw_diag *diag);

static inline void fw_cleanup_diag(struct fw_diag *diag)
{
    fw_diag_finish(diag);
}

#endif
