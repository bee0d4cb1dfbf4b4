/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_ARMS_H
#define COMPARE_ARMS_H

#include <stddef.h>

#include <stdbool.h>

#include <fw/service/predictor.h>
#include <fw/task.h>

/* What is compared: a model file each, and the predictor that its kind names. */
struct compare_arm {
    char *name;
    char *kind;
    bool logits; /* its numbers become probabilities by a softmax, or a logistic function */
    const char *path;
    const struct fw_predictor *predictor;
};

/* All zero is valid. */
struct compare_arms {
    struct compare_arm *items;
    size_t n;
};

/*
 * From the parameter `arms`, "NAME=KIND" or "NAME=KIND/logits", and the input `models`, in the same
 * order. An arm of `own_kind` (NULL: none is) is the stage's own to read and has no predictor.
 * FW_E_CONFIG names what is wrong with an arm; FW_E_MISSING the predictors that there are.
 */
fw_status compare_arms_read(const struct fw_host *host, const struct fw_task *task,
                            const char *own_kind, struct compare_arms *arms);
void compare_arms_finish(struct compare_arms *arms);

#endif
