/* SPDX-License-Identifier: MIT */
#include "session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fw/service/budget.h>

#include "fft.h"

static fw_status out_of_memory(const struct fw_host *host, const char *op, uint64_t bytes)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%" PRIu64 " bytes more", bytes);
    return FW_FAIL(host, FW_E_NOMEM, .what = "out of memory for numeric kernels", .where = op,
                   .value = text, .remedy = "give the stage more memory, or a smaller batch");
}

fw_status session_open(const struct fw_host *host, struct fw_kernels_session **ret_session)
{
    const struct fw_budget *budget = host->service(host, FW_BUDGET_ID);
    const struct fw_limits *limits = budget ? budget->limits(host) : NULL;
    uint32_t threads = limits && limits->threads > 0 ? limits->threads : 1;
    struct fw_kernels_session *session = calloc(1, sizeof *session);

    if (session == NULL) {
        return out_of_memory(host, "open", sizeof *session);
    }
    session->host = host;
    session->memory_limit = limits && limits->memory_bytes > 0 ? limits->memory_bytes : UINT64_MAX;
    simd_choose(&session->f32, &session->f64);
    session->crew = crew_create(threads);
    if (session->crew == NULL) {
        session_close(session);
        return FW_FAIL(host, FW_E_NOMEM, .what = "cannot start the threads of numeric kernels",
                       .where = "open", .remedy = "give the stage fewer threads");
    }
    (void)snprintf(session->text, sizeof session->text, "cpu %s, %" PRIu32 " threads, %s",
                   session->f32->name, threads, fft_library());
    *ret_session = session;
    return FW_OK;
}

void session_close(struct fw_kernels_session *session)
{
    if (session != NULL) {
        fft_forget(session);
        crew_destroy(session->crew);
        free(session->shared);
        free(session);
    }
}

const struct simd *session_simd(const struct fw_kernels_session *session, uint32_t dtype)
{
    return dtype == FW_F64 ? session->f64 : session->f32;
}

const char *session_describe(const struct fw_kernels_session *session)
{
    return session->text;
}

static fw_status new_buffer(struct fw_kernels_session *session, void *memory, uint64_t bytes,
                            struct fw_kernels_buffer **ret_buffer)
{
    struct fw_kernels_buffer *buffer = calloc(1, sizeof *buffer);

    if (buffer == NULL) {
        return out_of_memory(session->host, "buffer", sizeof *buffer);
    }
    *buffer = (struct fw_kernels_buffer){.session = session, .memory = memory, .bytes = bytes};
    *ret_buffer = buffer;
    return FW_OK;
}

/* Linux hands out more than there is: what exceeds the budget is refused here, where it can still
 * be answered with a smaller batch, and not by a kill. */
fw_status buffer_create(struct fw_kernels_session *session, uint64_t bytes,
                        struct fw_kernels_buffer **ret_buffer)
{
    uint64_t rounded = (bytes + 63) / 64 * 64;
    void *memory = NULL;
    fw_status status;

    if (bytes > session->memory_limit - session->memory_used || rounded < bytes) {
        return out_of_memory(session->host, "buffer_create", bytes);
    }
    memory = aligned_alloc(64, rounded > 0 ? rounded : 64);
    if (memory == NULL) {
        return out_of_memory(session->host, "buffer_create", bytes);
    }
    memset(memory, 0, rounded);
    status = new_buffer(session, memory, bytes, ret_buffer);
    if (status != FW_OK) {
        free(memory);
        return status;
    }
    session->memory_used += bytes;
    return FW_OK;
}

fw_status buffer_borrow(struct fw_kernels_session *session, void *memory, uint64_t bytes,
                        struct fw_kernels_buffer **ret_buffer)
{
    fw_status status;

    if (memory == NULL && bytes > 0) {
        return FW_FAIL(session->host, FW_E_ARG, .what = "there is no memory to borrow",
                       .where = "buffer_borrow", .value = "NULL", .expected = "an address");
    }
    status = new_buffer(session, memory, bytes, ret_buffer);
    if (status == FW_OK) {
        (*ret_buffer)->borrowed = true;
    }
    return status;
}

void buffer_destroy(struct fw_kernels_buffer *buffer)
{
    if (buffer == NULL) {
        return;
    }
    if (!buffer->borrowed) {
        buffer->session->memory_used -= buffer->bytes;
        free(buffer->memory);
    }
    free(buffer);
}

void *buffer_host(const struct fw_kernels_buffer *buffer)
{
    return buffer->memory;
}

fw_status session_scratch(struct fw_kernels_session *session, const char *op, uint64_t bytes)
{
    return crew_reserve(session->crew, bytes) ? FW_OK : out_of_memory(session->host, op, bytes);
}

void *session_temporary(struct fw_kernels_session *session, const char *op, uint64_t bytes)
{
    uint64_t rounded = (bytes + 64) / 64 * 64;
    void *memory = rounded < bytes ? NULL : aligned_alloc(64, rounded);

    if (memory == NULL) {
        (void)out_of_memory(session->host, op, bytes);
    }
    return memory;
}

void *session_shared(struct fw_kernels_session *session, const char *op, uint64_t bytes)
{
    if (bytes > session->shared_bytes || session->shared == NULL) {
        free(session->shared);
        session->shared_bytes = 0;
        session->shared = session_temporary(session, op, bytes);
        session->shared_bytes = session->shared ? bytes : 0;
    }
    return session->shared;
}

static uint64_t whole_lines(uint64_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

fw_status session_rooms(struct fw_kernels_session *session, const char *op, uint64_t scratch_bytes,
                        const uint64_t bytes[], size_t n, char *ret_rooms[])
{
    fw_status status = session_scratch(session, op, scratch_bytes);
    uint64_t all = 0;

    if (status != FW_OK) {
        return status;
    }
    for (size_t i = 0; i < n; i++) {
        all += whole_lines(bytes[i]);
    }
    char *room = session_shared(session, op, all);
    for (size_t i = 0; room != NULL && i < n; i++) {
        ret_rooms[i] = room;
        room += whole_lines(bytes[i]);
    }
    return room == NULL ? FW_E_NOMEM : FW_OK;
}

struct pieces {
    session_piece *piece;
    void *arg;
    uint64_t n;
    uint64_t grain;
};

static void run_piece(void *arg, uint64_t task, uint32_t worker)
{
    const struct pieces *pieces = arg;
    uint64_t begin = task * pieces->grain, rest = pieces->n - begin;

    pieces->piece(pieces->arg, begin, begin + (rest < pieces->grain ? rest : pieces->grain),
                  worker);
}

void session_each(struct fw_kernels_session *session, uint64_t n, uint64_t grain,
                  session_piece *piece, void *arg)
{
    struct pieces pieces = {.piece = piece, .arg = arg, .n = n, .grain = grain > 0 ? grain : 1};

    crew_run(session->crew, n / pieces.grain + (n % pieces.grain != 0), run_piece, &pieces);
}
