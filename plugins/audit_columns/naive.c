/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "audit_columns.h"

/* The mean of all values so far. */
static double mean_of(const struct audit_filing *filings, size_t n, size_t feature)
{
    long double sum = 0;
    size_t n_values = 0;

    for (size_t i = 0; i < n; i++) {
        double value = filings[i].values[feature];
        if (!isnan(value)) {
            sum += value;
            n_values++;
        }
    }
    return n_values > 0 ? (double)(sum / (long double)n_values) : NAN;
}

/* A missing value lets the old ones fade, and changes nothing else. */
static double ema_of(const struct audit *audit, const struct audit_filing *filings, size_t n,
                     size_t feature)
{
    double alpha = audit->rules.alpha, weight = 1, state = NAN;

    for (size_t i = 0; i < n; i++) {
        double value = filings[i].values[feature];
        weight *= isnan(state) ? 1 : 1 - alpha;
        if (isnan(value)) {
            continue;
        }
        state = isnan(state) ? value : (weight * state + alpha * value) / (weight + alpha);
        weight = 1;
    }
    return state;
}

void audit_naive_row(const struct audit *audit, const struct audit_filings *filings,
                     const struct audit_when *when, struct audit_row *row)
{
    size_t first = 0, n = 0;

    while (first < filings->n && strcmp(filings->items[first].cik, when->cik) != 0) {
        first++;
    }
    const struct audit_filing *own = filings->items + first;
    while (first + n < filings->n && strcmp(own[n].cik, when->cik) == 0 &&
           own[n].filed <= when->t) {
        n++;
    }
    if (n > 0 && own[n - 1].filed > when->cutoff) {
        n = 0;
    }
    row->has_filing = n > 0;
    for (size_t i = 0; i < audit->n_features; i++) {
        row->last[i] = n > 0 ? own[n - 1].values[i] : NAN;
        row->mean[i] = mean_of(own, n, i);
        row->ema[i] = ema_of(audit, own, n, i);
    }
}
