/* SPDX-License-Identifier: MIT */
#include <fw/service/kernels_array.h>

#include "simd_math.h"
#include "simd_parts.h"
#include "splitmix/splitmix.h"

/* Normal density at 0, and 1 / sqrt(2). */
#define DENSITY   SIMD_REAL(0.39894228040143268)
#define ROOT_HALF SIMD_REAL(0.70710678118654752)

static inline real normal_below(real x)
{
    return SIMD_REAL(0.5) * (1 + simd_erf(x * ROOT_HALF));
}

static inline real normal_density(real x)
{
    return DENSITY * simd_exp(SIMD_REAL(-0.5) * x * x);
}

static inline real sigmoid(real x)
{
    return 1 / (1 + simd_exp(-x));
}

/* `out` may be an operand, at the same index only: no iteration needs another one's result. */
#define MAP(name, expression)                                                                      \
    static void name(const struct simd_map *map)                                                   \
    {                                                                                              \
        const real *a = map->a, *b = map->b, *c = map->c;                                          \
        const real alpha = (real)map->alpha, beta = (real)map->beta;                               \
        real *out = map->out;                                                                      \
                                                                                                   \
        (void)a, (void)b, (void)c, (void)alpha, (void)beta;                                        \
        _Pragma("GCC ivdep") for (uint64_t i = 0; i < map->n; i++)                                 \
        {                                                                                          \
            out[i] = (expression);                                                                 \
        }                                                                                          \
    }

MAP(fill, alpha)
MAP(scale, alpha *a[i])
MAP(linear, alpha *a[i] + beta * b[i])
MAP(multiply, alpha *a[i] * b[i])
MAP(multiply_add, alpha *a[i] * b[i] + beta * c[i])
MAP(divide, alpha *a[i] / (b[i] + beta))
MAP(exponential, simd_exp(alpha *a[i]))
MAP(logarithm, (real)log(a[i] + alpha))
MAP(root, (real)sqrt(a[i] + alpha))
MAP(inverse_root, 1 / (real)sqrt(a[i] + alpha))
MAP(absolute, a[i] < 0 ? -a[i] : a[i] + 0)
MAP(clamp, a[i]<alpha ? alpha : a[i]> beta ? beta : a[i])
MAP(relu, a[i] < 0 ? 0 : a[i])
MAP(relu_gate, a[i] > 0 ? b[i] : 0)
MAP(gelu, a[i] * normal_below(a[i]))
MAP(slope, alpha *(normal_below(a[i]) + a[i] * normal_density(a[i])))
MAP(slope_times, alpha *b[i] * (normal_below(a[i]) + a[i] * normal_density(a[i])))
MAP(bend, alpha *normal_density(a[i]) * (2 - a[i] * a[i]))
MAP(bend_times, alpha *b[i] * normal_density(a[i]) * (2 - a[i] * a[i]))
MAP(logistic, sigmoid(a[i]))
MAP(tangent, (real)tanh(a[i]))
MAP(swish, a[i] * sigmoid(a[i]))
MAP(binary_entropy,
    (a[i] > 0 ? a[i] : 0) - a[i] * b[i] + (real)log1p(simd_exp(a[i] > 0 ? -a[i] : a[i])))

/* Where an operand is optional, the function without it stands in the first column. */
static void (*const maps[][2])(const struct simd_map *map) = {
    [FW_MAP_FILL] = {fill, fill},
    [FW_MAP_LINEAR] = {scale, linear},
    [FW_MAP_MULTIPLY] = {multiply, multiply_add},
    [FW_MAP_DIVIDE] = {divide, divide},
    [FW_MAP_EXP] = {exponential, exponential},
    [FW_MAP_LOG] = {logarithm, logarithm},
    [FW_MAP_SQRT] = {root, root},
    [FW_MAP_RSQRT] = {inverse_root, inverse_root},
    [FW_MAP_ABS] = {absolute, absolute},
    [FW_MAP_CLAMP] = {clamp, clamp},
    [FW_MAP_RELU] = {relu, relu},
    [FW_MAP_RELU_GATE] = {relu_gate, relu_gate},
    [FW_MAP_GELU] = {gelu, gelu},
    [FW_MAP_GELU_SLOPE] = {slope, slope_times},
    [FW_MAP_GELU_BEND] = {bend, bend_times},
    [FW_MAP_SIGMOID] = {logistic, logistic},
    [FW_MAP_TANH] = {tangent, tangent},
    [FW_MAP_SWISH] = {swish, swish},
    [FW_MAP_BINARY_ENTROPY] = {binary_entropy, binary_entropy},
};

