/* SPDX-License-Identifier: MIT */
#include "fit.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* LAPACK, which OpenBLAS holds too: solves a symmetric positive definite system. */
extern void dposv_(const char *uplo, const int *n, const int *n_rhs, double *a, const int *lda,
                   double *b, const int *ldb, int *info);

enum { HALVINGS = 50 };
/* A step must gain this part of what its slope promises (Armijo). */
static const double gain = 1e-4;
/* What rounding may do to a sum: within it, near the end, the sum says nothing about a step. */
static const double rounding = 1e-12;

struct work {
    double *scores, *step_scores; /**< a row each */
    double *roots;                /**< of the rows' weights in the second derivatives */
    double *weighted;             /**< x, each row times its root */
    double *gradient, *step;      /**< a column each */
    double *hessian;
};

double logistic_probability(double score)
{
    double e = exp(-fabs(score));

    return score >= 0 ? 1 / (1 + e) : e / (1 + e);
}

double logistic_loss(double score, double y)
{
    return log1p(exp(-fabs(score))) + fmax(score, 0) - y * score;
}

void logistic_scores(const struct logistic_problem *problem, size_t n_rows, const double *weights,
                     double *ret_scores)
{
    cblas_dgemv(CblasColMajor, CblasNoTrans, (int)n_rows, (int)problem->n_columns, 1, problem->x,
                (int)problem->stride, weights, 1, 0, ret_scores, 1);
}

static void work_finish(struct work *work)
{
    free(work->scores);
    free(work->step_scores);
    free(work->roots);
    free(work->weighted);
    free(work->gradient);
    free(work->step);
    free(work->hessian);
}

static bool work_init(struct work *work, const struct logistic_problem *problem)
{
    size_t n = problem->n_rows, p = problem->n_columns;

    work->scores = calloc(n, sizeof(double));
    work->step_scores = calloc(n, sizeof(double));
    work->roots = calloc(n, sizeof(double));
    work->weighted = calloc(n, p * sizeof(double));
    work->gradient = calloc(p, sizeof(double));
    work->step = calloc(p, sizeof(double));
    work->hessian = calloc(p, p * sizeof(double));
    return work->scores != NULL && work->step_scores != NULL && work->roots != NULL &&
           work->weighted != NULL && work->gradient != NULL && work->step != NULL &&
           work->hessian != NULL;
}

/* The sum at w + t step, its scores being scores + t step_scores. */
static double loss_along(const struct logistic_problem *problem, const struct work *work,
                         const double *weights, double t)
{
    double loss = 0, penalty = 0;

    for (size_t i = 0; i < problem->n_rows; i++) {
        loss += logistic_loss(work->scores[i] + t * work->step_scores[i], problem->y[i]);
    }
    for (size_t j = 0; j + 1 < problem->n_columns; j++) {
        double w = weights[j] + t * work->step[j];
        penalty += w * w;
    }
    return loss + problem->l2 / 2 * penalty;
}

static void weigh(const struct logistic_problem *problem, struct work *work)
{
    size_t n = problem->n_rows;

    for (size_t j = 0; j < problem->n_columns; j++) {
        const double *x = problem->x + j * problem->stride;
        double *weighted = work->weighted + j * n;
        for (size_t i = 0; i < n; i++) {
            weighted[i] = x[i] * work->roots[i];
        }
    }
}

/* The penalty's share; a column of zeros alone says nothing and keeps the weight 0. */
static void hold_back(const struct logistic_problem *problem, const double *weights,
                      struct work *work)
{
    size_t p = problem->n_columns;

    for (size_t j = 0; j + 1 < p; j++) {
        double *curvature = &work->hessian[j * p + j];
        work->gradient[j] += problem->l2 * weights[j];
        *curvature = *curvature + problem->l2 > 0 ? *curvature + problem->l2 : 1;
    }
}

/* Gradient and second derivatives at the weights; gives the gradient's largest part per row. */
static double derive(const struct logistic_problem *problem, const double *weights,
                     struct work *work)
{
    size_t n = problem->n_rows, p = problem->n_columns;
    double *residuals = work->step_scores;

