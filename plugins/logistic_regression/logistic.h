/* SPDX-License-Identifier: MIT */
#ifndef LOGISTIC_REGRESSION_LOGISTIC_H
#define LOGISTIC_REGRESSION_LOGISTIC_H

#include <stdbool.h>

#include <fw/stage.h>

#include "fit.h"
#include "matrix/matrix.h"
#include "source/source.h"

enum { LOGISTIC_TRAIN, LOGISTIC_VAL, LOGISTIC_TEST, LOGISTIC_SPLITS };
extern const char *const logistic_splits[LOGISTIC_SPLITS];

/** What was learnt of one horizon. */
struct logistic_model {
    int64_t horizon;
    size_t n[LOGISTIC_SPLITS], positive[LOGISTIC_SPLITS];
    int64_t without_features[LOGISTIC_SPLITS]; /**< samples that were left out */
    double loss[LOGISTIC_SPLITS];              /**< mean log loss; 0 without samples */
    double *means, *deviations;                /**< of the training rows, a feature each */
    double *weights;                           /**< the same, and the intercept last */
    struct logistic_fit fit;
};

/** What the stage does, one after another; LOGISTIC_FIT once a horizon. */
enum logistic_phase { LOGISTIC_FEATURES, LOGISTIC_SAMPLES, LOGISTIC_FIT, LOGISTIC_WRITE };

/** One instance of the stage. */
struct logistic {
    const struct fw_host *host;
    const struct fw_task *task;
    struct fw_sql_handle sql;
    struct fw_source *features, *samples;
    const struct fw_source_column **columns; /**< the features, in the model's order */
    size_t n_columns;
    struct fw_text load_features, load_samples, write;
    enum logistic_phase phase;
    struct logistic_model *models;
    size_t n_models, n_fitted;
    struct fw_matrix predictions; /**< horizon, split, day, y, p */
    size_t n_predicted;
    struct fw_sql_job *job;
};

/* columns.c */

/** Chooses the features. */
fw_status logistic_columns_choose(struct logistic *logistic);

/* rows.c */

/** Makes the statements that load: fw_features(fw_day, x0, ...) and fw_samples(horizon, split,
    fw_day, y). */
fw_status logistic_rows_load(struct logistic *logistic);

/** Once both are loaded: refuses what cannot be learnt from, and finds the horizons. */
fw_status logistic_rows_check(struct logistic *logistic);

/** The rows of a horizon by split and day: split, day, y, the features, and a column for the
    intercept. */
fw_status logistic_rows_read(const struct logistic *logistic, int64_t horizon,
                             struct fw_matrix *ret_rows);

/* model.c */

/** Learns from the training rows of the next horizon and predicts all of its rows. */
fw_status logistic_model_make(struct logistic *logistic);
void logistic_model_finish(struct logistic_model *model);

/* document.c */

/** Writes the model, once the predictions are written, and says what MANIFEST.json has to say. */
fw_status logistic_document_write(const struct logistic *logistic);

extern const struct fw_stage logistic_regression_stage;

#endif
