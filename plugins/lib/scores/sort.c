/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scores/internal.h"
#include "team/team.h"

/*
 * A radix sort from the top: keys are dealt into buckets by value, then each bucket by what its
 * keys differ in, down to a few that are sorted by insertion. Probabilities lie close together in
 * few exponents, so the first deal goes by p itself, which is even where p is, and by all threads;
 * later ones go by the key between the bucket's smallest and largest, which no skew can defeat: six
 * deals at most exhaust 62 bits. A bucket that got most of the keys is again dealt by all threads.
 */
enum { BUCKETS = 1 << 11, FEW = 24, CHUNKS_MAX = 64, ALONE = 1 << 16 };

/* How keys map to buckets; a larger key is never in a smaller bucket. */
struct deal {
    uint64_t min;
    unsigned shift;
    size_t n_buckets;
    double origin, scale; /* scale > 0: by value, shift and min are not used */
};

static size_t bucket_by_key(const struct deal *deal, uint64_t key)
{
    return (size_t)((key - deal->min) >> deal->shift);
}

static size_t bucket_of(const struct deal *deal, uint64_t key)
{
    if (deal->scale > 0) {
        size_t at = (size_t)(int32_t)((fw_score_p(key) - deal->origin) * deal->scale);
        return at < BUCKETS ? at : BUCKETS - 1;
    }
    return bucket_by_key(deal, key);
}

static struct deal deal_by_key(uint64_t min, uint64_t max, size_t n)
{
    struct deal deal = {.min = min, .n_buckets = BUCKETS};

    while (deal.n_buckets > 2 && deal.n_buckets > n / 2) {
        deal.n_buckets /= 2;
    }
    while ((max - min) >> deal.shift >= deal.n_buckets) {
        deal.shift++;
    }
    return deal;
}

/* By value where values differ by enough to be scaled. */
static struct deal deal_by_value(uint64_t min, uint64_t max, size_t n)
{
    double range = fw_score_p(max) - fw_score_p(min);

    if (!(range > 0) || !isfinite(BUCKETS / range)) {
        return deal_by_key(min, max, n);
    }
    return (struct deal){.n_buckets = BUCKETS, .origin = fw_score_p(min), .scale = BUCKETS / range};
}

/* The keys of `from` sorted into `to`, which may be the same. */
static void insert(const uint64_t *from, uint64_t *to, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t key = from[i];
        size_t at = i;
        while (at > 0 && to[at - 1] > key) {
            to[at] = to[at - 1];
            at--;
        }
        to[at] = key;
    }
}

static void range_of(const uint64_t *keys, size_t n, uint64_t *ret_min, uint64_t *ret_max)
{
    uint64_t min = keys[0], max = keys[0];

    for (size_t i = 1; i < n; i++) {
        min = keys[i] < min ? keys[i] : min;
        max = keys[i] > max ? keys[i] : max;
    }
    *ret_min = min;
    *ret_max = max;
}

/* Turns counts into where each bucket starts. */
static void count_up(uint32_t *counts, size_t n_buckets)
{
    uint32_t sum = 0;

    for (size_t b = 0; b < n_buckets; b++) {
        uint32_t count = counts[b];
        counts[b] = sum;
        sum += count;
    }
}

static void sort_alone(uint64_t *keys, uint64_t *room, size_t n, bool moves);

static void deal_alone(uint64_t *keys, uint64_t *room, size_t n, const struct deal *deal,
                       bool moves)
{
    uint32_t ends[BUCKETS];

    memset(ends, 0, deal->n_buckets * sizeof *ends);
    for (size_t i = 0; i < n; i++) {
        ends[bucket_by_key(deal, keys[i])]++;
    }
    count_up(ends, deal->n_buckets);
    for (size_t i = 0; i < n; i++) {
        room[ends[bucket_by_key(deal, keys[i])]++] = keys[i];
    }
    for (size_t b = 0, start = 0; b < deal->n_buckets; b++) {
        if (ends[b] > start) {
            sort_alone(room + start, keys + start, ends[b] - start, !moves);
        }
        start = ends[b];
    }
}

/* Sorts keys by way of room; the result is in room if it `moves`, in keys otherwise. */
static void sort_alone(uint64_t *keys, uint64_t *room, size_t n, bool moves)
{
    uint64_t min, max;

    if (n <= FEW) {
        insert(keys, moves ? room : keys, n);
        return;
    }
    range_of(keys, n, &min, &max);
    if (min < max) {
        struct deal deal = deal_by_key(min, max, n);
        deal_alone(keys, room, n, &deal, moves);
    } else if (moves) {
        memcpy(room, keys, n * sizeof *keys);
    }
}

