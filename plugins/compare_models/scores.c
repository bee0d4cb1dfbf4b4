/* SPDX-License-Identifier: MIT */
#include "scores.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sql/fault.h"

enum {
    MAX_CLASSES = 1 << 20,
    MAX_TARGETS = 16 /* numbers of a target that are kept whole, for r2 */
};

const struct compare_metric compare_metrics[2][COMPARE_MAX_METRICS] = {
    [COMPARE_CLASSIFICATION] = {{"accuracy", COMPARE_MEAN, true},
                                {"log_loss", COMPARE_MEAN, false},
                                {"brier", COMPARE_MEAN, false},
                                {"auc_ovr", COMPARE_AREA, true},
                                {"auc_ovr_weighted", COMPARE_AREA_WEIGHTED, true},
                                {"auc_ovo", COMPARE_AREA_PAIRS, true}},
    [COMPARE_REGRESSION] = {{"mae", COMPARE_MEAN, false},
                            {"rmse", COMPARE_ROOT, false},
                            {"r2", COMPARE_R2, true}},
};

static fw_status check_label(const struct fw_host *host, const struct compare_set *set,
                             uint64_t sample, double label)
{
    if (label >= 0 && label < MAX_CLASSES && label == floor(label)) {
        return FW_OK;
    }
    return fw_faultf(host, FW_E_DATA, set->path,
                     "set task = \"regression\" for targets that are no classes",
                     "the target of sample %llu is %g, expected a class, 0 or a whole number above",
                     (unsigned long long)sample, label);
}

static fw_status take_labels(const struct fw_host *host, const struct compare_set *set,
                             const struct compare_truth *truth, struct compare_scores *scores)
{
    uint32_t most = 1;
    for (uint64_t i = 0; i < scores->n; i++) {
        const double label = *compare_truth_of(truth, i);
        fw_status status = check_label(host, set, i, label);
        if (status != FW_OK) {
            return status;
        }
        scores->classes[i] = (uint32_t)label;
        most = scores->classes[i] > most ? scores->classes[i] : most;
    }
    scores->n_classes = most + 1;
    scores->n_classes = set->n_labels > scores->n_classes ? set->n_labels : scores->n_classes;
    return FW_OK;
}

/* Classes are numbered from 0; a parameter says how many there are where the last have no sample.
 */
static fw_status count_classes(const struct fw_host *host, const struct fw_task *task,
                               const struct compare_set *set, struct compare_scores *scores)
{
    const uint64_t given = (uint64_t)fw_task_integer(task, "classes");
    struct compare_truth truth = {0};
    if (set->n_target != 1) {
        return fw_faultf(host, FW_E_DATA, set->path, NULL,
                         "the target has %llu numbers per sample, expected one class",
                         (unsigned long long)set->n_target);
    }
    scores->classes = calloc(scores->n, sizeof *scores->classes);
    if (scores->classes == NULL) {
        return fw_fault_nomem(host);
    }
    fw_status status = compare_truth_read(set, 0, scores->n, &truth);
    if (status == FW_OK) {
        status = take_labels(host, set, &truth, scores);
    }
    compare_truth_finish(&truth);
    if (status == FW_OK && given != 0 && given < scores->n_classes) {
        return fw_faultf(host, FW_E_DATA, set->path, NULL,
                         "the target has the class %llu, and classes is %llu",
                         (unsigned long long)scores->n_classes - 1, (unsigned long long)given);
    }
    scores->n_classes = given != 0 ? given : scores->n_classes;
    return status;
}

static fw_status take_target(const struct fw_host *host, const struct compare_set *set,
                             struct compare_scores *scores)
{
    struct compare_truth truth = {0};
    const size_t size = scores->n * scores->n_target * sizeof *scores->target;
    scores->target = malloc(size + 1);
    if (scores->target == NULL) {
        return fw_fault_nomem(host);
    }
    fw_status status = compare_truth_read(set, 0, scores->n, &truth);
    if (status == FW_OK) {
        memcpy(scores->target, truth.values, size);
    }
    compare_truth_finish(&truth);
    return status;
}

/* Which metrics there are room and a meaning for. */
static fw_status choose_metrics(const struct fw_host *host, const struct fw_task *task,
                                const struct compare_set *set, struct compare_scores *scores)
{
    const uint64_t most = (uint64_t)fw_task_integer(task, "area_classes");
    fw_status status = FW_OK;
    scores->metrics = compare_metrics[scores->task];
    if (scores->task == COMPARE_REGRESSION) {
        scores->n_columns = 2;
        scores->n_metrics = 2 + (scores->n_target <= MAX_TARGETS);
        return scores->n_metrics == 3 ? take_target(host, set, scores) : FW_OK;
    }
    status = count_classes(host, task, set, scores);
    scores->n_p = scores->n_classes == 2 ? 1 : scores->n_classes <= most ? scores->n_classes : 0;
    scores->n_columns = 3;
    scores->n_metrics = scores->n_p > 1 ? 6 : 3;
    return status;
}

fw_status compare_scores_init(const struct fw_host *host, const struct fw_task *task,
                              const struct compare_set *set, size_t n_arms,
                              struct compare_scores *scores)
{
    scores->task = strcmp(fw_task_text(task, "task"), "regression") == 0 ? COMPARE_REGRESSION
                                                                         : COMPARE_CLASSIFICATION;
    scores->n = set->n;
    scores->n_arms = n_arms;
    scores->n_target = set->n_target;
    fw_status status = choose_metrics(host, task, set, scores);
    if (status != FW_OK) {
        return status;
    }
    scores->columns = calloc(n_arms * scores->n_columns * scores->n, sizeof(double));
    scores->p = scores->n_p > 0 ? calloc(n_arms * scores->n_p * scores->n, sizeof(double)) : NULL;
    return scores->columns == NULL || (scores->p == NULL && scores->n_p > 0) ? fw_fault_nomem(host)
                                                                             : FW_OK;
}

void compare_scores_finish(struct compare_scores *scores)
{
    free(scores->columns);
    free(scores->p);
    free(scores->classes);
    free(scores->target);
    *scores = (struct compare_scores){0};
}
