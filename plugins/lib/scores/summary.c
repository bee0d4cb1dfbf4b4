/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "scores/internal.h"
#include "team/team.h"

/* Predictions of 0 and 1 that fail cost ln(2^52), not infinity. */
#define CLIP 0x1p-52

/* How many probabilities are multiplied before a logarithm is taken: none underflows. */
enum { FACTORS = 16 };

/* What a block adds. A block takes the groups of equal p that begin in it. */
struct part {
    uint64_t twice_wins; /* pairs in the right order, equal ones half, doubled */
    double precision;    /* sum of precisions, one a positive row */
    double squares, logs, sum_p;
    uint64_t n_distinct;
};

struct summing {
    const struct fw_scores *scores;
    struct part *parts;
};

/* n rows of equal p. */
struct group {
    double p;
    uint64_t n_positive, n_negative;
};

struct logs {
    double product, sum;
    unsigned n;
};

static void multiply(struct logs *logs, double probability, uint64_t times)
{
    if (times > FACTORS) {
        logs->sum += (double)times * log(probability);
        return;
    }
    for (uint64_t i = 0; i < times; i++) {
        logs->product *= probability;
        if (++logs->n == FACTORS) {
            logs->sum += log(logs->product);
            logs->product = 1;
            logs->n = 0;
        }
    }
}

/* The first group that begins at `at` or behind, or `end`. */
static size_t group_start(const struct fw_scores *scores, size_t at, size_t end)
{
    while (at > 0 && at < end && scores->keys[at] >> 1 == scores->keys[at - 1] >> 1) {
        at++;
    }
    return at;
}

/* The group at *at, which is moved behind it. */
static struct group next_group(const struct fw_scores *scores, size_t *at)
{
    const uint64_t *keys = scores->keys;
    size_t i = *at, positives = 0;

    do {
        positives += keys[i++] & 1;
    } while (i < scores->n && keys[i] >> 1 == keys[*at] >> 1);
    struct group group = {fw_score_p(keys[*at]), positives, i - *at - positives};
    *at = i;
    return group;
}

static void add_group(struct part *part, struct logs *logs, const struct group *group)
{
    double p = group->p, clipped = p < CLIP ? CLIP : p > 1 - CLIP ? 1 - CLIP : p;

    part->squares +=
        (double)group->n_positive * ((1 - p) * (1 - p)) + (double)group->n_negative * (p * p);
    part->sum_p += (double)(group->n_positive + group->n_negative) * p;
    multiply(logs, clipped, group->n_positive);
    multiply(logs, 1 - clipped, group->n_negative);
    part->n_distinct++;
}

static void sum_block(void *arg, size_t block)
{
    const struct summing *summing = arg;
    const struct fw_scores *scores = summing->scores;
    size_t start = block * FW_SCORES_BLOCK;
    size_t end = start + FW_SCORES_BLOCK < scores->n ? start + FW_SCORES_BLOCK : scores->n;
    size_t at = group_start(scores, start, end);
    size_t positives = fw_scores_positives_before(scores, at);
    struct part part = {0};
    struct logs logs = {.product = 1};

    while (at < end) {
        start = at;
        struct group group = next_group(scores, &at);
        part.twice_wins += group.n_positive * (2 * (start - positives) + group.n_negative);
        if (group.n_positive > 0) {
            part.precision += (double)group.n_positive * (double)(scores->n_positive - positives) /
                              (double)(scores->n - start);
        }
        add_group(&part, &logs, &group);
        positives += group.n_positive;
    }
    part.logs = logs.sum + log(logs.product);
    summing->parts[block] = part;
}

static struct part add_up(const struct part *parts, size_t n)
{
    struct part sum = {0};

    for (size_t i = 0; i < n; i++) {
        sum.twice_wins += parts[i].twice_wins;
        sum.precision += parts[i].precision;
        sum.squares += parts[i].squares;
        sum.logs += parts[i].logs;
        sum.sum_p += parts[i].sum_p;
        sum.n_distinct += parts[i].n_distinct;
    }
    return sum;
}

bool fw_scores_summary(const struct fw_scores *scores, unsigned n_threads,
                       struct fw_score_summary *ret_summary)
{
    size_t n_blocks = (scores->n + FW_SCORES_BLOCK - 1) / FW_SCORES_BLOCK;
    struct summing summing = {scores, calloc(n_blocks, sizeof *summing.parts)};
    double n = (double)scores->n, positives = (double)scores->n_positive;

    if (summing.parts == NULL) {
        return false;
    }
    fw_team_run(n_threads, n_blocks, sum_block, &summing);
    struct part sum = add_up(summing.parts, n_blocks);
    free(summing.parts);
    bool both = scores->n_positive > 0 && scores->n_positive < scores->n;
    *ret_summary = (struct fw_score_summary){
        .auc = both ? (double)sum.twice_wins / (2 * positives * (n - positives)) : NAN,
        .average_precision = scores->n_positive > 0 ? sum.precision / positives : NAN,
        .brier = sum.squares / n,
        .log_loss = sum.logs < 0 ? -sum.logs / n : 0,
        .mean_p = sum.sum_p / n,
        .min_p = fw_score_p(scores->keys[0]),
        .max_p = fw_score_p(scores->keys[scores->n - 1]),
        .n_distinct = sum.n_distinct,
    };
    return true;
}

void fw_scores_calibration(const struct fw_scores *scores, struct fw_score_bin *ret_bins,
                           size_t n_bins)
{
    size_t at = 0;

    for (size_t i = 0; i < n_bins; i++) {
        struct fw_score_bin bin = {.lower = (double)i / (double)n_bins,
                                   .upper = (double)(i + 1) / (double)n_bins};
        double sum = 0;
        while (at < scores->n && (i + 1 == n_bins || fw_score_p(scores->keys[at]) <= bin.upper)) {
            struct group group = next_group(scores, &at);
            bin.n += group.n_positive + group.n_negative;
            bin.n_positive += group.n_positive;
            sum += (double)(group.n_positive + group.n_negative) * group.p;
        }
        bin.mean_p = bin.n > 0 ? sum / (double)bin.n : NAN;
        ret_bins[i] = bin;
    }
}
