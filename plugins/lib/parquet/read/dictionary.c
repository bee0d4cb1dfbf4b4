/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "walk.h"

static const char too_few[] = "a dictionary of as many values as its header says";

static const char *read_sized(struct parquet_bytes bytes, struct parquet_bytes *entries, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t size;
        if (bytes.size < sizeof size) {
            return too_few;
        }
        memcpy(&size, bytes.data, sizeof size);
        if (size > bytes.size - sizeof size) {
            return too_few;
        }
        entries[i] = (struct parquet_bytes){bytes.data + sizeof size, size};
        bytes.data += sizeof size + size;
        bytes.size -= sizeof size + size;
    }
    return NULL;
}

static const char *read_entries(struct parquet_walk *walk, struct parquet_bytes bytes)
{
    const size_t n = (size_t)walk->dictionary.n_values, size = walk->leaf->size;
    const bool sized = walk->leaf->physical == PARQUET_BYTE_ARRAY;
    const char *why = NULL;

    if (walk->leaf->physical == PARQUET_BOOLEAN) {
        return "no dictionary of booleans";
    }
    if (n > bytes.size / (sized ? sizeof(uint32_t) : size)) {
        return too_few;
    }
    struct parquet_bytes *entries =
        parquet_room_of(&walk->task->scratch->entries, n, sizeof *entries);
    if (entries == NULL) {
        return parquet_no_memory;
    }
    if (sized) {
        why = read_sized(bytes, entries, n);
    }
    for (size_t i = 0; i < n && !sized; i++) {
        entries[i] = (struct parquet_bytes){bytes.data + i * size, size};
    }
    walk->entries = entries;
    walk->n_entries = n;
    return why;
}

const char *parquet_walk_dictionary(struct parquet_walk *walk)
{
    struct parquet_scratch *scratch = walk->task->scratch;
    struct parquet_bytes bytes;

    if (walk->entries != NULL) {
        return NULL;
    }
    if (!walk->has_dictionary) {
        return "a dictionary ahead of the page";
    }
    const char *why = parquet_page_unpack(&walk->dictionary, walk->codec, &scratch->unpacker,
                                          &scratch->dictionary, &bytes);
    return why != NULL ? why : read_entries(walk, bytes);
}
