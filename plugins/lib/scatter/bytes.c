/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "internal.h"

uint8_t *scatter_bytes_append(struct scatter_bytes *bytes, size_t size)
{
    size_t padded = (size + 7) / 8 * 8;

    if (bytes->capacity - bytes->size < padded) {
        size_t capacity = (bytes->size + padded) * 2;
        uint8_t *data = realloc(bytes->data, capacity);
        if (data == NULL) {
            return NULL;
        }
        bytes->data = data;
        bytes->capacity = capacity;
    }
    uint8_t *at = bytes->data + bytes->size;
    for (size_t i = size; i < padded; i++) {
        at[i] = 0;
    }
    bytes->size += padded;
    return at;
}
