/* SPDX-License-Identifier: MIT */
#ifndef PREDICTOR_WEIGHTS_MODEL_H
#define PREDICTOR_WEIGHTS_MODEL_H

#include "net.h"

/* An output: one value of the net, or an amplitude and a phase that become complex numbers. */
struct weights_output {
    size_t value, phase; /* phase == value: none */
    float *parts[2];     /* as they come from the device */
    void *data;
};

struct weights_port {
    struct fw_predictor_port port;
    int64_t declared[4], given[4];
};

struct fw_predictor_model {
    const struct fw_host *host;
    char *path;
    cJSON *document;
    struct net net;
    struct weights_port *ports; /* inputs, then outputs */
    size_t n_inputs, n_outputs;
    const struct fw_predictor_port **list; /* the same */
    struct weights_output *outputs;
    struct fw_predictor_array *arrays;
    struct fw_predictor_info info;
};

/* The functions of fw/service/predictor.h. */
fw_status weights_open(const struct fw_host *host, const char *path,
                       struct fw_predictor_model **ret_model);
const struct fw_predictor_info *weights_info(const struct fw_predictor_model *model);
fw_status weights_predict(struct fw_predictor_model *model, const struct fw_predictor_batch *batch,
                          const struct fw_predictor_array **ret_outputs);
void weights_close(struct fw_predictor_model *model);

/* read.c: the document, and the archive of weights that it names, whose digest it gives. */
fw_status weights_read(const struct fw_host *host, const char *path, cJSON **ret_document,
                       struct fw_npz **ret_weights);

#endif
