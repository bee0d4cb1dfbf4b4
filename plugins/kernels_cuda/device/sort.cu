/* SPDX-License-Identifier: MIT */
#include "device.h"

static __device__ inline uint64_t order_key(double value)
{
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t bits;

    if (value != value) {
        return UINT64_MAX;
    }
    value = value == 0 ? 0 : value; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof bits);
    return bits & sign ? ~bits : bits | sign;
}

template <class T> static __device__ void sort_keys(const sort_args &args)
{
    each(args.rows * args.n, [=](uint64_t i) {
        args.to[i] = {order_key((double)in<T>(args.x)[i]), (uint32_t)divide(i, args.n).remainder,
                      0};
    });
}
TYPED_KERNEL(KERNEL, sort_keys, sort_args)

/* How many of n ascending items lie below the key, or are equal to it too. */
static __device__ inline uint64_t count_below(const sort_item *items, uint64_t n, uint64_t key,
                                              bool equal)
{
    uint64_t begin = 0;

    while (n > 0) {
        uint64_t half = n / 2, at = items[begin + half].key;
        bool below = equal ? at <= key : at < key;
        begin += below ? half + 1 : 0;
        n = below ? n - half - 1 : half;
    }
    return begin;
}

static __device__ inline uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Pairs of neighbouring runs become runs of twice the width: each item finds its own place, behind
 * what is smaller in the other run. Equal keys keep their order. */
KERNEL(sort_merge, sort_args)
{
    each(args.rows * args.n, [=](uint64_t i) {
        division at = divide(i, args.n), pair = divide(at.remainder, 2 * args.width);
        uint64_t row = at.quotient * args.n, begin = pair.quotient * 2 * args.width;
        uint64_t middle = smaller(begin + args.width, args.n);
        uint64_t end = smaller(begin + 2 * args.width, args.n);
        const sort_item *items = args.from + row;
        sort_item item = args.from[i];
        uint64_t to =
            at.remainder < middle
                ? at.remainder + count_below(items + middle, end - middle, item.key, false)
                : at.remainder - middle + begin +
                      count_below(items + begin, middle - begin, item.key, true);
        args.to[row + to] = item;
    });
}

/* Ties get their average. */
KERNEL(sort_ranks, sort_args)
{
    each(args.rows * args.n, [=](uint64_t i) {
        uint64_t row = divide(i, args.n).quotient * args.n;
        sort_item item = args.from[i];
        uint64_t below = count_below(args.from + row, args.n, item.key, false);
        uint64_t upto = count_below(args.from + row, args.n, item.key, true);
        args.out[row + item.index] = (double)(below + 1 + upto) / 2;
    });
}

KERNEL(resample, bootstrap_args)
{
    each(args.resamples * args.n, [=](uint64_t i) {
        division at = divide(i, args.n), draw = divide(at.remainder, args.block);
        uint64_t j = (args.first + at.quotient) * args.blocks + draw.quotient;
        uint64_t sample = splitmix_below(args.seed, j, args.n) + draw.remainder;
        atomicAdd(&args.counts[at.quotient * args.n + divide(sample, args.n).remainder], 1U);
    });
}

/* below[i]: negatives among the first i places of the order. Sums of whole numbers: in any order
 * they are the same. */
static __device__ uint64_t count_negatives(const bootstrap_args &args, const sort_item *order,
                                           const uint32_t *counts, uint32_t *below)
{
    __shared__ uint32_t sums[BLOCK_THREADS];
    uint32_t total = 0, t = threadIdx.x;

    for (uint64_t begin = 0; begin < args.n; begin += BLOCK_THREADS) {
        uint64_t i = begin + t;
        uint32_t sample = i < args.n ? order[i].index : 0;
        sums[t] = i < args.n && args.label[sample] == 0 ? counts[sample] : 0;
        __syncthreads();
        for (uint32_t step = 1; step < BLOCK_THREADS; step *= 2) {
            uint32_t before = t >= step ? sums[t - step] : 0;
            __syncthreads();
            sums[t] += before;
            __syncthreads();
        }
        if (i < args.n) {
            below[i + 1] = total + sums[t];
        }
        total += sums[BLOCK_THREADS - 1];
        __syncthreads();
    }
    if (t == 0) {
        below[0] = 0;
    }
    __syncthreads();
    return total;
}

struct pairs {
    uint64_t twice; /* pairs where the positive is above, ties half, doubled */
    uint64_t positives;
};

/* One resample and model per block. A positive counts the negatives below it and, once more,
 * those up to its equals. */
BLOCK_KERNEL(resample_auc, bootstrap_args)
{
    uint64_t r = blockIdx.x / args.models, m = blockIdx.x % args.models;
    const sort_item *order = args.order + m * args.n;
    const uint32_t *counts = args.counts + r * args.n;
    uint32_t *below = args.below + blockIdx.x * (args.n + 1);
    uint64_t negatives = count_negatives(args, order, counts, below);
    pairs sum = {0, 0};

    for (uint64_t i = threadIdx.x; i < args.n; i += BLOCK_THREADS) {
        sort_item item = order[i];
        uint64_t count = args.label[item.index] != 0 ? counts[item.index] : 0;
        if (count > 0) {
            uint64_t lower = below[count_below(order, args.n, item.key, false)];
            uint64_t upper = below[count_below(order, args.n, item.key, true)];
            sum.twice += count * (lower + upper);
            sum.positives += count;
        }
    }
    sum = fold(sum, 1, [](pairs a, pairs b) {
        return pairs{a.twice + b.twice, a.positives + b.positives};
    });
    if (threadIdx.x == 0) {
        bool one_class = negatives == 0 || sum.positives == 0;
        args.out[blockIdx.x] =
            one_class ? NAN : (double)sum.twice / 2 / ((double)negatives * (double)sum.positives);
    }
}
