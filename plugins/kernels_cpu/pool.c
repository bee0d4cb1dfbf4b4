/* SPDX-License-Identifier: MIT */
#include "call.h"
#include "ops.h"

struct planes {
    struct simd_pool pool; /* of the first plane */
    const struct simd *simd;
};

static void pool_planes(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct planes *all = arg;
    uint64_t element = all->simd->element, in = all->pool.in_rows * all->pool.in_cols;
    uint64_t out = all->pool.rows * all->pool.cols;

    (void)worker;
    for (uint64_t i = begin; i < end; i++) {
        struct simd_pool pool = all->pool;
        pool.x = (char *)pool.x + i * in * element;
        pool.y = (char *)pool.y + i * out * element;
        pool.index = pool.index ? pool.index + i * out : NULL;
        all->simd->pool(&pool);
    }
}

static void check(struct call *call, const struct fw_pool *op)
{
    call_expect(call, op->kind <= FW_POOL_SUM, "a kind of FW_POOL_", op->kind);
    call_expect(call,
                op->direction <= FW_POOL_BACKWARD ||
                    (op->direction == FW_POOL_PICK && op->kind == FW_POOL_MAX),
                "a direction of 0, 1, or 2 for FW_POOL_MAX", op->direction);
    call_expect(call, op->stride_rows > 0, "stride_rows of at least 1", op->stride_rows);
    call_expect(call, op->stride_cols > 0, "stride_cols of at least 1", op->stride_cols);
    call_expect(call, op->pad_rows < op->kernel_rows, "pad_rows below kernel_rows", op->pad_rows);
    call_expect(call, op->pad_cols < op->kernel_cols, "pad_cols below kernel_cols", op->pad_cols);
    call_expect(call, op->kernel_rows <= (uint64_t)op->in_rows + 2 * (uint64_t)op->pad_rows,
                "a kernel not larger than the padded image", op->kernel_rows);
    call_expect(call, op->kernel_cols <= (uint64_t)op->in_cols + 2 * (uint64_t)op->pad_cols,
                "a kernel not larger than the padded image", op->kernel_cols);
    call_expect(call, (uint64_t)op->in_rows * op->in_cols < INT32_MAX, "planes below 2^31 elements",
                op->in_rows);
}

fw_status op_pool(struct fw_kernels_session *session, const struct fw_pool *op)
{
    struct call call = call_begin(session, "pool", op->struct_size, sizeof *op);
    struct planes all = {.pool = {.kind = op->kind,
                                  .direction = op->direction,
                                  .in_rows = op->in_rows,
                                  .in_cols = op->in_cols,
                                  .kernel_rows = op->kernel_rows,
                                  .kernel_cols = op->kernel_cols,
                                  .stride_rows = op->stride_rows,
                                  .stride_cols = op->stride_cols,
                                  .pad_rows = op->pad_rows,
                                  .pad_cols = op->pad_cols}};
    struct simd_pool *pool = &all.pool;
    bool by_index = op->kind == FW_POOL_MAX && op->direction != FW_POOL_FORWARD;
    uint64_t n, element;

    call_dtype(&call, op->dtype);
    check(&call, op);
    if (call.status != FW_OK) {
        return call.status;
    }
    all.simd = call.simd;
    element = call.simd->element;
    pool->rows = (pool->in_rows + 2 * pool->pad_rows - pool->kernel_rows) / op->stride_rows + 1;
    pool->cols = (pool->in_cols + 2 * pool->pad_cols - pool->kernel_cols) / op->stride_cols + 1;
    n = call_times(op->planes, pool->rows * pool->cols);
    pool->x = call_operand(&call, "x", op->x, call_times(op->planes, pool->in_rows * pool->in_cols),
                           element);
    pool->y = call_operand(&call, "y", op->y, n, element);
    if (op->kind == FW_POOL_MAX) {
        pool->index = by_index ? call_operand(&call, "index", op->index, n, sizeof(int32_t))
                               : call_optional(&call, "index", op->index, n, sizeof(int32_t));
    }
    if (call.status == FW_OK) {
        session_each(session, op->planes, 16384 / (pool->in_rows * pool->in_cols) + 1, pool_planes,
                     &all);
    }
    return call.status;
}
