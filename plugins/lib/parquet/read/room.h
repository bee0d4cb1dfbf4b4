/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_PARQUET_READ_ROOM_H
#define FW_LIB_PARQUET_READ_ROOM_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/** Bytes that grow. Zero-initialise. */
struct parquet_room {
    uint8_t *data;
    size_t size, capacity;
};

/** Makes room for `more` bytes behind `size`, with a few to spare. False: no memory. */
static inline bool parquet_room_reserve(struct parquet_room *room, size_t more)
{
    enum { SPARE = 64 };

    if (room->data != NULL && more <= room->capacity - room->size) {
        return true;
    }
    if (more > SIZE_MAX / 2 - room->size) {
        return false;
    }
    size_t capacity = room->size + more;
    capacity = capacity < 2 * room->capacity ? 2 * room->capacity : capacity;
    uint8_t *data = realloc(room->data, capacity + SPARE);
    if (data == NULL) {
        return false;
    }
    room->data = data;
    room->capacity = capacity;
    return true;
}

/** Room for n things of `size` bytes that need not be kept; NULL: no memory. */
static inline void *parquet_room_of(struct parquet_room *room, size_t n, size_t size)
{
    room->size = 0;
    return n <= SIZE_MAX / size && parquet_room_reserve(room, n * size) ? room->data : NULL;
}

/** Room for n bits in all, new ones 0. */
static inline bool parquet_room_grow_bits(struct parquet_room *room, size_t n)
{
    const size_t size = (n + 7) / 8;

    if (size <= room->size) {
        return true;
    }
    if (!parquet_room_reserve(room, size - room->size)) {
        return false;
    }
    memset(room->data + room->size, 0, size - room->size);
    room->size = size;
    return true;
}

static inline void parquet_room_finish(struct parquet_room *room)
{
    free(room->data);
    *room = (struct parquet_room){0};
}

#endif
