/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "validation.h"

/* Rows drawn in one step, for each thread: some tenths of a second. */
enum { ROWS_A_STEP = 1 << 25 };

void validation_work_finish(struct validation_work *work)
{
    free(work->scores[0]);
    free(work->scores[1]);
    free(work->y);
    fw_pair_destroy(work->pair);
    fw_resample_finish(&work->resample);
    free(work->replicates);
    *work = (struct validation_work){0};
}

static const struct fw_bootstrap_summary no_bootstrap = {
    .a = {NAN, NAN, NAN, NAN},
    .b = {NAN, NAN, NAN, NAN},
    .difference = {NAN, NAN, NAN, NAN},
    .p = NAN,
};
static const struct fw_delong no_delong = {
    .auc = {NAN, NAN},
    .variance = {NAN, NAN},
    .covariance = NAN,
    .difference = NAN,
    .standard_error = NAN,
    .z = NAN,
    .p = NAN,
};

static enum fw_resample_kind kind_of(const struct validation *v, const struct validation_test *test)
{
    enum validation_bootstrap bootstrap = v->settings.bootstrap;

    if (bootstrap == VALIDATION_AUTO) {
        bootstrap = test->cell.horizon > 1 ? VALIDATION_BLOCK : VALIDATION_IID;
    }
    return bootstrap == VALIDATION_BLOCK        ? FW_RESAMPLE_BLOCK
           : bootstrap == VALIDATION_STRATIFIED ? FW_RESAMPLE_STRATIFIED
                                                : FW_RESAMPLE_IID;
}

static fw_status check_order(const struct validation *v, const struct validation_test *test)
{
    bool is_block = test->numbers.kind == FW_RESAMPLE_BLOCK;

    return !is_block || v->predictions->key != FW_PREDICTIONS_TEXT
               ? FW_OK
               : fw_faultf(v->host, FW_E_DATA, "predictions",
                           "give a date or a whole number as key, or set bootstrap = \"iid\"",
                           "blocks are runs of rows in order of time, and the key is a text");
}

static void set_resampling(const struct validation *v, struct validation_test *test)
{
    int64_t block = v->settings.block_rows;

    block = block < test->cell.horizon ? test->cell.horizon : block;
    test->numbers.kind = kind_of(v, test);
    test->numbers.block = test->numbers.kind == FW_RESAMPLE_BLOCK ? (uint64_t)block : 0;
}

/* What is told without a replicate. FW_OK also where a status says that no more will be. */
static fw_status measure(struct validation *v, struct validation_test *test)
{
    struct validation_work *work = &v->work;
    struct validation_numbers *numbers = &test->numbers;
    fw_status status = FW_OK;

    if (fw_pair_create(v->settings.metric, work->scores[0], work->scores[1], work->y, work->n,
                       &work->pair) != FW_OK ||
        !fw_resample_init(&work->resample, (enum fw_resample_kind)numbers->kind, work->y, work->n,
                          (uint32_t)numbers->block)) {
        return fw_fault_nomem(v->host);
    }
    status = fw_pair_measure_all(work->pair, numbers->point);
    if (status == FW_OK && v->settings.metric == FW_METRIC_AUC) {
        status = fw_delong(work->scores[0], work->scores[1], work->y, work->n, &numbers->delong);
    }
    return status == FW_OK ? FW_OK : fw_fault_nomem(v->host);
}

static bool has_too_few_blocks(const struct validation_numbers *numbers)
{
    return numbers->kind == FW_RESAMPLE_BLOCK &&
           numbers->n < VALIDATION_BLOCKS_MIN * numbers->block;
}

