/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "kernels/check.h"
#include "kernels/ops.h"
#include "session.h"

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

fw_status op_map(struct fw_kernels_session *session, const struct fw_map *op)
{
    struct fw_call call = fw_call_begin(session->host, session, "map", op->struct_size, sizeof *op);
    struct mapping mapping = {
        .map = {.kind = op->kind, .alpha = op->alpha, .beta = op->beta, .n = op->n}};
    const struct fw_map_at at = fw_check_map(&call, op);

    if (call.status == FW_OK) {
        mapping.simd = session_simd(session, op->dtype);
        mapping.map.a = at.a;
        mapping.map.b = at.b;
        mapping.map.c = at.c;
        mapping.map.out = at.out;
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
    struct fw_call call =
        fw_call_begin(session->host, session, "affine", op->struct_size, sizeof *op);
    const struct fw_affine_at at = fw_check_affine(&call, op);
    struct affinity all = {.channels = op->channels};

    if (call.status != FW_OK || at.n == 0) {
        return call.status;
    }
    all.simd = session_simd(session, op->dtype);
    for (int t = 0; t < 3; t++) {
        all.affine.terms[t] = at.terms[t];
        all.affine.factors[t] = at.factors[t];
    }
    all.affine.constant = at.constant;
    all.affine.out = at.out;
    all.affine.per_element = op->inner == 1;
    all.length = op->inner == 1 ? op->channels : op->inner;
    all.affine.n = all.length;
    session_each(session, at.n / all.length, MAP_GRAIN / all.length + 1, affine_rows, &all);
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
    struct fw_call call =
        fw_call_begin(session->host, session, "update", op->struct_size, sizeof *op);
    const struct fw_update_at at = fw_check_update(&call, op);
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

    if (call.status == FW_OK) {
        all.simd = session_simd(session, op->dtype);
        all.update.w = at.w;
        all.update.g = at.g;
        all.update.m = at.m;
        all.update.v = at.v;
        session_each(session, op->n, MAP_GRAIN, update_piece, &all);
    }
    return call.status;
}