/* A deal by all threads: chunks of the keys are counted, then dealt, each by one thread. */
struct sort {
    uint64_t *keys, *room;
    size_t n, n_chunks;
    unsigned n_threads;
    bool moves;
    struct deal deal;
    uint64_t mins[CHUNKS_MAX], maxs[CHUNKS_MAX];
    uint32_t starts[BUCKETS + 1];         /* of the buckets */
    uint32_t places[CHUNKS_MAX][BUCKETS]; /* how many keys of a chunk; then where the next goes */
};

static size_t chunk_start(const struct sort *sort, size_t chunk)
{
    return (size_t)((uint64_t)sort->n * chunk / sort->n_chunks);
}

static void measure(void *arg, size_t chunk)
{
    struct sort *sort = arg;
    size_t start = chunk_start(sort, chunk);

    range_of(sort->keys + start, chunk_start(sort, chunk + 1) - start, &sort->mins[chunk],
             &sort->maxs[chunk]);
}

static void count(void *arg, size_t chunk)
{
    struct sort *sort = arg;
    size_t end = chunk_start(sort, chunk + 1);

    for (size_t i = chunk_start(sort, chunk); i < end; i++) {
        sort->places[chunk][bucket_of(&sort->deal, sort->keys[i])]++;
    }
}

static void deal_out(void *arg, size_t chunk)
{
    struct sort *sort = arg;
    size_t end = chunk_start(sort, chunk + 1);
    uint32_t *places = sort->places[chunk];

    for (size_t i = chunk_start(sort, chunk); i < end; i++) {
        uint64_t key = sort->keys[i];
        sort->room[places[bucket_of(&sort->deal, key)]++] = key;
    }
}

static void place_chunks(struct sort *sort)
{
    uint32_t sum = 0;

    for (size_t b = 0; b < sort->deal.n_buckets; b++) {
        sort->starts[b] = sum;
        for (size_t c = 0; c < sort->n_chunks; c++) {
            uint32_t n = sort->places[c][b];
            sort->places[c][b] = sum;
            sum += n;
        }
    }
    sort->starts[sort->deal.n_buckets] = sum;
}

static bool is_big(const struct sort *sort, size_t bucket)
{
    size_t n = sort->starts[bucket + 1] - sort->starts[bucket];

    return n > ALONE && n > sort->n / 2;
}

static void finish_bucket(void *arg, size_t bucket)
{
    struct sort *sort = arg;
    size_t start = sort->starts[bucket];

    if (!is_big(sort, bucket)) {
        sort_alone(sort->room + start, sort->keys + start, sort->starts[bucket + 1] - start,
                   !sort->moves);
    }
}

static void sort_together(uint64_t *keys, uint64_t *room, size_t n, unsigned n_threads, bool moves,
                          bool by_value);

static void finish_big(const struct sort *sort)
{
    for (size_t b = 0; b < sort->deal.n_buckets; b++) {
        size_t start = sort->starts[b];
        if (is_big(sort, b)) {
            sort_together(sort->room + start, sort->keys + start, sort->starts[b + 1] - start,
                          sort->n_threads, !sort->moves, false);
        }
    }
}

static void deal_together(struct sort *sort)
{
    fw_team_run(sort->n_threads, sort->n_chunks, count, sort);
    place_chunks(sort);
    fw_team_run(sort->n_threads, sort->n_chunks, deal_out, sort);
    finish_big(sort);
    fw_team_run(sort->n_threads, sort->deal.n_buckets, finish_bucket, sort);
}

static void sort_together(uint64_t *keys, uint64_t *room, size_t n, unsigned n_threads, bool moves,
                          bool by_value)
{
    /* Without memory for the team's counts, one thread does it. */
    struct sort *sort = n > ALONE ? calloc(1, sizeof *sort) : NULL;
    uint64_t min, max;

    if (sort == NULL) {
        sort_alone(keys, room, n, moves);
        return;
    }
    sort->keys = keys;
    sort->room = room;
    sort->n = n;
    sort->n_threads = n_threads;
    sort->n_chunks = n_threads < CHUNKS_MAX / 4 ? 4 * (size_t)n_threads : CHUNKS_MAX;
    sort->moves = moves;
    fw_team_run(n_threads, sort->n_chunks, measure, sort);
    range_of(sort->mins, sort->n_chunks, &min, &max);
    range_of(sort->maxs, sort->n_chunks, &(uint64_t){0}, &max);
    if (min < max) {
        sort->deal = by_value ? deal_by_value(min, max, n) : deal_by_key(min, max, n);
        deal_together(sort);
    } else if (moves) {
        memcpy(room, keys, n * sizeof *keys);
    }
    free(sort);
}

void fw_scores_sort(uint64_t *keys, uint64_t *room, size_t n, unsigned n_threads)
{
    sort_together(keys, room, n, n_threads, true, true);
}
