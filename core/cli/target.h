/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_CLI_TARGET_H
#define FW_CORE_CLI_TARGET_H

#include "cli/cli.h"
#include "graph/plan.h"

/* What most verbs work on: a pipeline, planned. Zero-initialise. */
struct fw_target {
    bool loaded; /* pipeline and registry are there */
    struct fw_strings sets;
    struct fw_pipeline pipeline;
    struct fw_registry registry;
    struct fw_plan *plan;
    struct fw_digests *digests;
};

/*
 * `what` is a .cfg, or a run directory, which knows its configuration and overrides. Prints every
 * mistake to stderr; `err` then has their number and the exit code.
 */
int fw_target_open(const struct fw_cli *cli, const char *what, struct fw_target *target,
                   struct fw_error *err);

/* Leaves out what the arguments after the first do not ask for, and marks what --force names. */
int fw_target_select(const struct fw_cli *cli, struct fw_target *target, struct fw_error *err);

/* Decides what would run, which reads what has to be read. */
int fw_target_assess(struct fw_target *target, struct fw_error *err);

void fw_target_close(struct fw_target *target);

static inline void fw_cleanup_target(struct fw_target *target)
{
    fw_target_close(target);
}

#endif
