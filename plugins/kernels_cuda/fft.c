/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "kernels/ops.h"
#include "transform.h"

/* A plan keeps tables on the device: beyond so many the oldest goes. */
#define MOST_PLANS 64

struct fft_plan {
    struct fft_plan *next;
    int type;
    int batch;
    int rows;
    int cols;
    int plan;
    size_t work; /* bytes */
};

static void destroy(struct fw_kernels_session *session, struct fft_plan *plan)
{
    (void)session->api->cufftDestroy(plan->plan);
    free(plan);
}

void transforms_forget(struct fw_kernels_session *session)
{
    while (session->transforms != NULL) {
        struct fft_plan *plan = session->transforms;
        session->transforms = plan->next;
        destroy(session, plan);
    }
}

/* Lets go of the plans behind the first ones, once nothing in the queue uses them. */
static fw_status drop_old_plans(struct fw_kernels_session *s)
{
    struct fft_plan **end = &s->transforms;

    for (int i = 1; i < MOST_PLANS && *end != NULL; i++) {
        end = &(*end)->next;
    }
    if (*end != NULL) {
        CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuStreamSynchronize, s->stream));
    }
    while (*end != NULL) {
        struct fft_plan *plan = *end;
        *end = plan->next;
        destroy(s, plan);
    }
    return FW_OK;
}

/* The memory that it works in is the session's. */
static fw_status make_plan(struct fw_kernels_session *s, struct fft_plan *plan)
{
    int sizes[2] = {plan->rows, plan->cols}, rank = plan->rows > 1 ? 2 : 1;

    CUDA_TRY(CUDA_CALL(s, PART_FFT, cufftSetAutoAllocation, plan->plan, 0));
    CUDA_TRY(CUDA_CALL(s, PART_FFT, cufftMakePlanMany, plan->plan, rank, sizes + 2 - rank, NULL, 1,
                       0, NULL, 1, 0, plan->type, plan->batch, &plan->work));
    return CUDA_CALL(s, PART_FFT, cufftSetStream, plan->plan, s->stream);
}

static fw_status new_plan(struct fw_kernels_session *session, const struct fft_plan *wanted,
                          const struct fft_plan **ret_plan)
{
    struct fft_plan *plan;
    fw_status status;

    CUDA_TRY(drop_old_plans(session));
    plan = malloc(sizeof *plan);
    if (plan == NULL) {
        return FW_FAIL(session->host, FW_E_NOMEM, .what = "out of memory for a transform's plan",
                       .where = session->op);
    }
    *plan = *wanted;
    status = CUDA_CALL(session, PART_FFT, cufftCreate, &plan->plan);
    if (status != FW_OK) {
        free(plan);
        return status;
    }
    status = make_plan(session, plan);
    if (status != FW_OK) {
        destroy(session, plan);
        return status;
    }
    plan->next = session->transforms;
    session->transforms = plan;
    *ret_plan = plan;
    return FW_OK;
}

static fw_status plan_for(struct fw_kernels_session *session, const struct fw_fft *op,
                          const struct fft_plan **ret_plan)
{
    static const int types[2][4] = {
        {CUFFT_TYPE_C2C, CUFFT_TYPE_C2C, CUFFT_TYPE_R2C, CUFFT_TYPE_C2R},
        {CUFFT_TYPE_Z2Z, CUFFT_TYPE_Z2Z, CUFFT_TYPE_D2Z, CUFFT_TYPE_Z2D}};
    const struct fft_plan wanted = {.type = types[op->dtype == FW_F64][op->kind],
                                    .batch = (int)op->batch,
                                    .rows = (int)op->rows,
                                    .cols = (int)op->cols};

    for (const struct fft_plan *plan = session->transforms; plan != NULL; plan = plan->next) {
        if (plan->type == wanted.type && plan->batch == wanted.batch && plan->rows == wanted.rows &&
            plan->cols == wanted.cols) {
            *ret_plan = plan;
            return FW_OK;
        }
    }
    return new_plan(session, &wanted, ret_plan);
}

static fw_status execute(struct fw_kernels_session *s, const struct fw_fft *op, int plan, void *in,
                         void *out)
{
    int sign = op->kind == FW_FFT_INVERSE ? CUFFT_INVERSE_SIGN : CUFFT_FORWARD_SIGN;
    bool wide = op->dtype == FW_F64;

    switch (op->kind) {
    case FW_FFT_REAL:
        return wide ? CUDA_CALL(s, PART_FFT, cufftExecD2Z, plan, in, out)
                    : CUDA_CALL(s, PART_FFT, cufftExecR2C, plan, in, out);
    case FW_FFT_TO_REAL:
        return wide ? CUDA_CALL(s, PART_FFT, cufftExecZ2D, plan, in, out)
                    : CUDA_CALL(s, PART_FFT, cufftExecC2R, plan, in, out);
    default:
        return wide ? CUDA_CALL(s, PART_FFT, cufftExecZ2Z, plan, in, out, sign)
                    : CUDA_CALL(s, PART_FFT, cufftExecC2C, plan, in, out, sign);
    }
}

