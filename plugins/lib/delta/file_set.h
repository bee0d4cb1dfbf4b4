/* SPDX-License-Identifier: MIT */
#ifndef FW_LIB_DELTA_FILE_SET_H
#define FW_LIB_DELTA_FILE_SET_H

#include <stdbool.h>

#include "delta/delta.h"

/**
 * The active files during a replay. A file is known by its path and its deletion vector: a
 * commit that changes the vector adds and removes the same path, in either order.
 */
struct fw_delta_entry {
    char *key;
    struct fw_delta_file file; /**< `values` is filled when the metadata is known */
    void *partition_values;    /**< cJSON object, owned */
    void *deletion_vector;     /**< cJSON object, owned; NULL: it has none */
    char *where;               /**< "file:line" of the log that gave it one */
};

struct fw_delta_file_set {
    void *tree;
    size_t n;
};

/** Takes `entry`, also on failure; it replaces one of the same key. False: out of memory. */
bool fw_delta_file_set_add(struct fw_delta_file_set *set, struct fw_delta_entry *entry);

/** Forgets the file; an unknown key is fine (a checkpoint may not list it). Takes `key`. */
void fw_delta_file_set_remove(struct fw_delta_file_set *set, char *key);

/** All entries, sorted by key; borrowed. NULL when out of memory; n may be 0. */
struct fw_delta_entry **fw_delta_file_set_list(const struct fw_delta_file_set *set);

void fw_delta_file_set_finish(struct fw_delta_file_set *set);
void fw_delta_entry_destroy(struct fw_delta_entry *entry);

#endif
