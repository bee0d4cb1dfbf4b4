/* SPDX-License-Identifier: MIT */
#ifndef FW_KERNELS_CALL_H
#define FW_KERNELS_CALL_H

#include "session.h"

/*
 * Checking the arguments of one operation. The first mistake is recorded as a fault and kept in
 * `status`; what comes after it does nothing, so that an operation asks for all it needs and
 * looks at the status once.
 */
struct call {
    struct fw_kernels_session *session;
    const char *op;
    fw_status status;
    const struct simd *simd; /* of the operation's dtype, after call_dtype */
};

/* An operation whose struct is of `size` bytes and said to be `struct_size`. */
struct call call_begin(struct fw_kernels_session *session, const char *op, uint32_t struct_size,
                       uint64_t size);

/* dtype must be FW_F32 or FW_F64; `simd` is set. */
void call_dtype(struct call *call, uint32_t dtype);

/* `good` must hold. `text` says what is expected, `value` what was given. */
void call_expect(struct call *call, bool good, const char *text, uint64_t value);

/* The address of an operand of n elements; NULL when something is wrong or it is absent. */
void *call_operand(struct call *call, const char *name, struct fw_operand operand, uint64_t n,
                   uint64_t element);
void *call_optional(struct call *call, const char *name, struct fw_operand operand, uint64_t n,
                    uint64_t element);

/* Bytes of an element type, 0 for what is none. */
uint64_t call_element(uint32_t type);

/* a * b, UINT64_MAX where that is too much. */
uint64_t call_times(uint64_t a, uint64_t b);

#endif
