/* SPDX-License-Identifier: MIT */
#include "words.h"

#include <stdlib.h>

enum { BLOCK_BYTES = 1 << 16 };

struct words_block {
    struct words_block *before;
    size_t n_bytes, n_room;
    char bytes[];
};

static char *take_bytes(struct words *words, size_t size)
{
    struct words_block *block = words->blocks;

    if (block == NULL || block->n_room - block->n_bytes < size) {
        size_t n_room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
        block = malloc(sizeof *block + n_room);
        if (block == NULL) {
            return NULL;
        }
        *block = (struct words_block){.before = words->blocks, .n_room = n_room};
        words->blocks = block;
    }
    block->n_bytes += size;
    return block->bytes + block->n_bytes - size;
}

bool words_add(struct words *words, const char *bytes, size_t size)
{
    if (words->n == words->n_room) {
        size_t n_room = words->n_room > 0 ? 2 * words->n_room : 1024;
        struct fw_parquet_text *larger = reallocarray(words->all, n_room, sizeof *larger);
        if (larger == NULL) {
            return false;
        }
        words->all = larger;
        words->n_room = n_room;
    }
    char *copy = take_bytes(words, size);
    if (copy == NULL) {
        return false;
    }
    memcpy(copy, bytes, size);
    words->all[words->n++] = (struct fw_parquet_text){copy, size};
    return true;
}

void words_finish(struct words *words)
{
    for (struct words_block *block = words->blocks, *before; block != NULL; block = before) {
        before = block->before;
        free(block);
    }
    free(words->all);
    *words = (struct words){0};
}

int words_compare(const struct words *words, uint64_t a, uint64_t b)
{
    const struct fw_parquet_text *one = &words->all[a], *other = &words->all[b];
    size_t size = one->size < other->size ? one->size : other->size;
    int order = a == b ? 0 : memcmp(one->bytes, other->bytes, size);

    return order != 0 ? order : (one->size > other->size) - (one->size < other->size);
}
