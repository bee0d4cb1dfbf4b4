/* SPDX-License-Identifier: MIT */
#ifndef PREDICTOR_CHECKPOINT_H
#define PREDICTOR_CHECKPOINT_H

#include <fw/service/kernels.h>
#include <fw/service/predictor.h>

#include "model/model.h"
#include "weights/weights.h"

#define CHECKPOINT_REMEDY "take another checkpoint, or train again"

/* Samples that go through the net together; answers do not depend on it. */
enum { CHECKPOINT_BATCH = 128 };

/* The host as the net sees it: what is wrong with a net is wrong with the file. */
struct checkpoint_relay {
    struct fw_host host; /* first: `fail` finds the relay by it */
    const struct fw_host *target;
    const char *path;
};

struct fw_predictor_model {
    const struct fw_host *host;
    char *path;
    struct checkpoint_relay relay;
    struct fw_weights *file;
    struct fw_model model;
    const struct fw_kernels *kernels;
    struct fw_kernels_session *session;
    struct fw_net *net;
    struct fw_net_weights *weights;
    struct fw_net_pass *pass;
    double raw_scale; /* input = (raw * raw_scale - mean) / deviation */
    uint64_t n_scales;
    double *means, *deviations; /* of a column each where there is one channel, of channels */
    float *inputs, *answers;
    uint64_t room; /* answers there is room for */
    int32_t labels[CHECKPOINT_BATCH];
    int64_t input_shape[4], output_shape[2], given[2];
    struct fw_predictor_port ports[2];
    const struct fw_predictor_port *inputs_list[1], *outputs_list[1];
    struct fw_predictor_info info;
    struct fw_predictor_array array;
};

/* document.c */

/** The file's document has no such thing: FW_E_DATA. */
fw_status checkpoint_refuse(const struct fw_predictor_model *model, const char *what);
/** The model and the scaling of its inputs, as the opened file says. */
fw_status checkpoint_read(struct fw_predictor_model *model);

/* net.c */

/** The net with the file's weights, and a pass of CHECKPOINT_BATCH samples. */
fw_status checkpoint_make_net(struct fw_predictor_model *model);

#endif
