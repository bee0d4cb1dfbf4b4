/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_MODEL_MODEL_H
#define FW_LIB_MODEL_MODEL_H

#include <cjson/cJSON.h>

#include "net/mlp.h"
#include "net/net.h"
#include "net/patchtst.h"
#include "net/resnet.h"

/*
 * Nets as documents, so that who trains one and who answers with it build the same. [stage thread]
 */

enum fw_model_kind {
    FW_MODEL_RESNET,
    FW_MODEL_PATCHTST,
    FW_MODEL_MLP,
    FW_MODEL_LOGISTIC, /**< a perceptron without hidden layers */
    FW_MODEL_KINDS
};

/** "resnet", "patchtst", "mlp", "logistic". */
extern const char *const fw_model_names[FW_MODEL_KINDS];

/** What a document may ask for; a net of more is nothing to be built because a file says so. */
enum {
    FW_MODEL_HIDDEN_MOST = 32,
    FW_MODEL_LAYERS_MOST = 256,
    FW_MODEL_BLOCKS_MOST = 64,
    FW_MODEL_SIZE_MOST = 1 << 20
};

/** All that it takes to build one. Only the member of its kind counts. */
struct fw_model {
    enum fw_model_kind kind;
    struct fw_net_shape input;
    uint32_t outputs; /**< 1: a logit of class 1, otherwise a number per class */
    struct fw_resnet resnet;
    struct fw_patchtst patchtst;
    struct {
        uint32_t hidden[FW_MODEL_HIDDEN_MOST], n_hidden;
        uint32_t activation; /**< FW_MLP_ */
        double dropout;
    } mlp;
};

/** A closed net in float32, or FW_E_CONFIG with what is wrong. `host` must outlive it. */
fw_status fw_model_build(const struct fw_host *host, const struct fw_model *model,
                         struct fw_net **ret_net);

/** The loss of its answers: FW_NET_ of net.h. */
uint32_t fw_model_loss(const struct fw_model *model);

/** As JSON: an object with `kind`, `outputs` and the settings; the input's shape stands apart. */
cJSON *fw_model_document(const struct fw_model *model);

/** From such an object. FW_E_DATA at `where` for what is no model. */
fw_status fw_model_read(const struct fw_host *host, const char *where, const cJSON *document,
                        struct fw_net_shape input, struct fw_model *ret_model);

#endif
