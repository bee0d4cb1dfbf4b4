/* SPDX-License-Identifier: MIT */
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <map>
#include <vector>

#include "standin.h"

/*
 * The driver's calls, on the host: a device whose memory is the host's, and whose queue is done as
 * late as it may be. Memory holds garbage when it is given out, and must be as it was
 * behind its end when it is given back.
 */
struct standin standin;

int standin_call(const char *name, int memory, int failure)
{
    if (++standin.calls != standin.fail_at) {
        return 0;
    }
    standin.failed = name;
    return standin.fail_with == STANDIN_MEMORY ? memory : failure;
}

static std::deque<std::function<int()>> queue;

int standin_put(std::function<int()> work)
{
    queue.push_back(std::move(work));
    return 0;
}

/* The first failure in the queue; what comes after it is not done. A wait that is to fail itself
 * loses all of it, like a context that a kernel has broken. */
static int wait_for_queue(const char *name)
{
    int result = standin_call(name, 2, 700);

    for (; !queue.empty(); queue.pop_front()) {
        result = result == 0 ? queue.front()() : result;
    }
    return result;
}

#define ENTER()                                                                                    \
    do {                                                                                           \
        if (int result = standin_call(__func__, 2, 700)) {                                         \
            return result;                                                                         \
        }                                                                                          \
    } while (0)

/* For what gives back: it has failed, but the thing is gone. */
#define LEAVE() return standin_call(__func__, 2, 700)

enum { GUARD = 64, GARBAGE = 0xA5, GARBLED = 1 << 20 };

static std::map<uint64_t, size_t> memory;
static std::map<void *, size_t> lent;
static int misuse()
{
    standin.misuses++;
    return 1; /* CUDA_ERROR_INVALID_VALUE */
}

/* Whether so many bytes lie inside what was given out. */
static bool is_inside(uint64_t address, size_t bytes)
{
    auto next = memory.upper_bound(address);

    if (next != memory.begin()) {
        auto held = std::prev(next);
        if (address + bytes <= held->first + held->second) {
            return true;
        }
    }
    for (const auto &range : lent) {
        uint64_t begin = reinterpret_cast<uint64_t>(range.first);
        if (address >= begin && address + bytes <= begin + range.second) {
            return true;
        }
    }
    return false;
}

static void *host(uint64_t address)
{
    return reinterpret_cast<void *>(address);
}

#define LAUNCH                                                                                     \
    (void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,          \
     unsigned block_y, unsigned block_z, unsigned, void *, void **arguments, void **)

