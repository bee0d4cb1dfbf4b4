/* SPDX-License-Identifier: MIT */
#include "kernels/check.h"
#include "kernels/ops.h"
#include "product.h"
#include "session.h"

/* Products with fewer multiply-adds are done before a second thread is awake. */
#define GEMM_SMALL (UINT64_C(1) << 18)

struct batch {
    const struct fw_gemm *op;
    struct product product; /* of the first triple */
    struct crew *crew;
    uint64_t inner;
    bool swapped;
};

static struct product first_product(const struct fw_gemm *op, const struct fw_gemm_at *at,
                                    const struct simd *simd)
{
    return (struct product){
        .simd = simd,
        .k = at->reads ? op->k : 0,
        .a = at->a,
        .a_stride = op->transpose_a ? 1 : op->lda,
        .a_k = op->transpose_a ? op->lda : 1,
        .b = at->b,
        .b_stride = op->transpose_b ? op->ldb : 1,
        .b_k = op->transpose_b ? 1 : op->ldb,
        .store =
            {
                .c = at->c,
                .col_bias = at->bias,
                .rows = op->m,
                .cols = op->n,
                .row_stride = op->ldc,
                .col_stride = 1,
                .alpha = op->alpha,
                .beta = op->beta,
                .relu = op->post == FW_POST_RELU,
            },
    };
}

static uint64_t tiles(uint64_t rows, uint64_t cols, const struct simd *simd)
{
    return ((rows + simd->mr - 1) / simd->mr) * ((cols + simd->nr - 1) / simd->nr);
}

/* C' = B' A' has the same bits; it is taken when it fills the tiles better. */
static void swap_sides(struct product *p)
{
    struct product old = *p;

    p->a = old.b;
    p->a_stride = old.b_stride;
    p->a_k = old.b_k;
    p->b = old.a;
    p->b_stride = old.a_stride;
    p->b_k = old.a_k;
    p->store.rows = old.store.cols;
    p->store.cols = old.store.rows;
    p->store.row_stride = old.store.col_stride;
    p->store.col_stride = old.store.row_stride;
    p->store.row_bias = old.store.col_bias;
    p->store.col_bias = old.store.row_bias;
}

/* Steps that storing a tile takes as long as, in place and turned; roughly, on any set. */
#define GEMM_STORE  4
#define GEMM_TURNED 48

static bool better_swapped(const struct product *p)
{
    uint64_t m = p->store.rows, n = p->store.cols;

    return tiles(n, m, p->simd) * (p->k + GEMM_TURNED) < tiles(m, n, p->simd) * (p->k + GEMM_STORE);
}

static struct product product_at(const struct batch *batch, uint64_t index)
{
    const struct fw_gemm *op = batch->op;
    struct product product = batch->product;
    uint64_t o = index / batch->inner, i = index % batch->inner, element = product.simd->element;

    product.a += (o * op->stride_a_outer + i * op->stride_a_inner) * element;
    product.b += (o * op->stride_b_outer + i * op->stride_b_inner) * element;
    product.store.c =
        (char *)product.store.c + (o * op->stride_c_outer + i * op->stride_c_inner) * element;
    if (batch->swapped) {
        swap_sides(&product);
    }
    return product;
}

static void run_one(void *arg, uint64_t task, uint32_t worker)
{
    const struct batch *batch = arg;
    struct product product = product_at(batch, task);

    product_serial(&product, crew_scratch(batch->crew, worker));
}

static fw_status run_batch(struct fw_kernels_session *session, struct batch *batch, uint64_t n)
{
    struct product first = product_at(batch, 0);
    uint64_t work = fw_call_times(fw_call_times(first.store.rows, first.store.cols), first.k);
    fw_status status = FW_OK;

    if (n >= 8 || work < GEMM_SMALL) {
        status = session_scratch(session, "gemm", product_scratch(&first));
        if (status == FW_OK) {
            crew_run(session->crew, n, run_one, batch);
        }
        return status;
    }
    for (uint64_t i = 0; i < n && status == FW_OK; i++) {
        struct product product = product_at(batch, i);
        status = product_parallel(session, &product);
    }
    return status;
}

fw_status op_gemm(struct fw_kernels_session *session, const struct fw_gemm *op)
{
    struct fw_call call =
        fw_call_begin(session->host, session, "gemm", op->struct_size, sizeof *op);
    const struct fw_gemm_at at = fw_check_gemm(&call, op);
    struct batch batch = {.op = op, .crew = session->crew, .inner = at.inner};

    if (call.status != FW_OK || op->m == 0 || op->n == 0) {
        return call.status;
    }
    batch.product = first_product(op, &at, session_simd(session, op->dtype));
    batch.swapped = better_swapped(&batch.product);
    return run_batch(session, &batch, at.outer * at.inner);
}
