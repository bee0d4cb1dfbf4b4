/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_DEVICE_H
#define FW_KERNELS_CUDA_DEVICE_H

#include <math.h>
#include <string.h>

#include <fw/service/kernels.h>

#include "args.h"

/*
 * What the kernels share. The same sources are compiled by nvcc for the device and, for the tests,
 * by a C++ compiler for the host, where the test's header has stood in for CUDA's words
 * before this one. KERNEL has threads that know nothing of each other; the threads of a
 * BLOCK_KERNEL meet.
 */
#ifdef __CUDACC__
#    define KERNEL(name, type)                                                                     \
        extern "C" __global__ void __launch_bounds__(BLOCK_THREADS) name(const struct type args)
#    define BLOCK_KERNEL(name, type) KERNEL(name, type)
#endif

#define TYPED_KERNEL(kind, name, type)                                                             \
    kind(name##_f32, type)                                                                         \
    {                                                                                              \
        name<float>(args);                                                                         \
    }                                                                                              \
    kind(name##_f64, type)                                                                         \
    {                                                                                              \
        name<double>(args);                                                                        \
    }

template <class T> static __device__ inline const T *in(const void *address)
{
    return static_cast<const T *>(address);
}

template <class T> static __device__ inline T *out(void *address)
{
    return static_cast<T *>(address);
}

/* f(i) for i below n, whatever the number of blocks is. */
template <class F> static __device__ inline void each(uint64_t n, F f)
{
    for (uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x; i < n;
         i += (uint64_t)gridDim.x * blockDim.x) {
        f(i);
    }
}

struct division {
    uint64_t quotient;
    uint64_t remainder;
};

/* Division of long integers takes a hundred instructions, of short ones twenty. */
static __device__ inline division divide(uint64_t a, uint64_t b)
{
    if ((a | b) >> 32 == 0) {
        uint32_t q = (uint32_t)a / (uint32_t)b;
        return {q, (uint32_t)a - q * (uint32_t)b};
    }
    return {a / b, a % b};
}

/*
 * The values of all threads of the block, joined in one order: afterwards thread t has the result
 * of the threads whose number is t modulo `keep`, a power of two. All threads must call it.
 */
template <class V, class Join> static __device__ inline V fold(V mine, uint32_t keep, Join join)
{
    __shared__ V all[BLOCK_THREADS];
    V result;

    all[threadIdx.x] = mine;
    __syncthreads();
    for (uint32_t half = BLOCK_THREADS / 2; half >= keep; half /= 2) {
        if (threadIdx.x < half) {
            all[threadIdx.x] = join(all[threadIdx.x], all[threadIdx.x + half]);
        }
        __syncthreads();
    }
    result = all[threadIdx.x & (keep - 1)];
    __syncthreads();
    return result;
}

static __device__ inline double add(double a, double b)
{
    return a + b;
}

static __device__ inline sums2 add2(sums2 a, sums2 b)
{
    return {a.first + b.first, a.second + b.second};
}

static __device__ inline void store(void *address, uint32_t type, uint64_t i, double value)
{
    if (type == FW_F64) {
        out<double>(address)[i] = value;
    } else {
        out<float>(address)[i] = (float)value;
    }
}

/* As plugins/lib/splitmix has it. */
static __device__ inline uint64_t splitmix(uint64_t seed, uint64_t j)
{
    uint64_t z = seed + (j + 1) * UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* An output as an index below `limit`, which is below 2^32. */
static __device__ inline uint64_t splitmix_below(uint64_t seed, uint64_t j, uint64_t limit)
{
    uint64_t z = splitmix(seed, j), low = (z & UINT32_MAX) * limit;

    return ((z >> 32) * limit + (low >> 32)) >> 32;
}

#endif
