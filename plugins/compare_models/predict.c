/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "sql/fault.h"

/* Samples after which answers that are all alike say something. */
#define ENOUGH 32

/* Kept for each sample of each arm, at most. */
enum { MAX_CLASSES = 1 << 20 };

static fw_status check_label(const struct compare *compare, uint64_t sample, double label)
{
    if (label >= 0 && label < MAX_CLASSES && label == floor(label)) {
        return FW_OK;
    }
    return fw_faultf(compare->host, FW_E_DATA, compare->set.path,
                     "set task = \"regression\" for targets that are no classes",
                     "the target of sample %llu is %g, expected a class, 0 or a whole number above",
                     (unsigned long long)sample, label);
}

/* Classes are numbered from 0; a parameter says how many there are where the last have no sample.
 */
static fw_status read_labels(struct compare *compare, uint64_t *ret_classes)
{
    struct compare_scores *scores = &compare->scores;
    double *labels = malloc(scores->n * sizeof *labels);
    if (compare->set.n_target != 1) {
        free(labels);
        return fw_faultf(compare->host, FW_E_DATA, compare->set.path, NULL,
                         "the target has %llu numbers per sample, expected one class",
                         (unsigned long long)compare->set.n_target);
    }
    fw_status status = labels == NULL ? fw_fault_nomem(compare->host)
                                      : compare_set_target(&compare->set, 0, scores->n, labels);
    double most = 1;
    for (uint64_t i = 0; status == FW_OK && i < scores->n; i++) {
        status = check_label(compare, i, labels[i]);
        most = fmax(most, labels[i]);
    }
    scores->labels = malloc(scores->n);
    for (uint64_t i = 0; status == FW_OK && scores->labels != NULL && i < scores->n; i++) {
        scores->labels[i] = labels[i] == 1;
    }
    free(labels);
    *ret_classes = (uint64_t)most + 1;
    return status == FW_OK && scores->labels == NULL ? fw_fault_nomem(compare->host) : status;
}

static fw_status count_classes(struct compare *compare)
{
    const uint64_t given = (uint64_t)fw_task_integer(compare->task, "classes");
    uint64_t found = 0;
    fw_status status = read_labels(compare, &found);
    if (status == FW_OK && given != 0 && given < found) {
        return fw_faultf(compare->host, FW_E_DATA, compare->set.path, NULL,
                         "the target has the class %llu, and classes is %llu",
                         (unsigned long long)found - 1, (unsigned long long)given);
    }
    compare->scores.n_classes = given != 0 ? given : found;
    if (status == FW_OK && compare->scores.n_classes != 2) {
        free(compare->scores.labels);
        compare->scores.labels = NULL;
    }
    return status;
}

fw_status compare_prepare(struct compare *compare)
{
    struct compare_scores *scores = &compare->scores;
    fw_status status = FW_OK;
    scores->task = strcmp(fw_task_text(compare->task, "task"), "regression") == 0
                       ? COMPARE_REGRESSION
                       : COMPARE_CLASSIFICATION;
    scores->n = compare->set.n;
    scores->n_arms = compare->arms.n;
    scores->n_metrics = compare_n_metrics(scores->task);
    if (scores->task == COMPARE_CLASSIFICATION) {
        status = count_classes(compare);
    }
    if (status != FW_OK) {
        return status;
    }
    scores->columns = calloc(scores->n_arms * scores->n_metrics * scores->n, sizeof(double));
    if (scores->labels != NULL) {
        scores->p = calloc(scores->n_arms * scores->n, sizeof(double));
    }
    return scores->columns == NULL || (scores->labels != NULL && scores->p == NULL)
               ? fw_fault_nomem(compare->host)
               : compare_intervals_init(compare->host, compare->task, scores, &compare->intervals);
}

static fw_status check_model(const struct compare *compare, const struct compare_arm *arm)
{
    const struct fw_predictor_info *info = arm->predictor->info(compare->model);
    if (info->n_samples != 0 && info->n_samples != compare->set.n) {
        return fw_faultf(compare->host, FW_E_DATA, arm->path, NULL,
                         "arm %s has answers for %llu samples, the test set has %llu", arm->name,
                         (unsigned long long)info->n_samples, (unsigned long long)compare->set.n);
    }
    return info->n_outputs > 0 ? FW_OK
                               : fw_faultf(compare->host, FW_E_DATA, arm->path, NULL,
                                           "the model of arm %s has no output", arm->name);
}

static fw_status open_model(struct compare *compare)
{
    const struct compare_arm *arm = &compare->arms.items[compare->arm];
    if (compare->model != NULL) {
        return FW_OK;
    }
    fw_status status = arm->predictor->open(compare->host, arm->path, &compare->model);
    return status == FW_OK ? check_model(compare, arm) : status;
}

static fw_status run_chunk(struct compare *compare, uint64_t n, struct compare_judge *judge)
{
    const struct compare_arm *arm = &compare->arms.items[compare->arm];
    struct compare_chunk chunk = {0};
    struct compare_batches batches = {.host = compare->host,
                                      .arm = arm,
                                      .model = compare->model,
                                      .batch = compare->batch,
                                      .trip = &compare->trip,
                                      .take = compare_judge_take,
                                      .self = judge};
    fw_status status = compare_set_read(&compare->set, arm->predictor->info(compare->model),
                                        compare->at, n, &chunk);
    if (status == FW_OK) {
        status = compare_batches_run(&batches, chunk.arrays, compare->at, n);
    }
    compare_chunk_finish(&chunk);
    compare->batch = batches.batch;
    return status;
}

static fw_status score_chunk(struct compare *compare, uint64_t n)
{
    double *target = malloc(n * compare->set.n_target * sizeof *target + 1);
    struct compare_judge judge = {.host = compare->host,
                                  .arm = &compare->arms.items[compare->arm],
                                  .scores = &compare->scores,
                                  .trip = &compare->trip,
                                  .index = compare->arm,
                                  .target = target,
                                  .first = compare->at,
                                  .n_target = compare->set.n_target,
                                  .seen = compare->seen};
    fw_status status = target == NULL ? fw_fault_nomem(compare->host)
                                      : compare_set_target(&compare->set, compare->at, n, target);
    if (status == FW_OK) {
        status = run_chunk(compare, n, &judge);
    }
    compare->seen = judge.seen;
    const uint64_t end = compare->at + n;
    const bool enough = compare->at < ENOUGH && end >= ENOUGH, last = end == compare->set.n;
    if (status == FW_OK && compare->set.n > 1 && (enough || last)) {
        status = compare_judge_seen(&judge);
    }
    free(target);
    return status;
}

static void next_arm(struct compare *compare)
{
    compare->arms.items[compare->arm].predictor->close(compare->model);
    compare->model = NULL;
    compare->arm++;
    compare->at = 0;
    compare->batch = (uint64_t)fw_task_integer(compare->task, "batch");
    compare->seen = (struct compare_seen){0};
}

fw_status compare_predict(struct compare *compare)
{
    const uint64_t left = compare->set.n - compare->at;
    const uint64_t n = compare->chunk < left ? compare->chunk : left;
    fw_status status = open_model(compare);
    if (status == FW_OK) {
        status = score_chunk(compare, n);
    }
    if (status != FW_OK) {
        return status;
    }
    compare->at += n;
    if (compare->at == compare->set.n) {
        next_arm(compare);
    }
    return compare->arm == compare->arms.n ? FW_OK : FW_MORE;
}
