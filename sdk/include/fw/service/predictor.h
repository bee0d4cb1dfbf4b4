/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_PREDICTOR_H
#define FW_SERVICE_PREDICTOR_H

#include "fw/element.h"
#include "fw/host.h"

FW_BEGIN_DECLS

/**
 * Provided by plugins, one per kind of model file. A stage lists FW_PREDICTOR_ID "*" among its
 * services and asks the host for FW_PREDICTOR_ID "#0", "#1" ... to find the `kind` that it wants.
 */
#define FW_PREDICTOR_ID "fw.predictor/1"

struct fw_predictor_model;

/** An input or output of a model. */
struct fw_predictor_port {
    uint32_t struct_size;
    uint32_t element; /**< FW_F32 ... */
    const char *name;
    uint64_t rank;
    const int64_t *shape; /**< -1: free. The first dimension counts samples */
};
FW_ASSERT_NO_TAIL(struct fw_predictor_port, shape);

/** What a model is. Valid until `close`. */
struct fw_predictor_info {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t n_inputs;
    uint64_t n_outputs;
    const struct fw_predictor_port *const *inputs;
    const struct fw_predictor_port *const *outputs;
    uint64_t n_samples; /**< of those it has answers for, of answers made before; 0: any number */
    const char *describes; /**< one line: engine, its version, threads */
};
FW_ASSERT_NO_TAIL(struct fw_predictor_info, describes);

/** A dense row-major array. A plain value that never grows. */
struct fw_predictor_array {
    uint32_t element; /**< FW_F32 ... */
    uint32_t rank;
    const int64_t *shape;
    const void *data;
};
FW_ASSERT_NO_TAIL(struct fw_predictor_array, data);

/** Samples `first` ... `first + n_samples - 1` of the set that is being predicted. */
struct fw_predictor_batch {
    uint32_t struct_size;
    uint32_t reserved;
    uint64_t first;
    uint64_t n_samples;
    const struct fw_predictor_array *inputs; /**< as many as the model has, in its order */
};
FW_ASSERT_NO_TAIL(struct fw_predictor_batch, inputs);

/**
 * Models that answer for samples. A model is used by one thread at a time; several may be open.
 * Failures are recorded through the host given to `open`: FW_E_MISSING for a file or library that
 * is not there, FW_E_DATA for a file or an array that is not as it must be, FW_E_UNSUPPORTED,
 * FW_E_NOMEM, FW_E_IO, FW_E_INTERNAL. [stage thread]
 */
struct fw_predictor {
    uint32_t struct_size;
    uint32_t reserved;
    const char *kind; /**< "onnx", "weights", "npz": what a pipeline says */
    const char *doc;  /**< one line: what `path` is, what is needed */

    /** Threads and memory are those of fw.budget/1; `host` must outlive the model. */
    fw_status (*open)(const struct fw_host *host, const char *path,
                      struct fw_predictor_model **ret_model);
    const struct fw_predictor_info *(*info)(const struct fw_predictor_model *model);

    /**
     * Arrays are read during the call only. *ret_outputs has as many as the model has outputs,
     * in its order; they are the model's, until the next `predict` or `close`. The caller checks
     * their shapes: a model may give what it did not declare.
     */
    fw_status (*predict)(struct fw_predictor_model *model, const struct fw_predictor_batch *batch,
                         const struct fw_predictor_array **ret_outputs);

    /** Accepts NULL. */
    void (*close)(struct fw_predictor_model *model);
};
FW_ASSERT_NO_TAIL(struct fw_predictor, close);

FW_END_DECLS

#endif
