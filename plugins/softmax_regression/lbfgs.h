/* SPDX-License-Identifier: MIT */
#ifndef SOFTMAX_LBFGS_H
#define SOFTMAX_LBFGS_H

#include <stddef.h>

#include <stdbool.h>

/*
 * Limited-memory BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5) for a convex function: the
 * caller evaluates, this says where. All on one thread, in double precision.
 */
enum { LBFGS_MEMORY = 10 };

struct lbfgs {
    size_t n;
    double *x, *gradient; /* the best point so far */
    double value;
    double *trial;     /* where to evaluate next */
    double *direction; /* of the search at hand */
    double slope, length;
    double *steps, *changes; /* LBFGS_MEMORY × n: of x, and of the gradient */
    double products[LBFGS_MEMORY];
    size_t n_kept, next;
    size_t iterations; /* steps that were taken */
    bool begun;
};

/* Begins at x = 0. False: out of memory. Finish in any case. */
bool lbfgs_init(struct lbfgs *lbfgs, size_t n);
void lbfgs_finish(struct lbfgs *lbfgs);

/* Takes the value and the gradient at `trial`, and sets the next one. False: no step along the
 * direction is better any more; x is the answer to within rounding. */
bool lbfgs_next(struct lbfgs *lbfgs, double value, const double *gradient);

/* The largest component of the gradient at x. */
double lbfgs_norm(const struct lbfgs *lbfgs);

#endif
