/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* What is known of a value while its place is looked for. */
struct use {
    uint32_t readers;       /* layers that read it, through views too */
    uint32_t consumers;     /* layers that name it as an input */
    uint32_t last, another; /* the last of these, and the one before */
    bool is_locked; /* its gradient's array holds another gradient, too: nobody writes there */
};

static bool has(const struct fw_net *net, uint32_t layer, uint32_t flag)
{
    return (net->layers[layer].op->flags & flag) != 0;
}

static struct use *uses_of(const struct fw_net *net)
{
    struct use *uses = calloc(net->n_layers, sizeof *uses);
    for (uint32_t i = net->n_layers; uses != NULL && i-- > 0;) {
        const struct fw_net_layer *layer = &net->layers[i];
        for (uint32_t k = 0; k < layer->n_in; k++) {
            struct use *in = &uses[layer->in[k]];
            in->readers += has(net, i, FW_NET_VIEW) ? uses[i].readers : 1;
            in->another = in->consumers == 1 ? i : in->another;
            in->last = in->consumers == 0 ? i : in->last;
            in->consumers++;
        }
    }
    return uses;
}

static bool same_size(const struct fw_net *net, uint32_t a, uint32_t b)
{
    return fw_net_size(net->layers[a].shape) == fw_net_size(net->layers[b].shape);
}

/* --- where roots lie --- */

static uint64_t bytes_of(const struct fw_net *net, uint32_t value, uint64_t capacity)
{
    const uint64_t bytes = fw_net_size(net->layers[value].shape) * capacity * net->element;
    return (bytes + 63) / 64 * 64;
}

/* Roots last from layer `from` down to layer `to`, both included. */
struct lasting {
    uint32_t from, to;
};

/* The first place for `value` that is free of the ones above it that are still there when it
 * comes; these have come before it. */
static void place(const struct fw_net *net, uint64_t capacity, const struct lasting *lasting,
                  struct fw_net_plan *plan, uint32_t value)
{
    const uint64_t bytes = bytes_of(net, value, capacity);
    uint64_t at = 0;
    bool moved = true;
    while (moved) {
        moved = false;
        for (uint32_t i = value + 1; i < net->n_layers; i++) {
            const uint64_t end = plan->offset[i] + bytes_of(net, i, capacity);
            if (net->layers[i].live && plan->root[i] == i && lasting[i].to <= lasting[value].from &&
                at < end && plan->offset[i] < at + bytes) {
                at = end;
                moved = true;
            }
        }
    }
    plan->offset[value] = at;
    plan->bytes = at + bytes > plan->bytes ? at + bytes : plan->bytes;
}

static fw_status begin(const struct fw_net *net, struct fw_net_plan *plan)
{
    *plan = (struct fw_net_plan){.root = calloc(net->n_layers, sizeof *plan->root),
                                 .offset = calloc(net->n_layers, sizeof *plan->offset)};
    return plan->root == NULL || plan->offset == NULL ? FW_E_NOMEM : FW_OK;
}

void fw_net_plan_finish(struct fw_net_plan *plan)
{
    free(plan->root);
    free(plan->offset);
    *plan = (struct fw_net_plan){0};
}

/* --- values --- */

/* Whether layer i may write over its first input: it is the last that needs it. */
static bool may_overwrite(const struct fw_net *net, const struct use *uses, uint32_t i)
{
    uint32_t maker = net->layers[i].in[0];
    if (!has(net, i, FW_NET_IN_PLACE) || !same_size(net, i, maker)) {
        return false;
    }
    while (has(net, maker, FW_NET_VIEW)) {
        maker = net->layers[maker].in[0];
    }
    return maker != 0 && uses[maker].readers == 1 && !has(net, maker, FW_NET_READS_Y);
}

fw_status fw_net_plan_values(const struct fw_net *net, uint64_t capacity, bool live_only,
                             struct fw_net_plan *ret_plan)
{
    struct use *uses = uses_of(net);
    fw_status status = begin(net, ret_plan);
    status = uses == NULL ? FW_E_NOMEM : status;
    for (uint32_t i = 0; i < net->n_layers && status == FW_OK; i++) {
        const uint32_t in = net->layers[i].in[0];
        const bool shares = has(net, i, FW_NET_VIEW) || may_overwrite(net, uses, i);
        if (shares && (net->layers[in].live || !live_only)) {
            ret_plan->root[i] = ret_plan->root[in];
            continue;
        }
        ret_plan->root[i] = i;
        ret_plan->offset[i] = ret_plan->bytes;
        ret_plan->bytes += net->layers[i].live || !live_only ? bytes_of(net, i, capacity) : 0;
    }
    free(uses);
    return status;
}