void SIMD_FN(map)(const struct simd_map *map)
{
    const void *optional = map->kind == FW_MAP_MULTIPLY ? map->c : map->b;

    maps[map->kind][optional != NULL](map);
}

/* A stretch at a time, summed in a buffer: `out` may be one of the terms. */
void SIMD_FN(affine)(const struct simd_affine *affine)
{
    real sum[256];

    for (uint64_t begin = 0; begin < affine->n; begin += 256) {
        uint64_t n = affine->n - begin < 256 ? affine->n - begin : 256;
        for (uint64_t i = 0; i < n; i++) {
            sum[i] = 0;
        }
        for (int t = 0; t < 3; t++) {
            const real *term = affine->terms[t], *factor = affine->factors[t];
            if (term == NULL) {
                continue;
            }
            for (uint64_t i = 0; i < n && factor == NULL; i++) {
                sum[i] += term[begin + i];
            }
            for (uint64_t i = 0; i < n && factor != NULL; i++) {
                sum[i] += factor[affine->per_element ? begin + i : 0] * term[begin + i];
            }
        }
        for (uint64_t i = 0; i < n && affine->constant != NULL; i++) {
            sum[i] += ((const real *)affine->constant)[affine->per_element ? begin + i : 0];
        }
        memcpy((real *)affine->out + begin, sum, n * sizeof *sum);
    }
}

static void update_sgd(const struct simd_update *u)
{
    real *w = u->w, *m = u->m;
    const real *g = u->g;
    real rate = (real)u->rate, decay = (real)u->decay, scale = (real)u->scale;
    real keep = u->first ? 0 : (real)u->beta1;

    for (uint64_t i = 0; i < u->n; i++) {
        real step = scale * g[i] + decay * w[i];
        if (m != NULL) {
            step = u->first ? step : keep * m[i] + step;
            m[i] = step;
        }
        w[i] -= rate * step;
    }
}

static void update_adam(const struct simd_update *u)
{
    real *w = u->w, *m = u->m, *v = u->v;
    const real *g = u->g;
    real beta1 = (real)u->beta1, beta2 = (real)u->beta2, scale = (real)u->scale;
    real rest1 = (real)(1 - u->beta1), rest2 = (real)(1 - u->beta2);
    real decay = u->decoupled ? 0 : (real)u->decay;
    real shrink = u->decoupled ? (real)(1 - u->rate * u->decay) : 1;
    real rate = (real)(u->rate / u->correction1), root = (real)(1 / sqrt(u->correction2));
    real epsilon = (real)u->epsilon;

#pragma GCC ivdep
    for (uint64_t i = 0; i < u->n; i++) {
        real step = scale * g[i] + decay * w[i];
        m[i] = beta1 * m[i] + rest1 * step;
        v[i] = beta2 * v[i] + rest2 * step * step;
        w[i] = shrink * w[i] - rate * m[i] / ((real)sqrt(v[i]) * root + epsilon);
    }
}

void SIMD_FN(update)(const struct simd_update *update)
{
    if (update->v != NULL) {
        update_adam(update);
    } else {
        update_sgd(update);
    }
}

/* As many of the upper bits as a real holds. A signed number is what converts by vectors. */
static inline real uniform_at(uint64_t seed, uint64_t i)
{
#ifdef SIMD_DOUBLE
    return (real)(int64_t)(fw_splitmix(seed, i) >> 11) * 0x1p-53;
#else
    return (real)(int32_t)(fw_splitmix(seed, i) >> 40) * 0x1p-24F;
#endif
}

void SIMD_FN(uniform)(const struct simd_uniform *u)
{
    const real p = (real)u->p, kept = (real)(1 / (1 - u->p));
    const uint64_t seed = u->seed, first = u->first;
    real *out = u->out;

    for (uint64_t i = 0; i < u->n && !u->keep; i++) {
        out[i] = uniform_at(seed, first + i);
    }
    for (uint64_t i = 0; i < u->n && u->keep; i++) {
        out[i] = uniform_at(seed, first + i) < p ? 0 : kept;
    }
}
