/* SPDX-License-Identifier: MIT */
#include "device.h"

template <class T> static __device__ inline T normal_below(T x)
{
    return T(0.5) * erfc(-x * T(0.70710678118654752));
}

template <class T> static __device__ inline T normal_density(T x)
{
    return T(0.39894228040143268) * exp(T(-0.5) * x * x);
}

template <class T> static __device__ inline T sigmoid(T x)
{
    return 1 / (1 + exp(-x));
}

template <class T> static __device__ inline T binary_entropy(T a, T b)
{
    return (a > 0 ? a : T(0)) - a * b + log1p(exp(a > 0 ? -a : a));
}

template <class T> static __device__ void map_activation(const map_args &args)
{
    const T alpha = T(args.alpha), *a = in<T>(args.a), *b = in<T>(args.b);
    T *to = out<T>(args.out);

    switch (args.kind) {
    case FW_MAP_GELU:
        each(args.n, [=](uint64_t i) { to[i] = a[i] * normal_below(a[i]); });
        break;
    case FW_MAP_GELU_SLOPE:
        each(args.n, [=](uint64_t i) {
            to[i] = alpha * (b ? b[i] : T(1)) * (normal_below(a[i]) + a[i] * normal_density(a[i]));
        });
        break;
    case FW_MAP_GELU_BEND:
        each(args.n, [=](uint64_t i) {
            to[i] = alpha * (b ? b[i] : T(1)) * normal_density(a[i]) * (2 - a[i] * a[i]);
        });
        break;
    case FW_MAP_SIGMOID:
        each(args.n, [=](uint64_t i) { to[i] = sigmoid(a[i]); });
        break;
    case FW_MAP_TANH:
        each(args.n, [=](uint64_t i) { to[i] = tanh(a[i]); });
        break;
    case FW_MAP_SWISH:
        each(args.n, [=](uint64_t i) { to[i] = a[i] * sigmoid(a[i]); });
        break;
    default:
        each(args.n, [=](uint64_t i) { to[i] = binary_entropy(a[i], b[i]); });
        break;
    }
}

template <class T> static __device__ void map_function(const map_args &args)
{
    const T alpha = T(args.alpha), beta = T(args.beta), *a = in<T>(args.a), *b = in<T>(args.b);
    T *to = out<T>(args.out);

    switch (args.kind) {
    case FW_MAP_EXP:
        each(args.n, [=](uint64_t i) { to[i] = exp(alpha * a[i]); });
        break;
    case FW_MAP_LOG:
        each(args.n, [=](uint64_t i) { to[i] = log(a[i] + alpha); });
        break;
    case FW_MAP_SQRT:
        each(args.n, [=](uint64_t i) { to[i] = sqrt(a[i] + alpha); });
        break;
    case FW_MAP_RSQRT:
        each(args.n, [=](uint64_t i) { to[i] = 1 / sqrt(a[i] + alpha); });
        break;
    case FW_MAP_ABS:
        each(args.n, [=](uint64_t i) { to[i] = fabs(a[i]); });
        break;
    case FW_MAP_CLAMP:
        each(args.n, [=](uint64_t i) { to[i] = a[i] < alpha ? alpha : a[i] > beta ? beta : a[i]; });
        break;
    case FW_MAP_RELU:
        each(args.n, [=](uint64_t i) { to[i] = a[i] < 0 ? T(0) : a[i]; });
        break;
    default: /* FW_MAP_RELU_GATE */
        each(args.n, [=](uint64_t i) { to[i] = a[i] > 0 ? b[i] : T(0); });
        break;
    }
}

