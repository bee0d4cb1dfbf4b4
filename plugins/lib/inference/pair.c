/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "scores/scores.h"

/* A row of class 1, and where it stands among those of class 0. */
struct one {
    uint32_t row;
    uint32_t n_below; /* rows of class 0 with a lower score */
    uint32_t n_up_to; /* and those with an equal one */
    bool begins;      /* the first one with its score */
};

/* One model: rows by rising score, or each row's loss. */
struct model {
    uint32_t *zeros; /* rows of class 0 */
    struct one *ones;
    double *losses; /* by row */
};

struct fw_pair {
    enum fw_metric metric;
    uint32_t n, n_ones, n_zeros;
    struct model models[2];
};

/* As scikit-learn: the distance of the doubles at 1. */
static const double least_probability = DBL_EPSILON;

bool fw_metric_higher_is_better(enum fw_metric metric)
{
    return metric == FW_METRIC_AUC || metric == FW_METRIC_AVERAGE_PRECISION;
}

static double loss(enum fw_metric metric, double p, bool is_one)
{
    double off = is_one ? 1 - p : p;

    return metric == FW_METRIC_BRIER ? off * off
                                     : -log(fmax(is_one ? p : 1 - p, least_probability));
}

static fw_status set_losses(struct model *model, enum fw_metric metric, const double *scores,
                            const uint8_t *y, uint32_t n)
{
    model->losses = malloc(n * sizeof *model->losses);
    if (model->losses == NULL) {
        return FW_E_NOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        model->losses[i] = loss(metric, scores[i], y[i] != 0);
    }
    return FW_OK;
}

static void set_orders(struct model *model, const uint32_t *rows, const double *scores,
                       const uint8_t *y, uint32_t n)
{
    uint32_t n_ones = 0, n_zeros = 0;

    for (uint32_t first = 0, end; first < n; first = end) {
        uint32_t n_below = n_zeros, first_one = n_ones;
        for (end = first; end < n && scores[rows[end]] == scores[rows[first]]; end++) {
            if (y[rows[end]] != 0) {
                model->ones[n_ones] = (struct one){
                    .row = rows[end], .n_below = n_below, .begins = n_ones == first_one};
                n_ones++;
            } else {
                model->zeros[n_zeros++] = rows[end];
            }
        }
        for (uint32_t i = first_one; i < n_ones; i++) {
            model->ones[i].n_up_to = n_zeros;
        }
    }
}

static fw_status set_ranks(struct model *model, const struct fw_pair *pair, const double *scores,
                           const uint8_t *y)
{
    uint32_t *rows = malloc(pair->n * sizeof *rows);

    model->ones = malloc((pair->n_ones + 1) * sizeof *model->ones);
    model->zeros = malloc((pair->n_zeros + 1) * sizeof *model->zeros);
    bool done = rows != NULL && model->ones != NULL && model->zeros != NULL &&
                fw_scores_order(scores, pair->n, rows);
    if (done) {
        set_orders(model, rows, scores, y, pair->n);
    }
    free(rows);
    return done ? FW_OK : FW_E_NOMEM;
}

fw_status fw_pair_create(enum fw_metric metric, const double *a, const double *b, const uint8_t *y,
                         uint32_t n, struct fw_pair **ret)
{
    const double *const scores[2] = {a, b};
    struct fw_pair *pair = calloc(1, sizeof *pair);
    fw_status status = FW_OK;

    if (pair == NULL) {
        return FW_E_NOMEM;
    }
    pair->metric = metric;
    pair->n = n;
    for (uint32_t i = 0; i < n; i++) {
        pair->n_ones += y[i] != 0;
    }
    pair->n_zeros = n - pair->n_ones;
    for (int i = 0; i < 2 && status == FW_OK; i++) {
        status = fw_metric_higher_is_better(metric)
                     ? set_ranks(&pair->models[i], pair, scores[i], y)
                     : set_losses(&pair->models[i], metric, scores[i], y, n);
    }
    if (status != FW_OK) {
        fw_pair_destroy(pair);
        return status;
    }
    *ret = pair;
    return FW_OK;
}

