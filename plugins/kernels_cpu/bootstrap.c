/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "kernels/check.h"
#include "kernels/ops.h"
#include "order.h"
#include "session.h"
#include "splitmix.h"

/*
 * Each model's scores are sorted once. A resample is how often each sample was drawn, and its AUC
 * one walk along the sorted scores: no sorting inside the loop.
 */
struct bootstrap {
    const struct fw_bootstrap *op;
    const double *score;
    const int32_t *label;
    double *out;
    struct order_item *order; /* [models][n] */
    struct crew *crew;
};

static void draw(const struct fw_bootstrap *op, uint64_t resample, uint32_t *counts)
{
    uint64_t n = op->n, blocks = (n + op->block - 1) / op->block;

    for (uint64_t i = 0; i < n; i++) {
        counts[i] = 0;
    }
    for (uint64_t j = 0, drawn = 0; j < blocks; j++) {
        uint64_t at = splitmix_below(op->seed, resample * blocks + j, n);
        for (uint64_t t = 0; t < op->block && drawn < n; t++, drawn++) {
            counts[at]++;
            at = at + 1 < n ? at + 1 : 0;
        }
    }
}

/* Pairs of a positive and a negative where the positive is above, ties half, over all pairs. */
static double auc(const struct bootstrap *b, const struct order_item *order, const uint32_t *counts)
{
    uint64_t below = 0, positives = 0, twice = 0; /* twice: the sum, doubled, is a whole number */

    for (uint64_t begin = 0, end; begin < b->op->n; begin = end) {
        uint64_t negative = 0, positive = 0;
        for (end = begin; end < b->op->n && order[end].key == order[begin].key; end++) {
            uint64_t count = counts[order[end].index];
            if (b->label[order[end].index] != 0) {
                positive += count;
            } else {
                negative += count;
            }
        }
        twice += positive * (2 * below + negative);
        below += negative;
        positives += positive;
    }
    return below == 0 || positives == 0 ? NAN
                                        : (double)twice / 2 / ((double)below * (double)positives);
}

static void sort_model(void *arg, uint64_t model, uint32_t worker)
{
    const struct bootstrap *b = arg;
    uint64_t n = b->op->n;
    struct order_item *order = b->order + model * n;

    for (uint64_t i = 0; i < n; i++) {
        order[i] =
            (struct order_item){.key = order_key(b->score[model * n + i]), .index = (uint32_t)i};
    }
    order_sort(order, crew_scratch(b->crew, worker), n);
}

static void resample(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct bootstrap *b = arg;
    const struct fw_bootstrap *op = b->op;
    uint32_t *counts = crew_scratch(b->crew, worker);

    for (uint64_t r = begin; r < end; r++) {
        draw(op, op->first + r, counts);
        for (uint64_t m = 0; m < op->models; m++) {
            b->out[r * op->models + m] = auc(b, b->order + m * op->n, counts);
        }
    }
}

fw_status op_bootstrap(struct fw_kernels_session *session, const struct fw_bootstrap *op)
{
    struct fw_call call =
        fw_call_begin(session->host, session, "bootstrap", op->struct_size, sizeof *op);
    const struct fw_bootstrap_at at = fw_check_bootstrap(&call, op);
    struct bootstrap b = {
        .op = op, .score = at.score, .label = at.label, .out = at.out, .crew = session->crew};

    if (call.status == FW_OK) {
        call.status = session_scratch(session, "bootstrap", op->n * sizeof(struct order_item));
    }
    if (call.status != FW_OK) {
        return call.status;
    }
    b.order = session_temporary(session, "bootstrap", op->models * op->n * sizeof *b.order);
    if (b.order == NULL) {
        return FW_E_NOMEM;
    }
    crew_run(session->crew, op->models, sort_model, &b);
    session_each(session, op->resamples, 1, resample, &b);
    free(b.order);
    return FW_OK;
}
