/* SPDX-License-Identifier: MIT */
#include "kernels/check.h"
#include "kernels/ops.h"
#include "session.h"

struct boxes {
    const struct fw_box_sum *op;
    const struct simd *simd;
    const char *a;
    const char *b;
    char *out;
    struct crew *crew;
};

static void store_row(const struct boxes *all, uint64_t row, const double *sums, uint64_t n)
{
    if (all->op->out_type == FW_F64) {
        double *out = (double *)(void *)all->out + row * n;
        for (uint64_t i = 0; i < n; i++) {
            out[i] = sums[i];
        }
    } else {
        float *out = (float *)(void *)all->out + row * n;
        for (uint64_t i = 0; i < n; i++) {
            out[i] = (float)sums[i];
        }
    }
}

static void sum_rows(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct boxes *all = arg;
    const struct fw_box_sum *op = all->op;
    uint64_t out_rows = op->rows - op->window + 1, out_cols = op->cols - op->window + 1;
    double *scratch = crew_scratch(all->crew, worker);
    struct simd_box box = {
        .cols = op->cols, .window = op->window, .columns = scratch, .sums = scratch + op->cols};

    for (uint64_t row = begin; row < end; row++) {
        uint64_t first = row / out_rows * op->rows + row % out_rows;
        uint64_t at = first * op->cols * all->simd->element;
        box.a = all->a + at;
        box.b = all->b ? all->b + at : NULL;
        all->simd->box_row(&box);
        store_row(all, row, box.sums, out_cols);
    }
}

fw_status op_box_sum(struct fw_kernels_session *session, const struct fw_box_sum *op)
{
    struct fw_call call =
        fw_call_begin(session->host, session, "box_sum", op->struct_size, sizeof *op);
    const struct fw_box_sum_at at = fw_check_box_sum(&call, op);
    struct boxes all = {.op = op,
                        .simd = session_simd(session, op->dtype),
                        .a = at.a,
                        .b = at.b,
                        .out = at.out,
                        .crew = session->crew};

    if (call.status == FW_OK) {
        call.status = session_scratch(session, "box_sum", 2 * op->cols * sizeof(double));
    }
    if (call.status == FW_OK) {
        session_each(session, op->batch * at.rows, 16384 / op->cols + 1, sum_rows, &all);
    }
    return call.status;
}
