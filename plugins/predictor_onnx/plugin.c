/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "onnx.h"

static const struct fw_predictor table = {
    .struct_size = (uint32_t)sizeof table,
    .kind = "onnx",
    .doc = "A model.onnx, computed by ONNX Runtime on the processor",
    .open = onnx_open,
    .info = onnx_info,
    .predict = onnx_predict,
    .close = onnx_close,
};

static const char *const libraries[] = {"libonnxruntime.so.1?"};

static const struct fw_service service = {
    .struct_size = (uint32_t)sizeof service,
    .n_libraries = FW_COUNT(libraries),
    .id = FW_PREDICTOR_ID,
    .doc = "Models in ONNX's format",
    .libraries = libraries,
    .table = &table,
};

static const struct fw_service *const services[] = {&service};

FW_PLUGIN("org.fwrun.predictor_onnx", "0.1.0", "MIT",
          .doc = "Models in ONNX's format, computed by ONNX Runtime", .services = services,
          .n_services = FW_COUNT(services));