extern "C" {

int cuInit(unsigned)
{
    ENTER();
    return getenv("FWRUN_STANDIN_NO_DEVICE") != nullptr ? 100 : 0;
}

int cuDriverGetVersion(int *version)
{
    ENTER();
    *version = 13000;
    return 0;
}

int cuDeviceGetCount(int *count)
{
    ENTER();
    *count = 1;
    return 0;
}

int cuDeviceGet(int *device, int ordinal)
{
    ENTER();
    *device = ordinal;
    return 0;
}

int cuDeviceGetName(char *name, int size, int)
{
    ENTER();
    (void)snprintf(name, (size_t)size, "stand-in on the host");
    return 0;
}

int cuDeviceGetAttribute(int *value, int attribute, int)
{
    ENTER();
    *value = attribute == 75 ? 9 : 0;
    return 0;
}

int cuDevicePrimaryCtxRetain(void **context, int)
{
    ENTER();
    standin.contexts++;
    host_turn();
    *context = &memory;
    return 0;
}

int cuDevicePrimaryCtxRelease_v2(int)
{
    standin.contexts--;
    LEAVE();
}

int cuCtxSetCurrent(void *context)
{
    ENTER();
    return context == &memory ? 0 : misuse();
}

int cuGetErrorName(int result, const char **text)
{
    *text = result == 2     ? "CUDA_ERROR_OUT_OF_MEMORY"
            : result == 700 ? "CUDA_ERROR_ILLEGAL_ADDRESS"
                            : "CUDA_ERROR_UNKNOWN";
    return 0;
}

int cuGetErrorString(int result, const char **text)
{
    *text = result == 100 ? "no CUDA-capable device is detected" : "a failure that was ordered";
    return 0;
}

int cuModuleLoadData(void **module, const void *image)
{
    ENTER();
    if (image == nullptr) {
        return misuse();
    }
    standin.modules++;
    *module = &lent;
    return 0;
}

int cuModuleUnload(void *)
{
    standin.modules--;
    LEAVE();
}

int cuModuleGetFunction(void **function, void *, const char *name)
{
    ENTER();
    *function = const_cast<void *>(host_find(name));
    return *function != nullptr ? 0 : 500; /* CUDA_ERROR_NOT_FOUND */
}

int cuLaunchKernel LAUNCH
{
    ENTER();
    standin.launches++;
    if (grid_x == 0 || grid_y * grid_z * block_y * block_z != 1 || block_x > 1024) {
        return misuse();
    }
    size_t size = host_size(function);
    std::vector<char> args(size);
    memcpy(args.data(), arguments[0], size);
    return standin_put(
        [=]() { return host_launch(function, grid_x, block_x, args.data()) ? 0 : misuse(); });
}

int cuStreamCreate(void **stream, unsigned)
{
    ENTER();
    standin.streams++;
    *stream = &standin;
    return 0;
}

int cuStreamDestroy_v2(void *)
{
    if (!queue.empty()) {
        return misuse();
    }
    standin.streams--;
    LEAVE();
}

int cuStreamSynchronize(void *stream)
{
    return stream == &standin ? wait_for_queue(__func__) : misuse();
}

int cuEventCreate(void **event, unsigned)
{
    ENTER();
    *event = new std::chrono::steady_clock::time_point();
    standin.events++;
    return 0;
}

int cuEventDestroy_v2(void *event)
{
    delete static_cast<std::chrono::steady_clock::time_point *>(event);
    standin.events--;
    LEAVE();
}

int cuEventRecord(void *event, void *)
{
    ENTER();
    return standin_put([=]() {
        *static_cast<std::chrono::steady_clock::time_point *>(event) =
            std::chrono::steady_clock::now();
        return 0;
    });
}

int cuEventSynchronize(void *)
{
    return wait_for_queue(__func__);
}

int cuEventElapsedTime(float *ms, void *first, void *last)
{
    ENTER();
    std::chrono::duration<float, std::milli> passed =
        *static_cast<std::chrono::steady_clock::time_point *>(last) -
        *static_cast<std::chrono::steady_clock::time_point *>(first);
    *ms = passed.count();
    return 0;
}

int cuMemAlloc_v2(uint64_t *address, size_t bytes)
{
    ENTER();
    void *found = bytes > 0 && bytes < SIZE_MAX / 2 ? malloc(bytes + GUARD) : nullptr;
    if (found == nullptr) {
        return bytes > 0 ? 2 : misuse();
    }
    memset(found, GARBAGE, std::min(bytes, (size_t)GARBLED));
    memset(static_cast<char *>(found) + bytes, GARBAGE, GUARD);
    *address = reinterpret_cast<uint64_t>(found);
    memory[*address] = bytes;
    standin.allocations++;
    return 0;
}

int cuMemFree_v2(uint64_t address)
{
    auto held = memory.find(address);
    if (held == memory.end() || !queue.empty()) {
        return misuse();
    }
    const unsigned char *end = static_cast<unsigned char *>(host(address)) + held->second;
    bool clean = true;
    for (int i = 0; i < GUARD; i++) {
        clean = clean && end[i] == GARBAGE;
    }
    standin.overruns += !clean;
    free(host(address));
    memory.erase(held);
    standin.allocations--;
    LEAVE();
}

int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *)
{
    ENTER();
    return standin_put([=]() {
        if (!is_inside(to, bytes)) {
            return misuse();
        }
        memcpy(host(to), from, bytes);
        return 0;
    });
}

int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *)
{
    ENTER();
    return standin_put([=]() {
        if (!is_inside(from, bytes)) {
            return misuse();
        }
        memcpy(to, host(from), bytes);
        return 0;
    });
}

int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *)
{
    ENTER();
    return standin_put([=]() {
        if (!is_inside(from, bytes) || !is_inside(to, bytes)) {
            return misuse();
        }
        memcpy(host(to), host(from), bytes);
        return 0;
    });
}

int cuMemsetD8Async(uint64_t to, unsigned char value, size_t bytes, void *)
{
    ENTER();
    return standin_put([=]() {
        if (!is_inside(to, bytes)) {
            return misuse();
        }
        memset(host(to), value, bytes);
        return 0;
    });
}

int cuMemHostRegister_v2(void *range, size_t bytes, unsigned)
{
    ENTER();
    if (lent.count(range) > 0) {
        return 712; /* CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED */
    }
    lent[range] = bytes;
    standin.registrations++;
    return 0;
}

int cuMemHostUnregister(void *range)
{
    if (lent.erase(range) == 0 || !queue.empty()) {
        return misuse();
    }
    standin.registrations--;
    LEAVE();
}

int cuMemHostGetDevicePointer_v2(uint64_t *address, void *range, unsigned)
{
    ENTER();
    *address = reinterpret_cast<uint64_t>(range);
    return lent.count(range) > 0 ? 0 : misuse();
}
}
