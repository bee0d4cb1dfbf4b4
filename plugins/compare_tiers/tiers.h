/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_TIERS_TIERS_H
#define COMPARE_TIERS_TIERS_H

#include <fw/stage.h>

#include "cells/cells.h"
#include "predictions/predictions.h"
#include "report/records.h"
#include "report/report.h"

/** One experiment: a cell of the grid, with or without an AUC. */
struct tiers_entry {
    struct fw_cell cell;
    char *experiment; /**< its name, or that of the folder with its results */
    double auc;       /**< NaN: none, a single class for instance */
    cJSON *facts;     /**< what else may be behind a difference: names with texts or numbers */
    struct fw_predictions_cell *rows; /**< NULL where the AUC was read from results */
};

/** One instance of the stage. */
struct tiers {
    const struct fw_host *host;
    const struct fw_task *task;
    const char *split, *source;
    double equal_within;
    struct fw_sql_handle sql;
    struct fw_predictions *predictions; /**< NULL without */
    bool is_read;
    struct tiers_entry *entries;
    size_t n_entries, next;
    cJSON *unmatched;  /**< names that no template fits */
    cJSON *statistics; /**< the comparisons of a statistical_validation's report, or NULL */

    /* The grid: what is there, or must be. Texts are the entries' or the task's. */
    const char **tiers, **budgets;
    int32_t *horizons;
    size_t n_tiers, n_budgets, n_horizons;
    size_t base; /**< of the tiers */
};

/** A place in the grid. */
struct tiers_place {
    size_t tier, budget, horizon;
};

/* grid.c */

/** Takes the texts' content and `facts`. FW_E_DATA where the cell is taken. */
fw_status tiers_entry_add(struct tiers *t, const struct fw_cell *cell, const char *experiment,
                          cJSON *facts, struct tiers_entry **ret);
fw_status tiers_unmatched_add(struct tiers *t, const char *name);
/** Once all entries are there: the axes and the base. */
fw_status tiers_grid_make(struct tiers *t);
void tiers_grid_finish(struct tiers *t);
const struct tiers_entry *tiers_at(const struct tiers *t, struct tiers_place place);
/** NaN where there is none. */
double tiers_auc(const struct tiers *t, struct tiers_place place);
/** The cell of a place, without its tier, for its label. */
struct fw_cell tiers_cell(const struct tiers *t, struct tiers_place place);

/* results.c, rows.c: where entries come from */

fw_status tiers_results_read(struct tiers *t);
fw_status tiers_predictions_open(struct tiers *t);
/** Measures the next experiment; the rows are read by the first call. */
fw_status tiers_predictions_measure(struct tiers *t);

/* statistics.c */

fw_status tiers_statistics_read(struct tiers *t);
/** The test of the cell between the two tiers, or NULL. */
const cJSON *tiers_statistics_of(const struct tiers *t, struct tiers_place place, size_t base);

/* figures.c */

/** Means over cells: how many there are, and NaN where there are none. */
struct tiers_mean {
    size_t n;
    double auc;
};
/** Over horizons at which each of the tier's budgets has an AUC; SIZE_MAX: of all its budgets. */
struct tiers_mean tiers_mean_of(const struct tiers *t, size_t tier, size_t budget);
/** The budget with the largest mean, the first of equals; SIZE_MAX: there is none. */
size_t tiers_best_budget(const struct tiers *t, size_t tier);

/** Two tiers, on the cells that both have. */
struct tiers_delta {
    size_t n, up, down;
    double mean_a, mean_b;
    double delta;          /**< mean of a - b */
    double mean_delta_pct; /**< mean of 100 (a - b) / b */
};
struct tiers_delta tiers_delta_of(const struct tiers *t, size_t a, size_t b);

/** How many channels a tier's models have, and who says so: "channels", "results" or "name". */
double tiers_channels(const struct tiers *t, size_t tier, const char **ret_from);

/** Whether a smaller budget is the better one: at the largest tier and the shortest horizon. */
struct tiers_inversion {
    struct tiers_place small, large;
    const char *verdict; /**< "PERSISTS", "REVERSED", "EQUAL"; NULL: cannot be told */
};
struct tiers_inversion tiers_inversion_of(const struct tiers *t);

/* report.c */

fw_status tiers_write(const struct tiers *t);
/** Facts whose values differ between tiers: [{fact, differs, TIER: [values]}]. */
cJSON *tiers_confounders(const struct tiers *t);

/* page.c */

fw_status tiers_page_write(const struct tiers *t, const char *path);

#endif
