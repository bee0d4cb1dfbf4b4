/* SPDX-License-Identifier: MIT */
#ifndef PREDICTOR_ONNX_ANSWERS_H
#define PREDICTOR_ONNX_ANSWERS_H

#include "ports.h"

/* What a model has answered, its rows gathered from one or more runs. */
struct ort_answer {
    int64_t shape[ORT_MAX_RANK];
    unsigned char *data;
    size_t bytes, capacity;
};

/* All zero is valid. */
struct ort_answers {
    size_t n;
    struct ort_answer *items;
    struct fw_predictor_array *arrays; /* the same, as the service gives them */
};

fw_status ort_answers_init(const struct fw_host *host, struct ort_answers *answers, size_t n);
void ort_answers_finish(struct ort_answers *answers);
void ort_answers_clear(struct ort_answers *answers);

/* What one run gave for output `index`: all of it, or, where the samples go in by slices, the
 * first `rows` of the `slice` rows that there must be. */
struct ort_part {
    size_t index;
    const char *name;
    void *value;
    uint64_t slice; /* 0: all of it, in one run */
    uint64_t rows;
};

/* FW_E_DATA when a part of a slice has another number of rows, or another shape than the last. */
fw_status ort_answers_add(const struct fw_host *host, const struct ort_api *api,
                          struct ort_answers *answers, const struct ort_part *part);

#endif
