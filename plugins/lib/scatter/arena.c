/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct scatter_arena *scatter_arena_create(void)
{
    struct scatter_arena *arena = calloc(1, sizeof *arena);

    if (arena != NULL) {
        arena->n_users = 1;
    }
    return arena;
}

void scatter_arena_drop(struct scatter_arena *arena)
{
    if (__atomic_sub_fetch(&arena->n_users, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    for (size_t i = 0; i < arena->n_blocks; i++) {
        free(arena->blocks[i]);
    }
    free(arena->blocks);
    free(arena);
}

static void *keep(struct scatter_arena *arena, void *block, size_t size)
{
    if (block != NULL && arena->n_blocks == arena->n_room) {
        size_t n_room = arena->n_room > 0 ? 2 * arena->n_room : 64;
        void **blocks = realloc(arena->blocks, n_room * sizeof *blocks);
        if (blocks == NULL) {
            free(block);
            return NULL;
        }
        arena->blocks = blocks;
        arena->n_room = n_room;
    }
    if (block != NULL) {
        arena->blocks[arena->n_blocks++] = block;
        arena->n_bytes += size;
    }
    return block;
}

void *scatter_arena_alloc(struct scatter_arena *arena, size_t size)
{
    return keep(arena, calloc(1, size + 1), size);
}

void *scatter_arena_alloc_raw(struct scatter_arena *arena, size_t size)
{
    return keep(arena, malloc(size + 1), size);
}
