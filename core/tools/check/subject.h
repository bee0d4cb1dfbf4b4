/* SPDX-License-Identifier: MIT */
#ifndef FW_CHECK_SUBJECT_H
#define FW_CHECK_SUBJECT_H

#include <cjson/cJSON.h>

#include "cli/cli.h"
#include "finding.h"
#include "plugin/registry.h"
#include "sample.h"

/* The plugin that is checked, among the others of the search path, and a folder to check it in. */
struct fw_subject {
    struct fw_registry registry; /* the subject comes first: it wins over others of its id */
    const struct fw_registry_entry *entry;
    char *folder; /* removed at the end */
};

int fw_subject_open(const struct fw_cli *cli, const char *path, struct fw_subject *ret_subject,
                    struct fw_error *err);
void fw_subject_close(struct fw_subject *subject);

/* What one stage is to be given. */
struct fw_given {
    const struct fw_strings *sets; /* of --set; those of other stages of the plugin are left out */
    const char *config;            /* the user's pipeline; NULL: one is made up */
    const char *name;              /* of the stage in it */
    enum fw_sample size;
    bool optional; /* made up: plug something into optional ports too */
};

/* A task as the engine gives it to a worker. */
struct fw_assignment {
    cJSON *json;
    bool made_up; /* something of what it reads is: refusing it is no defect */
};

/*
 * Plans the pipeline with the engine's own means and takes the stage's task out of it. On failure
 * `err` says why the stage cannot be exercised; *ret_taken says that it is because another plugin
 * has the stage too, which is a finding.
 */
int fw_subject_assign(const struct fw_subject *subject, const struct fw_stage *type,
                      const struct fw_given *given, struct fw_assignment *ret_assignment,
                      bool *ret_taken, struct fw_error *err);

static inline void fw_cleanup_subject(struct fw_subject *subject)
{
    fw_subject_close(subject);
}

#endif
