/* SPDX-License-Identifier: MIT */
#ifndef FW_ELEMENT_H
#define FW_ELEMENT_H

#include "fw/macros.h"

FW_BEGIN_DECLS

/** Types of the elements of an array, little-endian as the machine is. */
enum {
    FW_F32 = 1, /**< IEEE 754, 4 bytes */
    FW_F64 = 2,
    FW_I32 = 3,
    FW_U8 = 4,
    FW_I64 = 5,
    FW_I8 = 6,
    FW_I16 = 7,
    FW_U16 = 8,
    FW_BOOL = 9, /**< one byte, 0 or 1 */
    FW_C64 = 10, /**< real and imaginary part, 4 bytes each */
    FW_C128 = 11
};

/** Bytes of one element; 0 for a number that is none of these. */
static inline uint64_t fw_element_size(uint32_t element)
{
    static const uint8_t sizes[] = {0, 4, 8, 4, 1, 8, 1, 2, 2, 1, 8, 16};
    return element < sizeof sizes ? sizes[element] : 0;
}

FW_END_DECLS

#endif