/* --- gradients --- */

static void share(struct fw_net_plan *plan, struct use *uses, uint32_t i, uint32_t in)
{
    plan->root[in] = plan->root[i];
    uses[in].is_locked = uses[in].is_locked || uses[i].is_locked;
}

/* An operation that computes the gradient of its first input where its own was. */
static void plan_in_place(const struct fw_net *net, struct fw_net_plan *plan, struct use *uses,
                          uint32_t i, bool keep)
{
    const uint32_t in = net->layers[i].in[0];
    const bool is_needed = keep && has(net, i, FW_NET_R_READS_GRADIENT);
    if (has(net, i, FW_NET_GRADIENT_IN_PLACE) && net->layers[in].live && same_size(net, i, in) &&
        uses[in].consumers == 1 && !uses[i].is_locked && !is_needed) {
        share(plan, uses, i, in);
    }
}

/*
 * An operation whose gradient is that of its inputs. Where two share it, the one that is read
 * first, of the higher number, must leave it as it is for the other; where it is kept both must.
 * What others add to it in place has to come after that, and a locked one must not go further
 * down, past the one that may write to it.
 */
static void plan_passing(const struct fw_net *net, struct fw_net_plan *plan, struct use *uses,
                         uint32_t i, bool keep)
{
    const struct fw_net_layer *layer = &net->layers[i];
    uint32_t low = layer->in[0], high = layer->in[layer->n_in - 1];
    if (low > high) {
        const uint32_t other = low;
        low = high;
        high = other;
    }
    if (uses[i].is_locked && !keep) {
        return;
    }
    const bool two = low != high;
    const bool high_shares = two && net->layers[high].live && uses[high].consumers == 1;
    const bool is_added_to = uses[low].consumers == 2 && uses[low].last == i && !keep &&
                             (!high_shares || uses[low].another < high);
    const bool low_shares = net->layers[low].live && (uses[low].consumers == 1 || is_added_to);
    if (high_shares) {
        share(plan, uses, i, high);
    }
    if (low_shares) {
        share(plan, uses, i, low);
    }
    if (high_shares && low_shares) {
        uses[high].is_locked = true;
        uses[low].is_locked = uses[low].is_locked || keep;
    }
}

static void place_all(const struct fw_net *net, uint64_t capacity, bool keep,
                      const struct use *uses, struct lasting *lasting, struct fw_net_plan *plan)
{
    for (uint32_t i = 0; i < net->n_layers; i++) {
        struct lasting *root = &lasting[plan->root[i]];
        const uint32_t to = keep ? 0 : i;
        lasting[i].from = keep || i + 1 == net->n_layers ? net->n_layers : uses[i].last;
        root->to = to < root->to ? to : root->to;
    }
    for (uint32_t i = net->n_layers; i-- > 0;) {
        if (plan->root[i] == i && net->layers[i].live) {
            place(net, capacity, lasting, plan, i);
        }
    }
}

fw_status fw_net_plan_gradients(const struct fw_net *net, uint64_t capacity, bool keep,
                                struct fw_net_plan *ret_plan)
{
    struct use *uses = uses_of(net);
    struct lasting *lasting = calloc(net->n_layers, sizeof *lasting);
    fw_status status = begin(net, ret_plan);
    status = uses == NULL || lasting == NULL ? FW_E_NOMEM : status;
    for (uint32_t i = 0; i < net->n_layers && status == FW_OK; i++) {
        ret_plan->root[i] = i;
        lasting[i].to = i;
    }
    for (uint32_t i = net->n_layers; i-- > 1 && status == FW_OK;) {
        if (!net->layers[i].live) {
            continue;
        }
        if (has(net, i, FW_NET_PASSES)) {
            plan_passing(net, ret_plan, uses, i, keep);
        } else {
            plan_in_place(net, ret_plan, uses, i, keep);
        }
    }
    if (status == FW_OK) {
        place_all(net, capacity, keep, uses, lasting, ret_plan);
    }
    free(uses);
    free(lasting);
    return status;
}
