/* SPDX-License-Identifier: MIT */
#ifndef ONNX_TENSOR_H
#define ONNX_TENSOR_H

#include <stdint.h>

#include <stdbool.h>

#include <fw/service/predictor.h>

/* A tensor out of a file with one protobuf message TensorProto, as ONNX's own test data are. */
struct onnx_tensor {
    uint32_t element; /* FW_F32 ...; 0: of a kind that no predictor takes */
    uint32_t rank;
    int64_t shape[16];
    unsigned char *data;
    uint64_t n; /* elements */
};

/* Aborts the test when the file is not one. The caller frees `data`. */
void onnx_tensor_read(const char *path, struct onnx_tensor *ret_tensor);

/* Element `i` as a number. */
double onnx_number(uint32_t element, const void *data, uint64_t i);

#endif
