/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_WEIGHTS_OPENED_H
#define FW_LIB_WEIGHTS_OPENED_H

#include "weights/weights.h"

struct fw_weights {
    const struct fw_host *host;
    char *path, *bytes;
    size_t size;
    cJSON *document;
    struct fw_weights_tensor *tensors; /* their data lie in `bytes` */
    size_t n;
    uint64_t entries_at, data_at;
};

#endif
