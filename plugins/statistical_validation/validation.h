/* SPDX-License-Identifier: MIT */
#ifndef STATISTICAL_VALIDATION_VALIDATION_H
#define STATISTICAL_VALIDATION_VALIDATION_H

#include <fw/stage.h>

#include "cells/cells.h"
#include "inference/bootstrap.h"
#include "inference/delong.h"
#include "inference/replication.h"
#include "predictions/predictions.h"
#include "report/records.h"
#include "report/report.h"

/** Fewer valid replicates, or fewer blocks, say nothing. */
enum { VALIDATION_REPLICATES_MIN = 100, VALIDATION_BLOCKS_MIN = 10 };

enum validation_bootstrap {
    VALIDATION_IID,
    VALIDATION_STRATIFIED,
    VALIDATION_BLOCK,
    VALIDATION_AUTO /**< blocks where labels overlap, that is, where the horizon is beyond 1 */
};

/** The parameters, as the task gives them. Texts are the task's. */
struct validation_settings {
    const char *split;
    const char *replicate_on; /**< NULL: no other split */
    const char *metric_name, *source;
    enum fw_metric metric;
    enum validation_bootstrap bootstrap;
    int64_t block_rows;
    size_t n_replicates;
    double alpha, power, margin;
    bool family_is_pair, is_reference;
    uint64_t seed;
    uint32_t n_threads;
};

/** Why a test has no numbers. */
enum validation_status {
    VALIDATION_OK,
    VALIDATION_INSUFFICIENT, /**< too few valid replicates or blocks */
    VALIDATION_MISSING_A,    /**< there is no such experiment, or not in the split */
    VALIDATION_MISSING_B,
    VALIDATION_MISSING_BOTH,
    VALIDATION_NO_COMMON_ROWS,
    VALIDATION_UNEQUAL_ROWS /**< compat = "ref" leaves those out */
};
const char *validation_status_name(enum validation_status status);

/** What a test came to: plain numbers, saved as they are. */
struct validation_numbers {
    uint64_t status;      /**< enum validation_status */
    uint64_t n, n_ones;   /**< rows that both have */
    uint64_t only[2];     /**< rows that the other has not */
    uint64_t kind, block; /**< enum fw_resample_kind, rows of a block */
    double point[2];      /**< the metric on all common rows */
    struct fw_bootstrap_summary bootstrap;
    struct fw_delong delong; /**< of the AUC */
};

/** p-values among others: of a pair's tests on the split, or of all tests on it. */
enum validation_adjusted {
    VALIDATION_HOLM_PAIR,
    VALIDATION_HOLM_ALL,
    VALIDATION_BH_PAIR,
    VALIDATION_BH_ALL,
    VALIDATION_DELONG_HOLM_PAIR,
    VALIDATION_DELONG_HOLM_ALL,
    VALIDATION_ADJUSTED
};

/** What becomes of a test beside the others. */
struct validation_judged {
    double adjusted[VALIDATION_ADJUSTED];
    double detectable; /**< the smallest true difference that it would have found */
    bool is_significant;
    const char *verdict; /**< "effect", "null", "inconclusive", "untested" */
};

/** One cell of a pair of tiers on one split. */
struct validation_test {
    size_t pair;
    bool is_replication; /**< on the other split */
    const char *split;
    struct fw_cell cell;                        /**< of no tier */
    const struct fw_predictions_cell *cells[2]; /**< NULL: missing */
    struct validation_numbers numbers;
    struct validation_judged judged;
};

/** Two tiers; differences are the first less the second. */
struct validation_pair {
    char tiers[2][FW_CELL_TEXT];
};

/** An experiment whose name says a cell. */
struct validation_experiment {
    struct fw_cell cell;
    const char *name; /**< the predictions' */
};

/** The test that is being worked on. */
struct validation_work {
    uint32_t n;
    double *scores[2];
    uint8_t *y;
    struct fw_pair *pair; /**< NULL: not begun, or not in this process */
    struct fw_resample resample;
    struct fw_replicate *replicates;
    size_t n_done;
};

/** One instance of the stage. */
struct validation {
    const struct fw_host *host;
    const struct fw_task *task;
    struct validation_settings settings;
    struct fw_sql_handle sql;
    struct fw_predictions *predictions;
    bool is_read;
    struct validation_experiment *experiments;
    size_t n_experiments;
    cJSON *unmatched; /**< names of experiments that no template fits */
    struct validation_pair *pairs;
    size_t n_pairs;
    struct validation_test *tests;
    size_t n_tests, next;
    struct validation_work work;
};

/* settings.c */

fw_status validation_settings_read(struct validation *v);

/* plan.c: which tests there are */

fw_status validation_plan_make(struct validation *v);
void validation_plan_finish(struct validation *v);
/** "a100 against a50" */
const char *validation_pair_text(const struct validation *v, size_t pair, char *ret, size_t size);
enum { VALIDATION_PAIR_TEXT = 2 * FW_CELL_TEXT + 16 };

/* rows.c: the rows that two cells have in common */

/** Into the work's arrays and the numbers' counts. FW_E_DATA where labels differ. */
fw_status validation_rows_join(struct validation *v, struct validation_test *test);

/* test.c */

/** One bounded piece of the next test; FW_OK when it was the last one's last. */
fw_status validation_test_step(struct validation *v);
void validation_work_finish(struct validation_work *work);

/* state.c */

fw_status validation_save(void *self, struct fw_blob *ret);
fw_status validation_restore(void *self, const struct fw_blob *blob);

/* judge.c */

/** What the tests of a pair come to; or those of all. */
struct validation_verdict {
    size_t n, tested, untested, effects, better, worse, nulls, open;
    size_t family; /**< tests that p-values are adjusted for */
    double least_detectable, most_detectable;
    const char *verdict; /**< "effect", "null", "inconclusive" */
};

/** Adjusts and judges each test. */
fw_status validation_judge(struct validation *v);

/** Of the pair (SIZE_MAX: of all) on one of the splits. */
void validation_verdict_of(const struct validation *v, size_t pair, bool is_replication,
                           struct validation_verdict *ret);

/** Signs of differences on both splits. */
fw_status validation_consistency(const struct validation *v, size_t pair,
                                 struct fw_consistency *ret);
const char *validation_replication_name(enum fw_replication replication);

/* report.c */

/** The JSON report, the table, the page and the manifest's fields. */
fw_status validation_write(struct validation *v);

/* page.c */

/** One sentence on a pair, SIZE_MAX: on all; without a line break. */
void validation_sentence(const struct validation *v, size_t pair, struct fw_text *text);
fw_status validation_page_write(const struct validation *v, const char *path);

#endif
