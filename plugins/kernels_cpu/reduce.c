/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "kernels/check.h"
#include "kernels/ops.h"
#include "session.h"

/*
 * Pieces of at most this many neighbouring elements are reduced on their own; a channel's pieces
 * are then put together in order. Where neighbours belong to different channels (inner is short),
 * strips of channels are reduced side by side instead.
 */
#define REDUCE_PIECE 16384
#define REDUCE_SHORT 16
#define REDUCE_STRIP 64

struct reduction {
    const struct fw_reduce *op;
    const struct simd *simd;
    const char *a;
    const char *b;
    char *out;
    uint64_t pieces;              /* of an inner row */
    struct simd_extreme *partial; /* [channels][outer][pieces] */
};

static bool is_extreme(uint32_t kind)
{
    return kind == FW_REDUCE_MAX || kind == FW_REDUCE_MIN || kind == FW_REDUCE_ARGMAX;
}

static struct simd_extreme nothing(uint32_t kind)
{
    double value = kind == FW_REDUCE_MIN ? HUGE_VAL : is_extreme(kind) ? -HUGE_VAL : 0;

    return (struct simd_extreme){.value = value, .index = -1};
}

/* n neighbours from element `at` on. */
static struct simd_extreme reduce_piece(const struct reduction *r, uint64_t at, uint64_t n)
{
    const void *a = r->a + at * r->simd->element;
    struct simd_extreme result = nothing(r->op->kind);

    switch (r->op->kind) {
    case FW_REDUCE_SUM:
        result.value = r->simd->sum(a, n);
        break;
    case FW_REDUCE_DOT:
        result.value = r->simd->dot(a, r->b + at * r->simd->element, 0, n);
        break;
    case FW_REDUCE_NONFINITE:
        result.value = r->simd->nonfinite(a, n);
        break;
    default:
        r->simd->extreme(r->op->kind, a, n, &result);
        break;
    }
    return result;
}

static void join(uint32_t kind, struct simd_extreme *sum, struct simd_extreme part, uint64_t first)
{
    bool better;

    if (!is_extreme(kind)) {
        sum->value += part.value;
        return;
    }
    if (part.index < 0) {
        return;
    }
    better = kind == FW_REDUCE_MIN ? part.value < sum->value : part.value > sum->value;
    if (sum->index < 0 || better || (isnan(part.value) && !isnan(sum->value))) {
        *sum = (struct simd_extreme){.value = part.value, .index = (int64_t)first + part.index};
    }
}

static void finish_channel(const struct reduction *r, uint64_t channel, struct simd_extreme sum)
{
    bool scaled = r->op->kind != FW_REDUCE_NONFINITE;
    double value = scaled ? sum.value * r->op->alpha : sum.value;

    switch (r->op->out_type) {
    case FW_F64:
        ((double *)(void *)r->out)[channel] = value;
        break;
    case FW_F32:
        ((float *)(void *)r->out)[channel] = (float)value;
        break;
    default:
        ((int32_t *)(void *)r->out)[channel] = (int32_t)sum.index;
        break;
    }
}

static void reduce_pieces(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct reduction *r = arg;
    const struct fw_reduce *op = r->op;

    (void)worker;
    for (uint64_t i = begin; i < end; i++) {
        uint64_t piece = i % r->pieces, outer = i / r->pieces % op->outer;
        uint64_t channel = i / r->pieces / op->outer, first = piece * REDUCE_PIECE;
        uint64_t n = op->inner - first < REDUCE_PIECE ? op->inner - first : REDUCE_PIECE;
        r->partial[i] = reduce_piece(r, (outer * op->channels + channel) * op->inner + first, n);
    }
}

static void join_channels(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct reduction *r = arg;
    uint64_t per_channel = r->op->outer * r->pieces;

    (void)worker;
    for (uint64_t channel = begin; channel < end; channel++) {
        struct simd_extreme sum = nothing(r->op->kind);
        for (uint64_t i = 0; i < per_channel; i++) {
            join(r->op->kind, &sum, r->partial[channel * per_channel + i],
                 i / r->pieces * r->op->inner + i % r->pieces * REDUCE_PIECE);
        }
        finish_channel(r, channel, sum);
    }
}

static fw_status reduce_rows(struct fw_kernels_session *session, struct reduction *r)
{
    const struct fw_reduce *op = r->op;
    uint64_t n, length = op->inner < REDUCE_PIECE ? op->inner : REDUCE_PIECE;

    r->pieces = (op->inner + REDUCE_PIECE - 1) / REDUCE_PIECE;
    n = op->channels * op->outer * r->pieces;
    r->partial = session_temporary(session, "reduce", n * sizeof *r->partial);
    if (r->partial == NULL) {
        return FW_E_NOMEM;
    }
    session_each(session, n, REDUCE_PIECE / length, reduce_pieces, r);
    session_each(session, op->channels, 64, join_channels, r);
    free(r->partial);
    return FW_OK;
}

static void strip_sums(const struct reduction *r, uint64_t begin, uint64_t n, double *sums)
{
    const struct fw_reduce *op = r->op;
    uint64_t element = r->simd->element;

    for (uint64_t o = 0; o < op->outer; o++) {
        uint64_t at = o * op->channels + begin;
        r->simd->add_products(r->a + at * element, r->b ? r->b + at * element : NULL, 0, n, sums);
    }
}

/* Channels begin ... end, side by side. */
static void reduce_strip(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct reduction *r = arg;
    const struct fw_reduce *op = r->op;
    double sums[REDUCE_STRIP] = {0};
    bool quick = op->inner == 1 && op->kind <= FW_REDUCE_DOT;

    (void)worker;
    if (quick) {
        strip_sums(r, begin, end - begin, sums);
    }
    for (uint64_t channel = begin; channel < end; channel++) {
        struct simd_extreme sum = nothing(op->kind);
        sum.value = quick ? sums[channel - begin] : sum.value;
        for (uint64_t o = 0; o < op->outer && !quick; o++) {
            join(op->kind, &sum,
                 reduce_piece(r, (o * op->channels + channel) * op->inner, op->inner),
                 o * op->inner);
        }
        finish_channel(r, channel, sum);
    }
}

fw_status op_reduce(struct fw_kernels_session *session, const struct fw_reduce *op)
{
    struct fw_call call =
        fw_call_begin(session->host, session, "reduce", op->struct_size, sizeof *op);
    const struct fw_reduce_at at = fw_check_reduce(&call, op);
    struct reduction r = {.op = op, .a = at.a, .b = at.b, .out = at.out};

    if (call.status != FW_OK) {
        return call.status;
    }
    r.simd = session_simd(session, op->dtype);
    if (op->inner >= REDUCE_SHORT) {
        return reduce_rows(session, &r);
    }
    session_each(session, op->channels, REDUCE_STRIP, reduce_strip, &r);
    return FW_OK;
}
