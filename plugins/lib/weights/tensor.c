/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <zlib.h>

#include "weights/layout.h"

uint32_t layout_crc(uint32_t crc, const void *bytes, uint64_t size)
{
    return (uint32_t)crc32_z(crc, bytes, size);
}

uint64_t fw_weights_bytes(const struct fw_weights_tensor *tensor)
{
    uint64_t bytes = fw_element_size(tensor->element);

    for (uint32_t i = 0; i < FW_WEIGHTS_RANK; i++) {
        bytes *= tensor->shape[i];
    }
    return bytes;
}

bool fw_weights_describe(struct fw_weights_tensor *ret_tensor, const char *name, uint32_t element,
                         const uint64_t *shape, uint32_t rank)
{
    if (strlen(name) >= FW_WEIGHTS_NAME || rank > FW_WEIGHTS_RANK) {
        return false;
    }
    *ret_tensor = (struct fw_weights_tensor){.element = element, .rank = rank};
    memcpy(ret_tensor->name, name, strlen(name));
    for (uint32_t i = 0; i < FW_WEIGHTS_RANK; i++) {
        ret_tensor->shape[i] = i < rank ? shape[i] : 1;
    }
    return true;
}
