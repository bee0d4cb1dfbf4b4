/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <inttypes.h>
#include <stdio.h>

static void refuse(struct call *call, const char *what, const char *value, const char *expected)
{
    call->status = FW_FAIL(call->session->host, FW_E_ARG, .what = what, .where = call->op,
                           .value = value, .expected = expected);
}

struct call call_begin(struct fw_kernels_session *session, const char *op, uint32_t struct_size,
                       uint64_t size)
{
    struct call call = {.session = session, .op = op, .status = FW_OK};

    call_expect(&call, struct_size >= size, "struct_size of at least the op's struct", struct_size);
    return call;
}

uint64_t call_element(uint32_t type)
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

uint64_t call_times(uint64_t a, uint64_t b)
{
    uint64_t product;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

void call_dtype(struct call *call, uint32_t dtype)
{
    call_expect(call, dtype == FW_F32 || dtype == FW_F64, "dtype FW_F32 (1) or FW_F64 (2)", dtype);
    call->simd = dtype == FW_F64 ? call->session->f64 : call->session->f32;
}

void call_expect(struct call *call, bool good, const char *text, uint64_t value)
{
    char given[24];

    if (call->status == FW_OK && !good) {
        (void)snprintf(given, sizeof given, "%" PRIu64, value);
        refuse(call, "the operation was called with what it cannot take", given, text);
    }
}

void *call_optional(struct call *call, const char *name, struct fw_operand operand, uint64_t n,
                    uint64_t element)
{
    return operand.buffer ? call_operand(call, name, operand, n, element) : NULL;
}

void *call_operand(struct call *call, const char *name, struct fw_operand operand, uint64_t n,
                   uint64_t element)
{
    const struct fw_kernels_buffer *buffer = operand.buffer;
    uint64_t bytes = call_times(n, element);
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
