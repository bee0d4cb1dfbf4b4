/* SPDX-License-Identifier: MIT */
#ifndef THRESHOLD_SWEEP_THRESHOLD_SWEEP_H
#define THRESHOLD_SWEEP_THRESHOLD_SWEEP_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include <fw/stage.h>

#include "predictions/predictions.h"
#include "rows/rows.h"
#include "scores/scores.h"
#include "sql/sql.h"

/* Points of the curves that are drawn, whatever the grid. */
enum { SWEEP_CURVE_POINTS = 400, SWEEP_POINTS_MAX = 64, SWEEP_COLUMNS_MAX = 24 };

/** The thresholds: increasing, in [0, 1]; none when every distinct p is one. */
struct sweep_grid {
    bool is_auto;
    double *thresholds;
    size_t n;
};

enum sweep_rule {
    SWEEP_MAX_F1,        /**< the largest F1 */
    SWEEP_MIN_PRECISION, /**< the largest F1 among precisions of at least `target` */
    SWEEP_MIN_RECALL     /**< the largest precision among recalls of at least `target` */
};

/** An operating point that is looked for. */
struct sweep_rule_of {
    char name[40]; /**< "max_f1", "precision_60pct", "min_recall_5pct" */
    enum sweep_rule rule;
    double target;
};

/** One threshold of a cell: what the rest of the matrix is follows from the cell's sizes. */
struct sweep_row {
    double threshold;
    uint64_t tp, fp;
};

/** The two splits of an experiment. */
enum sweep_role { SWEEP_SELECT, SWEEP_REPORT, SWEEP_ROLES };

/** What was found of an experiment and split. Kept in checkpoints as it is. */
struct sweep_figures {
    uint64_t n, n_positive;
    struct fw_score_summary summary;
    double calibration_error; /**< mean of |rate - mean p| over the rows' bins */
    uint64_t n_rows, n_curve;
};

struct sweep_cell {
    size_t source; /**< the cell of the predictions */
    struct sweep_figures figures;
    struct sweep_row *rows;  /**< thresholds upwards */
    struct sweep_row *curve; /**< the same for the plots: evenly spaced by rank */
    struct fw_score_bin *bins;
};

/** What a rule chose of an experiment. */
struct sweep_point {
    uint64_t is_there;
    uint64_t at_edge;
    struct sweep_row rows[SWEEP_ROLES]; /**< the same threshold on both splits */
};

struct sweep_experiment {
    const char *name; /**< of the predictions' cell */
    struct sweep_cell cells[SWEEP_ROLES];
    struct sweep_point *points; /**< one a rule */
};

/** What should be there and is not. */
struct sweep_missing {
    char *experiment;
    const char *split;
};

/** How far the stage is. */
enum sweep_phase {
    SWEEP_READ,
    SWEEP_EVALUATE,
    SWEEP_WRITE_ROWS,
    SWEEP_WRITE_CSV,
    SWEEP_WRITE_SUMMARY,
    SWEEP_WRITE_POINTS,
    SWEEP_WRITE_DOCUMENTS
};

union sweep_value {
    int64_t whole;
    double real;
};

struct sweep_column {
    const char *name;
    bool is_whole;
};

/** A table whose rows are computed one after the other. */
struct sweep_table {
    const struct sweep *sweep;
    struct sweep_column columns[SWEEP_COLUMNS_MAX];
    size_t n_columns;
    /** Gives the next row; false behind the last. [a thread of the engine, one at a time] */
    bool (*next)(struct sweep_table *table, union sweep_value *ret_values);
    size_t experiment, role, row; /**< where it stands; row: of the split, or of the points */
    struct fw_rows rows;          /**< as the engine reads them */
    struct fw_rows_column named[SWEEP_COLUMNS_MAX];
};

/** One instance of the stage. */
struct sweep {
    const struct fw_host *host;
    const struct fw_task *task;
    unsigned n_threads;
    struct fw_sql_handle sql;
    struct fw_predictions *predictions;
    const char *splits[SWEEP_ROLES]; /**< their names */
    size_t n_roles;                  /**< 1: reported on the split that was selected on */
    struct sweep_grid grid;
    struct sweep_rule_of rules[SWEEP_POINTS_MAX];
    size_t n_rules, n_bins;
    struct sweep_experiment *experiments;
    size_t n_experiments;
    struct sweep_missing *missing;
    size_t n_missing;
    enum sweep_phase phase;
    uint64_t n_wanted; /**< rows that the steps so far have read */
    bool is_read;      /**< all predictions are in their cells */
    bool hurries;      /**< restored: the next table is written in one step, or it never were */
    size_t next;       /**< cell to be evaluated: experiment * n_roles + role */
    uint64_t n_done, n_total;
    struct sweep_table table; /**< that the job writes */
    bool is_attached;
    struct fw_sql_job *job;
};

/* grid.c */

/** "auto", "START:END:STEP" or "0.5, 0.55, ...": decimal literals. */
fw_status sweep_grid_parse(struct sweep_grid *ret_grid, const struct fw_host *host,
                           const char *text);

/* plan.c */

/** Reads the settings, opens the predictions and decides what is evaluated and what is missing. */
fw_status sweep_plan(struct sweep *sweep);

/* points.c */

fw_status sweep_rules_read(struct sweep *sweep);

/** Whether the rule chose a row of the cell, and which. The lowest threshold wins ties. */
bool sweep_choose(const struct sweep *sweep, const struct sweep_rule_of *rule,
                  const struct sweep_cell *cell, size_t *ret_row);

/* evaluate.c */

/** The whole matrix of a row. */
struct fw_score_counts sweep_counts(const struct sweep_figures *figures,
                                    const struct sweep_row *row);

/** Evaluates the next cell, whose predictions are freed. */
fw_status sweep_evaluate(struct sweep *sweep);
void sweep_cell_finish(struct sweep_cell *cell);

/* state.c */

fw_status sweep_save(void *self, struct fw_blob *ret);
fw_status sweep_restore(void *self, const struct fw_blob *blob);

/* stream.c */

/** The table's rows; it must outlive the stream. */
void sweep_table_stream(struct sweep_table *table, struct ArrowArrayStream *ret_stream);

/* metrics.c */

enum { SWEEP_METRICS = 16 };

/** The figures of a row, in the order in which tables and documents have them. */
extern const struct sweep_column sweep_metrics[SWEEP_METRICS];
void sweep_metrics_of(const struct sweep_figures *figures, const struct sweep_row *row,
                      union sweep_value *ret_values);

/** The same of a split. NaN: undefined. */
enum { SWEEP_FACTS = 13 };
extern const struct sweep_column sweep_facts[SWEEP_FACTS];
void sweep_facts_of(const struct sweep_figures *figures, union sweep_value *ret_values);

/* tables.c */

/** Rows of all experiments and splits. */
uint64_t sweep_n_rows(const struct sweep *sweep);

/** Start writing a table; the job is advanced by the stage, and the table is `sweep->table`. */
fw_status sweep_begin_rows(struct sweep *sweep, const char *path, bool is_csv);
fw_status sweep_begin_summary(struct sweep *sweep, const char *path);
fw_status sweep_begin_points(struct sweep *sweep, const char *path);

/** Ends the job, finished or not. */
void sweep_end_job(struct sweep *sweep);

/* document.c, markdown.c, plots.c */

fw_status sweep_write_document(const struct sweep *sweep, const char *path);
fw_status sweep_write_markdown(const struct sweep *sweep, const char *path);
fw_status sweep_write_plots(const struct sweep *sweep, const char *folder);

/* stage.c */

extern const struct fw_stage threshold_sweep_stage;

#endif
