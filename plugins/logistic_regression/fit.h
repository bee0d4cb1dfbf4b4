/* SPDX-License-Identifier: MIT */
#ifndef LOGISTIC_REGRESSION_FIT_H
#define LOGISTIC_REGRESSION_FIT_H

#include <stddef.h>

#include <stdbool.h>

/**
 * The weights w and the intercept b that make
 *
 *     sum over rows of log(1 + exp(z)) - y z,  z = x w + b,   plus   l2 / 2 |w|²
 *
 * smallest: what scikit-learn's LogisticRegression(C = 1 / l2) looks for. The intercept is not
 * held back. Numbers alone: no host.
 */
struct logistic_problem {
    const double *x; /**< column by column, `stride` rows each; the last column is 1 throughout */
    const double *y; /**< 0 or 1 */
    size_t n_rows, n_columns; /**< with the column of the intercept */
    size_t stride;
    double l2;
    double tolerance;   /**< of the largest part of the gradient, per row */
    int max_iterations; /**< steps of Newton's method */
};

enum logistic_outcome {
    LOGISTIC_CONVERGED,
    LOGISTIC_NO_MEMORY,
    LOGISTIC_SINGULAR,  /**< columns that others make up, and nothing that holds them back */
    LOGISTIC_SEPARATED, /**< classes told apart without an error: larger weights are ever better */
    LOGISTIC_ITERATIONS
};

struct logistic_fit {
    int iterations;
    double gradient; /**< largest part at the end, per row */
    double loss;     /**< the sum above */
};

/** `ret_weights` has n_columns, the intercept last; what was reached also without convergence. */
enum logistic_outcome logistic_fit(const struct logistic_problem *problem, double *ret_weights,
                                   struct logistic_fit *ret_fit);

/** z of each of `n_rows` rows. */
void logistic_scores(const struct logistic_problem *problem, size_t n_rows, const double *weights,
                     double *ret_scores);

/** The probability that a score stands for. */
double logistic_probability(double score);

/** log(1 + exp(z)) - y z. */
double logistic_loss(double score, double y);

#endif
