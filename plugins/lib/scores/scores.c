/* SPDX-License-Identifier: MIT */
#include "scores/scores.h"

#include <stdlib.h>
#include <string.h>

#include "scores/internal.h"
#include "team/team.h"

static uint64_t key_of(double p, uint8_t y)
{
    uint64_t bits;

    p += 0.0; /* -0.0 is 0 */
    memcpy(&bits, &p, sizeof bits);
    return bits << 1 | y;
}

struct making {
    const double *p;
    const uint8_t *y;
    uint64_t *keys;
    size_t *positives;
    size_t n;
};

static size_t block_end(const struct making *making, size_t block)
{
    size_t end = (block + 1) * FW_SCORES_BLOCK;

    return end < making->n ? end : making->n;
}

static void make_keys(void *arg, size_t block)
{
    const struct making *making = arg;

    for (size_t i = block * FW_SCORES_BLOCK; i < block_end(making, block); i++) {
        making->keys[i] = key_of(making->p[i], making->y[i]);
    }
}

static void count_positives(void *arg, size_t block)
{
    const struct making *making = arg;
    size_t n = 0;

    for (size_t i = block * FW_SCORES_BLOCK; i < block_end(making, block); i++) {
        n += making->keys[i] & 1;
    }
    making->positives[block] = n;
}

static size_t n_blocks(size_t n)
{
    return (n + FW_SCORES_BLOCK - 1) / FW_SCORES_BLOCK;
}

/* What each block has becomes what lies before it. */
static size_t count_before(size_t *positives, size_t blocks)
{
    size_t sum = 0;

    for (size_t i = 0; i < blocks; i++) {
        size_t n = positives[i];
        positives[i] = sum;
        sum += n;
    }
    return sum;
}

bool fw_scores_take(struct fw_scores *scores, double *p, const uint8_t *y, size_t n,
                    unsigned n_threads)
{
    uint64_t *keys = reallocarray(NULL, n, sizeof *keys);
    size_t *positives = reallocarray(NULL, n_blocks(n), sizeof *positives);

    if (keys == NULL || positives == NULL) {
        free(p);
        free(keys);
        free(positives);
        return false;
    }
    /* Allocated memory is of the type that was last written there: each p becomes its key. */
    struct making making = {p, y, (uint64_t *)(void *)p, positives, n};
    fw_team_run(n_threads, n_blocks(n), make_keys, &making);
    fw_scores_sort(making.keys, keys, n, n_threads);
    free(p);
    making.keys = keys;
    fw_team_run(n_threads, n_blocks(n), count_positives, &making);
    *scores = (struct fw_scores){keys, n, count_before(positives, n_blocks(n)), positives};
    return true;
}

bool fw_scores_init(struct fw_scores *scores, const double *p, const uint8_t *y, size_t n,
                    unsigned n_threads)
{
    double *copy = reallocarray(NULL, n, sizeof *copy);

    if (copy == NULL) {
        return false;
    }
    memcpy(copy, p, n * sizeof *copy);
    return fw_scores_take(scores, copy, y, n, n_threads);
}

void fw_scores_finish(struct fw_scores *scores)
{
    free(scores->keys);
    free(scores->positives);
    *scores = (struct fw_scores){0};
}

/* The first key whose p is at least the threshold. */
static size_t find(const struct fw_scores *scores, double threshold)
{
    size_t low = 0, high = scores->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (fw_score_p(scores->keys[middle]) >= threshold) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

size_t fw_scores_positives_before(const struct fw_scores *scores, size_t at)
{
    size_t block = at / FW_SCORES_BLOCK;

    if (at == scores->n) {
        return scores->n_positive;
    }
    size_t n = scores->positives[block];
    for (size_t i = block * FW_SCORES_BLOCK; i < at; i++) {
        n += scores->keys[i] & 1;
    }
    return n;
}

static struct fw_score_counts counts_from(const struct fw_scores *scores, size_t at, size_t fn)
{
    size_t tp = scores->n_positive - fn;

    return (struct fw_score_counts){.tp = tp, .fp = scores->n - at - tp, .fn = fn, .tn = at - fn};
}

struct fw_score_counts fw_scores_counts(const struct fw_scores *scores, double threshold)
{
    size_t at = find(scores, threshold);

    return counts_from(scores, at, fw_scores_positives_before(scores, at));
}

bool fw_scores_next(const struct fw_scores *scores, struct fw_score_walk *walk)
{
    if (walk->at == scores->n) {
        return false;
    }
    walk->p = fw_score_p(scores->keys[walk->at]);
    walk->counts = counts_from(scores, walk->at, walk->positives);
    do {
        walk->positives += scores->keys[walk->at] & 1;
        walk->at++;
    } while (walk->at < scores->n &&
             scores->keys[walk->at] >> 1 == scores->keys[walk->at - 1] >> 1);
    return true;
}
