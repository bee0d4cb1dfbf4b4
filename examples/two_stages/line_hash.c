/* SPDX-License-Identifier: MIT */
#include "line_hash.h"

/* FNV-1a; its low bits are weak, so they are mixed at the end (the finaliser of splitmix64). */
static uint64_t hash(const char *bytes, uint64_t size)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (uint64_t i = 0; i < size; i++) {
        h = (h ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    }
    h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9u;
    h = (h ^ (h >> 27)) * 0x94d049bb133111ebu;
    return h ^ (h >> 31);
}

const struct line_hash line_hash_table = {.struct_size = sizeof line_hash_table, .hash = hash};
