/* SPDX-License-Identifier: MIT */
#include "pair.h"

#include <math.h>
#include <stdlib.h>

#include "rank.h"

/* A row of a ranking, in 32 bits. */
#define ENTRY(row, is_one, begins) ((row) << 2 | (uint32_t)(begins) << 1 | (uint32_t)(is_one))
#define ENTRY_ROW(entry)           ((entry) >> 2)
#define ENTRY_BEGINS(entry)        ((entry) >> 1 & 1) /* the first of those with its score */
#define ENTRY_IS_ONE(entry)        ((entry)&1)

/* Rows of one score and both classes: first those of class 1. */
struct tie {
    uint32_t first, n_ones, n;
};

/* One model. */
struct model {
    uint32_t *entries; /* by rising score; NULL where the metric is a mean of losses */
    struct tie *ties;
    size_t n_ties;
    double *losses; /* by row */
};

struct fw_pair {
    enum fw_metric metric;
    uint32_t n;
    struct model models[2];
};

static const double least_probability = 1e-15;

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

/* Rows rows[0..n) of one score become entries, class 1 first; how many of it there are. */
static uint32_t set_group(uint32_t *entries, const uint32_t *rows, uint32_t n, const uint8_t *y)
{
    uint32_t at = 0, n_ones = 0;

    for (int class = 1; class >= 0; class --) {
        for (uint32_t i = 0; i < n; i++) {
            if ((y[rows[i]] != 0) == class) {
                entries[at] = ENTRY(rows[i], class, at == 0);
                at++;
            }
        }
        n_ones = class == 1 ? at : n_ones;
    }
    return n_ones;
}

static void set_entries(struct model *model, const uint32_t *rows, const double *scores,
                        const uint8_t *y, uint32_t n)
{
    for (uint32_t first = 0, end; first < n; first = end) {
        for (end = first + 1; end < n && scores[rows[end]] == scores[rows[first]];) {
            end++;
        }
        uint32_t n_ones = set_group(model->entries + first, rows + first, end - first, y);
        if (n_ones > 0 && n_ones < end - first) {
            model->ties[model->n_ties++] =
                (struct tie){.first = first, .n_ones = n_ones, .n = end - first};
        }
    }
}

static fw_status set_ranks(struct model *model, const double *scores, const uint8_t *y, uint32_t n)
{
    uint32_t *rows = malloc(n * sizeof *rows);

    model->entries = malloc(n * sizeof *model->entries);
    model->ties = malloc((n / 2 + 1) * sizeof *model->ties); /* a tie has two rows or more */
    bool done =
        rows != NULL && model->entries != NULL && model->ties != NULL && fw_rank(scores, n, rows);
    if (done) {
        set_entries(model, rows, scores, y, n);
    }
    free(rows);
    return done ? FW_OK : FW_E_NOMEM;
}

fw_status fw_pair_create(enum fw_metric metric, const double *a, const double *b, const uint8_t *y,
                         uint32_t n, struct fw_pair **ret)
{
    const double *const scores[2] = {a, b};
    struct fw_pair *pair = calloc(1, sizeof *pair);
    fw_status status = pair != NULL ? FW_OK : FW_E_NOMEM;

    for (int i = 0; i < 2 && status == FW_OK; i++) {
        pair->metric = metric;
        pair->n = n;
        status = fw_metric_higher_is_better(metric)
                     ? set_ranks(&pair->models[i], scores[i], y, n)
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
        free(pair->models[i].entries);
        free(pair->models[i].ties);
        free(pair->models[i].losses);
    }
    free(pair);
}

uint32_t fw_pair_rows(const struct fw_pair *pair)
{
    return pair->n;
}

/* In each tie every pair of the two classes counts half. */
static uint64_t tied_pairs(const struct model *model, const uint32_t *counts)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < model->n_ties; i++) {
        const struct tie *tie = &model->ties[i];
        const uint32_t *entries = model->entries + tie->first;
        uint64_t ones = 0, zeros = 0;
        for (uint32_t k = 0; k < tie->n; k++) {
            *(k < tie->n_ones ? &ones : &zeros) += counts[ENTRY_ROW(entries[k])];
        }
        sum += ones * zeros;
    }
    return sum;
}

/*
 * Pairs of a row of class 1 and one of class 0 below it, in whole numbers: exact, in any order.
 * Without a branch on the class, which no processor could foresee.
 */
static double auc(const struct fw_pair *pair, const struct model *model, const uint32_t *counts)
{
    uint64_t above = 0, zeros = 0, ones = 0;

    for (uint32_t i = 0; i < pair->n; i++) {
        uint32_t entry = model->entries[i];
        uint64_t count = counts[ENTRY_ROW(entry)];
        uint64_t is_one = count & -(uint64_t)ENTRY_IS_ONE(entry);
        above += is_one * zeros;
        ones += is_one;
        zeros += count - is_one;
    }
    uint64_t halves = 2 * above + tied_pairs(model, counts);
    return ones > 0 && zeros > 0 ? (double)halves / (2.0 * (double)ones * (double)zeros) : NAN;
}

static double average_precision(const struct fw_pair *pair, const struct model *model,
                                const uint32_t *counts)
{
    uint64_t ones = 0, all = 0, step = 0;
    double sum = 0;

    for (uint32_t i = pair->n; i-- > 0;) {
        uint32_t entry = model->entries[i];
        uint32_t count = counts[ENTRY_ROW(entry)];
        all += count;
        step += ENTRY_IS_ONE(entry) ? count : 0;
        if (ENTRY_BEGINS(entry) && step > 0) {
            ones += step;
            sum += (double)step * ((double)ones / (double)all);
            step = 0;
        }
    }
    return ones > 0 && ones < all ? sum / (double)ones : NAN;
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

void fw_pair_measure(const struct fw_pair *pair, const uint32_t *counts, double ret[2])
{
    for (int i = 0; i < 2; i++) {
        const struct model *model = &pair->models[i];
        ret[i] = pair->metric == FW_METRIC_AUC ? auc(pair, model, counts)
                 : pair->metric == FW_METRIC_AVERAGE_PRECISION
                     ? average_precision(pair, model, counts)
                     : mean_loss(pair, model, counts);
    }
}

fw_status fw_pair_measure_all(const struct fw_pair *pair, double ret[2])
{
    uint32_t *counts = malloc(pair->n * sizeof *counts);

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
