/* SPDX-License-Identifier: MIT */
#ifndef CALLBACKS_CALLBACKS_H
#define CALLBACKS_CALLBACKS_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include <fw/stage.h>

#include "analysis/epochs.h"
#include "analysis/outcome.h"
#include "analysis/residual.h"
#include "sql/sql.h"

/** What a column of a recorded run can be. */
enum callbacks_role {
    CALLBACKS_STEP,
    CALLBACKS_EPOCH,
    CALLBACKS_LOSS,
    CALLBACKS_VALIDATION,
    CALLBACKS_NORM,  /**< of the gradient */
    CALLBACKS_SMALL, /**< the same of a part of the batch */
    CALLBACKS_BIG,   /**< the same of the whole of it, before clipping */
    CALLBACKS_RATE,
    CALLBACKS_ROLES
};

enum callbacks_analysis {
    CALLBACKS_LOSS_SLOPE,
    CALLBACKS_GRAD,
    CALLBACKS_NOISE,
    CALLBACKS_CORRELATION,
    CALLBACKS_ANALYSES
};

enum callbacks_metric {
#define METRIC(identifier, analysis, name, unit) CALLBACKS_##identifier,
#include "metrics.def"
#undef METRIC
    CALLBACKS_METRICS
};

/** Why a metric has no value. The order is that of the sentences in metrics.c. */
enum callbacks_reason {
    CALLBACKS_NOT_ASKED,
    CALLBACKS_THERE, /**< it has one */
    CALLBACKS_NO_COLUMN,
    CALLBACKS_NO_EPOCHS,
    CALLBACKS_FEW,
    CALLBACKS_NO_KNEE,
    CALLBACKS_CONSTANT,
    CALLBACKS_NOT_FINITE,
    CALLBACKS_NO_SIZES,
    CALLBACKS_NO_GRADIENT,
    CALLBACKS_LONG,
    CALLBACKS_REASONS
};

enum {
    CALLBACKS_CURVE_POINTS = 400,
    CALLBACKS_WINDOW_MOST = FW_RESIDUAL_MOST,
    CALLBACKS_NAME = 128
};

/** What the plot of a run shows: sampled evenly, so that its size is not the run's. */
struct callbacks_curve {
    uint64_t n_loss, n_validation, n_bins;
    double step[CALLBACKS_CURVE_POINTS], loss[CALLBACKS_CURVE_POINTS];
    double ewma[CALLBACKS_CURVE_POINTS];
    double validation_step[CALLBACKS_CURVE_POINTS], validation[CALLBACKS_CURVE_POINTS];
    double power[CALLBACKS_WINDOW_MOST / 2 + 1];
    double psd_log_a; /**< of the line through the spectrum, where it has a slope */
};

/** What was found of a run. Kept in checkpoints as it is. */
struct callbacks_numbers {
    double values[CALLBACKS_METRICS];
    uint64_t reasons[CALLBACKS_METRICS];
    uint64_t n_records, n_losses, n_bad;
    double stopped_at; /**< the step at which the loss was lost for good; NaN: it was not */
    double steps_end;  /**< the last step that was looked at */
    char columns[CALLBACKS_ROLES][CALLBACKS_NAME]; /**< "": there is none */
    struct callbacks_curve curve;
};

struct callbacks_run {
    const char *path;
    char *name;
    struct callbacks_numbers numbers;
};

/** A column without the records where it is null. */
struct callbacks_series {
    double *step, *epoch, *value;
    size_t n;
};

/** A run as it is read. Zero-initialise; finish frees. */
struct callbacks_record {
    struct callbacks_series series[CALLBACKS_ROLES]; /**< those of STEP and EPOCH are empty */
    struct fw_epoch *epochs;
    size_t n_epochs; /**< 0: nothing says what an epoch is */
    double *room;
};

/** One instance of the stage. */
struct callbacks {
    const struct fw_host *host;
    const struct fw_task *task;
    struct fw_sql_handle sql;
    struct callbacks_run *runs;
    size_t n_runs, next;
    int64_t window[2]; /**< epochs of alpha: start <= epoch < end */
    bool wanted[CALLBACKS_ANALYSES];
};

/* metrics.c */
const char *callbacks_metric_unit(enum callbacks_metric metric);
enum callbacks_analysis callbacks_metric_analysis(enum callbacks_metric metric);
const char *callbacks_analysis_name(enum callbacks_analysis analysis);
/** With its window in it where it has one. `room` may be what is given back. */
const char *callbacks_metric_name(const struct callbacks *c, enum callbacks_metric metric,
                                  char room[CALLBACKS_NAME]);
const char *callbacks_reason_text(enum callbacks_reason reason);
const char *callbacks_role_parameter(enum callbacks_role role);
/** A value, or why there is none. NaN without a reason is CALLBACKS_NOT_FINITE. */
void callbacks_say(struct callbacks_numbers *numbers, enum callbacks_metric metric, double value);
void callbacks_lack(struct callbacks_numbers *numbers, enum callbacks_metric metric,
                    enum callbacks_reason reason);
enum callbacks_reason callbacks_reason_of(enum fw_outcome outcome);

/* names.c */
fw_status callbacks_name_runs(struct callbacks *c);

/* rows.c: the file as the temporary table CALLBACKS_ROWS, one row a record */
#define CALLBACKS_ROWS "fw_callbacks_rows"
/** fw_file and fw_row, then a DOUBLE a role, r0 to r7. Fills the numbers' columns. */
fw_status callbacks_rows_make(struct callbacks *c, struct callbacks_run *run);

/* record.c */
fw_status callbacks_record_read(struct callbacks *c, struct callbacks_run *run,
                                struct callbacks_record *ret);
void callbacks_record_finish(struct callbacks_record *record);

/* slope.c, noise.c, relate.c, curve.c */
void callbacks_slope(const struct callbacks *c, struct callbacks_record *record,
                     struct callbacks_numbers *numbers);
void callbacks_noise(const struct callbacks *c, struct callbacks_record *record,
                     struct callbacks_numbers *numbers);
void callbacks_grad(const struct callbacks *c, const struct callbacks_record *record,
                    struct callbacks_numbers *numbers);
void callbacks_relate(const struct callbacks_record *record, struct callbacks_numbers *numbers);
void callbacks_curve_fill(const struct callbacks *c, const struct callbacks_record *record,
                          struct callbacks_numbers *numbers);

/* write.c, page.c, plots.c, state.c */
fw_status callbacks_write(struct callbacks *c);
fw_status callbacks_page_write(const struct callbacks *c, const char *path);
fw_status callbacks_plots_write(const struct callbacks *c, const char *folder);
fw_status callbacks_save(void *self, struct fw_blob *ret);
fw_status callbacks_restore(void *self, const struct fw_blob *blob);

#endif