template <class T> static __device__ void map(const map_args &args)
{
    const T alpha = T(args.alpha), beta = T(args.beta);
    const T *a = in<T>(args.a), *b = in<T>(args.b), *c = in<T>(args.c);
    T *to = out<T>(args.out);

    switch (args.kind) {
    case FW_MAP_FILL:
        each(args.n, [=](uint64_t i) { to[i] = alpha; });
        break;
    case FW_MAP_LINEAR:
        each(args.n, [=](uint64_t i) { to[i] = b ? alpha * a[i] + beta * b[i] : alpha * a[i]; });
        break;
    case FW_MAP_MULTIPLY:
        each(args.n, [=](uint64_t i) {
            to[i] = c ? alpha * a[i] * b[i] + beta * c[i] : alpha * a[i] * b[i];
        });
        break;
    case FW_MAP_DIVIDE:
        each(args.n, [=](uint64_t i) { to[i] = alpha * a[i] / (b[i] + beta); });
        break;
    default:
        args.kind < FW_MAP_GELU ? map_function<T>(args) : map_activation<T>(args);
        break;
    }
}
TYPED_KERNEL(KERNEL, map, map_args)

template <class T> static __device__ void affine(const affine_args &args)
{
    each(args.n, [=](uint64_t i) {
        uint64_t c = divide(divide(i, args.inner).quotient, args.channels).remainder;
        T sum = 0;
        for (int t = 0; t < 3; t++) {
            if (args.terms[t]) {
                T term = in<T>(args.terms[t])[i];
                sum += args.factors[t] ? in<T>(args.factors[t])[c] * term : term;
            }
        }
        out<T>(args.out)[i] = args.constant ? sum + in<T>(args.constant)[c] : sum;
    });
}
TYPED_KERNEL(KERNEL, affine, affine_args)

static __device__ double load(const void *address, uint32_t type, uint64_t i)
{
    switch (type) {
    case FW_F64:
        return in<double>(address)[i];
    case FW_F32:
        return (double)in<float>(address)[i];
    case FW_I32:
        return in<int32_t>(address)[i];
    default:
        return in<uint8_t>(address)[i];
    }
}

static __device__ double clamped(double value, double low, double high)
{
    return value != value ? 0 : fmin(fmax(rint(value), low), high);
}

static __device__ void convert(const copy_args &args, uint64_t from, uint64_t to)
{
    double value = load(args.in, args.in_type, from);

    if (args.out_type == FW_I32) {
        out<int32_t>(args.out)[to] = (int32_t)clamped(value, INT32_MIN, INT32_MAX);
    } else if (args.out_type == FW_U8) {
        out<uint8_t>(args.out)[to] = (uint8_t)clamped(value, 0, UINT8_MAX);
    } else {
        store(args.out, args.out_type, to, value);
    }
}

KERNEL(copy, copy_args)
{
    each(args.n, [=](uint64_t i) {
        uint64_t from = 0, to = 0;
        for (int d = 3; d >= 0; d--) {
            division place = divide(i, args.shape[d]);
            from += place.remainder * args.in_stride[d];
            to += place.remainder * args.out_stride[d];
            i = place.quotient;
        }
        if (args.in_type != args.out_type) {
            convert(args, from, to);
        } else if (args.in_type == FW_F64) {
            out<uint64_t>(args.out)[to] = in<uint64_t>(args.in)[from];
        } else if (args.in_type == FW_U8) {
            out<uint8_t>(args.out)[to] = in<uint8_t>(args.in)[from];
        } else {
            out<uint32_t>(args.out)[to] = in<uint32_t>(args.in)[from];
        }
    });
}

/* One tile per block, through shared memory: both sides are then read and written along the
 * direction in which neighbours lie. One column more keeps the threads out of each other's banks.
 */
