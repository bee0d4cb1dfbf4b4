/* SPDX-License-Identifier: MIT */
#ifndef MULTISCALE_ENTITY_H
#define MULTISCALE_ENTITY_H

#include "made.h"

/** A row of the daily table. */
struct entity_row {
    int64_t at;        /**< microseconds */
    int64_t file, row; /**< its place: decides between rows of one instant */
    double values[MULTISCALE_VALUES];
    uint32_t key; /**< of `made` */
    uint8_t has;  /**< bit i: values[i] is there */
};

/** The rows of one entity, then of the next; what is made of them. Zero-initialised. */
struct entity {
    bool skip_nulls; /**< the parameter stage_skip_nulls */
    struct entity_row *rows;
    size_t n_rows, n_room;
    struct made made;
};

/** Whether text number `i` of the last row's key is this one. */
bool entity_has_text(const struct entity *entity, int i, const char *text, int32_t size);

/** False when there is no memory, as below. */
bool entity_add(struct entity *entity, const struct entity_row *row);

/** Makes the tables' rows of those that were added, all of one entity, and forgets them. */
bool entity_finish(struct entity *entity);

#endif
