/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "compare.h"
#include "sql/fault.h"

/* Samples after which answers that are all alike say something. */
#define ENOUGH 32

static fw_status check_model(const struct compare *compare, const struct compare_arm *arm)
{
    const struct fw_predictor_info *info = arm->predictor->info(compare->model);
    if (info->n_samples != 0 && info->n_samples != compare->set.n) {
        return fw_faultf(compare->host, FW_E_DATA, arm->path, NULL,
                         "arm %s has answers for %llu samples, the test set has %llu", arm->name,
                         (unsigned long long)info->n_samples, (unsigned long long)compare->set.n);
    }
    return info->n_outputs > 0 ? compare_set_fits(&compare->set, arm, info)
                               : fw_faultf(compare->host, FW_E_DATA, arm->path, NULL,
                                           "the model of arm %s has no output", arm->name);
}

/* Numbers that an arm's answer has, where the stage reads it itself. */
static uint64_t answer_width(const struct compare *compare)
{
    const struct compare_scores *scores = &compare->scores;
    return scores->task == COMPARE_REGRESSION ? scores->n_target
           : scores->n_classes == 2           ? 1
                                              : scores->n_classes;
}

static fw_status open_model(struct compare *compare)
{
    const struct compare_arm *arm = &compare->arms.items[compare->arm];
    if (compare->model != NULL || arm->predictor == NULL) {
        return FW_OK;
    }
    fw_status status = arm->predictor->open(compare->host, arm->path, &compare->model);
    return status == FW_OK ? check_model(compare, arm) : status;
}

static void close_model(struct compare *compare)
{
    if (compare->model != NULL) {
        compare->arms.items[compare->arm].predictor->close(compare->model);
        compare->model = NULL;
    }
}

fw_status compare_check_arms(struct compare *compare)
{
    fw_status status = FW_OK;
    for (compare->arm = 0; status == FW_OK && compare->arm < compare->arms.n; compare->arm++) {
        const struct compare_arm *arm = &compare->arms.items[compare->arm];
        if (arm->predictor == NULL && compare->given.table == NULL) {
            status = compare_given_open(compare->task, &compare->set, &compare->given);
        }
        if (status == FW_OK) {
            status = arm->predictor == NULL ? compare_given_join(&compare->given, arm, compare->arm,
                                                                 answer_width(compare))
                                            : open_model(compare);
        }
        if (status != FW_OK) {
            return status; /* the model is closed as its arm's */
        }
        close_model(compare);
    }
    compare->arm = 0;
    return compare->given.table != NULL || fw_task_input(compare->task, "predictions") == NULL
               ? status
               : fw_faultf(compare->host, FW_E_CONFIG, "arms",
                           "name arms of them: NAME=predictions/EXPERIMENT; or leave them out",
                           "predictions are plugged in, and no arm is of them");
}

static fw_status run_given(struct compare *compare, uint64_t n, struct compare_judge *judge)
{
    const uint64_t k = answer_width(compare);
    const int64_t shape[] = {(int64_t)n, (int64_t)k};
    double *answers = malloc(n * k * sizeof *answers + 1);
    const struct fw_predictor_array array = {
        .element = FW_F64, .rank = 2, .shape = shape, .data = answers};
    fw_status status = answers == NULL ? fw_fault_nomem(compare->host)
                                       : compare_given_read(&compare->given, compare->arm, k,
                                                            compare->at, n, answers);
    if (status == FW_OK) {
        status = compare_judge_take(judge, compare->at, n, &array);
    }
    free(answers);
    return status;
}

static fw_status run_model(struct compare *compare, uint64_t n, struct compare_judge *judge)
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
    const struct compare_arm *arm = &compare->arms.items[compare->arm];
    struct compare_truth truth = {0};
    struct compare_judge judge = {.host = compare->host,
                                  .arm = arm,
                                  .set = &compare->set,
                                  .scores = &compare->scores,
                                  .trip = &compare->trip,
                                  .index = compare->arm,
                                  .truth = &truth,
                                  .seen = compare->seen};
    fw_status status = compare->scores.task == COMPARE_REGRESSION
                           ? compare_truth_read(&compare->set, compare->at, n, &truth)
                           : FW_OK;
    if (status == FW_OK && arm->predictor != NULL) {
        judge.samples = compare_set_samples(&compare->set);
        status = run_model(compare, n, &judge);
    } else if (status == FW_OK) {
        status = run_given(compare, n, &judge); /* by sample, whatever the order of rows */
    }
    compare->seen = judge.seen;
    const uint64_t end = compare->at + n;
    const bool enough = compare->at < ENOUGH && end >= ENOUGH, last = end == compare->set.n;
    if (status == FW_OK && compare->set.n > 1 && (enough || last)) {
        status = compare_judge_seen(&judge);
    }
    compare_truth_finish(&truth);
    return status;
}

static void next_arm(struct compare *compare)
{
    close_model(compare);
    compare_set_rest(&compare->set);
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
