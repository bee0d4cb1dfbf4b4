/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_SET_H
#define COMPARE_SET_H

#include <fw/service/predictor.h>
#include <fw/task.h>

#include "npy/npy.h"

/* The test set: arrays of a NumPy file, whose first axis counts samples. */
struct compare_set {
    const struct fw_host *host;
    const char *path;
    struct fw_npz *npz;
    struct fw_npy **inputs;
    const char *const *names; /* of the inputs */
    size_t n_inputs;
    double input_scale;
    struct fw_npy *target;
    uint64_t n;        /* samples */
    uint64_t n_target; /* numbers of the target per sample */
};

/* Opens the input `data` by the parameters `inputs` and `target`; FW_E_DATA when their first axes
 * differ, or there is no sample. */
fw_status compare_set_open(const struct fw_host *host, const struct fw_task *task,
                           struct compare_set *set);
void compare_set_close(struct compare_set *set);

/* A chunk of the inputs as one model wants them. All zero is valid. */
struct compare_chunk {
    struct fw_predictor_array *arrays;
    int64_t (*shapes)[FW_NPY_MAX_DIMS];
    void **data;
    size_t n;
};

/*
 * Samples [first, first + n), in the model's element types and shapes: where all but the first
 * dimension of an input are fixed, samples of as many numbers are taken for it whatever their
 * shape. A model without inputs gets none.
 */
fw_status compare_set_read(const struct compare_set *set, const struct fw_predictor_info *info,
                           uint64_t first, uint64_t n, struct compare_chunk *chunk);
void compare_chunk_finish(struct compare_chunk *chunk);

/* The target of samples [first, first + n), n_target numbers each, into `ret`. */
fw_status compare_set_target(const struct compare_set *set, uint64_t first, uint64_t n,
                             double *ret);

#endif
