/* SPDX-License-Identifier: MIT */
#ifndef FW_SERVICE_KERNELS_OPERAND_H
#define FW_SERVICE_KERNELS_OPERAND_H

#include "fw/element.h"

FW_BEGIN_DECLS

/** Memory of a device. Belongs to the session that made it. */
struct fw_kernels_buffer;

/**
 * An array inside a buffer; its shape and type are the operation's. A plain value that never
 * grows. {NULL, 0} is an absent operand, which is allowed where the operation says "optional".
 * FW_F32 is never rounded to fewer bits on the way (no TF32).
 */
struct fw_operand {
    struct fw_kernels_buffer *buffer;
    uint64_t offset; /**< in bytes; a multiple of the element's size */
};
FW_ASSERT_NO_TAIL(struct fw_operand, offset);

FW_END_DECLS

#endif
