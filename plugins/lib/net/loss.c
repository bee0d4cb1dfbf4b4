/* SPDX-License-Identifier: MIT */
#include "loss.h"

#include <string.h>

#include "layers.h"
#include "sql/fault.h"

uint32_t fw_net_answer_value(const struct fw_net_pass *pass)
{
    return pass->net->n_layers - 1;
}

/* --- softmax and cross-entropy --- */

static struct fw_softmax softmax_of(const struct fw_net_pass *pass, uint32_t kind)
{
    const uint32_t last = fw_net_answer_value(pass);
    return (struct fw_softmax){.struct_size = (uint32_t)sizeof(struct fw_softmax),
                               .dtype = pass->net->dtype,
                               .kind = kind,
                               .rows = pass->n,
                               .cols = fw_net_size(pass->net->layers[last].shape),
                               .scale = 1,
                               .y = pass->answer.probability,
                               .label = pass->answer.label};
}

/* The class with the largest number, the first of equal ones. */
static fw_status choose(struct fw_net_pass *pass)
{
    const uint32_t last = fw_net_answer_value(pass);
    const struct fw_reduce reduce = {.struct_size = (uint32_t)sizeof reduce,
                                     .dtype = pass->net->dtype,
                                     .kind = FW_REDUCE_ARGMAX,
                                     .out_type = FW_I32,
                                     .outer = 1,
                                     .channels = pass->n,
                                     .inner = fw_net_size(pass->net->layers[last].shape),
                                     .alpha = 1,
                                     .a = pass->y[last],
                                     .out = pass->answer.choice};
    return pass->kernels->reduce(pass->session, &reduce);
}

static fw_status cross_entropy(struct fw_net_pass *pass)
{
    const uint32_t last = fw_net_answer_value(pass);
    struct fw_softmax op = softmax_of(pass, FW_CROSS_ENTROPY);
    op.x = pass->y[last];
    op.loss = pass->answer.loss;
    fw_status status = pass->kernels->softmax(pass->session, &op);
    if (status != FW_OK) {
        return status;
    }
    op = softmax_of(pass, FW_CROSS_ENTROPY_BACKWARD);
    op.scale = 1 / (double)pass->n;
    op.x = pass->gy.at[last];
    status = pass->kernels->softmax(pass->session, &op);
    return status == FW_OK ? choose(pass) : status;
}

/* Rg = p (RZ - sum of p RZ) / n */
static fw_status r_cross_entropy(struct fw_net_pass *pass)
{
    const uint32_t last = fw_net_answer_value(pass);
    struct fw_softmax op = softmax_of(pass, FW_SOFTMAX_BACKWARD);
    op.scale = 1 / (double)pass->n;
    op.dy = pass->ry[last];
    op.x = pass->rgy.at[last];
    return pass->kernels->softmax(pass->session, &op);
}

static const struct fw_net_loss_op softmax_entropy = {0, cross_entropy, r_cross_entropy};

static const struct fw_net_loss_op *const losses[] = {
    [FW_NET_CROSS_ENTROPY] = &softmax_entropy,
    [FW_NET_BINARY_ENTROPY] = &fw_net_binary_entropy,
};

/* --- any loss --- */

static const struct fw_net_loss_op *loss_of(const struct fw_net_pass *pass, uint32_t kind)
{
    const struct fw_net *net = pass->net;
    const uint64_t cols = fw_net_size(net->layers[net->n_layers - 1].shape);
    if (kind >= sizeof losses / sizeof *losses ||
        (losses[kind]->cols != 0 ? cols != losses[kind]->cols : cols < 2)) {
        (void)fw_faultf(net->host, FW_E_ARG, "net", NULL,
                        "loss %u of a net whose last value has %llu elements", kind,
                        (unsigned long long)cols);
        return NULL;
    }
    return losses[kind];
}

static fw_status put_labels(struct fw_net_pass *pass, const int32_t *labels, uint64_t n_classes)
{
    for (uint64_t i = 0; i < pass->n; i++) {
        if ((uint64_t)labels[i] >= n_classes) { /* below 0 is beyond, too */
            return fw_faultf(pass->net->host, FW_E_DATA, "net", NULL,
                             "the label of sample %llu is %d, expected 0 to %llu",
                             (unsigned long long)i, labels[i], (unsigned long long)n_classes - 1);
        }
    }
    memcpy(pass->answer.labels, labels, pass->n * sizeof *labels);
    return pass->kernels->upload(pass->session, pass->answer.label, labels,
                                 pass->n * sizeof *labels);
}

static fw_status mean_loss(struct fw_net_pass *pass, double *ret_loss)
{
    const struct fw_reduce reduce = {.struct_size = (uint32_t)sizeof reduce,
                                     .dtype = pass->net->dtype,
                                     .kind = FW_REDUCE_SUM,
                                     .out_type = FW_F64,
                                     .outer = 1,
                                     .channels = 1,
                                     .inner = pass->n,
                                     .alpha = 1 / (double)pass->n,
                                     .a = pass->answer.loss,
                                     .out = pass->answer.total};
    fw_status status = pass->kernels->reduce(pass->session, &reduce);
    return status == FW_OK ? pass->kernels->download(pass->session, pass->answer.total, ret_loss,
                                                     sizeof *ret_loss)
                           : status;
}

static fw_status count_correct(struct fw_net_pass *pass, uint64_t *ret_n)
{
    const struct fw_net_answer *answer = &pass->answer;
    fw_status status = pass->kernels->download(pass->session, answer->choice, answer->choices,
                                               pass->n * sizeof *answer->choices);
    uint64_t n = 0;
    for (uint64_t i = 0; i < pass->n && status == FW_OK; i++) {
        n += answer->choices[i] == answer->labels[i];
    }
    *ret_n = n;
    return status;
}

fw_status fw_net_loss(struct fw_net_pass *pass, uint32_t kind, const int32_t *labels,
                      double *ret_loss, uint64_t *ret_n_correct)
{
    const struct fw_net *net = pass->net;
    const struct fw_net_loss_op *op = loss_of(pass, kind);
    if (op == NULL) {
        return FW_E_ARG;
    }
    if (pass->stage < FW_NET_FORWARD) {
        return fw_faultf(net->host, FW_E_ARG, "net", NULL, "a loss was asked for before forward");
    }
    const uint64_t cols = fw_net_size(net->layers[net->n_layers - 1].shape);
    fw_status status = put_labels(pass, labels, op->cols == 1 ? 2 : cols);
    double loss = 0;
    uint64_t n_correct = 0;
    pass->stage = FW_NET_FORWARD;
    pass->answer.kind = kind;
    status = status == FW_OK ? op->forward(pass) : status;
    status = status == FW_OK ? mean_loss(pass, &loss) : status;
    status = status == FW_OK ? count_correct(pass, &n_correct) : status;
    if (status == FW_OK) {
        *ret_loss = loss;
        *ret_n_correct = n_correct;
        pass->stage = FW_NET_LOSS;
    }
    return status;
}

fw_status fw_net_r_loss(struct fw_net_pass *pass)
{
    return losses[pass->answer.kind]->r(pass);
}
