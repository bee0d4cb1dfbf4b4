/* SPDX-License-Identifier: MIT */
#include "finish.h"
#include "kernels/ops.h"

/* What cuBLAS computes with one call: products whose matrices lie one stride apart. */
struct batch {
    const struct fw_gemm *op;
    uint64_t count;
    uint64_t stride_a;
    uint64_t stride_b;
    uint64_t stride_c;
};

static fw_status check_sizes(struct fw_kernels_session *session, const struct fw_gemm *op)
{
    const uint64_t sizes[] = {op->m, op->n, op->k, op->lda, op->ldb, op->ldc};

    for (int i = 0; i < 6; i++) {
        if (sizes[i] > INT32_MAX) {
            return session_unsupported(session, "a side of a matrix product", sizes[i],
                                       "fewer than 2^31 rows, columns and steps");
        }
    }
    return FW_OK;
}

/* cuBLAS has columns first: it computes the transpose of C, as B' A'. */
static fw_status multiply(struct fw_kernels_session *s, const struct batch *batch, const char *a,
                          const char *b, char *c)
{
    const struct fw_gemm *op = batch->op;
    const float alpha = (float)op->alpha, beta = (float)op->beta;
    int swap_a = op->transpose_a ? CUBLAS_TRANSPOSED : CUBLAS_NORMAL;
    int swap_b = op->transpose_b ? CUBLAS_TRANSPOSED : CUBLAS_NORMAL;
    int m = (int)op->m, n = (int)op->n, k = (int)op->k, lda = (int)op->lda, ldb = (int)op->ldb;

    if (op->dtype == FW_F64) {
        return CUDA_CALL(s, PART_BLAS, cublasDgemmStridedBatched, s->blas, swap_b, swap_a, n, m, k,
                         &op->alpha, (const double *)(const void *)b, ldb,
                         (long long)batch->stride_b, (const double *)(const void *)a, lda,
                         (long long)batch->stride_a, &op->beta, (double *)(void *)c, (int)op->ldc,
                         (long long)batch->stride_c, (int)batch->count);
    }
    return CUDA_CALL(s, PART_BLAS, cublasSgemmStridedBatched, s->blas, swap_b, swap_a, n, m, k,
                     &alpha, (const float *)(const void *)b, ldb, (long long)batch->stride_b,
                     (const float *)(const void *)a, lda, (long long)batch->stride_a, &beta,
                     (float *)(void *)c, (int)op->ldc, (long long)batch->stride_c,
                     (int)batch->count);
}

/* Whether both dimensions of the batch are one. */
static bool is_even(const struct fw_gemm *op, const struct fw_gemm_at *at)
{
    return at->outer == 1 || (op->stride_a_outer == at->inner * op->stride_a_inner &&
                              op->stride_b_outer == at->inner * op->stride_b_inner &&
                              op->stride_c_outer == at->inner * op->stride_c_inner);
}

/* One call, or as many as the shorter of the two dimensions has. */
static fw_status multiply_all(struct fw_kernels_session *s, const struct fw_gemm *op,
                              const struct fw_gemm_at *at)
{
    struct batch inner = {op, at->inner, op->stride_a_inner, op->stride_b_inner,
                          op->stride_c_inner};
    struct batch outer = {op, at->outer, op->stride_a_outer, op->stride_b_outer,
                          op->stride_c_outer};
    uint64_t element = op->dtype == FW_F64 ? 8 : 4;

    if (is_even(op, at)) {
        inner.count = at->outer * at->inner;
        outer.count = 1;
    } else if (at->inner < at->outer) {
        struct batch longer = outer;
        outer = inner;
        inner = longer;
    }
    if (inner.count > INT32_MAX) {
        return session_unsupported(s, "a batch of matrix products", inner.count,
                                   "fewer than 2^31 products");
    }
    for (uint64_t i = 0; i < outer.count; i++) {
        CUDA_TRY(multiply(s, &inner, (const char *)at->a + i * outer.stride_a * element,
                          (const char *)at->b + i * outer.stride_b * element,
                          (char *)at->c + i * outer.stride_c * element));
    }
    return FW_OK;
}

fw_status op_gemm(struct fw_kernels_session *session, const struct fw_gemm *op)
{
    struct fw_call call = session_call(session, "gemm", op->struct_size, sizeof *op);
    const struct fw_gemm_at at = fw_check_gemm(&call, op);
    struct finish_args rest = {.outer = at.outer,
                               .inner = at.inner,
                               .stride_outer = op->stride_c_outer,
                               .stride_inner = op->stride_c_inner,
                               .rows = op->m,
                               .cols = op->n,
                               .ld = op->ldc,
                               .beta = at.reads ? 1 : op->beta,
                               .bias = at.bias,
                               .c = at.c,
                               .relu = op->post == FW_POST_RELU};

    if (call.status != FW_OK || op->m == 0 || op->n == 0) {
        return call.status;
    }
    if (at.reads) {
        CUDA_TRY(check_sizes(session, op));
        CUDA_TRY(multiply_all(session, op, &at));
    }
    return at.reads && at.bias == NULL && !rest.relu ? FW_OK : finish(session, op->dtype, &rest);
}
