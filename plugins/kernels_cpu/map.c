/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "call.h"
#include "ops.h"

/* Elements of a task: what the first cache holds of three operands, more or less. */
#define MAP_GRAIN 16384

static const void *moved(const void *base, uint64_t index, uint64_t element)
{
    return base ? (const char *)base + index * element : NULL;
}

struct mapping {
    struct simd_map map;
    const struct simd *simd;
};

static void map_piece(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct mapping *mapping = arg;
    struct simd_map map = mapping->map;
    uint64_t element = mapping->simd->element;

    (void)worker;
    map.a = moved(map.a, begin, element);
    map.b = moved(map.b, begin, element);
    map.c = moved(map.c, begin, element);
    map.out = (char *)map.out + begin * element;
    map.n = end - begin;
    mapping->simd->map(&map);
}

static bool needs_b(uint32_t kind)
{
    return kind == FW_MAP_MULTIPLY || kind == FW_MAP_DIVIDE || kind == FW_MAP_RELU_GATE ||
           kind == FW_MAP_BINARY_ENTROPY;
}

fw_status op_map(struct fw_kernels_session *session, const struct fw_map *op)
{
    struct call call = call_begin(session, "map", op->struct_size, sizeof *op);
    struct mapping mapping = {
        .map = {.kind = op->kind, .alpha = op->alpha, .beta = op->beta, .n = op->n}};
    uint64_t element;

    call_dtype(&call, op->dtype);
    call_expect(&call, op->kind <= FW_MAP_BINARY_ENTROPY, "a kind of FW_MAP_", op->kind);
    element = call.simd->element;
    if (op->kind != FW_MAP_FILL) {
        mapping.map.a = call_operand(&call, "a", op->a, op->n, element);
        mapping.map.b = needs_b(op->kind) ? call_operand(&call, "b", op->b, op->n, element)
                                          : call_optional(&call, "b", op->b, op->n, element);
    }
    if (op->kind == FW_MAP_MULTIPLY) {
        mapping.map.c = call_optional(&call, "c", op->c, op->n, element);
    }
    mapping.map.out = call_operand(&call, "out", op->out, op->n, element);
    mapping.simd = call.simd;
    if (call.status == FW_OK) {
        session_each(session, op->n, MAP_GRAIN, map_piece, &mapping);
    }
    return call.status;
}

struct affinity {
    struct simd_affine affine;
    const struct simd *simd;
    uint64_t channels;
    uint64_t length; /* of a row that has one coefficient per element, or one for all */
};

static void affine_rows(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct affinity *all = arg;
    uint64_t element = all->simd->element;

    (void)worker;
    for (uint64_t row = begin; row < end; row++) {
        struct simd_affine affine = all->affine;
        uint64_t channel = affine.per_element ? 0 : row % all->channels;
        for (int t = 0; t < 3; t++) {
            affine.terms[t] = moved(affine.terms[t], row * all->length, element);
            affine.factors[t] = moved(affine.factors[t], channel, element);
        }
        affine.constant = moved(affine.constant, channel, element);
        affine.out = (char *)affine.out + row * all->length * element;
        all->simd->affine(&affine);
    }
}

fw_status op_affine(struct fw_kernels_session *session, const struct fw_affine *op)
{
    struct call call = call_begin(session, "affine", op->struct_size, sizeof *op);
    uint64_t n = call_times(call_times(op->outer, op->channels), op->inner);
    struct affinity all = {.channels = op->channels};
    uint64_t element, rows;

    call_dtype(&call, op->dtype);
    element = call.simd->element;
    all.simd = call.simd;
    all.affine.terms[0] = call_optional(&call, "a", op->a, n, element);
    all.affine.terms[1] = call_optional(&call, "b", op->b, n, element);
    all.affine.terms[2] = call_optional(&call, "d", op->d, n, element);
    all.affine.factors[0] = call_optional(&call, "pa", op->pa, op->channels, element);
    all.affine.factors[1] = call_optional(&call, "pb", op->pb, op->channels, element);
    all.affine.factors[2] = call_optional(&call, "pd", op->pd, op->channels, element);
    all.affine.constant = call_optional(&call, "p0", op->p0, op->channels, element);
    all.affine.out = call_operand(&call, "out", op->out, n, element);
    if (call.status != FW_OK || n == 0) {
        return call.status;
    }
    all.affine.per_element = op->inner == 1;
    all.length = op->inner == 1 ? op->channels : op->inner;
    all.affine.n = all.length;
    rows = n / all.length;
    session_each(session, rows, MAP_GRAIN / all.length + 1, affine_rows, &all);
    return FW_OK;
}

struct updating {
    struct simd_update update;
    const struct simd *simd;
};

static void update_piece(void *arg, uint64_t begin, uint64_t end, uint32_t worker)
{
    const struct updating *updating = arg;
    struct simd_update update = updating->update;
    uint64_t element = updating->simd->element;

    (void)worker;
    update.n = end - begin;
    update.w = (char *)update.w + begin * element;
    update.g = moved(update.g, begin, element);
    update.m = update.m ? (char *)update.m + begin * element : NULL;
    update.v = update.v ? (char *)update.v + begin * element : NULL;
    updating->simd->update(&update);
}

fw_status op_update(struct fw_kernels_session *session, const struct fw_update *op)
{
    struct call call = call_begin(session, "update", op->struct_size, sizeof *op);
    bool adam = op->kind != FW_UPDATE_SGD;
    struct updating all = {.update = {
                               .first = op->step <= 1,
                               .decoupled = op->kind == FW_UPDATE_ADAMW,
                               .rate = op->rate,
                               .beta1 = op->beta1,
                               .beta2 = op->beta2,
                               .epsilon = op->epsilon,
                               .decay = op->decay,
                               .scale = op->gradient_scale,
                               .correction1 = 1 - pow(op->beta1, (double)op->step),
                               .correction2 = 1 - pow(op->beta2, (double)op->step),
                           }};
    uint64_t element;

    call_dtype(&call, op->dtype);
    call_expect(&call, op->kind <= FW_UPDATE_ADAMW, "a kind of FW_UPDATE_", op->kind);
    call_expect(&call, op->step >= 1, "a step of 1 or more", op->step);
    element = call.simd->element;
    all.simd = call.simd;
    all.update.w = call_operand(&call, "w", op->w, op->n, element);
    all.update.g = call_operand(&call, "g", op->g, op->n, element);
    all.update.m = adam ? call_operand(&call, "m", op->m, op->n, element)
                        : call_optional(&call, "m", op->m, op->n, element);
    all.update.v = adam ? call_operand(&call, "v", op->v, op->n, element) : NULL;
    if (call.status == FW_OK) {
        session_each(session, op->n, MAP_GRAIN, update_piece, &all);
    }
    return call.status;
}
