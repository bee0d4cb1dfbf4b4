/* SPDX-License-Identifier: MIT */
#ifndef PREDICTOR_ONNX_PORTS_H
#define PREDICTOR_ONNX_PORTS_H

#include <fw/service/predictor.h>

#include "runtime.h"

#define ORT_MAX_RANK 16

/* One input or output, with what its description points to. */
struct ort_port {
    struct fw_predictor_port port;
    int64_t shape[ORT_MAX_RANK];
};

/* The inputs, or the outputs, of a session. All zero is valid. */
struct ort_ports {
    size_t n;
    struct ort_port *items;
    const struct fw_predictor_port **list; /* the same, as the service gives them */
    const char **names;                    /* the same, as the library takes them; owned */
};

enum ort_side { ORT_INPUTS, ORT_OUTPUTS };

/* FW_E_UNSUPPORTED for one that is no tensor of numbers, with its name. */
fw_status ort_ports_read(const struct fw_host *host, const struct ort_api *api, const void *session,
                         enum ort_side side, struct ort_ports *ports);
void ort_ports_finish(struct ort_ports *ports);

#endif
