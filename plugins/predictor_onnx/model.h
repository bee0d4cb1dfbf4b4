/* SPDX-License-Identifier: MIT */
#ifndef PREDICTOR_ONNX_MODEL_H
#define PREDICTOR_ONNX_MODEL_H

#include "answers.h"
#include "ports.h"

struct fw_predictor_model {
    const struct fw_host *host;
    const struct ort_runtime *runtime; /* NULL: not opened */
    char *path;                        /* for messages */
    void *session;
    void *memory; /* the library's word for plain memory */
    struct ort_ports inputs, outputs;
    struct ort_answers answers;
    struct fw_predictor_info info;
    char describes[96];
};

#endif
