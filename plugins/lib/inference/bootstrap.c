/* SPDX-License-Identifier: MIT */
#include "bootstrap.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

/* A thread's share of the replicates. */
struct lane {
    const struct fw_paired_bootstrap *plan;
    uint64_t first;
    size_t n;
    struct fw_replicate *ret;
    fw_status status;
    pthread_t thread;
    bool started;
};

static void *run_lane(void *arg)
{
    struct lane *lane = arg;
    const struct fw_paired_bootstrap *plan = lane->plan;
    uint32_t *counts = fw_pair_counts(plan->pair);

    lane->status = counts != NULL ? FW_OK : FW_E_NOMEM;
    for (size_t i = 0; counts != NULL && i < lane->n; i++) {
        double values[2];
        fw_resample_draw(plan->resample, plan->key, lane->first + i, counts);
        fw_pair_measure(plan->pair, counts, values);
        lane->ret[i] = (struct fw_replicate){.a = values[0], .b = values[1]};
    }
    free(counts);
    return NULL;
}

fw_status fw_bootstrap_run(const struct fw_paired_bootstrap *plan, uint64_t first, size_t n,
                           struct fw_replicate *ret)
{
    size_t n_lanes = plan->n_threads < n ? plan->n_threads : (n > 0 ? n : 1);
    struct lane *lanes = calloc(n_lanes, sizeof *lanes);
    fw_status status = FW_OK;

    if (lanes == NULL) {
        return FW_E_NOMEM;
    }
    for (size_t i = 0; i < n_lanes; i++) {
        size_t from = n * i / n_lanes, to = n * (i + 1) / n_lanes;
        lanes[i] = (struct lane){.plan = plan, .first = first + from, .n = to - from};
        lanes[i].ret = ret + from;
        /* A thread that cannot be had costs time and nothing else. */
        lanes[i].started =
            i > 0 && pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i]) == 0;
    }
    for (size_t i = 0; i < n_lanes; i++) {
        if (lanes[i].started) {
            pthread_join(lanes[i].thread, NULL);
        } else {
            run_lane(&lanes[i]);
        }
        status = status == FW_OK ? lanes[i].status : status;
    }
    free(lanes);
    return status;
}

fw_status fw_bootstrap_given(const struct fw_pair *pair, const uint32_t *rows, uint32_t n,
                             struct fw_replicate *ret)
{
    uint32_t *counts = fw_pair_counts(pair);
    double values[2];

    if (counts == NULL) {
        return FW_E_NOMEM;
    }
    for (uint32_t i = 0; i < n; i++) {
        counts[rows[i]]++;
    }
    fw_pair_measure(pair, counts, values);
    *ret = (struct fw_replicate){.a = values[0], .b = values[1]};
    free(counts);
    return FW_OK;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return (a > b) - (a < b);
}

static double quantile(const double *sorted, size_t n, double q)
{
    double position = q * (double)(n - 1);
    size_t below = (size_t)position;
    size_t above = below + 1 < n ? below + 1 : below;

    return sorted[below] + (position - (double)below) * (sorted[above] - sorted[below]);
}

/* Sorts the values. */
static struct fw_spread spread_of(double *values, size_t n, double alpha)
{
    double sum = 0, squares = 0;

    if (n == 0) {
        return (struct fw_spread){NAN, NAN, NAN, NAN};
    }
    qsort(values, n, sizeof *values, compare);
    for (size_t i = 0; i < n; i++) {
        sum += values[i];
    }
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        squares += (values[i] - mean) * (values[i] - mean);
    }
    return (struct fw_spread){
        .mean = mean,
        .std = sqrt(squares / (double)n),
        .lower = quantile(values, n, alpha / 2),
        .upper = quantile(values, n, 1 - alpha / 2),
    };
}

static double two_sided(const double *differences, size_t n)
{
    size_t not_above = 0, not_below = 0;

    for (size_t i = 0; i < n; i++) {
        not_above += differences[i] <= 0;
        not_below += differences[i] >= 0;
    }
    size_t rarer = not_above < not_below ? not_above : not_below;
    return n > 0 ? fmin(1, 2 * (double)(rarer + 1) / (double)(n + 1)) : NAN;
}

fw_status fw_bootstrap_summarise(const struct fw_replicate *replicates, size_t n, double alpha,
                                 struct fw_bootstrap_summary *ret)
{
    double *a = malloc(3 * (n > 0 ? n : 1) * sizeof *a);
    size_t m = 0;

    if (a == NULL) {
        return FW_E_NOMEM;
    }
    double *b = a + n, *differences = b + n;
    for (size_t i = 0; i < n; i++) {
        if (!isnan(replicates[i].a) && !isnan(replicates[i].b)) {
            a[m] = replicates[i].a;
            b[m] = replicates[i].b;
            differences[m++] = replicates[i].a - replicates[i].b;
        }
    }
    ret->valid = m;
    ret->skipped = n - m;
    ret->p = two_sided(differences, m);
    ret->a = spread_of(a, m, alpha);
    ret->b = spread_of(b, m, alpha);
    ret->difference = spread_of(differences, m, alpha);
    free(a);
    return FW_OK;
}
