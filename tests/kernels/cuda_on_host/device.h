/* SPDX-License-Identifier: MIT */
#ifndef FW_TESTS_CUDA_DEVICE_H
#define FW_TESTS_CUDA_DEVICE_H

/*
 * CUDA's words for a C++ compiler: the kernels of plugins/kernels_cuda/device are compiled for the
 * host, and launch.cpp runs them thread by thread. Threads of a BLOCK_KERNEL are fibers that change
 * at barriers only; those of a KERNEL may not have one.
 */
#include <stddef.h>
#include <stdint.h>

#define __device__
#define __shared__ static /* one block runs at a time */

struct host_place {
    unsigned x;
};
extern host_place threadIdx, blockIdx, blockDim, gridDim;

void host_barrier();
#define __syncthreads host_barrier

static inline unsigned atomicAdd(unsigned *at, unsigned value)
{
    unsigned old = *at;

    *at += value;
    return old;
}

/* A kernel by its name, and how it is called with the argument that a launch is given. */
struct host_kernel {
    const char *name;
    void (*run)(const void *args);
    size_t size; /* of the argument */
    bool meets;  /* its threads have barriers */
    host_kernel *next;

    host_kernel(const char *name, void (*run)(const void *args), size_t size, bool meets);
};

#define HOST_KERNEL(name, type, meets)                                                             \
    static void name(const struct type &args);                                                     \
    static host_kernel host_##name(                                                                \
        #name, [](const void *args) { name(*static_cast<const struct type *>(args)); },            \
        sizeof(struct type), meets);                                                               \
    static void name(const struct type &args)

#define KERNEL(name, type)       HOST_KERNEL(name, type, false)
#define BLOCK_KERNEL(name, type) HOST_KERNEL(name, type, true)

#endif