template <class T> static __device__ void turn(const turn_args &args)
{
    __shared__ T tile[TURN_TILE][TURN_TILE + 1];
    const uint64_t across = (args.cols + TURN_TILE - 1) / TURN_TILE;
    const uint64_t down = (args.rows + TURN_TILE - 1) / TURN_TILE;
    division col = divide(blockIdx.x, across), row = divide(col.quotient, down);
    division plane = divide(row.quotient, args.planes[1]);
    const T *from =
        in<T>(args.in) + plane.quotient * args.in_plane[0] + plane.remainder * args.in_plane[1];
    T *to =
        out<T>(args.out) + plane.quotient * args.out_plane[0] + plane.remainder * args.out_plane[1];
    uint64_t first_row = row.remainder * TURN_TILE, first_col = col.remainder * TURN_TILE;
    uint32_t x = threadIdx.x % TURN_TILE, step = BLOCK_THREADS / TURN_TILE;

    for (uint32_t y = threadIdx.x / TURN_TILE; y < TURN_TILE; y += step) {
        if (first_row + y < args.rows && first_col + x < args.cols) {
            tile[y][x] = from[(first_row + y) * args.in_row + first_col + x];
        }
    }
    __syncthreads();
    for (uint32_t y = threadIdx.x / TURN_TILE; y < TURN_TILE; y += step) {
        if (first_col + y < args.cols && first_row + x < args.rows) {
            to[(first_col + y) * args.out_col + first_row + x] = tile[x][y];
        }
    }
}
TYPED_KERNEL(BLOCK_KERNEL, turn, turn_args)

static __device__ inline double sign_at(uint64_t seed, uint64_t i)
{
    return splitmix(seed, i / 64) >> (i % 64) & 1 ? 1 : -1;
}

static __device__ inline float uniform_at(uint64_t seed, uint64_t i, float)
{
    return (float)(splitmix(seed, i) >> 40) * 5.9604644775390625e-8F; /* 2^-24 */
}

static __device__ inline double uniform_at(uint64_t seed, uint64_t i, double)
{
    return (double)(splitmix(seed, i) >> 11) * 1.1102230246251565e-16; /* 2^-53 */
}

template <class T> static __device__ void random(const random_args &args)
{
    T *to = out<T>(args.out), p = T(args.p), kept = T(args.kept);

    each(args.n, [=](uint64_t i) {
        uint64_t j = args.first + i;
        if (args.kind == FW_RANDOM_SIGN) {
            to[i] = T(sign_at(args.seed, j));
        } else {
            T u = uniform_at(args.seed, j, T());
            to[i] = args.kind == FW_RANDOM_UNIFORM ? u : u < p ? T(0) : kept;
        }
    });
}
TYPED_KERNEL(KERNEL, random, random_args)

KERNEL(random_index, random_args)
{
    each(args.n, [=](uint64_t i) {
        out<int32_t>(args.out)[i] = (int32_t)splitmix_below(args.seed, args.first + i, args.limit);
    });
}

template <class T> static __device__ void update_sgd(const update_args &args)
{
    T *w = out<T>(args.w), *m = out<T>(args.m);
    const T *g = in<T>(args.g), rate = T(args.rate), keep = T(args.beta1);
    const T decay = T(args.decay), scale = T(args.scale);

    each(args.n, [=](uint64_t i) {
        T step = scale * g[i] + decay * w[i];
        if (m) {
            step = args.first ? step : keep * m[i] + step;
            m[i] = step;
        }
        w[i] -= rate * step;
    });
}

template <class T> static __device__ void update(const update_args &args)
{
    T *w = out<T>(args.w), *m = out<T>(args.m), *v = out<T>(args.v);
    const T *g = in<T>(args.g), rate = T(args.rate), beta1 = T(args.beta1), beta2 = T(args.beta2);
    const T rest1 = T(1 - args.beta1), rest2 = T(1 - args.beta2), root = T(args.root);
    const T epsilon = T(args.epsilon), shrink = T(args.shrink);
    const T decay = T(args.decay), scale = T(args.scale);

    if (!v) {
        update_sgd<T>(args);
        return;
    }
    each(args.n, [=](uint64_t i) {
        T step = scale * g[i] + decay * w[i];
        T mean = beta1 * m[i] + rest1 * step, square = beta2 * v[i] + rest2 * step * step;
        m[i] = mean;
        v[i] = square;
        w[i] = shrink * w[i] - rate * mean / (sqrt(square) * root + epsilon);
    });
}
TYPED_KERNEL(KERNEL, update, update_args)
