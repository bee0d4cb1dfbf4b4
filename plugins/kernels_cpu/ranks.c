/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "kernels/check.h"
#include "kernels/ops.h"
#include "order.h"
#include "session.h"

struct ranking {
    const struct fw_ranks *op;
    const char *x;
    double *out;
    struct crew *crew;
};

static void rank_row(void *arg, uint64_t row, uint32_t worker)
{
    const struct ranking *r = arg;
    uint64_t n = r->op->n;
    struct order_item *items = crew_scratch(r->crew, worker);
    double *out = r->out + row * n;

    for (uint64_t i = 0; i < n; i++) {
        double value = r->op->dtype == FW_F64
                           ? ((const double *)(const void *)r->x)[row * n + i]
                           : (double)((const float *)(const void *)r->x)[row * n + i];
        items[i] = (struct order_item){.key = order_key(value), .index = (uint32_t)i};
    }
    order_sort(items, items + n, n);
    for (uint64_t begin = 0, end; begin < n; begin = end) {
        end = begin + 1;
        while (end < n && items[end].key == items[begin].key) {
            end++;
        }
        for (uint64_t i = begin; i < end; i++) {
            out[items[i].index] = (double)(begin + 1 + end) / 2;
        }
    }
}

fw_status op_ranks(struct fw_kernels_session *session, const struct fw_ranks *op)
{
    struct fw_call call =
        fw_call_begin(session->host, session, "ranks", op->struct_size, sizeof *op);
    const struct fw_ranks_at at = fw_check_ranks(&call, op);
    struct ranking r = {.op = op, .x = at.x, .out = at.out, .crew = session->crew};

    if (call.status == FW_OK) {
        call.status = session_scratch(session, "ranks", 2 * op->n * sizeof(struct order_item));
    }
    if (call.status == FW_OK && op->n > 0) {
        crew_run(session->crew, op->rows, rank_row, &r);
    }
    return call.status;
}
