/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "layers.h"
#include "plan.h"
#include "sql/fault.h"

enum { N_BUFFERS = 20 };

/* Room of its own for an array; nothing for one of no elements. */
static fw_status take(struct fw_net_pass *pass, uint64_t bytes, struct fw_operand *ret_operand)
{
    if (bytes == 0) {
        return FW_OK;
    }
    fw_status status =
        pass->kernels->buffer_create(pass->session, bytes, &pass->buffers[pass->n_buffers]);
    if (status == FW_OK) {
        *ret_operand = (struct fw_operand){.buffer = pass->buffers[pass->n_buffers++]};
    }
    return status;
}

/* A plan's arrays. */
static fw_status lay_out(struct fw_net_pass *pass, fw_status planned, struct fw_net_plan *plan,
                         bool live_only, struct fw_operand *operands)
{
    struct fw_operand all = {0};
    fw_status status =
        planned == FW_OK ? take(pass, plan->bytes, &all) : fw_fault_nomem(pass->net->host);
    for (uint32_t i = 0; i < pass->net->n_layers && status == FW_OK; i++) {
        if (pass->net->layers[i].live || !live_only) {
            operands[i] = all;
            operands[i].offset = plan->offset[plan->root[i]];
        }
    }
    fw_net_plan_finish(plan);
    return status;
}

static fw_status take_values(struct fw_net_pass *pass)
{
    const struct fw_net *net = pass->net;
    struct fw_net_plan plan;
    fw_status planned = fw_net_plan_values(net, pass->capacity, false, &plan);
    fw_status status = lay_out(pass, planned, &plan, false, pass->y);
    if (status == FW_OK) {
        planned = fw_net_plan_gradients(net, pass->capacity, pass->has_r, &plan);
        status = lay_out(pass, planned, &plan, true, pass->gy.at);
    }
    if (status == FW_OK && pass->has_r) {
        planned = fw_net_plan_values(net, pass->capacity, true, &plan);
        status = lay_out(pass, planned, &plan, true, pass->ry);
    }
    if (status == FW_OK && pass->has_r) {
        planned = fw_net_plan_gradients(net, pass->capacity, false, &plan);
        status = lay_out(pass, planned, &plan, true, pass->rgy.at);
    }
    return status;
}

static uint64_t bytes_of(const struct fw_net_pass *pass, struct fw_net_room room)
{
    const uint64_t n = room.fixed + room.per_sample * pass->capacity;
    return (n * pass->net->element + 63) / 64 * 64;
}

/* What layers keep, one after the other. */
static fw_status take_saved(struct fw_net_pass *pass, bool of_r, struct fw_operand *operands)
{
    struct fw_operand all = {0};
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < pass->net->n_layers; i++) {
        const struct fw_net_layer *layer = &pass->net->layers[i];
        operands[i].offset = bytes;
        bytes += bytes_of(pass, of_r ? layer->saved_r : layer->saved);
    }
    fw_status status = take(pass, bytes, &all);
    for (uint32_t i = 0; i < pass->net->n_layers; i++) {
        operands[i].buffer = all.buffer;
    }
    return status;
}

/* The largest scratch, and the largest gradient that more than one layer gives. */
static fw_status take_scratch(struct fw_net_pass *pass)
{
    const struct fw_net *net = pass->net;
    uint64_t scratch = 0, spill = 0, host = 0;
    for (uint32_t i = 0; i < net->n_layers; i++) {
        const struct fw_net_layer *layer = &net->layers[i];
        const uint64_t bytes = bytes_of(pass, layer->scratch);
        uint32_t readers = 0;
        scratch = bytes > scratch ? bytes : scratch;
        host = layer->host > host ? layer->host : host;
        for (uint32_t k = i + 1; k < net->n_layers; k++) {
            readers += net->layers[k].n_in > 0 && net->layers[k].in[0] == i;
            readers += net->layers[k].n_in > 1 && net->layers[k].in[1] == i;
        }
        const uint64_t value = fw_net_size(layer->shape) * pass->capacity * net->element;
        spill = layer->live && readers > 1 && value > spill ? value : spill;
    }
    pass->host = pass->has_r ? malloc((host + 1) * sizeof *pass->host) : NULL;
    if (pass->has_r && pass->host == NULL) {
        return fw_fault_nomem(net->host);
    }
    fw_status status = take(pass, scratch, &pass->scratch);
    return status == FW_OK ? take(pass, spill, &pass->spill) : status;
}

