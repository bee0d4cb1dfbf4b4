/* SPDX-License-Identifier: MIT */
#include "device.h"

/*
 * Calls f(element, channel, row, index in the channel) for what this thread sees of its block's
 * piece. Where inner is long a block has one piece of one channel; where it is short, 32 channels
 * beside each other, so that neighbouring threads read neighbouring elements.
 */
template <class F> static __device__ inline void walk(const reduce_args &args, F f)
{
    if (args.inner >= REDUCE_SHORT) {
        uint64_t channel = blockIdx.x / args.pieces, n = args.outer * args.inner;
        uint64_t i = blockIdx.x % args.pieces * args.length, end = i + args.length;
        i += threadIdx.x;
        end = end < n ? end : n;
        uint64_t row = i / args.inner, j = i % args.inner;
        for (; i < end; i += BLOCK_THREADS) {
            f((row * args.channels + channel) * args.inner + j, channel, row, i);
            for (j += BLOCK_THREADS; j >= args.inner; j -= args.inner) {
                row++;
            }
        }
        return;
    }
    uint64_t channel = blockIdx.x / args.pieces * REDUCE_LANES + threadIdx.x % REDUCE_LANES;
    uint64_t row = blockIdx.x % args.pieces * args.length, end = row + args.length;
    end = end < args.outer ? end : args.outer;
    for (row += threadIdx.x / REDUCE_LANES; row < end && channel < args.channels;
         row += BLOCK_THREADS / REDUCE_LANES) {
        for (uint64_t j = 0; j < args.inner; j++) {
            f((row * args.channels + channel) * args.inner + j, channel, row, row * args.inner + j);
        }
    }
}

/* How many threads of the block end up with a channel's result, and which channel this one has. */
static __device__ inline uint32_t kept(const reduce_args &args)
{
    return args.inner >= REDUCE_SHORT ? 1 : REDUCE_LANES;
}

static __device__ inline uint64_t own_channel(const reduce_args &args)
{
    return blockIdx.x / args.pieces * kept(args) + threadIdx.x;
}

template <class T>
static __device__ void finish_sums(const reduce_args &args, uint64_t channel, sums2 sum)
{
    double n = (double)args.outer * (double)args.inner;

    if (args.kind == SUMS_MOMENTS) {
        double mean = sum.first / n, shift = (double)in<T>(args.a)[channel * args.inner];
        out<T>(args.out)[channel] = T(shift + mean);
        out<T>(args.second)[channel] = T(fmax(sum.second / n - mean * mean, 0.0));
    } else if (args.kind == SUMS_SLOPES || args.kind == SUMS_ROWS) {
        double root = 1;
        if (args.kind == SUMS_SLOPES) {
            root = 1 / sqrt((double)in<T>(args.variance)[channel] + args.epsilon);
            args.slopes[channel] = {sum.first / n, sum.second * root * root / n};
        }
        if (args.out) {
            out<T>(args.out)[channel] = T(sum.first);
        }
        if (args.second) {
            out<T>(args.second)[channel] = T(sum.second * root);
        }
    } else {
        store(args.out, args.out_type, channel,
              args.kind == SUMS_NONFINITE ? sum.first : sum.first * args.alpha);
    }
}

template <class T> static __device__ sums2 own_sums(const reduce_args &args)
{
    const T *a = in<T>(args.a), *b = in<T>(args.b);
    const T *mean = in<T>(args.mean), *variance = in<T>(args.variance);
    sums2 sum = {0, 0};

    walk(args, [&](uint64_t at, uint64_t channel, uint64_t row, uint64_t) {
        double x = (double)a[at];
        switch (args.kind) {
        case SUMS_PLAIN:
            sum.first += x;
            break;
        case SUMS_DOT:
            sum.first += x * (double)b[at];
            break;
        case SUMS_NONFINITE:
            sum.first += x - x == 0 ? 0 : 1;
            break;
        case SUMS_MOMENTS:
            x -= (double)a[channel * args.inner];
            sum.first += x;
            sum.second += x * x;
            break;
        case SUMS_SLOPES:
            sum.first += (double)b[at];
            sum.second += (double)b[at] * (x - (double)mean[channel]);
            break;
        default:
            sum.first += (double)b[at];
            sum.second += (double)b[at] * (x - (double)mean[row]) /
                          sqrt((double)variance[row] + args.epsilon);
            break;
        }
    });
    return sum;
}

