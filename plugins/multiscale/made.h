/* SPDX-License-Identifier: MIT */
#ifndef MULTISCALE_MADE_H
#define MULTISCALE_MADE_H

#include "multiscale.h"
#include "words.h"

/** What tells an offer: entity_id, platform_name, offer_id, as words of `made`. */
enum { MADE_KEY = 3 };

/** A row of any of the four tables. */
struct made_row {
    int64_t at; /**< microseconds */
    int64_t stage;
    double values[MULTISCALE_VALUES];
    uint32_t key;
    uint8_t has; /**< bit i: values[i] is there */
};

enum { MADE_WEEKLY, MADE_MONTHLY, MADE_STAGE_TABLE, MADE_DAY_TO_STAGE, MADE_TABLES };

/** The tables of one part. */
struct made {
    struct {
        struct made_row *rows;
        size_t n, room;
    } tables[MADE_TABLES];
    struct words words; /**< text number i of key k is MADE_KEY * k + i */
    size_t n_keys;
};

/** False when there is no memory. */
bool made_add_key(struct made *made, const char *const *texts, const int32_t *sizes);
bool made_add_row(struct made *made, int table, const struct made_row *row);
void made_finish(struct made *made);

/** Whether text number `i` of a key is this one. */
static inline bool made_is(const struct made *made, uint32_t key, int i, const char *text,
                           int32_t size)
{
    return words_is(&made->words, (uint64_t)key * MADE_KEY + (uint64_t)i, text, (size_t)size);
}

/** Compares text number `i` of two keys in binary order. */
int made_compare(const struct made *made, uint32_t a, uint32_t b, int i);

/** Writes a table's rows; `of` says which columns it has. [any thread] */
fw_status made_write(const struct multiscale_table *of, const struct made *made, int table,
                     const char *path);

#endif
