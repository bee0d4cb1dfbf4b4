/* SPDX-License-Identifier: MIT */
#include "kernels/check.h"
#include "ops.h"
#include "session.h"
#include "splitmix.h"

struct stream {
    const struct fw_random *op;
    void *out;
};

static double sign_at(const struct fw_random *op, uint64_t i)
{
    return fw_splitmix(op->seed, i / 64) >> (i % 64) & 1 ? 1 : -1;
}

static float uniform_f32(uint64_t seed, uint64_t i)
{
    return (float)(fw_splitmix(seed, i) >> 40) * 0x1p-24F;
}

static double uniform_f64(uint64_t seed, uint64_t i)
{
    return (double)(fw_splitmix(seed, i) >> 11) * 0x1p-53;
}

static void fill_f32(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct stream *stream = arg;
    const struct fw_random *op = stream->op;
    float *out = stream->out, p = (float)op->p, kept = (float)(1 / (1 - op->p));

    (void)worker;
    for (uint64_t i = begin; i < end; i++) {
        if (op->kind == FW_RANDOM_SIGN) {
            out[i] = (float)sign_at(op, op->first + i);
        } else if (op->kind == FW_RANDOM_UNIFORM) {
            out[i] = uniform_f32(op->seed, op->first + i);
        } else {
            out[i] = uniform_f32(op->seed, op->first + i) < p ? 0 : kept;
        }
    }
}

static void fill_f64(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct stream *stream = arg;
    const struct fw_random *op = stream->op;
    double *out = stream->out, kept = 1 / (1 - op->p);

    (void)worker;
    for (uint64_t i = begin; i < end; i++) {
        if (op->kind == FW_RANDOM_SIGN) {
            out[i] = sign_at(op, op->first + i);
        } else if (op->kind == FW_RANDOM_UNIFORM) {
            out[i] = uniform_f64(op->seed, op->first + i);
        } else {
            out[i] = uniform_f64(op->seed, op->first + i) < op->p ? 0 : kept;
        }
    }
}

static void fill_index(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct stream *stream = arg;
    const struct fw_random *op = stream->op;
    int32_t *out = stream->out;

    (void)worker;
    for (uint64_t i = begin; i < end; i++) {
        out[i] = (int32_t)splitmix_below(op->seed, op->first + i, op->limit);
    }
}

fw_status op_random(struct fw_kernels_session *session, const struct fw_random *op)
{
    struct fw_call call =
        fw_call_begin(session->host, session, "random", op->struct_size, sizeof *op);
    struct stream stream = {.op = op, .out = fw_check_random(&call, op)};
    bool index = op->kind == FW_RANDOM_INDEX;

    if (call.status == FW_OK) {
        session_each(session, op->n, 16384,
                     index                 ? fill_index
                     : op->dtype == FW_F64 ? fill_f64
                                           : fill_f32,
                     &stream);
    }
    return call.status;
}