template <class T> static __device__ void sums(const reduce_args &args)
{
    sums2 sum = fold(own_sums<T>(args), kept(args), add2);
    uint64_t channel = own_channel(args);

    if (threadIdx.x < kept(args) && channel < args.channels) {
        if (args.pieces == 1) {
            finish_sums<T>(args, channel, sum);
        } else {
            out<sums2>(args.partial)[channel * args.pieces + blockIdx.x % args.pieces] = sum;
        }
    }
}
TYPED_KERNEL(BLOCK_KERNEL, sums, reduce_args)

template <class T> static __device__ void join_sums(const reduce_args &args)
{
    sums2 sum = {0, 0};

    for (uint64_t i = threadIdx.x; i < args.pieces; i += BLOCK_THREADS) {
        sum = add2(sum, in<sums2>(args.partial)[blockIdx.x * args.pieces + i]);
    }
    sum = fold(sum, 1, add2);
    if (threadIdx.x == 0) {
        finish_sums<T>(args, blockIdx.x, sum);
    }
}
TYPED_KERNEL(BLOCK_KERNEL, join_sums, reduce_args)

/* Whether b comes before a: NaN first, then the larger (smaller) one, then the one further left. */
static __device__ inline bool comes_first(uint32_t kind, extreme a, extreme b)
{
    if (a.index < 0 || b.index < 0) {
        return b.index >= 0;
    }
    if (a.value != a.value || b.value != b.value) {
        return b.value != b.value && (a.value == a.value || b.index < a.index);
    }
    if (a.value == b.value) {
        return b.index < a.index;
    }
    return kind == FW_REDUCE_MIN ? b.value < a.value : b.value > a.value;
}

static __device__ void finish_extreme(const reduce_args &args, uint64_t channel, extreme best)
{
    if (args.kind == FW_REDUCE_ARGMAX) {
        out<int32_t>(args.out)[channel] = (int32_t)best.index;
    } else {
        store(args.out, args.out_type, channel, best.value * args.alpha);
    }
}

static __device__ inline extreme nothing(const reduce_args &args)
{
    return {args.kind == FW_REDUCE_MIN ? HUGE_VAL : -HUGE_VAL, -1};
}

template <class T> static __device__ void extremes(const reduce_args &args)
{
    uint32_t kind = args.kind;
    auto better = [kind](extreme a, extreme b) { return comes_first(kind, a, b) ? b : a; };
    extreme best = nothing(args);
    uint64_t channel = own_channel(args);

    walk(args, [&](uint64_t at, uint64_t, uint64_t, uint64_t i) {
        best = better(best, extreme{(double)in<T>(args.a)[at], (int64_t)i});
    });
    best = fold(best, kept(args), better);
    if (threadIdx.x < kept(args) && channel < args.channels) {
        if (args.pieces == 1) {
            finish_extreme(args, channel, best);
        } else {
            out<extreme>(args.partial)[channel * args.pieces + blockIdx.x % args.pieces] = best;
        }
    }
}
TYPED_KERNEL(BLOCK_KERNEL, extremes, reduce_args)

BLOCK_KERNEL(join_extremes, reduce_args)
{
    uint32_t kind = args.kind;
    auto better = [kind](extreme a, extreme b) { return comes_first(kind, a, b) ? b : a; };
    extreme best = nothing(args);

    for (uint64_t i = threadIdx.x; i < args.pieces; i += BLOCK_THREADS) {
        best = better(best, in<extreme>(args.partial)[blockIdx.x * args.pieces + i]);
    }
    best = fold(best, 1, better);
    if (threadIdx.x == 0) {
        finish_extreme(args, blockIdx.x, best);
    }
}
