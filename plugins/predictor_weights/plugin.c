/* SPDX-License-Identifier: MIT */
#include <fw/plugin.h>

#include "model.h"

static const struct fw_predictor table = {
    .struct_size = (uint32_t)sizeof table,
    .kind = "weights",
    .doc = "A model.json with its weights.npz, computed by fw.kernels/1",
    .open = weights_open,
    .info = weights_info,
    .predict = weights_predict,
    .close = weights_close,
};

static const struct fw_service service = {
    .struct_size = (uint32_t)sizeof service,
    .id = FW_PREDICTOR_ID,
    .doc = "Feed-forward nets with their weights in NumPy's files",
    .table = &table,
};

static const struct fw_service *const services[] = {&service};

FW_PLUGIN("org.fwrun.predictor_weights", "0.1.0", "MIT",
          .doc = "Nets of convolutions and dense layers, computed by fw.kernels/1",
          .services = services, .n_services = FW_COUNT(services));
