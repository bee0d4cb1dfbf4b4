/* SPDX-License-Identifier: MIT */
#ifndef MULTISCALE_WORDS_H
#define MULTISCALE_WORDS_H

#include <stdint.h>

#include <stdbool.h>
#include <string.h>

#include "parquet/parquet.h"

struct words_block;

/** Texts with numbers, which stay where they are. Zero-initialised. */
struct words {
    struct fw_parquet_text *all;
    size_t n, n_room;
    struct words_block *blocks; /**< their bytes */
};

/** Copies a text; its number is words->n - 1. False when there is no memory. */
bool words_add(struct words *words, const char *bytes, size_t size);
void words_finish(struct words *words);

static inline bool words_is(const struct words *words, uint64_t number, const char *bytes,
                            size_t size)
{
    const struct fw_parquet_text *text = &words->all[number];

    return text->size == size && memcmp(text->bytes, bytes, size) == 0;
}

/** In binary order. */
int words_compare(const struct words *words, uint64_t a, uint64_t b);

#endif
