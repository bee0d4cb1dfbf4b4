/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CUDA_SESSION_H
#define FW_KERNELS_CUDA_SESSION_H

#include "api.h"
#include "device/args.h"
#include "kernels/check.h"

#define KERNEL_TYPED_MEMBER(name) KERNEL_##name##_f32, KERNEL_##name##_f64,
#define KERNEL_BARE_MEMBER(name)  KERNEL_##name,
enum { KERNELS_TYPED(KERNEL_TYPED_MEMBER) KERNELS_BARE(KERNEL_BARE_MEMBER) KERNEL_COUNT };

/* The kernel for elements of a type. */
#define KERNEL_OF(name, dtype) ((dtype) == FW_F64 ? KERNEL_##name##_f64 : KERNEL_##name##_f32)

/* `op` and `host` come first in a fault: which operation it was, and who is told. */
struct fw_kernels_session {
    const struct fw_host *host;
    const struct cuda_api *api;
    const char *op; /* that is being put into the queue */
    int device;
    void *context; /* the device's primary one, which the libraries use too */
    void *stream;
    void *module;
    void *functions[KERNEL_COUNT];
    void *blas;
    void *dnn; /* NULL: without cuDNN */
    uint64_t blas_work;
    uint64_t memory_limit; /* of buffers together */
    uint64_t memory_used;
    uint64_t scratch; /* session_scratch */
    uint64_t scratch_bytes;
    struct fft_plan *transforms;           /* made so far, by fft.c */
    struct convolution_plan *convolutions; /* by convolution.c */
    char text[256];
};

fw_status session_open(const struct fw_host *host, struct fw_kernels_session **ret_session);
void session_close(struct fw_kernels_session *session);
const char *session_describe(const struct fw_kernels_session *session);

/* Begins a call: the context becomes this thread's, faults name `op`. */
struct fw_call session_call(struct fw_kernels_session *session, const char *op,
                            uint32_t struct_size, uint64_t size);
fw_status session_enter(struct fw_kernels_session *session, const char *op);

/* Puts a kernel into the queue: with threads for n elements, or with so many blocks. */
fw_status session_each(struct fw_kernels_session *session, int kernel, uint64_t n, void *args);
fw_status session_launch(struct fw_kernels_session *session, int kernel, uint64_t blocks,
                         void *args);

/*
 * Memory of the device for the kernels of one call, kept for the next: what is queued uses it in
 * turn. One user at a time. Aligned to 256 bytes.
 */
fw_status session_scratch(struct fw_kernels_session *session, uint64_t bytes, void **ret_memory);

/* What this provider cannot do at all: `value` of `what` is more than `expected`. */
fw_status session_unsupported(struct fw_kernels_session *session, const char *what, uint64_t value,
                              const char *expected);

/* Who has failed. */
enum { PART_DRIVER, PART_BLAS, PART_FFT, PART_DNN };

/* FW_OK for result 0; otherwise what `call` of that part answered is recorded as a fault. */
fw_status session_result(struct fw_kernels_session *session, int part, const char *call,
                         int result);

#define CUDA_CALL(session, part, function, ...)                                                    \
    session_result((session), (part), #function, (session)->api->function(__VA_ARGS__))

/* Leaves the function when something has failed. */
#define CUDA_TRY(expression)                                                                       \
    do {                                                                                           \
        fw_status cuda_status_ = (expression);                                                     \
        if (cuda_status_ != FW_OK) {                                                               \
            return cuda_status_;                                                                   \
        }                                                                                          \
    } while (0)

static inline uint64_t device_address(const void *memory)
{
    return (uint64_t)(uintptr_t)memory;
}

static inline uint64_t ceiling(uint64_t n, uint64_t d)
{
    return n / d + (n % d != 0);
}

#endif
