/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_SESSION_H
#define FW_KERNELS_SESSION_H

#include <fw/service/kernels.h>

#include "crew.h"
#include "kernels/call.h"
#include "simd.h"

struct fw_kernels_session {
    const struct fw_host *host;
    struct crew *crew;
    const struct simd *f32;
    const struct simd *f64;
    uint64_t memory_limit; /* of buffers together */
    uint64_t memory_used;
    void *shared; /* session_shared */
    uint64_t shared_bytes;
    struct fft_line *lines; /* plans made so far, by fft.c */
    char text[256];
};

fw_status session_open(const struct fw_host *host, struct fw_kernels_session **ret_session);
void session_close(struct fw_kernels_session *session);
/* The inner loops for FW_F32 or FW_F64. */
const struct simd *session_simd(const struct fw_kernels_session *session, uint32_t dtype);

const char *session_describe(const struct fw_kernels_session *session);

fw_status buffer_create(struct fw_kernels_session *session, uint64_t bytes,
                        struct fw_kernels_buffer **ret_buffer);
fw_status buffer_borrow(struct fw_kernels_session *session, void *memory, uint64_t bytes,
                        struct fw_kernels_buffer **ret_buffer);
void buffer_destroy(struct fw_kernels_buffer *buffer);
void *buffer_host(const struct fw_kernels_buffer *buffer);

/* Scratch memory for every worker, or a recorded fault. */
fw_status session_scratch(struct fw_kernels_session *session, const char *op, uint64_t bytes);

/* Memory for the duration of a call, aligned to 64; NULL with a recorded fault. */
void *session_temporary(struct fw_kernels_session *session, const char *op, uint64_t bytes);

/* The same, kept for the next call instead of being freed: fresh pages cost as much as a small
 * product. One user at a time. */
void *session_shared(struct fw_kernels_session *session, const char *op, uint64_t bytes);

/* Scratch memory for every worker, and rooms of `bytes` each in the shared memory; or a recorded
 * fault. */
fw_status session_rooms(struct fw_kernels_session *session, const char *op, uint64_t scratch_bytes,
                        const uint64_t bytes[], size_t n, char *ret_rooms[]);

/* fn(arg, begin, end, worker) for pieces of `grain` of the numbers 0 ... n - 1. */
typedef void session_piece(void *arg, uint64_t begin, uint64_t end, uint32_t worker);
void session_each(struct fw_kernels_session *session, uint64_t n, uint64_t grain,
                  session_piece *piece, void *arg);

#endif
