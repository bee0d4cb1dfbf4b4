/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/budget.h>
#include <fw/service/cancel.h>

#include "scores/scores.h"
#include "train.h"

void train_answers_finish(struct train_answers *answers)
{
    free(answers->p);
    *answers = (struct train_answers){0};
}

bool train_is_cancelled(const struct train *train)
{
    const struct fw_cancel *cancel = train->host->service(train->host, FW_CANCEL_ID);

    return cancel != NULL && cancel->requested(train->host) != 0;
}

/* A batch in evaluation mode: its answers, and sums of what they are worth. */
static fw_status answer(struct train *train, const uint32_t *samples, uint64_t n, float *ret_p,
                        struct train_answers *sums)
{
    double loss = 0;
    uint64_t n_correct = 0;
    fw_status status = train_batch_load(train, train->pass, samples, n, NULL);

    train->gradients_count = false; /* the loss writes the gradient of the last value */
    if (status == FW_OK) {
        status = fw_net_forward(train->pass, (struct fw_net_mode){0});
    }
    if (status == FW_OK) {
        status = fw_net_loss(train->pass, train->loss_kind, train->labels, &loss, &n_correct);
    }
    if (status == FW_OK) {
        status = train->kernels->download(train->session, train->pass->answer.probability, ret_p,
                                          n * train->columns * sizeof *ret_p);
    }
    sums->loss += loss * (double)n;
    sums->accuracy += (double)n_correct;
    return status;
}

/* The probability of class 1 as numbers that can be ranked; NULL: no memory. *ret_whole says
   whether all of them are numbers. */
static double *scores_of(const struct train *train, const struct train_answers *answers,
                         bool *ret_whole)
{
    double *p = malloc(answers->n * sizeof *p);

    *ret_whole = true;
    for (uint64_t i = 0; i < answers->n && p != NULL; i++) {
        p[i] = answers->p[i * train->columns + train->columns - 1];
        *ret_whole &= isfinite(p[i]) != 0;
    }
    return p;
}

static fw_status rank(struct train *train, const uint32_t *samples, struct train_answers *answers)
{
    const struct fw_budget *budget = train->host->service(train->host, FW_BUDGET_ID);
    const unsigned threads = budget->limits(train->host)->threads;
    struct fw_score_summary summary = {.auc = NAN};
    struct fw_scores scores = {0};
    bool is_whole = false, enough = true;
    double *p = scores_of(train, answers, &is_whole);
    int32_t *labels = malloc(answers->n * sizeof *labels);
    uint8_t *y = malloc(answers->n);

    enough = p != NULL && labels != NULL && y != NULL;
    if (enough && is_whole) {
        fw_dataset_labels(train->set, samples, answers->n, labels);
        for (uint64_t i = 0; i < answers->n; i++) {
            y[i] = labels[i] == 1;
        }
        enough = fw_scores_init(&scores, p, y, answers->n, threads) &&
                 fw_scores_summary(&scores, threads, &summary);
    }
    answers->auc = summary.auc;
    fw_scores_finish(&scores);
    free(p);
    free(labels);
    free(y);
    return enough ? FW_OK : fw_fault_nomem(train->host);
}

fw_status train_evaluate(struct train *train, enum fw_dataset_part part, struct train_answers *ret)
{
    const uint64_t batch = train->settings.batch_size, all = train->n_part[part];
    struct train_answers answers = {.n = train->settings.is_dry && all > batch ? batch : all,
                                    .auc = NAN};
    fw_status status = FW_OK;

    answers.p = malloc(answers.n * train->columns * sizeof *answers.p + 1);
    if (answers.p == NULL) {
        return fw_fault_nomem(train->host);
    }
    for (uint64_t i = 0; i < answers.n && status == FW_OK; i += batch) {
        const uint64_t n = answers.n - i < batch ? answers.n - i : batch;
        status =
            train_is_cancelled(train)
                ? FW_FAIL(train->host, FW_E_CANCELLED, .what = "the evaluation was cancelled")
                : answer(train, train->part[part] + i, n, answers.p + i * train->columns, &answers);
    }
    answers.loss /= (double)answers.n;
    answers.accuracy /= (double)answers.n;
    if (status == FW_OK && train->info->n_classes == 2 && answers.n > 0) {
        status = rank(train, train->part[part], &answers);
    }
    if (status != FW_OK) {
        train_answers_finish(&answers);
        return status;
    }
    *ret = answers;
    return FW_OK;
}
