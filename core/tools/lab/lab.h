/* SPDX-License-Identifier: MIT */
#ifndef FW_LAB_H
#define FW_LAB_H

#include "cli/target.h"
#include "run/run_internal.h"

/*
 * Single stages of a pipeline, to be run again and again by the engine itself over the same inputs.
 * The inputs are what an ordinary run has left where that is up to date; else the stages that make
 * them run once, in a folder of the lab, where the next one finds them. Nothing is ever written
 * into the pipeline's own run directory, nor where `out` says.
 */
struct fw_lab {
    const struct fw_cli *cli;
    struct fw_target target;
    struct fw_strings names; /* of the stages that are to be run, in the order of the plan */
    char *folder;            /* RUN_ROOT/ROOM/NAME */
    struct fw_plan *made;   /* of the stages that the lab has to run itself; NULL: there are none */
    struct fw_plan *inputs; /* whose outputs are read: `made`, or the plan of the ordinary run */
};

/* `lab` is zero and stays where it is; closed in any case. `room` is a folder of the tool's own,
 * ".bench" say; `stage` is to be run, or with NULL each stage of the pipeline. SIGINT, SIGTERM and
 * SIGHUP are blocked from here on: a run takes them. */
int fw_lab_open(const struct fw_cli *cli, const char *room, const char *stage, struct fw_lab *lab,
                struct fw_error *err);
void fw_lab_close(struct fw_lab *lab);

/* One stage in a run directory of its own. */
struct fw_solo {
    struct fw_lab *lab;
    struct fw_registry registry; /* with the plugin that was given before all others */
    struct fw_plan *plan;        /* all is left out of it but the stage */
    struct fw_plan_stage *stage;
    struct fw_rundir dir;
    char *scratch; /* folder of what it puts aside while it runs */
};

/* `solo` is zero and stays where it is; closed in any case. `plugin` is a file that takes the place
 * of the one that the search path has for the stage; NULL for that one. `label` names the run
 * directory. */
int fw_solo_open(struct fw_lab *lab, const char *stage, const char *plugin, const char *label,
                 struct fw_solo *solo, struct fw_error *err);

/* Runs it once, with the budgets, the isolation and the ladder of a run. Its manifest is
 * `stage->manifest` until the next time. `err` has the exit code of the run. */
int fw_solo_run(struct fw_solo *solo, struct fw_error *err);

/* Removes the run directory, but for one in which something failed: its logs may say why. */
void fw_solo_close(struct fw_solo *solo, bool failed);

#endif
