/* SPDX-License-Identifier: MIT */
#include "buffer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* What a buffer is on top of what every provider has: who lent it. */
struct cuda_buffer {
    struct fw_kernels_buffer base;
    void *host;
};

static struct cuda_buffer *extend(struct fw_kernels_buffer *buffer)
{
    return (struct cuda_buffer *)(void *)buffer; /* `base` comes first */
}

static fw_status out_of_memory(struct fw_kernels_session *session, uint64_t bytes)
{
    char text[64];

    (void)snprintf(text, sizeof text, "%" PRIu64 " bytes more", bytes);
    return FW_FAIL(session->host, FW_E_NOMEM, .what = "out of memory for numeric kernels",
                   .where = session->op, .value = text,
                   .remedy = "give the stage more memory, or a smaller batch");
}

static fw_status new_buffer(struct fw_kernels_session *session, uint64_t bytes,
                            struct cuda_buffer **ret_buffer)
{
    struct cuda_buffer *buffer = calloc(1, sizeof *buffer);

    if (buffer == NULL) {
        return out_of_memory(session, sizeof *buffer);
    }
    buffer->base = (struct fw_kernels_buffer){.session = session, .bytes = bytes};
    *ret_buffer = buffer;
    return FW_OK;
}

static fw_status allocate(struct fw_kernels_session *s, struct cuda_buffer *buffer)
{
    uint64_t bytes = buffer->base.bytes > 0 ? buffer->base.bytes : 1, address = 0;

    CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuMemAlloc_v2, &address, bytes));
    buffer->base.memory = (unsigned char *)(uintptr_t)address; /* NOLINT: an address */
    return CUDA_CALL(s, PART_DRIVER, cuMemsetD8Async, address, 0, bytes, s->stream);
}

/* Memory of the device counts like memory of the host: what exceeds the stage's budget is refused
 * here, whoever else uses the device. */
fw_status buffer_create(struct fw_kernels_session *session, uint64_t bytes,
                        struct fw_kernels_buffer **ret_buffer)
{
    struct cuda_buffer *buffer = NULL;
    fw_status status = session_enter(session, "buffer_create");

    if (status == FW_OK && bytes > session->memory_limit - session->memory_used) {
        status = out_of_memory(session, bytes);
    }
    if (status == FW_OK) {
        status = new_buffer(session, bytes, &buffer);
    }
    if (status != FW_OK) {
        return status;
    }
    session->memory_used += bytes;
    status = allocate(session, buffer);
    if (status != FW_OK) {
        buffer_destroy(&buffer->base);
        return status;
    }
    *ret_buffer = &buffer->base;
    return FW_OK;
}

static fw_status lend(struct fw_kernels_session *s, struct cuda_buffer *buffer, void *memory)
{
    uint64_t address = 0;
    int result = s->api->cuMemHostRegister_v2(memory, buffer->base.bytes, CUDA_HOST_MAPPED);

    if (result != 0 && result != CUDA_ERROR_MEMORY) {
        char value[64];
        (void)snprintf(value, sizeof value, "cuMemHostRegister_v2: status %d", result);
        return FW_FAIL(s->host, FW_E_UNSUPPORTED, .what = "the device cannot borrow this memory",
                       .where = s->op, .value = value,
                       .expected = "writable memory that no other buffer borrows pages of",
                       .remedy = "create a buffer, and upload");
    }
    CUDA_TRY(session_result(s, PART_DRIVER, "cuMemHostRegister_v2", result));
    buffer->host = memory;
    CUDA_TRY(CUDA_CALL(s, PART_DRIVER, cuMemHostGetDevicePointer_v2, &address, memory, 0));
    buffer->base.memory = (unsigned char *)(uintptr_t)address; /* NOLINT: an address */
    return FW_OK;
}

fw_status buffer_borrow(struct fw_kernels_session *session, void *memory, uint64_t bytes,
                        struct fw_kernels_buffer **ret_buffer)
{
    struct cuda_buffer *buffer = NULL;

    CUDA_TRY(session_enter(session, "buffer_borrow"));
    if (memory == NULL && bytes > 0) {
        return FW_FAIL(session->host, FW_E_ARG, .what = "there is no memory to borrow",
                       .where = "buffer_borrow", .value = "NULL", .expected = "an address");
    }
    CUDA_TRY(new_buffer(session, bytes, &buffer));
    buffer->base.borrowed = true;
    if (bytes > 0) {
        fw_status status = lend(session, buffer, memory);
        if (status != FW_OK) {
            buffer_destroy(&buffer->base);
            return status;
        }
    }
    *ret_buffer = &buffer->base;
    return FW_OK;
}

/* There is nobody to tell of a failure: the queue reports it at the next call. */
void buffer_destroy(struct fw_kernels_buffer *buffer)
{
    struct fw_kernels_session *s;

    if (buffer == NULL) {
        return;
    }
    s = buffer->session;
    (void)s->api->cuCtxSetCurrent(s->context);
    (void)s->api->cuStreamSynchronize(s->stream);
    if (extend(buffer)->host != NULL) {
        (void)s->api->cuMemHostUnregister(extend(buffer)->host);
    } else if (buffer->memory != NULL) {
        (void)s->api->cuMemFree_v2(device_address(buffer->memory));
    }
    s->memory_used -= buffer->borrowed ? 0 : buffer->bytes;
    free(extend(buffer));
}

void *buffer_host(const struct fw_kernels_buffer *buffer)
{
    return ((const struct cuda_buffer *)(const void *)buffer)->host;
}

/* Waits: a source that is locked in memory would still be read after the return. */
fw_status buffer_upload(struct fw_kernels_session *session, struct fw_operand to,
                        const void *source, uint64_t bytes)
{
    struct fw_call call = {.host = session->host, .session = session, .op = "upload"};
    void *target = fw_call_operand(&call, "to", to, bytes, 1);

    if (call.status != FW_OK || bytes == 0) {
        return call.status;
    }
    CUDA_TRY(session_enter(session, "upload"));
    CUDA_TRY(CUDA_CALL(session, PART_DRIVER, cuMemcpyHtoDAsync_v2, device_address(target), source,
                       bytes, session->stream));
    return CUDA_CALL(session, PART_DRIVER, cuStreamSynchronize, session->stream);
}

fw_status buffer_download(struct fw_kernels_session *session, struct fw_operand from,
                          void *ret_target, uint64_t bytes)
{
    struct fw_call call = {.host = session->host, .session = session, .op = "download"};
    const void *source = fw_call_operand(&call, "from", from, bytes, 1);

    if (call.status != FW_OK || bytes == 0) {
        return call.status;
    }
    CUDA_TRY(session_enter(session, "download"));
    CUDA_TRY(CUDA_CALL(session, PART_DRIVER, cuMemcpyDtoHAsync_v2, ret_target,
                       device_address(source), bytes, session->stream));
    return CUDA_CALL(session, PART_DRIVER, cuStreamSynchronize, session->stream);
}
