/* SPDX-License-Identifier: MIT */
#include "check.h"

static bool map_needs_b(uint32_t kind)
{
    return kind == FW_MAP_MULTIPLY || kind == FW_MAP_DIVIDE || kind == FW_MAP_RELU_GATE ||
           kind == FW_MAP_BINARY_ENTROPY;
}

struct fw_map_at fw_check_map(struct fw_call *call, const struct fw_map *op)
{
    struct fw_map_at at = {0};

    fw_call_dtype(call, op->dtype);
    fw_call_expect(call, op->kind <= FW_MAP_BINARY_ENTROPY, "a kind of FW_MAP_", op->kind);
    if (op->kind != FW_MAP_FILL) {
        at.a = fw_call_operand(call, "a", op->a, op->n, call->element);
        at.b = map_needs_b(op->kind) ? fw_call_operand(call, "b", op->b, op->n, call->element)
                                     : fw_call_optional(call, "b", op->b, op->n, call->element);
    }
    if (op->kind == FW_MAP_MULTIPLY) {
        at.c = fw_call_optional(call, "c", op->c, op->n, call->element);
    }
    at.out = fw_call_operand(call, "out", op->out, op->n, call->element);
    return at;
}

struct fw_affine_at fw_check_affine(struct fw_call *call, const struct fw_affine *op)
{
    uint64_t n = fw_call_times(fw_call_times(op->outer, op->channels), op->inner);
    struct fw_affine_at at = {.n = n};

    fw_call_dtype(call, op->dtype);
    at.terms[0] = fw_call_optional(call, "a", op->a, n, call->element);
    at.terms[1] = fw_call_optional(call, "b", op->b, n, call->element);
    at.terms[2] = fw_call_optional(call, "d", op->d, n, call->element);
    at.factors[0] = fw_call_optional(call, "pa", op->pa, op->channels, call->element);
    at.factors[1] = fw_call_optional(call, "pb", op->pb, op->channels, call->element);
    at.factors[2] = fw_call_optional(call, "pd", op->pd, op->channels, call->element);
    at.constant = fw_call_optional(call, "p0", op->p0, op->channels, call->element);
    at.out = fw_call_operand(call, "out", op->out, n, call->element);
    return at;
}

struct fw_reduce_at fw_check_reduce(struct fw_call *call, const struct fw_reduce *op)
{
    uint64_t n = fw_call_times(fw_call_times(op->outer, op->channels), op->inner);
    bool index = op->kind == FW_REDUCE_ARGMAX;
    struct fw_reduce_at at = {0};

    fw_call_dtype(call, op->dtype);
    fw_call_expect(call, op->kind <= FW_REDUCE_NONFINITE, "a kind of FW_REDUCE_", op->kind);
    fw_call_expect(
        call, index ? op->out_type == FW_I32 : op->out_type == FW_F32 || op->out_type == FW_F64,
        index ? "out_type FW_I32 (3) for ARGMAX" : "out_type FW_F32 (1) or FW_F64 (2)",
        op->out_type);
    at.a = fw_call_operand(call, "a", op->a, n, call->element);
    if (op->kind == FW_REDUCE_DOT) {
        at.b = fw_call_operand(call, "b", op->b, n, call->element);
    }
    if (call->status == FW_OK) {
        at.out = fw_call_operand(call, "out", op->out, op->channels, fw_call_element(op->out_type));
    }
    return at;
}

static uint64_t extent(const uint64_t shape[4], const uint64_t stride[4])
{
    uint64_t sum = 1;

    for (int d = 0; d < 4; d++) {
        if (shape[d] == 0) {
            return 0;
        }
    }
    for (int d = 0; d < 4; d++) {
        if (__builtin_add_overflow(sum, fw_call_times(shape[d] - 1, stride[d]), &sum)) {
            return UINT64_MAX;
        }
    }
    return sum;
}

struct fw_copy_at fw_check_copy(struct fw_call *call, const struct fw_copy *op)
{
    struct fw_copy_at at = {.in_element = fw_call_element(op->in_type),
                            .out_element = fw_call_element(op->out_type)};

    fw_call_expect(call, at.in_element > 0, "an in_type of FW_F32, F64, I32 or U8", op->in_type);
    fw_call_expect(call, at.out_element > 0, "an out_type of FW_F32, F64, I32 or U8", op->out_type);
    if (call->status == FW_OK) {
        at.in =
            fw_call_operand(call, "in", op->in, extent(op->shape, op->in_stride), at.in_element);
        at.out = fw_call_operand(call, "out", op->out, extent(op->shape, op->out_stride),
                                 at.out_element);
    }
    return at;
}

void *fw_check_random(struct fw_call *call, const struct fw_random *op)
{
    fw_call_expect(call, op->kind <= FW_RANDOM_INDEX, "a kind of FW_RANDOM_", op->kind);
    if (op->kind == FW_RANDOM_INDEX) {
        fw_call_expect(call, op->dtype == FW_I32, "dtype FW_I32 (3) for INDEX", op->dtype);
        fw_call_expect(call, op->limit > 0 && op->limit <= INT32_MAX, "a limit of 1 to 2^31 - 1",
                       op->limit);
    } else {
        fw_call_dtype(call, op->dtype);
        fw_call_expect(call, op->kind != FW_RANDOM_KEEP || (op->p >= 0 && op->p < 1),
                       "a p of at least 0 and below 1", 1);
    }
    return call->status == FW_OK
               ? fw_call_operand(call, "out", op->out, op->n, fw_call_element(op->dtype))
               : NULL;
}
