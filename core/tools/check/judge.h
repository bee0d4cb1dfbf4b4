/* SPDX-License-Identifier: MIT */
#ifndef FW_CHECK_JUDGE_H
#define FW_CHECK_JUDGE_H

#include "drive.h"
#include "finding.h"

/* Puts a plugin's stage through its exercises and turns what came of them into findings. */
struct fw_trial {
    struct fw_report *report;
    const struct fw_stage *type; /* in the image: to be read */
    const cJSON *task;
    bool by_default;    /* the user gave no parameter: the defaults may be refused */
    bool made_up;       /* of the task's inputs, some are: they may be refused */
    const char *given;  /* "with many items", for sentences */
    const char *folder; /* for exercises, each below it */
    double limit_s;
    unsigned n;         /* exercises so far */
    char refusal[1024]; /* in the stage's own words */
};

enum fw_verdict { FW_TRIAL_PASSED, FW_TRIAL_REFUSED, FW_TRIAL_FOUND };

/* Loads and unloads the plugin. */
int fw_judge_load(struct fw_trial *trial, struct fw_error *err);

/*
 * One run from create to destroy with all that can be seen from outside. *ret_facts is what came of
 * it (the caller's to delete), NULL unless it passed. REFUSED: the stage did not like what was made
 * up for it, and said so well, in trial->refusal.
 */
int fw_judge_run(struct fw_trial *trial, bool whole, enum fw_verdict *ret_verdict,
                 cJSON **ret_facts, struct fw_error *err);

/* Everything else, for a stage whose run passed: `facts` is what the others are compared with. */
int fw_judge_rest(struct fw_trial *trial, const cJSON *facts, struct fw_error *err);

#endif
