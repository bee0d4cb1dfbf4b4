/* SPDX-License-Identifier: MIT */
#ifndef FW_LAB_INTERNAL_H
#define FW_LAB_INTERNAL_H

#include "lab.h"

/* A plan with `run_dir` as its run directory, in which all outputs lie. */
int fw_lab_plan(const struct fw_lab *lab, const struct fw_registry *registry, const char *run_dir,
                struct fw_plan **ret_plan, struct fw_error *err);

/* Loads the plugins of what is to run, in a child. */
int fw_lab_probe(const struct fw_lab *lab, const struct fw_plan *plan, struct fw_error *err);

/* Runs a plan and keeps what was learnt of digests. `err` has the exit code of the run. */
int fw_lab_carry_out(struct fw_lab *lab, struct fw_plan *plan, struct fw_rundir *dir,
                     const struct fw_run_options *options, struct fw_error *err);

#endif
