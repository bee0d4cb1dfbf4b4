/* SPDX-License-Identifier: MIT */
#include "kernels/check.h"
#include "kernels/ops.h"
#include "session.h"

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

fw_status op_pool(struct fw_kernels_session *session, const struct fw_pool *op)
{
    struct fw_call call =
        fw_call_begin(session->host, session, "pool", op->struct_size, sizeof *op);
    const struct fw_pool_at at = fw_check_pool(&call, op);
    struct planes all = {.pool = {.kind = op->kind,
                                  .direction = op->direction,
                                  .in_rows = op->in_rows,
                                  .in_cols = op->in_cols,
                                  .kernel_rows = op->kernel_rows,
                                  .kernel_cols = op->kernel_cols,
                                  .stride_rows = op->stride_rows,
                                  .stride_cols = op->stride_cols,
                                  .pad_rows = op->pad_rows,
                                  .pad_cols = op->pad_cols,
                                  .rows = at.rows,
                                  .cols = at.cols,
                                  .x = at.x,
                                  .y = at.y,
                                  .index = at.index}};

    if (call.status == FW_OK) {
        all.simd = session_simd(session, op->dtype);
        session_each(session, op->planes, 16384 / (all.pool.in_rows * all.pool.in_cols) + 1,
                     pool_planes, &all);
    }
    return call.status;
}
