/* SPDX-License-Identifier: MIT */
#ifndef MULTISCALE_MADE_H
#define MULTISCALE_MADE_H

#include <stdbool.h>

#include <fw/arrow.h>

#include "multiscale.h"

/** A text as Arrow's views have it: short ones in place, long ones in the bytes of `made`. */
struct made_text {
    int32_t size;
    union {
        char whole[12];
        struct {
            char prefix[4];
            int32_t buffer, offset;
        } part;
    } of;
};

/** What tells an offer: entity_id, platform_name, offer_id. */
struct made_key {
    struct made_text texts[3];
};

/** A row of any of the four tables. */
struct made_row {
    int64_t at; /**< microseconds */
    int64_t stage;
    double values[MULTISCALE_VALUES];
    uint32_t key;
    uint8_t has; /**< bit i: values[i] is there */
};

enum { MADE_WEEKLY, MADE_MONTHLY, MADE_STAGE_TABLE, MADE_DAY_TO_STAGE, MADE_TABLES };

/** One of the tables and its columns. */
struct made_view;

/** The tables of one part. */
struct made {
    struct {
        struct made_row *rows;
        size_t n, room;
    } tables[MADE_TABLES];
    struct made_key *keys;
    size_t n_keys, n_keys_room;
    char *bytes;
    size_t n_bytes, n_bytes_room;
    struct made_view *views[MADE_TABLES]; /**< what made_table gave */
};

/** False when there is no memory, or more text than a part can have (2 GiB). */
bool made_add_key(struct made *made, const char *const *texts, const int32_t *sizes);
bool made_add_row(struct made *made, int table, const struct made_row *row);
void made_finish(struct made *made);

/** Bytes of a text; not terminated. */
const char *made_text(const struct made *made, const struct made_text *text);

/** Compares text number `i` of two keys in binary order. */
int made_compare(const struct made *made, uint32_t a, uint32_t b, int i);

/** A table for the engine to read while `made` stays as it is; `of` says which columns it has. */
fw_status made_table(const struct multiscale_table *of, struct made *made, int table,
                     struct fw_wide_table *ret_table);

#endif
