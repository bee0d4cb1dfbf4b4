/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_KERNELS_CALL_H
#define FW_LIB_KERNELS_CALL_H

#include <stdbool.h>

#include <fw/service/kernels.h>

/* A buffer as every provider of fw.kernels/1 has it: `memory` is an address of its device. */
struct fw_kernels_buffer {
    struct fw_kernels_session *session;
    unsigned char *memory;
    uint64_t bytes;
    bool borrowed;
};

/*
 * Checking the arguments of one operation. The first mistake is recorded as a fault and kept in
 * `status`; what comes after it does nothing, so that an operation asks for all it needs and
 * looks at the status once.
 */
struct fw_call {
    const struct fw_host *host;
    struct fw_kernels_session *session;
    const char *op;
    fw_status status;
    uint64_t element; /* bytes of the operation's dtype, after fw_call_dtype */
};

/* An operation whose struct is of `size` bytes and said to be `struct_size`. */
struct fw_call fw_call_begin(const struct fw_host *host, struct fw_kernels_session *session,
                             const char *op, uint32_t struct_size, uint64_t size);

/* dtype must be FW_F32 or FW_F64; `element` is set. */
void fw_call_dtype(struct fw_call *call, uint32_t dtype);

/* `good` must hold. `text` says what is expected, `value` what was given. */
void fw_call_expect(struct fw_call *call, bool good, const char *text, uint64_t value);

/* The address of an operand of n elements; NULL when something is wrong or it is absent. */
void *fw_call_operand(struct fw_call *call, const char *name, struct fw_operand operand, uint64_t n,
                      uint64_t element);
void *fw_call_optional(struct fw_call *call, const char *name, struct fw_operand operand,
                       uint64_t n, uint64_t element);

/* Bytes of an element type, 0 for what is none. */
uint64_t fw_call_element(uint32_t type);

/* a * b, UINT64_MAX where that is too much. */
uint64_t fw_call_times(uint64_t a, uint64_t b);

#endif
