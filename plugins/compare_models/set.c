/* SPDX-License-Identifier: MIT */
#include "set.h"

#include <stdio.h>
#include <stdlib.h>

#include "npy/npy.h"
#include "sql/fault.h"
#include "table.h"
#include "tensor.h"

fw_status compare_set_open(const struct fw_host *host, const struct fw_task *task, bool classes,
                           struct compare_set *set)
{
    const bool has_table = fw_task_input(task, "table") != NULL;
    set->host = host;
    if (has_table == (fw_task_input(task, "data") != NULL)) {
        return fw_faultf(host, FW_E_CONFIG, "in", "plug a tensor into data, or a table into table",
                         has_table ? "the test set is given twice: as data and as table"
                                   : "there is no test set: neither data nor table is given");
    }
    return has_table ? compare_table_open(task, classes, set) : compare_tensor_open(task, set);
}

void compare_set_close(struct compare_set *set)
{
    compare_tensor_close(set->tensor);
    compare_table_close(set->table);
    *set = (struct compare_set){0};
}

fw_status compare_set_fits(const struct compare_set *set, const struct compare_arm *arm,
                           const struct fw_predictor_info *info)
{
    if (info->n_inputs == 0) {
        return FW_OK;
    }
    return set->table != NULL ? compare_table_fits(set->table, arm, info)
                              : compare_tensor_fits(set, info);
}

fw_status compare_chunk_init(const struct fw_host *host, const struct fw_predictor_info *info,
                             struct compare_chunk *chunk)
{
    chunk->n = info->n_inputs;
    chunk->arrays = calloc(chunk->n + 1, sizeof *chunk->arrays);
    chunk->shapes = calloc(chunk->n + 1, sizeof *chunk->shapes);
    chunk->data = calloc(chunk->n + 1, sizeof *chunk->data);
    if (chunk->arrays == NULL || chunk->shapes == NULL || chunk->data == NULL) {
        return fw_fault_nomem(host);
    }
    for (size_t i = 0; i < chunk->n; i++) {
        const uint64_t rank = info->inputs[i]->rank;
        chunk->shapes[i] = calloc(rank > FW_NPY_MAX_DIMS ? rank : FW_NPY_MAX_DIMS, sizeof(int64_t));
        if (chunk->shapes[i] == NULL) {
            return fw_fault_nomem(host);
        }
    }
    return FW_OK;
}

void compare_chunk_finish(struct compare_chunk *chunk)
{
    for (size_t i = 0; chunk->data != NULL && chunk->shapes != NULL && i < chunk->n; i++) {
        free(chunk->data[i]);
        free(chunk->shapes[i]);
    }
    free(chunk->data);
    free(chunk->shapes);
    free(chunk->arrays);
    *chunk = (struct compare_chunk){0};
}

fw_status compare_set_read(const struct compare_set *set, const struct fw_predictor_info *info,
                           uint64_t first, uint64_t n, struct compare_chunk *chunk)
{
    fw_status status = compare_chunk_init(set->host, info, chunk);
    if (status != FW_OK || info->n_inputs == 0) {
        return status;
    }
    return set->table != NULL ? compare_table_read(set->table, info, first, n, chunk)
                              : compare_tensor_read(set, info, first, n, chunk);
}

void compare_set_name(const struct compare_set *set, uint64_t sample, char ret[COMPARE_NAME])
{
    char *key = NULL;
    if (set->table != NULL) {
        compare_rows_close(&set->table->reading);
        key = compare_table_name(set->table, sample);
    }
    snprintf(ret, COMPARE_NAME, key == NULL ? "sample %llu" : "sample %llu (%s)",
             (unsigned long long)sample, key);
    free(key);
}

void compare_set_rest(const struct compare_set *set)
{
    if (set->table != NULL) {
        compare_rows_close(&set->table->reading);
    }
}

const uint32_t *compare_set_samples(const struct compare_set *set)
{
    return set->table != NULL ? set->table->samples : NULL;
}

fw_status compare_truth_read(const struct compare_set *set, uint64_t first, uint64_t n,
                             struct compare_truth *truth)
{
    truth->n_numbers = set->n_target;
    if (set->table != NULL) {
        truth->values = set->table->target;
        return FW_OK;
    }
    truth->first = first;
    truth->values = truth->own = malloc(n * set->n_target * sizeof *truth->own + 1);
    return truth->own == NULL ? fw_fault_nomem(set->host)
                              : compare_tensor_target(set->tensor, first, n, truth->own);
}

void compare_truth_finish(struct compare_truth *truth)
{
    free(truth->own);
    *truth = (struct compare_truth){0};
}