static fw_status take_answer(struct fw_net_pass *pass)
{
    const struct fw_net *net = pass->net;
    const uint64_t rows = pass->capacity;
    const uint64_t cols = fw_net_size(net->layers[net->n_layers - 1].shape);
    struct fw_net_answer *answer = &pass->answer;
    answer->labels = malloc(rows * sizeof *answer->labels);
    answer->choices = malloc(rows * sizeof *answer->choices);
    if (answer->labels == NULL || answer->choices == NULL) {
        return fw_fault_nomem(net->host);
    }
    const struct {
        uint64_t bytes;
        struct fw_operand *operand;
    } arrays[] = {
        {rows * sizeof(int32_t), &answer->label},
        {rows * cols * net->element, &answer->probability},
        {rows * net->element, &answer->loss},
        {rows * sizeof(int32_t), &answer->choice},
        {sizeof(double), &answer->total},
    };
    fw_status status = FW_OK;
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays && status == FW_OK; i++) {
        status = take(pass, arrays[i].bytes, arrays[i].operand);
    }
    return status;
}

static fw_status take_flat(struct fw_net_pass *pass)
{
    const uint64_t bytes = pass->net->n_parameters * pass->net->element;
    pass->parameters = (struct fw_operand){.buffer = pass->weights->parameters};
    fw_status status = take(pass, bytes, &pass->gradient);
    if (status == FW_OK && pass->has_r) {
        status = take(pass, bytes, &pass->v);
    }
    return status == FW_OK && pass->has_r ? take(pass, bytes, &pass->hv) : status;
}

static fw_status take_lists(struct fw_net_pass *pass)
{
    const uint32_t n = pass->net->n_layers;
    pass->y = calloc(n, sizeof *pass->y);
    pass->ry = calloc(n, sizeof *pass->ry);
    pass->gy.at = calloc(n, sizeof *pass->gy.at);
    pass->gy.given = calloc(n, sizeof *pass->gy.given);
    pass->rgy.at = calloc(n, sizeof *pass->rgy.at);
    pass->rgy.given = calloc(n, sizeof *pass->rgy.given);
    pass->saved = calloc(n, sizeof *pass->saved);
    pass->saved_r = calloc(n, sizeof *pass->saved_r);
    pass->buffers = calloc(N_BUFFERS, sizeof(struct fw_kernels_buffer *));
    const bool all = pass->y && pass->ry && pass->gy.at && pass->gy.given && pass->rgy.at &&
                     pass->rgy.given && pass->saved && pass->saved_r && pass->buffers;
    return all ? FW_OK : fw_fault_nomem(pass->net->host);
}

static fw_status take_all(struct fw_net_pass *pass)
{
    fw_status status = take_lists(pass);
    if (status == FW_OK) {
        status = take_flat(pass);
    }
    if (status == FW_OK) {
        status = take_values(pass);
    }
    if (status == FW_OK) {
        status = take_saved(pass, false, pass->saved);
    }
    if (status == FW_OK && pass->has_r) {
        status = take_saved(pass, true, pass->saved_r);
    }
    if (status == FW_OK) {
        status = take_scratch(pass);
    }
    return status == FW_OK ? take_answer(pass) : status;
}

fw_status fw_net_pass_create(struct fw_net_weights *weights, uint64_t capacity, bool with_r,
                             struct fw_net_pass **ret_pass)
{
    const struct fw_net *net = weights->net;
    if (capacity == 0 || capacity > UINT32_MAX) {
        return fw_faultf(net->host, FW_E_ARG, "net", NULL, "a batch of %llu samples",
                         (unsigned long long)capacity);
    }
    if (with_r && !fw_net_has_products(net)) {
        return fw_faultf(net->host, FW_E_UNSUPPORTED, "net", NULL,
                         "a layer has no second derivatives: there are no Hessian products");
    }
    struct fw_net_pass *pass = calloc(1, sizeof *pass);
    if (pass == NULL) {
        return fw_fault_nomem(net->host);
    }
    *pass = (struct fw_net_pass){.net = net,
                                 .weights = weights,
                                 .kernels = weights->kernels,
                                 .session = weights->session,
                                 .capacity = capacity,
                                 .has_r = with_r};
    fw_status status = take_all(pass);
    if (status != FW_OK) {
        fw_net_pass_destroy(pass);
        return status;
    }
    *ret_pass = pass;
    return FW_OK;
}

void fw_net_pass_destroy(struct fw_net_pass *pass)
{
    if (pass == NULL) {
        return;
    }
    for (uint32_t i = 0; i < pass->n_buffers; i++) {
        pass->kernels->buffer_destroy(pass->buffers[i]);
    }
    void *const lists[] = {pass->y,
                           pass->ry,
                           pass->gy.at,
                           pass->saved,
                           pass->gy.given,
                           pass->rgy.at,
                           pass->saved_r,
                           pass->rgy.given,
                           pass->answer.labels,
                           pass->buffers,
                           pass->answer.choices,
                           pass->host};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        free(lists[i]);
    }
    free(pass);
}