    for (size_t i = 0; i < n; i++) {
        double mean = logistic_probability(work->scores[i]);
        residuals[i] = mean - problem->y[i];
        work->roots[i] = sqrt(mean * (1 - mean));
    }
    weigh(problem, work);
    cblas_dgemv(CblasColMajor, CblasTrans, (int)n, (int)p, 1, problem->x, (int)problem->stride,
                residuals, 1, 0, work->gradient, 1);
    cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, (int)p, (int)n, 1, work->weighted, (int)n, 0,
                work->hessian, (int)p);
    hold_back(problem, weights, work);
    return fabs(work->gradient[cblas_idamax((int)p, work->gradient, 1)]) / (double)n;
}

/* Newton's step, in `step`; false where the second derivatives have no inverse. */
static bool solve(const struct logistic_problem *problem, struct work *work)
{
    const int p = (int)problem->n_columns, one = 1;
    int info;

    memcpy(work->step, work->gradient, (size_t)p * sizeof *work->step);
    cblas_dscal(p, -1, work->step, 1);
    dposv_("U", &p, &one, work->hessian, &p, work->step, &p, &info);
    for (int j = 0; j < p; j++) {
        if (!isfinite(work->step[j])) {
            return false;
        }
    }
    return info == 0;
}

/* Goes along the step as far as the sum gets smaller; false when it does nowhere. */
static bool walk(const struct logistic_problem *problem, struct work *work, double *weights,
                 double *loss)
{
    const int n = (int)problem->n_rows, p = (int)problem->n_columns;
    double slope = cblas_ddot(p, work->gradient, 1, work->step, 1), t = 1;

    logistic_scores(problem, problem->n_rows, work->step, work->step_scores);
    for (int i = 0; i < HALVINGS; i++, t /= 2) {
        double there = loss_along(problem, work, weights, t);
        if (there <= *loss + gain * t * slope + rounding * *loss) {
            cblas_daxpy(p, t, work->step, 1, weights, 1);
            cblas_daxpy(n, t, work->step_scores, 1, work->scores, 1);
            *loss = there;
            return true;
        }
    }
    return false;
}

static bool is_separated(const struct logistic_problem *problem, const struct work *work)
{
    for (size_t i = 0; i < problem->n_rows; i++) {
        if (!(problem->y[i] != 0 ? work->scores[i] > 0 : work->scores[i] < 0)) {
            return false;
        }
    }
    return problem->l2 == 0;
}

static enum logistic_outcome iterate(const struct logistic_problem *problem, struct work *work,
                                     double *weights, struct logistic_fit *fit)
{
    fit->loss = loss_along(problem, work, weights, 0);
    for (fit->iterations = 0;; fit->iterations++) {
        fit->gradient = derive(problem, weights, work);
        if (is_separated(problem, work)) {
            return LOGISTIC_SEPARATED;
        }
        if (fit->gradient <= problem->tolerance) {
            return LOGISTIC_CONVERGED;
        }
        if (fit->iterations == problem->max_iterations) {
            return LOGISTIC_ITERATIONS;
        }
        if (!solve(problem, work)) {
            return LOGISTIC_SINGULAR;
        }
        if (!walk(problem, work, weights, &fit->loss)) {
            return LOGISTIC_ITERATIONS;
        }
    }
}

enum logistic_outcome logistic_fit(const struct logistic_problem *problem, double *ret_weights,
                                   struct logistic_fit *ret_fit)
{
    struct work work = {0};
    enum logistic_outcome outcome = LOGISTIC_NO_MEMORY;

    *ret_fit = (struct logistic_fit){0};
    memset(ret_weights, 0, problem->n_columns * sizeof *ret_weights);
    if (work_init(&work, problem)) {
        outcome = iterate(problem, &work, ret_weights, ret_fit);
    }
    work_finish(&work);
    return outcome;
}
