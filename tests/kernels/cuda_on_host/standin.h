/* SPDX-License-Identifier: MIT */
#ifndef FW_TESTS_CUDA_STANDIN_H
#define FW_TESTS_CUDA_STANDIN_H

#include <stdint.h>

#ifdef __cplusplus
#    include <functional>
extern "C" {
#endif

enum { STANDIN_MEMORY = 1, STANDIN_FAILURE = 2 };

/*
 * What a test sees of the stand-in for CUDA, and tells it: it is the symbol `standin` of the
 * library that is loaded as libcuda.so.1. Everything that the libraries hand out is counted.
 */
struct standin {
    uint64_t calls;     /* that can fail, so far */
    uint64_t fail_at;   /* the number of the call that fails, from 1; 0: none */
    int fail_with;      /* STANDIN_MEMORY: out of memory, STANDIN_FAILURE */
    const char *failed; /* the name of the call that failed */
    int64_t contexts;   /* what is held at this moment */
    int64_t modules;
    int64_t streams;
    int64_t events;
    int64_t allocations;
    int64_t registrations;
    int64_t handles;   /* of cuBLAS, cuFFT and cuDNN, descriptors included */
    uint64_t overruns; /* memory that was written to beyond its end */
    uint64_t misuses;  /* calls with what they must not be given */
    uint64_t launches;
};
extern struct standin standin;

#ifdef __cplusplus
}

/* Counts a call; its result, which is 0 unless the call is to fail. */
int standin_call(const char *name, int memory, int failure);

/*
 * Puts work into the queue, where it stays until somebody waits for it: what is not waited for has
 * not been done. Its result, other than 0, is that of the wait.
 */
int standin_put(std::function<int()> work);

/* Puts a kernel's threads to work, all of them, before it returns. False: no such kernel. */
bool host_launch(const void *function, unsigned blocks, unsigned threads, const void *args);
const void *host_find(const char *name);
size_t host_size(const void *function); /* of its argument */

/* Every other context runs threads and blocks in descending order: what depends on the order, for
 * want of a barrier, gives other bits. */
void host_turn();
#endif

#endif
