/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_WEIGHTS_LAYOUT_H
#define FW_LIB_WEIGHTS_LAYOUT_H

#include "weights/weights.h"

/* How a file lies on the disk; all members have their natural places, so that a struct is its
 * bytes on the little-endian machines that this is built for. */

struct layout_head {
    char magic[4];
    uint32_t version;
    uint64_t document_bytes, n_tensors, file_bytes;
    uint32_t crc, zero;
};

struct layout_entry {
    char name[FW_WEIGHTS_NAME];
    uint32_t element, rank;
    uint64_t shape[FW_WEIGHTS_RANK];
    uint64_t offset, bytes;
    uint32_t crc, zero;
};

_Static_assert(sizeof(struct layout_head) == 40, "as weights.h says");
_Static_assert(sizeof(struct layout_entry) == 128, "as weights.h says");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "structs are written as they are");

/** CRC-32 of more bytes than zlib counts at once, continued from `crc`. */
uint32_t layout_crc(uint32_t crc, const void *bytes, uint64_t size);

#endif
