/* SPDX-License-Identifier: MIT */
#include "call.h"
#include "ops.h"

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
    struct call call = call_begin(session, "box_sum", op->struct_size, sizeof *op);
    struct boxes all = {.op = op, .crew = session->crew};
    uint64_t n = call_times(call_times(op->batch, op->rows), op->cols), out_rows, out_cols;

    call_dtype(&call, op->dtype);
    call_expect(&call, op->out_type == FW_F32 || op->out_type == FW_F64,
                "out_type FW_F32 (1) or FW_F64 (2)", op->out_type);
    call_expect(&call, op->window > 0 && op->window <= op->rows && op->window <= op->cols,
                "a window of at least 1 and not larger than the image", op->window);
    if (call.status != FW_OK) {
        return call.status;
    }
    all.simd = call.simd;
    out_rows = op->rows - op->window + 1;
    out_cols = op->cols - op->window + 1;
    all.a = call_operand(&call, "a", op->a, n, call.simd->element);
    all.b = call_optional(&call, "b", op->b, n, call.simd->element);
    all.out = call_operand(&call, "out", op->out, call_times(op->batch, out_rows * out_cols),
                           call_element(op->out_type));
    if (call.status == FW_OK) {
        call.status = session_scratch(session, call.op, 2 * op->cols * sizeof(double));
    }
    if (call.status == FW_OK) {
        session_each(session, op->batch * out_rows, 16384 / op->cols + 1, sum_rows, &all);
    }
    return call.status;
}
