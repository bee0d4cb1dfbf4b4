/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <inttypes.h>
#include <stdio.h>

static void refuse(struct fw_call *call, const char *what, const char *value, const char *expected)
{
    call->status = FW_FAIL(call->host, FW_E_ARG, .what = what, .where = call->op, .value = value,
                           .expected = expected);
}

struct fw_call fw_call_begin(const struct fw_host *host, struct fw_kernels_session *session,
                             const char *op, uint32_t struct_size, uint64_t size)
{
    struct fw_call call = {.host = host, .session = session, .op = op, .status = FW_OK};

    fw_call_expect(&call, struct_size >= size, "struct_size of at least the op's struct",
                   struct_size);
    return call;
}

uint64_t fw_call_element(uint32_t type)
{
    switch (type) {
    case FW_F64:
        return 8;
    case FW_F32:
    case FW_I32:
        return 4;
    case FW_U8:
        return 1;
    default:
        return 0;
    }
}

uint64_t fw_call_times(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

void fw_call_dtype(struct fw_call *call, uint32_t dtype)
{
    fw_call_expect(call, dtype == FW_F32 || dtype == FW_F64, "dtype FW_F32 (1) or FW_F64 (2)",
                   dtype);
    call->element = dtype == FW_F64 ? 8 : 4;
}

void fw_call_expect(struct fw_call *call, bool good, const char *text, uint64_t value)
{
    char given[24];

    if (call->status == FW_OK && !good) {
        (void)snprintf(given, sizeof given, "%" PRIu64, value);
        refuse(call, "the operation was called with what it cannot take", given, text);
    }
}

void *fw_call_optional(struct fw_call *call, const char *name, struct fw_operand operand,
                       uint64_t n, uint64_t element)
{
    return operand.buffer ? fw_call_operand(call, name, operand, n, element) : NULL;
}

void *fw_call_operand(struct fw_call *call, const char *name, struct fw_operand operand, uint64_t n,
                      uint64_t element)
{
    const struct fw_kernels_buffer *buffer = operand.buffer;
    uint64_t bytes = fw_call_times(n, element);
    char what[96], value[96], expected[96];

    if (call->status != FW_OK) {
        return NULL;
    }
    (void)snprintf(what, sizeof what, "operand %s cannot be used", name);
    if (buffer == NULL) {
        refuse(call, what, "absent", "a buffer");
        return NULL;
    }
    if (buffer->session != call->session) {
        refuse(call, what, "a buffer of another session", "one of this session");
        return NULL;
    }
    if (operand.offset % element != 0 || operand.offset > buffer->bytes ||
        bytes > buffer->bytes - operand.offset) {
        (void)snprintf(value, sizeof value, "offset %" PRIu64 " in a buffer of %" PRIu64 " bytes",
                       operand.offset, buffer->bytes);
        (void)snprintf(expected, sizeof expected,
                       "room for %" PRIu64 " bytes, at a multiple of %" PRIu64, bytes, element);
        refuse(call, what, value, expected);
        return NULL;
    }
    return buffer->memory + operand.offset;
}
