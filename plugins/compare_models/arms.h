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
    char *experiment; /* of an arm without a file: what stands behind the slash, or NULL */
    bool logits;      /* its numbers become probabilities by a softmax, or a logistic function */
    const char *path; /* NULL: it has none */
    const struct fw_predictor *predictor; /* NULL: the stage reads it itself */
};

/* A kind of arms that the stage reads itself. */
struct compare_own {
    const char *kind;
    bool has_file; /* one of `models`; else NAME=KIND/EXPERIMENT says which part of another input */
};

/* All zero is valid. */
struct compare_arms {
    struct compare_arm *items;
    size_t n;
};

/*
 * From the parameter `arms`, "NAME=KIND" or "NAME=KIND/logits", and the input `models`, in the same
 * order. FW_E_CONFIG names what is wrong with an arm; FW_E_MISSING the predictors that there are.
 */
fw_status compare_arms_read(const struct fw_host *host, const struct fw_task *task,
                            const struct compare_own *own, struct compare_arms *arms);
void compare_arms_finish(struct compare_arms *arms);

#endif
