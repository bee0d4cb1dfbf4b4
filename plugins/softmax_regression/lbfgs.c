/* SPDX-License-Identifier: MIT */
#include "lbfgs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A step must win this part of what the slope promises (Armijo). */
#define SUFFICIENT 1e-4
#define SHORTEST   1e-12
/* How far off a value may be, in parts of it: it is a sum of floats. */
#define ROUNDING 1e-6

bool lbfgs_init(struct lbfgs *lbfgs, size_t n)
{
    *lbfgs = (struct lbfgs){.n = n, .length = 1};
    lbfgs->x = calloc(n, sizeof(double));
    lbfgs->gradient = calloc(n, sizeof(double));
    lbfgs->trial = calloc(n, sizeof(double));
    lbfgs->direction = calloc(n, sizeof(double));
    lbfgs->steps = calloc(LBFGS_MEMORY * n, sizeof(double));
    lbfgs->changes = calloc(LBFGS_MEMORY * n, sizeof(double));
    return lbfgs->x && lbfgs->gradient && lbfgs->trial && lbfgs->direction && lbfgs->steps &&
           lbfgs->changes;
}

void lbfgs_finish(struct lbfgs *lbfgs)
{
    free(lbfgs->x);
    free(lbfgs->gradient);
    free(lbfgs->trial);
    free(lbfgs->direction);
    free(lbfgs->steps);
    free(lbfgs->changes);
    *lbfgs = (struct lbfgs){0};
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static void add(double *a, double factor, const double *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        a[i] += factor * b[i];
    }
}

/* The pair that was kept `age` pairs ago, 0 the newest. */
static size_t pair_at(const struct lbfgs *lbfgs, size_t age)
{
    return (lbfgs->next + LBFGS_MEMORY - 1 - age) % LBFGS_MEMORY;
}

/* direction = -H gradient, by the two loops over what is remembered. */
static void choose_direction(struct lbfgs *lbfgs)
{
    const size_t n = lbfgs->n;
    double *d = lbfgs->direction, weights[LBFGS_MEMORY];
    for (size_t i = 0; i < n; i++) {
        d[i] = -lbfgs->gradient[i];
    }
    for (size_t age = 0; age < lbfgs->n_kept; age++) {
        const size_t p = pair_at(lbfgs, age);
        weights[p] = dot(lbfgs->steps + p * n, d, n) / lbfgs->products[p];
        add(d, -weights[p], lbfgs->changes + p * n, n);
    }
    if (lbfgs->n_kept > 0) {
        const size_t p = pair_at(lbfgs, 0);
        const double scale =
            lbfgs->products[p] / dot(lbfgs->changes + p * n, lbfgs->changes + p * n, n);
        for (size_t i = 0; i < n; i++) {
            d[i] *= scale;
        }
    }
    for (size_t age = lbfgs->n_kept; age-- > 0;) {
        const size_t p = pair_at(lbfgs, age);
        const double back = dot(lbfgs->changes + p * n, d, n) / lbfgs->products[p];
        add(d, weights[p] - back, lbfgs->steps + p * n, n);
    }
}

static void set_trial(struct lbfgs *lbfgs)
{
    memcpy(lbfgs->trial, lbfgs->x, lbfgs->n * sizeof(double));
    add(lbfgs->trial, lbfgs->length, lbfgs->direction, lbfgs->n);
}

/* Remembers the step, unless the curvature along it is none: the update would not be positive. */
static void keep_pair(struct lbfgs *lbfgs, const double *gradient)
{
    const size_t n = lbfgs->n, p = lbfgs->next;
    double *step = lbfgs->steps + p * n, *change = lbfgs->changes + p * n;
    for (size_t i = 0; i < n; i++) {
        step[i] = lbfgs->trial[i] - lbfgs->x[i];
        change[i] = gradient[i] - lbfgs->gradient[i];
    }
    lbfgs->products[p] = dot(step, change, n);
    if (lbfgs->products[p] > 1e-12 * sqrt(dot(step, step, n) * dot(change, change, n))) {
        lbfgs->next = (p + 1) % LBFGS_MEMORY;
        lbfgs->n_kept += lbfgs->n_kept < LBFGS_MEMORY;
    } else if (lbfgs->n_kept == LBFGS_MEMORY) {
        lbfgs->n_kept--; /* the oldest, whose place the step was written to */
    }
}

static void begin_search(struct lbfgs *lbfgs)
{
    choose_direction(lbfgs);
    lbfgs->slope = dot(lbfgs->direction, lbfgs->gradient, lbfgs->n);
    /* The first direction has the gradient's length, whatever that is. */
    const double size = sqrt(dot(lbfgs->direction, lbfgs->direction, lbfgs->n));
    lbfgs->length = lbfgs->n_kept > 0 || size == 0 ? 1 : fmin(1, 1 / size);
    set_trial(lbfgs);
}

/* Near the minimum values differ by less than their rounding; there the slope that is left decides
 * (Hager and Zhang 2005, the approximate Wolfe condition). */
static bool is_better(const struct lbfgs *lbfgs, double value, const double *gradient)
{
    return value <= lbfgs->value + SUFFICIENT * lbfgs->length * lbfgs->slope ||
           (value <= lbfgs->value + ROUNDING * fabs(lbfgs->value) &&
            dot(lbfgs->direction, gradient, lbfgs->n) <= (2 * SUFFICIENT - 1) * lbfgs->slope);
}

bool lbfgs_next(struct lbfgs *lbfgs, double value, const double *gradient)
{
    if (lbfgs->begun && !is_better(lbfgs, value, gradient)) {
        lbfgs->length /= 2;
        set_trial(lbfgs);
        return lbfgs->length > SHORTEST;
    }
    if (lbfgs->begun) {
        keep_pair(lbfgs, gradient);
        lbfgs->iterations++;
    }
    lbfgs->begun = true;
    lbfgs->value = value;
    memcpy(lbfgs->x, lbfgs->trial, lbfgs->n * sizeof(double));
    memcpy(lbfgs->gradient, gradient, lbfgs->n * sizeof(double));
    begin_search(lbfgs);
    return lbfgs->slope < 0;
}

double lbfgs_norm(const struct lbfgs *lbfgs)
{
    double largest = 0;
    for (size_t i = 0; i < lbfgs->n; i++) {
        largest = fmax(largest, fabs(lbfgs->gradient[i]));
    }
    return largest;
}