/* Joins and measures. Again after a restore, which brings the replicates alone. */
static fw_status begin(struct validation *v, struct validation_test *test)
{
    struct validation_numbers *numbers = &test->numbers;
    struct validation_work *work = &v->work;

    numbers->bootstrap = no_bootstrap;
    numbers->delong = no_delong;
    numbers->point[0] = numbers->point[1] = NAN;
    if (numbers->status != VALIDATION_OK) {
        return FW_OK;
    }
    set_resampling(v, test);
    fw_status status = check_order(v, test);
    if (status == FW_OK) {
        status = validation_rows_join(v, test);
    }
    if (status != FW_OK) {
        return status;
    }
    numbers->status = numbers->n == 0 ? VALIDATION_NO_COMMON_ROWS
                      : v->settings.is_reference && test->cells[0]->n != test->cells[1]->n
                          ? VALIDATION_UNEQUAL_ROWS
                      : has_too_few_blocks(numbers) ? VALIDATION_INSUFFICIENT
                                                    : VALIDATION_OK;
    if (numbers->n == 0 || numbers->status == VALIDATION_UNEQUAL_ROWS) {
        return FW_OK;
    }
    if (work->replicates == NULL) {
        work->replicates = malloc(v->settings.n_replicates * sizeof *work->replicates);
    }
    return work->replicates != NULL ? measure(v, test) : fw_fault_nomem(v->host);
}

/* Two cells with other names draw other rows; in the reference all drew the same ones. */
static void set_key(const struct validation *v, const struct validation_test *test,
                    uint64_t ret_key[2])
{
    const struct validation_pair *pair = &v->pairs[test->pair];
    char label[FW_CELL_LABEL], name[512];

    snprintf(name, sizeof name, "%s:%s/%s/%s", pair->tiers[0], pair->tiers[1],
             fw_cell_label(&test->cell, label, sizeof label), test->split);
    ret_key[0] = v->settings.seed;
    ret_key[1] = v->settings.is_reference ? 0 : fw_philox_name(name);
}

static fw_status draw_some(struct validation *v, const struct validation_test *test)
{
    struct validation_work *work = &v->work;
    const uint32_t n_threads = v->settings.n_threads;
    size_t left = v->settings.n_replicates - work->n_done;
    size_t some = n_threads * (size_t)ROWS_A_STEP / work->n;
    struct fw_paired_bootstrap plan = {
        .pair = work->pair, .resample = &work->resample, .n_threads = n_threads};

    some = some < n_threads ? n_threads : some;
    some = some < left ? some : left;
    set_key(v, test, plan.key);
    fw_status status = fw_bootstrap_run(&plan, work->n_done, some, work->replicates + work->n_done);
    if (status != FW_OK) {
        return fw_fault_nomem(v->host);
    }
    work->n_done += some;
    return FW_OK;
}

static fw_status summarise(struct validation *v, struct validation_test *test)
{
    struct validation_numbers *numbers = &test->numbers;
    fw_status status = fw_bootstrap_summarise(v->work.replicates, v->work.n_done, v->settings.alpha,
                                              &numbers->bootstrap);

    if (status != FW_OK) {
        return fw_fault_nomem(v->host);
    }
    if (!v->settings.is_reference && numbers->bootstrap.valid < VALIDATION_REPLICATES_MIN) {
        struct fw_bootstrap_summary none = no_bootstrap;
        none.valid = numbers->bootstrap.valid;
        none.skipped = numbers->bootstrap.skipped;
        numbers->bootstrap = none;
        numbers->status = VALIDATION_INSUFFICIENT;
    }
    return FW_OK;
}

fw_status validation_test_step(struct validation *v)
{
    struct validation_test *test = &v->tests[v->next];
    struct validation_work *work = &v->work;
    fw_status status = work->pair == NULL ? begin(v, test) : FW_OK;
    bool goes_on = status == FW_OK && work->pair != NULL && test->numbers.status == VALIDATION_OK;

    if (goes_on && work->n_done < v->settings.n_replicates) {
        status = draw_some(v, test);
    }
    if (status != FW_OK || (goes_on && work->n_done < v->settings.n_replicates)) {
        return status == FW_OK ? FW_MORE : status;
    }
    if (goes_on) {
        status = summarise(v, test);
    }
    validation_work_finish(work);
    v->next++;
    return status != FW_OK ? status : v->next < v->n_tests ? FW_MORE : FW_OK;
}