void fw_pair_destroy(struct fw_pair *pair)
{
    for (int i = 0; pair != NULL && i < 2; i++) {
        free(pair->models[i].ones);
        free(pair->models[i].zeros);
        free(pair->models[i].losses);
    }
    free(pair);
}

uint32_t fw_pair_rows(const struct fw_pair *pair)
{
    return pair->n;
}

/* How many rows of class 0 there are up to each of them; all of them in the end. */
static uint64_t count_zeros(const struct fw_pair *pair, const struct model *model,
                            const uint32_t *counts, uint32_t *ret_below)
{
    uint32_t sum = 0;

    for (uint32_t i = 0; i < pair->n_zeros; i++) {
        ret_below[i] = sum;
        sum += counts[model->zeros[i]];
    }
    ret_below[pair->n_zeros] = sum;
    return sum;
}

/* Pairs of a row of class 1 and one of class 0 below it, in whole halves: exact, in any order. */
static double auc(const struct fw_pair *pair, const struct model *model, const uint32_t *counts,
                  uint32_t *below)
{
    uint64_t zeros = count_zeros(pair, model, counts, below), ones = 0, halves = 0;

    for (uint32_t i = 0; i < pair->n_ones; i++) {
        const struct one *one = &model->ones[i];
        uint64_t count = counts[one->row];
        ones += count;
        halves += count * ((uint64_t)below[one->n_below] + below[one->n_up_to]);
    }
    return ones > 0 && zeros > 0 ? (double)halves / (2.0 * (double)ones * (double)zeros) : NAN;
}

static double average_precision(const struct fw_pair *pair, const struct model *model,
                                const uint32_t *counts, uint32_t *below)
{
    uint64_t zeros = count_zeros(pair, model, counts, below), ones = 0, step = 0;
    double sum = 0;

    for (uint32_t i = pair->n_ones; i-- > 0;) {
        const struct one *one = &model->ones[i];
        step += counts[one->row];
        if (one->begins && step > 0) {
            ones += step;
            uint64_t predicted = ones + zeros - below[one->n_below];
            sum += (double)step * ((double)ones / (double)predicted);
            step = 0;
        }
    }
    return ones > 0 ? sum / (double)ones : NAN;
}

static double mean_loss(const struct fw_pair *pair, const struct model *model,
                        const uint32_t *counts)
{
    uint64_t all = 0;
    double sum = 0;

    for (uint32_t i = 0; i < pair->n; i++) {
        all += counts[i];
        sum += (double)counts[i] * model->losses[i];
    }
    return sum / (double)all;
}

void fw_pair_measure(const struct fw_pair *pair, uint32_t *counts, double ret[2])
{
    uint32_t *below = counts + pair->n;

    for (int i = 0; i < 2; i++) {
        const struct model *model = &pair->models[i];
        ret[i] = pair->metric == FW_METRIC_AUC ? auc(pair, model, counts, below)
                 : pair->metric == FW_METRIC_AVERAGE_PRECISION
                     ? average_precision(pair, model, counts, below)
                     : mean_loss(pair, model, counts);
    }
}

uint32_t *fw_pair_counts(const struct fw_pair *pair)
{
    return calloc(2 * (size_t)pair->n + 1, sizeof(uint32_t));
}

fw_status fw_pair_measure_all(const struct fw_pair *pair, double ret[2])
{
    uint32_t *counts = fw_pair_counts(pair);

    if (counts == NULL) {
        return FW_E_NOMEM;
    }
    for (uint32_t i = 0; i < pair->n; i++) {
        counts[i] = 1;
    }
    fw_pair_measure(pair, counts, ret);
    free(counts);
    return FW_OK;
}