/* Bytes of the operands, and whether they must be carried to memory of their own: cuFFT wants
 * complex numbers aligned to their size, and destroys what it makes real numbers from. */
struct carriage {
    uint64_t in_bytes;
    uint64_t out_bytes;
    bool in;
    bool out;
};

static struct carriage carriage_of(const struct fw_fft *op, const struct fw_fft_at *at,
                                   uint64_t element)
{
    uint64_t complex = op->batch * op->rows * at->half * 2 * element, real = at->real * element;
    bool in_place = at->in == at->out;
    struct carriage c = {.in_bytes = op->kind == FW_FFT_REAL ? real : complex,
                         .out_bytes = op->kind == FW_FFT_TO_REAL ? real : complex};

    c.out = device_address(at->out) % (2 * element) != 0;
    c.in = op->kind == FW_FFT_TO_REAL ||
           (!in_place && device_address(at->in) % (2 * element) != 0) || (in_place && c.out);
    return c;
}

static uint64_t rounded(uint64_t bytes)
{
    return ceiling(bytes, 256) * 256;
}

static fw_status carry(struct fw_kernels_session *s, const void *from, void *to, uint64_t bytes)
{
    return CUDA_CALL(s, PART_DRIVER, cuMemcpyDtoDAsync_v2, device_address(to), device_address(from),
                     bytes, s->stream);
}

static fw_status transform(struct fw_kernels_session *s, const struct fw_fft *op,
                           const struct fw_fft_at *at, uint64_t element)
{
    const struct carriage c = carriage_of(op, at, element);
    const struct fft_plan *plan = NULL;
    void *in = at->in, *out = at->out, *scratch = NULL;
    uint64_t in_room = c.in ? rounded(c.in_bytes) : 0, out_room = c.out ? rounded(c.out_bytes) : 0;

    CUDA_TRY(plan_for(s, op, &plan));
    CUDA_TRY(session_scratch(s, in_room + out_room + plan->work, &scratch));
    if (c.in) {
        in = scratch;
        CUDA_TRY(carry(s, at->in, in, c.in_bytes));
    }
    if (c.out) {
        out = (char *)scratch + in_room;
    }
    CUDA_TRY(
        CUDA_CALL(s, PART_FFT, cufftSetWorkArea, plan->plan, (char *)scratch + in_room + out_room));
    CUDA_TRY(execute(s, op, plan->plan, in, out));
    return c.out ? carry(s, out, at->out, c.out_bytes) : FW_OK;
}

static fw_status scale(struct fw_kernels_session *session, const struct fw_fft *op,
                       const struct fw_fft_at *at)
{
    uint64_t n = op->kind == FW_FFT_TO_REAL ? at->real : op->batch * op->rows * at->half * 2;
    struct map_args args = {
        .n = n, .alpha = op->scale, .a = at->out, .out = at->out, .kind = FW_MAP_LINEAR};

    return op->scale == 1 ? FW_OK : session_each(session, KERNEL_OF(map, op->dtype), n, &args);
}

fw_status op_fft(struct fw_kernels_session *session, const struct fw_fft *op)
{
    struct fw_call call = session_call(session, "fft", op->struct_size, sizeof *op);
    const struct fw_fft_at at = fw_check_fft(&call, op);
    struct fft_point_args point = {.n = op->batch,
                                   .scale = op->scale,
                                   .in = at.in,
                                   .out = at.out,
                                   .in_parts = op->kind == FW_FFT_REAL ? 1 : 2,
                                   .out_parts = op->kind == FW_FFT_TO_REAL ? 1 : 2};

    if (call.status != FW_OK || at.real == 0) {
        return call.status;
    }
    if (op->rows * op->cols == 1) {
        return session_each(session, KERNEL_OF(fft_point, op->dtype), op->batch, &point);
    }
    if (op->batch > INT32_MAX) {
        return session_unsupported(session, "a batch of transforms", op->batch,
                                   "fewer than 2^31 images");
    }
    CUDA_TRY(transform(session, op, &at, call.element));
    return scale(session, op, &at);
}
