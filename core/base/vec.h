/* SPDX-License-Identifier: MIT */
#ifndef FW_CORE_BASE_VEC_H
#define FW_CORE_BASE_VEC_H

#include <stddef.h>

#include "base/cleanup.h"

/*
 * Growable arrays: any struct with the members `items`, `len` and `cap`, zero-initialised.
 *     struct fw_name_list { char **items; size_t len, cap; };
 * The vector owns `items`; who owns what the items point to is for its type to say.
 */

/* Pointer to a new zeroed item at the end, or NULL when out of memory. */
#define fw_vec_add(vec)                                                                            \
    (fw_vec_grow(&(vec)->items, (vec)->len, &(vec)->cap, sizeof *(vec)->items) == 0                \
         ? &(vec)->items[(vec)->len++]                                                             \
         : NULL)

/* Room for one item more than `len`, zeroed. `items` is the address of the array's pointer. */
int fw_vec_grow(void *items, size_t len, size_t *cap, size_t item_size);

/* A list of texts that it owns. */
struct fw_strings {
    char **items;
    size_t len, cap;
};

/* Adds a copy. Returns -1 when out of memory. */
int fw_strings_add(struct fw_strings *list, const char *text);

/* Adds `text` itself, which may be NULL after a failed allocation; frees it on failure. */
int fw_strings_take(struct fw_strings *list, char *text);

/* The list's own copy of a text, or NULL. */
const char *fw_strings_find(const struct fw_strings *list, const char *text);

/* Sorts by bytes. */
void fw_strings_sort(struct fw_strings *list);
void fw_strings_finish(struct fw_strings *list);

static inline void fw_cleanup_strings(struct fw_strings *list)
{
    fw_strings_finish(list);
}

#endif
