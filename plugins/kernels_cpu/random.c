/* SPDX-License-Identifier: MIT */
#include "kernels/check.h"
#include "kernels/ops.h"
#include "session.h"
#include "splitmix.h"

struct stream {
    const struct fw_random *op;
    const struct simd *simd;
    void *out;
};

static double sign_at(const struct fw_random *op, uint64_t i)
{
    return fw_splitmix(op->seed, i / 64) >> (i % 64) & 1 ? 1 : -1;
}

static void fill_signs(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct stream *stream = arg;
    const struct fw_random *op = stream->op;

    (void)worker;
    for (uint64_t i = begin; i < end; i++) {
        if (op->dtype == FW_F64) {
            ((double *)stream->out)[i] = sign_at(op, op->first + i);
        } else {
            ((float *)stream->out)[i] = (float)sign_at(op, op->first + i);
        }
    }
}

static void fill_uniform(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct stream *stream = arg;
    const struct fw_random *op = stream->op;
    const struct simd_uniform uniform = {
        .seed = op->seed,
        .first = op->first + begin,
        .n = end - begin,
        .keep = op->kind == FW_RANDOM_KEEP,
        .p = op->p,
        .out = (char *)stream->out + begin * stream->simd->element,
    };

    (void)worker;
    stream->simd->uniform(&uniform);
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
    struct stream stream = {
        .op = op, .simd = session_simd(session, op->dtype), .out = fw_check_random(&call, op)};
    bool index = op->kind == FW_RANDOM_INDEX;

    if (call.status == FW_OK) {
        session_each(session, op->n, 16384,
                     index                        ? fill_index
                     : op->kind == FW_RANDOM_SIGN ? fill_signs
                                                  : fill_uniform,
                     &stream);
    }
    return call.status;
}
