/* SPDX-License-Identifier: MIT */
#ifndef PREDICTOR_ONNX_ONNX_H
#define PREDICTOR_ONNX_ONNX_H

#include <fw/service/predictor.h>

/* The functions of fw/service/predictor.h. */
fw_status onnx_open(const struct fw_host *host, const char *path,
                    struct fw_predictor_model **ret_model);
const struct fw_predictor_info *onnx_info(const struct fw_predictor_model *model);
fw_status onnx_predict(struct fw_predictor_model *model, const struct fw_predictor_batch *batch,
                       const struct fw_predictor_array **ret_outputs);
void onnx_close(struct fw_predictor_model *model);

#endif
