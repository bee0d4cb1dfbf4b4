/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "logistic.h"

/* Columns of the rows that are read, and of the predictions. */
enum { ROW_SPLIT, ROW_DAY, ROW_Y, ROW_FEATURES };
enum { OUT_HORIZON, OUT_SPLIT, OUT_DAY, OUT_Y, OUT_P };

/* A column varies when it does so beyond what rounding of its values may do. */
static const double least_variation = 1e-13;

void logistic_model_finish(struct logistic_model *model)
{
    free(model->means);
    free(model->deviations);
    free(model->weights);
}

static fw_status init(const struct logistic *logistic, struct logistic_model *model)
{
    model->means = calloc(logistic->n_columns, sizeof(double));
    model->deviations = calloc(logistic->n_columns, sizeof(double));
    model->weights = calloc(logistic->n_columns + 1, sizeof(double));
    return model->means != NULL && model->deviations != NULL && model->weights != NULL
               ? FW_OK
               : fw_fault_nomem(logistic->host);
}

static void count(const struct fw_matrix *rows, struct logistic_model *model)
{
    for (size_t i = 0; i < rows->n_rows; i++) {
        size_t split = (size_t)fw_matrix_column(rows, ROW_SPLIT)[i];
        model->n[split]++;
        model->positive[split] += fw_matrix_column(rows, ROW_Y)[i] != 0;
    }
}

static fw_status check(const struct logistic *logistic, const struct logistic_model *model)
{
    size_t n = model->n[LOGISTIC_TRAIN], positive = model->positive[LOGISTIC_TRAIN];

    if (positive > 0 && positive < n) {
        return FW_OK;
    }
    return fw_faultf(logistic->host, FW_E_DATA, logistic->samples->files[0].path,
                     "choose another threshold, horizon or split",
                     "of horizon %" PRId64 " %zu of %zu training samples are positive: there is "
                     "nothing to tell apart",
                     model->horizon, positive, n);
}

/* Mean and population deviation of the first n values; 0 where they are all the same. */
static double deviation(const double *values, size_t n, double *ret_mean)
{
    double sum = 0, squares = 0, largest = 0;

    for (size_t i = 0; i < n; i++) {
        sum += values[i];
        largest = fmax(largest, fabs(values[i]));
    }
    *ret_mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) {
        squares += (values[i] - *ret_mean) * (values[i] - *ret_mean);
    }
    double result = sqrt(squares / (double)n);
    return result > least_variation * largest ? result : 0;
}

/* By the training rows alone: the others are what the model has not seen. */
static void standardise(const struct logistic *logistic, const struct fw_matrix *rows,
                        struct logistic_model *model)
{
    for (size_t j = 0; j < logistic->n_columns; j++) {
        double *column = fw_matrix_column(rows, ROW_FEATURES + j), mean;
        double scale = deviation(column, model->n[LOGISTIC_TRAIN], &mean);
        for (size_t i = 0; i < rows->n_rows; i++) {
            column[i] = scale > 0 ? (column[i] - mean) / scale : 0;
        }
        model->means[j] = mean;
        model->deviations[j] = scale;
    }
    for (size_t i = 0; i < rows->n_rows; i++) {
        fw_matrix_column(rows, ROW_FEATURES + logistic->n_columns)[i] = 1;
    }
}

static fw_status refuse(const struct logistic *logistic, const struct logistic_model *model,
                        enum logistic_outcome outcome)
{
    static const char *const reasons[] = {
        [LOGISTIC_SINGULAR] = "columns make each other up",
        [LOGISTIC_SEPARATED] = "the classes are told apart without an error, and larger weights "
                               "are ever better",
        [LOGISTIC_ITERATIONS] = "it does not come to an end",
    };

    if (outcome == LOGISTIC_NO_MEMORY) {
        return fw_fault_nomem(logistic->host);
    }
    return fw_faultf(logistic->host, FW_E_DATA, logistic->features->files[0].path,
                     "set l2 above 0, or higher; or allow more max_iterations",
                     "the model of horizon %" PRId64
                     " has no solution: after %d steps the gradient "
                     "is %.3g a row (%s)",
                     model->horizon, model->fit.iterations, model->fit.gradient, reasons[outcome]);
}

static void predict(struct logistic *logistic, const struct logistic_problem *problem,
                    const struct fw_matrix *rows, struct logistic_model *model)
{
    const struct fw_matrix *out = &logistic->predictions;
    double *scores = fw_matrix_column(out, OUT_P) + logistic->n_predicted;

    logistic_scores(problem, rows->n_rows, model->weights, scores);
    for (size_t i = 0; i < rows->n_rows; i++) {
        size_t at = logistic->n_predicted++;
        double split = fw_matrix_column(rows, ROW_SPLIT)[i], y = problem->y[i];
        model->loss[(size_t)split] += logistic_loss(scores[i], y);
        fw_matrix_column(out, OUT_HORIZON)[at] = (double)model->horizon;
        fw_matrix_column(out, OUT_SPLIT)[at] = split;
        fw_matrix_column(out, OUT_DAY)[at] = fw_matrix_column(rows, ROW_DAY)[i];
        fw_matrix_column(out, OUT_Y)[at] = y;
        scores[i] = logistic_probability(scores[i]);
    }
    for (size_t i = 0; i < LOGISTIC_SPLITS; i++) {
        model->loss[i] = model->n[i] > 0 ? model->loss[i] / (double)model->n[i] : 0;
    }
}

static fw_status learn(struct logistic *logistic, const struct fw_matrix *rows,
                       struct logistic_model *model)
{
    struct logistic_problem problem = {
        .x = fw_matrix_column(rows, ROW_FEATURES),
        .y = fw_matrix_column(rows, ROW_Y),
        .n_rows = model->n[LOGISTIC_TRAIN],
        .n_columns = logistic->n_columns + 1,
        .stride = rows->n_rows,
        .l2 = fw_task_real(logistic->task, "l2"),
        .tolerance = fw_task_real(logistic->task, "tolerance"),
        .max_iterations = (int)fw_task_integer(logistic->task, "max_iterations"),
    };
    enum logistic_outcome outcome = logistic_fit(&problem, model->weights, &model->fit);

    if (outcome != LOGISTIC_CONVERGED) {
        return refuse(logistic, model, outcome);
    }
    predict(logistic, &problem, rows, model);
    return FW_OK;
}

fw_status logistic_model_make(struct logistic *logistic)
{
    struct logistic_model *model = &logistic->models[logistic->n_fitted];
    struct fw_matrix rows = {0};
    fw_status status = init(logistic, model);

    if (status == FW_OK) {
        status = logistic_rows_read(logistic, model->horizon, &rows);
    }
    if (status == FW_OK) {
        count(&rows, model);
        status = check(logistic, model);
    }
    if (status == FW_OK) {
        standardise(logistic, &rows, model);
        status = learn(logistic, &rows, model);
    }
    fw_matrix_finish(&rows);
    logistic->n_fitted++;
    return status;
}
