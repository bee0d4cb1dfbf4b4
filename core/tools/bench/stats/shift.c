/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/rng.h"
#include "stats.h"

/* Two sorted lists, of whose differences b[j] - a[i] one is looked for. */
struct lists {
    const double *a, *b;
    size_t n_a, n_b;
};

/* How many differences are at most `limit`. The matrix rises with j and falls with i, so one walk
 * along the border does. */
static uint64_t count(const struct lists *lists, double limit)
{
    uint64_t n = 0;
    size_t j = 0;
    for (size_t i = 0; i < lists->n_a; i++) {
        while (j < lists->n_b && lists->b[j] - lists->a[i] <= limit) {
            j++;
        }
        n += j;
    }
    return n;
}

/* The least difference above `limit`. */
static double next_above(const struct lists *lists, double limit)
{
    double least = INFINITY;
    size_t j = 0;
    for (size_t i = 0; i < lists->n_a; i++) {
        while (j < lists->n_b && lists->b[j] - lists->a[i] <= limit) {
            j++;
        }
        if (j < lists->n_b && lists->b[j] - lists->a[i] < least) {
            least = lists->b[j] - lists->a[i];
        }
    }
    return least;
}

/* The least difference with `wanted` of them up to it: halving until few are left, then one after
 * the other. */
static double pick(const struct lists *lists, uint64_t wanted)
{
    enum { FEW = 3 };
    double high = lists->b[lists->n_b - 1] - lists->a[0];
    double low = nextafter(lists->b[0] - lists->a[lists->n_a - 1], -INFINITY);
    uint64_t n_low = 0, n_high = (uint64_t)lists->n_a * lists->n_b;
    while (n_high - n_low > FEW) {
        const double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high) {
            break; /* the rest is ties */
        }
        const uint64_t n = count(lists, middle);
        if (n >= wanted) {
            high = middle;
            n_high = n;
        } else {
            low = middle;
            n_low = n;
        }
    }
    double value = next_above(lists, low);
    while (count(lists, value) < wanted) {
        value = next_above(lists, value);
    }
    return value;
}

/* The median of the differences of sorted lists that are not empty. */
static double median_difference(const struct lists *lists)
{
    const uint64_t total = (uint64_t)lists->n_a * lists->n_b, half = (total + 1) / 2;
    const double value = pick(lists, half);
    if (total % 2 == 1 || count(lists, value) > half) {
        return value;
    }
    return (value + next_above(lists, value)) / 2;
}

int fw_stats_shift(const struct fw_stats_two *two, double *ret_shift, struct fw_error *err)
{
    fw_auto(free) double *a = malloc((two->n_a + 1) * sizeof *a);
    fw_auto(free) double *b = malloc((two->n_b + 1) * sizeof *b);
    const struct lists lists = {.a = a, .b = b, .n_a = two->n_a, .n_b = two->n_b};
    if (!a || !b) {
        return fw_error_oom(err);
    }
    memcpy(a, two->a, two->n_a * sizeof *a);
    memcpy(b, two->b, two->n_b * sizeof *b);
    fw_stats_sort(a, two->n_a);
    fw_stats_sort(b, two->n_b);
    *ret_shift = two->n_a > 0 && two->n_b > 0 ? median_difference(&lists) : 0;
    return 0;
}

/* One of the lists, sorted once: a resample is how often each of its values was drawn, and is then
 * in order by itself. */
struct urn {
    size_t n;
    double *sorted, *drawn;
    size_t *place; /* where the value i of the list is in `sorted` */
    uint32_t *hits;
};

static void finish(struct urn *urn)
{
    free(urn->sorted);
    free(urn->drawn);
    free(urn->place);
    free(urn->hits);
}

static int fill(struct urn *urn, const double *values, size_t n, struct fw_error *err)
{
    *urn = (struct urn){.n = n,
                        .sorted = malloc((n + 1) * sizeof(double)),
                        .drawn = malloc((n + 1) * sizeof(double)),
                        .place = malloc((n + 1) * sizeof(size_t)),
                        .hits = calloc(n + 1, sizeof(uint32_t))};
    if (!urn->sorted || !urn->drawn || !urn->place || !urn->hits) {
        return fw_error_oom(err);
    }
    memcpy(urn->sorted, values, n * sizeof *values);
    fw_stats_sort(urn->sorted, n);
    for (size_t i = 0; i < n; i++) {
        size_t low = 0, high = n - 1;
        while (low < high) {
            const size_t middle = low + (high - low) / 2;
            if (urn->sorted[middle] < values[i]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        urn->place[i] = low; /* of equal values the first, which is as good */
    }
    return 0;
}

static void pour(struct urn *urn)
{
    size_t n = 0;
    for (size_t i = 0; i < urn->n; i++) {
        for (; urn->hits[i] > 0; urn->hits[i]--) {
            urn->drawn[n++] = urn->sorted[i];
        }
    }
}

static size_t draw(uint64_t *state, size_t n)
{
    return (size_t)(((fw_rng_next(state) >> 32) * (uint64_t)n) >> 32);
}

static double resample(struct urn *a, struct urn *b, bool paired, uint64_t number)
{
    uint64_t state = fw_rng_seed("fwrun bench", number);
    for (size_t i = 0; i < a->n; i++) {
        const size_t at = draw(&state, a->n);
        a->hits[a->place[at]]++;
        if (paired) {
            b->hits[b->place[at]]++;
        }
    }
    for (size_t i = 0; !paired && i < b->n; i++) {
        b->hits[b->place[draw(&state, b->n)]]++;
    }
    pour(a);
    pour(b);
    const struct lists lists = {.a = a->drawn, .b = b->drawn, .n_a = a->n, .n_b = b->n};
    return median_difference(&lists);
}

int fw_stats_interval(const struct fw_stats_two *two, double *ret_low, double *ret_high,
                      struct fw_error *err)
{
    struct urn a = {0}, b = {0};
    fw_auto(free) double *shifts = malloc(FW_STATS_RESAMPLES * sizeof *shifts);
    int rc = shifts ? fill(&a, two->a, two->n_a, err) : fw_error_oom(err);
    rc = rc < 0 ? rc : fill(&b, two->b, two->n_b, err);
    for (uint64_t i = 0; rc == 0 && i < FW_STATS_RESAMPLES; i++) {
        shifts[i] = resample(&a, &b, two->paired, i);
    }
    if (rc == 0) {
        fw_stats_sort(shifts, FW_STATS_RESAMPLES);
        *ret_low = fw_stats_quantile(shifts, FW_STATS_RESAMPLES, 0.025);
        *ret_high = fw_stats_quantile(shifts, FW_STATS_RESAMPLES, 0.975);
    }
    finish(&a);
    finish(&b);
    return rc;
}
