/* SPDX-License-Identifier: MIT */
#ifndef COMPARE_TENSOR_H
#define COMPARE_TENSOR_H

#include "set.h"

struct fw_npz;
struct fw_npy;

/* A test set of arrays. What each function does stands in set.h. */
struct compare_tensor {
    struct fw_npz *npz;
    struct fw_npy **inputs;
    const char *const *names; /* of the inputs */
    size_t n_inputs;
    double input_scale;
    struct fw_npy *target;
};

fw_status compare_tensor_open(const struct fw_task *task, struct compare_set *set);
void compare_tensor_close(struct compare_tensor *tensor);
fw_status compare_tensor_fits(const struct compare_set *set, const struct fw_predictor_info *info);
fw_status compare_tensor_read(const struct compare_set *set, const struct fw_predictor_info *info,
                              uint64_t first, uint64_t n, struct compare_chunk *chunk);
fw_status compare_tensor_target(const struct compare_tensor *tensor, uint64_t first, uint64_t n,
                                double *ret);

/* Multiplies n numbers of that element type, if they are reals. */
void compare_scale(uint32_t element, void *data, uint64_t n, double factor);

#endif
