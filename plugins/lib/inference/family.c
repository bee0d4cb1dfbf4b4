/* SPDX-License-Identifier: MIT */
#include "family.h"

#include <stdint.h>

#include <math.h>
#include <stdlib.h>

#include "scores/scores.h"

/* The tests by rising p-value, those without one last. */
static uint32_t *order_of(const double *p, size_t n)
{
    double *values = malloc((n > 0 ? n : 1) * sizeof *values);
    uint32_t *rows = malloc((n > 0 ? n : 1) * sizeof *rows);
    bool done = values != NULL && rows != NULL;

    for (size_t i = 0; done && i < n; i++) {
        values[i] = isnan(p[i]) ? 1 : p[i];
    }
    done = done && fw_scores_order(values, n, rows);
    free(values);
    if (!done) {
        free(rows);
    }
    return done ? rows : NULL;
}

bool fw_family_holm(const double *p, size_t n, double *ret_adjusted)
{
    uint32_t *order = order_of(p, n);
    double least = 0;

    if (order == NULL) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        double value = p[order[i]] * (double)(n - i);
        least = fmin(fmax(least, value), 1); /* fmax passes NaN over */
        ret_adjusted[order[i]] = isnan(value) ? NAN : least;
    }
    free(order);
    return true;
}

bool fw_family_benjamini_hochberg(const double *p, size_t n, double *ret_adjusted)
{
    uint32_t *order = order_of(p, n);
    double most = 1;

    if (order == NULL) {
        return false;
    }
    for (size_t i = n; i-- > 0;) {
        double value = p[order[i]] * (double)n / (double)(i + 1);
        most = fmin(most, value);
        ret_adjusted[order[i]] = isnan(value) ? NAN : most;
    }
    free(order);
    return true;
}
